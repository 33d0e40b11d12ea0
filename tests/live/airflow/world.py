"""A real Airflow in a known state: every kind of run and task that the exporter tells apart."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compose.airflow import AIRFLOW_3, Airflow, Release, airflow_server
from tests.support.waiting import until

DAGS = Path(__file__).parent / "dags"
# What takes long on a busy machine: all of its DAGs, one after the other.
PATIENCE = 240.0

ASKED_FOR = (
    *(("succeeds", "a", {}), ("fails", "a", {}), ("retries", "a", {}), ("deleted", "a", {})),
    *(("trains", "a", {"model_name": "alpha"}), ("trains", "b", {"model_name": "beta", "depth": 3})),
    *(("long", "a", {}), ("long_ago", "a", {}), ("parent", "a", {}), ("produces", "a", {})),
    *(("runs_on", "a", {}), ("runs_on", "b", {}), ("runs_on", "c", {}), ("starves", "a", {}), ("waits", "a", {})),
)
"""DAG, run id and conf of each run that is asked for."""

# DAG, task, state -> how many, when all has happened that happens by itself.
SETTLED = Counter(
    {
        ("succeeds", "begin", "success"): 1,
        ("succeeds", "many", "success"): 2,
        ("succeeds", "none", "skipped"): 1,
    }
)


@dataclass(frozen=True)
class World:
    """The Airflow, its folder of DAGs, and Unix time when it was started."""

    airflow: Airflow
    dags: Path
    started: float

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> None:
        """Ask for a run."""
        body: dict[str, Any] = {"dag_run_id": run_id, "conf": conf}
        if self.airflow.release is AIRFLOW_3:
            body["logical_date"] = None
        self.airflow.call("POST", f"/dags/{dag_id}/dagRuns", body)

    def dag_ids(self) -> set[str]:
        return {dag["dag_id"] for dag in self.airflow.call("GET", "/dags", limit="100")["dags"]}

    def runs(self) -> dict[tuple[str, str], str]:
        """DAG, run id -> state."""
        runs = self.airflow.call("GET", "/dags/~/dagRuns", limit="100")["dag_runs"]
        return {(run["dag_id"], run["dag_run_id"]): run["state"] for run in runs}

    def tasks(self) -> Counter[tuple[str, str, str]]:
        """DAG, task, state -> task instances."""
        found = self.airflow.call("GET", "/dags/~/dagRuns/~/taskInstances", limit="100")["task_instances"]
        return Counter((task["dag_id"], task["task_id"], str(task["state"])) for task in found)
