"""What Airflow 3 and Airflow 2 have in different places, and what the DAGs of this folder share."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

try:
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.providers.standard.operators.python import PythonOperator
    from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
    from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
    from airflow.providers.standard.sensors.python import PythonSensor
    from airflow.sdk import DAG, Asset
except ImportError:
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.operators.empty import EmptyOperator
    from airflow.operators.python import PythonOperator
    from airflow.operators.trigger_dagrun import TriggerDagRunOperator
    from airflow.sensors.date_time import DateTimeSensorAsync
    from airflow.sensors.python import PythonSensor

__all__ = [
    "DAG",
    "Asset",
    "DateTimeSensorAsync",
    "EmptyOperator",
    "PythonOperator",
    "PythonSensor",
    "TriggerDagRunOperator",
    "dag",
    "fail",
    "hold",
]

STARTED = datetime.fromtimestamp(float(os.environ["WORLD_STARTED"]), UTC)
"""Just now, so that no schedule is due but that of `@once`."""


def dag(dag_id: str, **options: Any) -> DAG:
    """A DAG; without a schedule unless one is given."""
    return DAG(dag_id, **{"schedule": None, "start_date": STARTED, "catchup": False, **options})


def fail() -> None:
    """End the task with an error."""
    raise ValueError("this is what it is there for")


def hold() -> None:
    """Run until the world ends: some minutes even when nobody ends it."""
    until = time.monotonic() + 900
    while time.monotonic() < until and Path(os.environ["WORLD"]).exists():
        time.sleep(0.5)
