"""What another team runs in the Airflow of the demo: its warehouse is down, and a delivery is late."""

from datetime import UTC, datetime, timedelta

from airflow.providers.standard.sensors.time_delta import TimeDeltaSensor
from airflow.sdk import dag, task

EVERY_DAY = {
    "schedule": "@daily",
    "start_date": datetime(2025, 1, 1, tzinfo=UTC),
    "catchup": False,
    "default_args": {"owner": "warehouse"},
}


@dag(**EVERY_DAY)
def nightly_export():
    @task
    def copy_to_warehouse():
        raise ConnectionError("the warehouse does not answer")

    copy_to_warehouse()


@dag(**EVERY_DAY)
def nightly_delivery():
    TimeDeltaSensor(task_id="await_delivery", delta=timedelta(days=2), deferrable=True)


nightly_export()
nightly_delivery()
