"""How the Airflow exporter meets faults."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from tests.exporters.airflow.fake import FakeAirflow
from tests.support.faults import INTERVAL, Subject
from tests.support.replay import json_answer

_NOW = float(int(time.time()))
_YEARS = 20 * 365 * 86400.0


def _airflow(open_slots: object = 127, ahead: float = 0.0) -> FakeAirflow:
    """One of everything."""
    made = FakeAirflow()
    made.now = now = _NOW + ahead
    made.pools[0]["open_slots"] = open_slots
    made.import_errors.append({"import_error_id": 1, "filename": "broken.py", "timestamp": now - 60})
    for dag_id in ("parent", "child"):
        made.dag(dag_id, "0 6 * * *", owners=["ann"], tags=[{"name": "ml"}], next_dagrun_run_after=now + 3600)
    ended = {"start_date": now - 300, "end_date": now - 60, "conf": {"model": "churn"}}
    made.run("parent", "p1", "running", run_after=now - 600, start_date=now - 600)
    made.run("child", "c1", "success", run_after=now - 400, queued_at=now - 350, **ended)
    made.trigger("parent", "p1", "trigger", "child", "c1", start_date=now - 500)
    made.task("child", "c1", "train", "success", start_date=now - 300, end_date=now - 60)
    made.task("child", "c1", "wait", "queued", queued_when=now - 30)
    made.asset(1, "s3://bucket/features")
    made.event(1, now - 60)
    return made


def _settings(url: str) -> Mapping[str, Any]:
    return {
        "url": url,
        "baseline_interval": f"{INTERVAL}s",
        "conf_keys": ["model"],
        "tasks": {"include": ["*"]},
    }


SUBJECT = Subject(
    settings=_settings,
    well=_airflow,
    shows=(
        "airflow_server_info",
        "airflow_dag_last_run_state",
        "airflow_task_last_state",
        "airflow_asset_last_event_timestamp_seconds",
        "airflow_triggered_run_state",
    ),
    # There is no Airflow without lists.
    empty="parse",
    nan=lambda: _airflow(float("nan")),
    nan_counted=("airflow_pool_open_slots", "not_finite"),
    ahead=lambda: _airflow(ahead=_YEARS),
    ends=("/api/v1", "/api/v2"),
    open=lambda request: json_answer({"version": "x"}) if request.path.endswith("version") else None,
)
