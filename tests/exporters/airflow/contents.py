"""A bit of everything in a metadata database, and all that a source reads of it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from mlvitals.airflow.sql.source import SqlSource
from mlvitals.core.collector import Deadline
from tests.support.airflow_database import AirflowDatabase

HOUR = 3600.0
NOW = float(int(time.time()))


def fill(airflow: AirflowDatabase) -> None:
    """Two runs of a DAG that triggers itself, and what belongs to them."""
    airflow.dag("train", is_paused=False, owners="ann", tags=("ml",), next_dagrun_create_after=NOW)
    parent = airflow.run("train", "r", "success", NOW - HOUR, start=NOW - HOUR, end=NOW, conf={"model_name": "a"})
    airflow.task("train", "r", "t", "success", end_date=NOW, duration=1.0)
    airflow.trigger(parent, "train", "r", "t", ("train", "r"), NOW)
    airflow.run("train", "goes on", "running", NOW, start=NOW)
    airflow.task("train", "goes on", "t", "queued", queued_dttm=NOW)
    airflow.asset(1, "s3://a", [NOW])
    airflow.add("slot_pool", pool="default_pool", slots=128, include_deferred=False)
    airflow.add("import_error", filename="broken.py", timestamp=NOW)
    airflow.add("job", job_type="SchedulerJob", state="running", latest_heartbeat=NOW - HOUR)


def everything(source: SqlSource) -> dict[str, Any]:
    """What a source says."""
    deadline = Deadline(60)
    since = NOW - 24 * HOUR
    tasks = source.tasks(since, ["train"], ["train"], deadline)
    return {
        # Its name for the release is the only thing that differs between them.
        "server": replace(source.server(deadline), version=""),
        "dags": list(source.dags(deadline)),
        "runs": sorted(source.runs(since, float("inf"), deadline), key=lambda run: run.key),
        "active": list(source.active_runs(deadline)),
        "last": sorted(source.last_runs("train", deadline), key=lambda run: run.key),
        "tasks": tasks,
        "assets": list(source.assets(deadline)),
        "triggered": list(source.triggered(since, ["train"], deadline)),
    }
