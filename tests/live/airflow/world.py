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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, create_engine, make_url
from sqlalchemy.pool import NullPool

from compose.airflow import AIRFLOW_3, Airflow, Release, airflow_server
from compose.postgres import Postgres, postgres_server
from tests.live.airflow.expected import EXPECTED, SECONDS_OF_LONG, Expected
from tests.live.airflow.guide import rights
from tests.support.waiting import soon, until

DAGS = Path(__file__).parent / "dags"
PATIENCE = 240.0
IDLE_WORKERS = (b"airflow worker -- LocalExecutor: <idle>", b"airflow worker -- LocalExecutor")
"""Titles of processes, of Airflow 3 and 2."""
SETTINGS = {
    # Running tasks go on while the web server is gone, and while nobody looks after them.
    "AIRFLOW__WORKERS__MAX_FAILED_HEARTBEATS": "1000",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "3600",
    "AIRFLOW__SCHEDULER__SCHEDULER_ZOMBIE_TASK_THRESHOLD": "3600",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "3600",
    "AIRFLOW__CORE__DAG_DISCOVERY_SAFE_MODE": "False",
    # So that Airflow and the exporter do not agree on a triggerer that is late.
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "3600",
    # Seconds after which a token of Airflow 3 has expired: more than a collection takes.
    "AIRFLOW__API_AUTH__JWT_EXPIRATION_TIME": "20",
    "AIRFLOW__API_AUTH__JWT_LEEWAY": "0",
}

ASKED_FOR: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    *((dag_id, "a", {}) for dag_id in ("parent", "produces", "starves", "waits", "succeeds", "fails", "retries")),
    *((dag_id, "a", {}) for dag_id in ("later", "long", "long_ago")),
    *(("runs_on", run_id, {}) for run_id in "abc"),
    ("trains", "a", {"model_name": "alpha"}),
    ("trains", "b", {"model_name": "beta", "rows": 3, "note": {"not": "shown"}}),
)
"""DAG, run id and conf of each run that is asked for."""


@dataclass(frozen=True)
class World:
    """The Airflow, the server of its database, the folder of all, Unix time of its start."""

    airflow: Airflow
    postgres: Postgres
    folder: Path
    started: float

    @property
    def dags(self) -> Path:
        """The folder of its DAGs."""
        return self.folder / "dags"

    @contextmanager
    def metadata(self) -> Iterator[Connection]:
        """Airflow's own database; what is written is kept at the end."""
        url = make_url(self.airflow.database).set(drivername="postgresql+pg8000")
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            yield connection

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any], at: datetime | None = None) -> None:
        """Ask for a run, now or at some time."""
        of_3 = self.airflow.release is AIRFLOW_3
        when: dict[str, str | None] = {"logical_date": None} if of_3 else {}
        if at:
            when["run_after" if of_3 else "logical_date"] = at.isoformat()
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
def world(folder: Path, release: Release) -> Iterator[World]:
    """Start Airflow on a PostgreSQL of its own, both in `folder`, which is empty, and bring it into this state."""
    shutil.copytree(DAGS, folder / "dags")
    with postgres_server(folder) as postgres:
        database, started = postgres.create_database("airflow"), time.time()
        settings = {**SETTINGS, "WORLD": str(folder), "WORLD_STARTED": str(started)}
        with airflow_server(folder, folder / "dags", release, database, settings) as airflow:
            made = World(airflow, postgres, folder, started)
            _populate(made)
            postgres.sql(rights(release), "airflow")
            yield made


def _populate(made: World) -> None:
    made.airflow.call("POST", "/pools", {"name": "narrow", "slots": 1})
    until(lambda: made.dag_ids() == EXPECTED.keys() and made.import_errors() == 1, PATIENCE)
    for asked in ASKED_FOR:
        made.trigger(*asked)
    made.trigger("later", "tomorrow", {}, datetime.now(UTC) + timedelta(days=1))
    before = {dag_id: each for dag_id, each in EXPECTED.items() if dag_id != "unattended"}
    soon(lambda: _unsettled(made, before), PATIENCE)
    _set_back(made)
    _freeze_idle_workers(made.airflow)
    made.trigger("unattended", "a", {})
    soon(lambda: _unsettled(made, EXPECTED), PATIENCE)


def _unsettled(made: World, expected: Mapping[str, Expected]) -> list[str]:
    """DAG, state and number of runs and task instances that are still to be seen or to go."""
    runs = Counter({(dag_id, state): count for dag_id, each in expected.items() for state, count in each.runs.items()})
    tasks = Counter({(dag_id, state): n for dag_id, each in expected.items() for state, n in each.tasks.items()})
    different = (runs.items() ^ made.runs().items()) | (tasks.items() ^ made.tasks().items())
    return sorted(map(str, different))


def _set_back(made: World) -> None:
    """What no test can wait for: a run that took 25.5 hours, and one that was over long before the window."""
    long, month = timedelta(seconds=SECONDS_OF_LONG), timedelta(days=30)
    with made.metadata() as connection:
        for name in ("dag_run", "task_instance"):
            table = Table(name, MetaData(), autoload_with=connection)
            ran, over = (
                connection.execute(table.select().where(table.c.dag_id == dag_id)).mappings().one()
                for dag_id in ("long", "long_ago")
            )
            begun = {key: ran["end_date"] - long for key in ("start_date", "run_after", "queued_at") if key in ran}
            connection.execute(table.update().where(table.c.dag_id == "long").values(begun))
            past = {key: value - month for key, value in over.items() if isinstance(value, datetime)}
            connection.execute(table.update().where(table.c.dag_id == "long_ago").values(past))


def _freeze_idle_workers(airflow: Airflow) -> None:
    """From now on tasks are queued and nobody takes them."""
    for pid in airflow.scheduler.family():
        if Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0 ") in IDLE_WORKERS:
            os.kill(pid, signal.SIGSTOP)
