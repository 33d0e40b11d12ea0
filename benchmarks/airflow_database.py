"""Database time of one Airflow collection, cold and warm, and of the queries that others make.

A real PostgreSQL with a made-up metadata database of 500 DAGs, 1 M runs and 10 M task instances, with the indexes that
Airflow has, and another one with a tenth of that history. The times are the server's own (pg_stat_statements, planning
included), with a warm cache.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pg8000

from compose.postgres import SUPERUSER, Postgres, postgres_server
from mlvitals.airflow import EXPORTER
from mlvitals.airflow.config import AirflowSettings
from mlvitals.core.collector import Collector, Deadline, Snapshot
from mlvitals.core.metric import total_samples
from tests.support.airflow_history import History

BUDGET = 3600.0
# What airflow-exporter 2.1 asks for at each scrape: runs by state, the last run of each DAG, how long runs have been
# running, task instances by state. All but the third go through all of history.
OTHERS = {
    "runs by DAG and state": "SELECT dag_id, state, count(state) FROM dag_run GROUP BY dag_id, state",
    "last run of each DAG": "SELECT dag_id, state FROM (SELECT dag_id, state, row_number() OVER (PARTITION BY dag_id "
    "ORDER BY logical_date DESC) AS place FROM dag_run) AS run WHERE place = 1",
    "runs that are running": "SELECT dag_id, max(now() - start_date) FROM dag_run WHERE state = 'running' "
    "GROUP BY dag_id",
    "tasks by DAG, task and state": "SELECT dag_id, task_id, state, count(dag_id) FROM task_instance "
    "GROUP BY dag_id, task_id, state",
}


class Cost(NamedTuple):
    """Milliseconds of the server, statements, seconds that passed, and what came of it."""

    milliseconds: float
    statements: int
    seconds: float
    what: str


class Bench:
    """One database, and what is spent in it."""

    def __init__(self, postgres: Postgres, name: str) -> None:
        self._postgres = postgres
        self.name = name
        postgres.create_database(name)

    def sql(self, statement: str) -> str:
        """What the superuser is told."""
        return self._postgres.sql(statement, self.name)

    def fill(self, history: History) -> None:
        """Make the past."""
        started = time.perf_counter()
        with self._connection() as execute:
            history.create(execute)
            execute("CREATE EXTENSION pg_stat_statements")
        counts = self.sql("SELECT (SELECT count(*) FROM dag_run), (SELECT count(*) FROM task_instance)").split("|")
        size = self.sql("SELECT pg_size_pretty(pg_database_size(current_database()))")
        print(f"{counts[0]} runs, {counts[1]} task instances, {size}, made in {time.perf_counter() - started:.0f} s")

    def spent(self, work: Callable[[], str]) -> Cost:
        """What this costs."""
        self.sql("SELECT pg_stat_statements_reset()")
        started = time.perf_counter()
        what = work()
        seconds = time.perf_counter() - started
        found = self.sql(
            "SELECT sum(total_exec_time + total_plan_time), sum(calls) FROM pg_stat_statements WHERE query NOT LIKE "
            "'%pg_stat_statements%' AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        milliseconds, statements = found.split("|")
        return Cost(float(milliseconds), int(statements), seconds, what)

    def collectors(self) -> list[Collector]:
        """Those of the exporter, as configured for everything that it can tell but tasks one by one."""
        url = f"postgresql://127.0.0.1:{self._postgres.port}/{self.name}"
        database = {"url": url, "username": SUPERUSER, "password": self._postgres.password}
        keys = {"name": "benchmark", "type": "airflow", "database": database, "conf_keys": ["model_name"]}
        return list(EXPORTER.build(AirflowSettings.model_validate(keys)))

    def others(self) -> Iterator[tuple[str, Cost]]:
        """Each of the queries that others make, the second time."""
        with self._connection() as execute:
            for name, query in OTHERS.items():
                execute(query)
                yield name, self.spent(partial(asked, execute, query))

    @contextmanager
    def _connection(self) -> Iterator[Callable[[str], object]]:
        where = (SUPERUSER, "127.0.0.1", self.name, self._postgres.port, self._postgres.password)
        with closing(pg8000.connect(*where, ssl_context=False)) as connection:
            connection.autocommit = True
            yield connection.cursor().execute


def asked(execute: Callable[[str], object], query: str) -> str:
    """A query of others."""
    execute(query)
    return ""


def collect(collectors: list[Collector]) -> str:
    """One collection, and how many series it gave."""
    results = [result for collector in collectors for result in collector.collect(Deadline(BUDGET))]
    failed = [result for result in results if not isinstance(result, Snapshot)]
    assert not failed, failed
    return f"{sum(total_samples(result.families) for result in results if isinstance(result, Snapshot))} series"


def measure(bench: Bench, warm: int) -> float:
    """Print a row for each kind of collection and of query; gives the milliseconds of a warm collection."""
    collectors = bench.collectors()
    show("mlvitals, first collection", bench.spent(lambda: collect(collectors)))
    costs = [bench.spent(lambda: collect(collectors)) for _ in range(warm)]
    typical = sorted(costs)[len(costs) // 2]
    show(f"mlvitals, warm (median of {warm})", typical)
    for collector in collectors:
        collector.close()
    others = list(bench.others())
    for name, cost in others:
        show(f"others: {name}", cost)
    total = sum(cost.milliseconds for _, cost in others)
    print(f"  a scrape of others takes {total:.0f} ms, {total / typical.milliseconds:.0f} times a warm collection")
    return typical.milliseconds


def show(name: str, cost: Cost) -> None:
    """A row."""
    calls = f"{cost.statements:>5} statements {cost.seconds:>7.2f} s passed"
    print(f"  {name:<38} {cost.milliseconds:>8.1f} ms of the database {calls}   {cost.what}")


@contextmanager
def measured_server(folder: Path) -> Iterator[Postgres]:
    """A PostgreSQL that keeps account of its statements."""
    settings = {"shared_preload_libraries": "pg_stat_statements", "shared_buffers": "1GB", "max_wal_size": "8GB"}
    with postgres_server(folder) as postgres:
        for name, value in settings.items():
            postgres.sql(f"ALTER SYSTEM SET {name} = '{value}'")
        postgres.server.stop()
        postgres.server.start()
        postgres.server.wait_until_ready()
        postgres.sql("ALTER SYSTEM SET pg_stat_statements.track_planning = on; SELECT pg_reload_conf()")
        yield postgres


def main() -> int:
    """Make two databases and measure in each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dags", type=int, default=500)
    parser.add_argument("--hours", type=int, default=2000, help="runs of each DAG, one an hour")
    parser.add_argument("--tasks", type=int, default=10, help="task instances of each run")
    parser.add_argument("--warm", type=int, default=5, help="warm collections, of which the median counts")
    parser.add_argument("--folder", type=Path, help="where the databases are for the time being; 6 GB")
    options = parser.parse_args()
    whole = History(options.dags, options.hours, options.tasks)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, measured_server(Path(folder)) as postgres:
        warm = []
        for name, history in (("short", replace(whole, hours=whole.hours // 10)), ("long", whole)):
            bench = Bench(postgres, name)
            bench.fill(history)
            warm.append(measure(bench, options.warm))
    print(f"with ten times the history a warm collection takes {warm[1] / warm[0]:.2f} times as long")
    return 0


if __name__ == "__main__":
    sys.exit(main())
