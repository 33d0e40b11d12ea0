"""A real Airflow in a known state: every kind of run and task that the exporter tells apart."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, create_engine, make_url

from compose.airflow import AIRFLOW_3, Airflow, Release, airflow_server
from tests.live.airflow.expected import EXPECTED, SECONDS_OF_LONG, Expected
from tests.support.waiting import until

DAGS = Path(__file__).parent / "dags"
# On a busy machine.
PATIENCE = 240.0
IDLE_WORKERS = (b"airflow worker -- LocalExecutor: <idle>", b"airflow worker -- LocalExecutor")
"""Titles of processes, of Airflow 3 and 2."""
DRIVERS = {"postgresql": "postgresql+pg8000", "mysql": "mysql+pymysql", "sqlite": "sqlite"}

ASKED_FOR: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    *((dag_id, "a", {}) for dag_id in ("parent", "produces", "starves", "waits", "succeeds", "fails", "retries")),
    *((dag_id, "a", {}) for dag_id in ("long", "long_ago")),
    *(("runs_on", run_id, {}) for run_id in "abc"),
    ("trains", "a", {"model_name": "alpha"}),
    ("trains", "b", {"model_name": "beta", "rows": 3, "note": {"not": "shown"}}),
)
"""DAG, run id and conf of each run that is asked for."""


@dataclass(frozen=True)
class World:
    """The Airflow, the folder of its DAGs, and Unix time when it was started."""

    airflow: Airflow
    dags: Path
    started: float

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> None:
        """Ask for a run."""
        when = {"logical_date": None} if self.airflow.release is AIRFLOW_3 else {}
        self.airflow.call("POST", f"/dags/{dag_id}/dagRuns", {"dag_run_id": run_id, "conf": conf, **when})

    def dag_ids(self) -> set[str]:
        """The DAGs that Airflow knows."""
        return {dag["dag_id"] for dag in self.airflow.call("GET", "/dags", limit="100")["dags"]}

    def runs(self) -> Counter[tuple[str, str]]:
        """DAG, state -> runs."""
        runs = self.airflow.call("GET", "/dags/~/dagRuns", limit="100")["dag_runs"]
        return Counter((run["dag_id"], run["state"]) for run in runs)

    def tasks(self) -> Counter[tuple[str, str]]:
        """DAG, state -> task instances; those that wait for others have none."""
        tasks = self.airflow.call("GET", "/dags/~/dagRuns/~/taskInstances", limit="100")["task_instances"]
        return Counter((task["dag_id"], task["state"]) for task in tasks if task["state"])

    def import_errors(self) -> int:
        """Files that cannot be imported."""
        return int(self.airflow.call("GET", "/importErrors")["total_entries"])


@contextmanager
def world(folder: Path, release: Release, database: str | None = None) -> Iterator[World]:
    """Start Airflow with its state in `folder` and bring it into the state of `expected`, in about a minute."""
    dags, started = folder / "dags", time.time()
    shutil.copytree(DAGS, dags)
    settings = {
        "WORLD": str(folder),
        "WORLD_STARTED": str(started),
        "AIRFLOW__CORE__DAG_DISCOVERY_SAFE_MODE": "False",
    }
    with airflow_server(folder, dags, release, database, settings) as airflow:
        made = World(airflow, dags, started)
        _populate(made)
        yield made


def _populate(made: World) -> None:
    made.airflow.call("POST", "/pools", {"name": "narrow", "slots": 1})
    until(lambda: made.dag_ids() == EXPECTED.keys() and made.import_errors() == 1, PATIENCE)
    for asked in ASKED_FOR:
        made.trigger(*asked)
    before = {dag_id: each for dag_id, each in EXPECTED.items() if dag_id != "unattended"}
    until(lambda: _settled(made, before), PATIENCE)
    _set_back(made.airflow.database)
    _freeze_idle_workers(made.airflow)
    made.trigger("unattended", "a", {})
    until(lambda: _settled(made, EXPECTED), PATIENCE)


def _settled(made: World, expected: Mapping[str, Expected]) -> bool:
    runs = Counter({(dag_id, state): count for dag_id, each in expected.items() for state, count in each.runs.items()})
    tasks = Counter({(dag_id, state): n for dag_id, each in expected.items() for state, n in each.tasks.items()})
    return made.runs() == runs and made.tasks() == tasks


def _set_back(database: str) -> None:
    """What no test can wait for: a run that took 25.5 hours, and one that ended long before the window."""
    url = make_url(database)
    engine = create_engine(url.set(drivername=DRIVERS[url.get_backend_name()]))
    with engine.begin() as connection:
        for name in ("dag_run", "task_instance"):
            table = Table(name, MetaData(), autoload_with=connection)
            _earlier(connection, table, "long", timedelta(seconds=SECONDS_OF_LONG), ("end_date", "updated_at"))
            _earlier(connection, table, "long_ago", timedelta(days=30))
    engine.dispose()


def _earlier(connection: Connection, table: Table, dag_id: str, by: timedelta, but_for: tuple[str, ...] = ()) -> None:
    of_dag = table.c.dag_id == dag_id
    (row,) = connection.execute(table.select().where(of_dag)).mappings()
    times = {name: value for name, value in row.items() if isinstance(value, datetime) and name not in but_for}
    connection.execute(table.update().where(of_dag).values({name: value - by for name, value in times.items()}))


def _freeze_idle_workers(airflow: Airflow) -> None:
    """From now on tasks are queued and nobody takes them."""
    for pid in airflow.scheduler.family():
        if Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0 ") in IDLE_WORKERS:
            os.kill(pid, signal.SIGSTOP)
