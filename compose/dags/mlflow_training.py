"""Trains the model that `dag_run.conf["model_name"]` names on what `deepdata` has prepared for it.

Parameters, metrics, tags, the model and a reference to its data go to the MLflow server of the Variable
`mlflow_tracking_uri`. The alias `champion` moves to the new version unless the version that it names is better.
"""

from airflow.providers.common.compat.sdk import Variable, dag, task


@dag(schedule=None, catchup=False, doc_md=__doc__, tags=["reference-pipeline"])
def mlflow_training():
    @task(retries=1)
    def train(dag_run=None):
        import mlflow

        from pipeline import training
        from pipeline.run import Run

        run = Run.of(dag_run)
        mlflow.set_tracking_uri(Variable.get("mlflow_tracking_uri"))
        return training.train(run.model_name, run.data_url(Variable.get("data_url")), run.tags)

    train()


mlflow_training()
