"""A DAG that updates an asset, one that the update runs, and an asset that nobody updates."""

from __future__ import annotations

from releases import Asset, EmptyOperator, PythonOperator, dag

features, labels = Asset("s3://world/features"), Asset("s3://world/labels")

with dag("produces"):
    PythonOperator(task_id="update", python_callable=print, outlets=[features])

with dag("consumes", schedule=[features]):
    EmptyOperator(task_id="rest")

with dag("consumes_in_vain", schedule=[labels]):
    EmptyOperator(task_id="rest")
