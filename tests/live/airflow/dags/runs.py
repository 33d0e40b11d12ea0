"""DAGs whose runs end, each in its own way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from releases import EmptyOperator, PythonOperator, dag, fail


def skip() -> None:
    """End the task as skipped."""
    from airflow.exceptions import AirflowSkipException

    raise AirflowSkipException


def fail_at_first(ti: Any) -> None:
    """Succeed at the second try."""
    if ti.try_number == 1:
        fail()


def train(dag_run: Any) -> None:
    """Fail for one of the models."""
    if dag_run.conf["model_name"] == "beta":
        fail()


with dag("succeeds", schedule="@yearly", tags=["daily", "team: a"]):
    begin = EmptyOperator(task_id="begin", owner="alice")
    many = PythonOperator.partial(task_id="many", owner="bob", python_callable=print).expand(op_args=[["a"], ["b"]])
    none = PythonOperator(task_id="none", owner="bob", python_callable=skip)
    begin >> [many, none]

with dag("fails"):
    PythonOperator(task_id="fail", python_callable=fail) >> EmptyOperator(task_id="never")

with dag("retries"):
    PythonOperator(
        task_id="try_twice", python_callable=fail_at_first, retries=1, retry_delay=timedelta(milliseconds=100)
    )

# It is scheduled, once and at once.
with dag("once", schedule="@once"):
    EmptyOperator(task_id="rest")

with dag(
    "paused",
    schedule="0 6 * * 1-5",
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Berlin"),
    is_paused_upon_creation=True,
):
    EmptyOperator(task_id="rest")

with dag("shelved", schedule=timedelta(hours=36), is_paused_upon_creation=True):
    EmptyOperator(task_id="rest")

with dag("never_run"):
    EmptyOperator(task_id="rest")

# Of two runs of it one is asked for tomorrow.
with dag("later"):
    EmptyOperator(task_id="rest")

with dag("trains"):
    PythonOperator(task_id="train", python_callable=train)

# Their times are set back when they have run.
for dag_id in ("long", "long_ago"):
    with dag(dag_id):
        EmptyOperator(task_id="rest")
