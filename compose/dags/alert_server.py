"""Fails when an alert about the model fires: its metrics are out of bounds, it is late, a run of its training hangs.

The Variable `alertmanager_url` says where Alertmanager is.
"""

from airflow.providers.common.compat.sdk import AirflowFailException, Variable, dag, task


@dag(schedule=None, catchup=False, doc_md=__doc__, tags=["reference-pipeline"])
def alert_server():
    @task(retries=1)
    def no_alert_fires(dag_run=None):
        from pipeline import alerts
        from pipeline.run import Run

        firing = alerts.firing(Variable.get("alertmanager_url"), Run.of(dag_run).model_name)
        if firing:
            raise AirflowFailException("\n".join(firing))

    no_alert_fires()


alert_server()
