"""The whole pipeline, every night: for one model after the other, prepare the data, train, ask whether all is well.

Each step is a DAG of its own, so that it can be run, watched and given to a team by itself. Its conf names the model,
and the run of this DAG that it is a part of.
"""

from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import chain, dag
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

from pipeline.run import MODELS

STEPS = ("deepdata", "mlflow_training", "alert_server")


@dag(
    schedule="0 2 * * *",
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    doc_md=__doc__,
    tags=["reference-pipeline"],
)
def overall():
    chain(*(trigger(step, model_name) for model_name in MODELS for step in STEPS))


def trigger(step, model_name):
    return TriggerDagRunOperator(
        task_id=f"{step}_{model_name}",
        trigger_dag_id=step,
        conf={"model_name": model_name, "parent_dag_id": "{{ dag.dag_id }}", "parent_run_id": "{{ run_id }}"},
        wait_for_completion=True,
        poke_interval=2,
        allowed_states=["success"],
        failed_states=["failed"],
    )


overall()
