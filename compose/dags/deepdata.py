"""Preprocesses the raw data and splits them, for one model.

Reads `raw/digits.parquet` below the Variable `data_url`. Writes `train.parquet` and `test.parquet` below the same, into
a folder of its own for each model and run of `overall`, and returns that folder's URL.
"""

from airflow.providers.common.compat.sdk import Asset, Variable, dag, task

# Airflow notes each time that it is made; mlvitals tells when the last one is too old.
PREPARED = Asset("data://digits/prepared")


@dag(schedule=None, catchup=False, doc_md=__doc__, tags=["reference-pipeline"])
def deepdata():
    @task(retries=1, outlets=[PREPARED])
    def preprocess_and_split(dag_run=None):
        from pipeline import data
        from pipeline.run import Run, raw_url

        base = Variable.get("data_url")
        output = Run.of(dag_run).data_url(base)
        data.prepare(raw_url(base), output)
        return output

    preprocess_and_split()


deepdata()
