"""Calls and seconds of one MLflow collection: cold, warm, and against listing everything each time.

A real MLflow server on SQLite with 500 models of 20 versions each, 5,000 runs in 20 experiments, two aliases a
model, and 300 experiments that have been quiet for days. Rows are written straight into its
tables, in seconds instead of minutes.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from compose.mlflow import mlflow_server
from mlvitals.core.collector import Deadline
from mlvitals.core.metric import total_samples
from mlvitals.mlflow import served
from mlvitals.mlflow.client import MlflowClient, batches
from mlvitals.mlflow.collector import MlflowCollector
from mlvitals.mlflow.config import MlflowSettings
from mlvitals.mlflow.experiments import ExperimentCollector
from mlvitals.mlflow.totals import RunTotals
from tests.support.calls import measured

MODELS, VERSIONS, RUNS, EXPERIMENTS = 500, 20, 5000, 20
QUIET = 300
METRICS, PARAMETERS, TAGS = 10, 10, 5
MINUTE = 60_000
DAY = 1440 * MINUTE
STATUSES = ("FINISHED", "FINISHED", "FINISHED", "FINISHED", "FAILED", "KILLED")
BUDGET = 3600.0


def populate(database: Path) -> None:
    """Fill an MLflow database: a run every seven minutes, so that 200 ended within a day; 20 are still running."""
    now = int(time.time() * 1000)
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        _experiments(connection, now)
        _runs(connection, now)
        _models(connection, now)


def _insert(connection: sqlite3.Connection, table: str, columns: str, rows: Iterator[tuple[Any, ...]]) -> None:
    marks = ",".join("?" * len(columns.split(",")))
    connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608


def _experiments(connection: sqlite3.Connection, now: int) -> None:
    columns = "experiment_id,name,artifact_location,lifecycle_stage,creation_time,last_update_time"
    rows = (
        (1 + i, f"experiment-{i:03}", f"mlflow-artifacts:/{i}", "active", now, now) for i in range(EXPERIMENTS + QUIET)
    )
    _insert(connection, "experiments", columns, rows)


def _runs(connection: sqlite3.Connection, now: int) -> None:
    columns = "run_uuid,name,source_type,user_id,status,start_time,end_time,lifecycle_stage,artifact_uri,experiment_id"

    def runs() -> Iterator[tuple[Any, ...]]:
        for i in range(RUNS):
            start = now - (RUNS - i) * 7 * MINUTE
            running = i >= RUNS - EXPERIMENTS
            status, end = ("RUNNING", None) if running else (STATUSES[i % len(STATUSES)], start + 6 * MINUTE)
            uri = f"mlflow-artifacts:/{i}"
            yield _run(i), f"run-{i}", "LOCAL", "ann", status, start, end, "active", uri, 1 + i % EXPERIMENTS

        for i in range(QUIET):
            end, uri = now - 4 * DAY - i * MINUTE, f"mlflow-artifacts:/quiet-{i}"
            experiment = 1 + EXPERIMENTS + i
            yield (
                _run(RUNS + i),
                f"quiet-{i}",
                "LOCAL",
                "ann",
                "FINISHED",
                end - 60 * MINUTE,
                end,
                "active",
                uri,
                experiment,
            )

    _insert(connection, "runs", columns, runs())
    pairs = [(_run(i), j) for i in range(RUNS) for j in range(max(METRICS, PARAMETERS, TAGS))]
    _insert(
        connection,
        "latest_metrics",
        "key,value,timestamp,step,is_nan,run_uuid",
        ((f"metric-{j}", j / 7, now, 0, False, run) for run, j in pairs if j < METRICS),
    )
    for table, count in (("params", PARAMETERS), ("tags", TAGS)):
        rows = ((f"{table}-{j}", f"value {j}", run) for run, j in pairs if j < count)
        _insert(connection, table, "key,value,run_uuid", rows)


def _models(connection: sqlite3.Connection, now: int) -> None:
    names = [f"model-{i:03}" for i in range(MODELS)]
    _insert(
        connection,
        "registered_models",
        "name,creation_time,last_updated_time,workspace",
        ((name, now, now, "default") for name in names),
    )
    columns = "name,version,creation_time,last_updated_time,current_stage,source,run_id,status,workspace"

    def versions() -> Iterator[tuple[Any, ...]]:
        for i, name in enumerate(names):
            for version in range(1, VERSIONS + 1):
                run = _run((i * VERSIONS + version) % RUNS)
                yield name, version, now, now, "None", "s3://bucket/model", run, "READY", "default"

    _insert(connection, "model_versions", columns, versions())
    aliases = [("champion", VERSIONS - 1), ("challenger", VERSIONS)]
    _insert(
        connection,
        "registered_model_aliases",
        "alias,version,name,workspace",
        ((alias, version, name, "default") for name in names for alias, version in aliases),
    )


def _run(number: int) -> str:
    return f"{number:032x}"


class Naive:
    """Lists all models, all versions and all runs each time, in the largest pages that are safe."""

    def __init__(self, settings: MlflowSettings) -> None:
        self._client = MlflowClient(settings)

    def __call__(self) -> str:
        deadline = Deadline(BUDGET)
        models = [model.name for model in self._client.models(deadline)]
        versions = sum(len(page) for batch in batches(models) for page in self._client.versions(batch, deadline))
        experiments = [each.experiment_id for each in self._client.experiments(deadline)]
        runs = sum(
            len(page.runs) for page in self._client.runs(experiments, deadline, order="attributes.start_time ASC")
        )
        return f"{len(models)} models, {versions} versions, {runs} runs"


def collecting(*collectors: MlflowCollector | ExperimentCollector | RunTotals) -> Callable[[], str]:
    """One collection, and how many series it gave."""

    def collect() -> str:
        snapshots = [snapshot for collector in collectors for snapshot in collector.collect(Deadline(BUDGET))]
        return f"{sum(total_samples(snapshot.families) for snapshot in snapshots)} series"

    return collect


def measure(name: str, collect: Callable[[], str], times: int = 1) -> float:
    """Print calls and seconds, the least of some runs; returns the seconds."""
    cost = measured(collect, times)
    print(f"{name:<30} {cost.calls:>4} calls {cost.seconds:>7.2f} s   {cost.what}")
    return cost.seconds


def main() -> int:
    """Populate a server and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warm", type=int, default=5, help="warm collections, of which the fastest counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, mlflow_server(Path(folder)) as server:
        started = time.perf_counter()
        populate(Path(folder) / "mlflow.db")
        print(f"{MODELS} models x {VERSIONS} versions, {RUNS} runs in {time.perf_counter() - started:.1f} s")
        settings = MlflowSettings.model_validate({"name": "benchmark", "type": "mlflow", "url": server.url})
        both = MlflowCollector(settings), ExperimentCollector(settings)
        measure("cold", collecting(*both))
        warm = measure("warm", collecting(*both), options.warm)
        both[1].renew()
        for number in range(1, 5):
            measure(f"runs renewed, collection {number}", collecting(*both))
        served.REREAD_AFTER = 0.0
        measure("warm, old metrics read again", collecting(*both))
        measure("totals of runs (hourly)", collecting(RunTotals(settings)))
        naive = measure("everything listed each time", Naive(settings))
    print(f"warm is {naive / warm:.0f} times faster than listing everything")
    return 0


if __name__ == "__main__":
    sys.exit(main())
