"""How many rows a collection reads of a metadata database with a long history, at 1/50 of the size of the benchmark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import pg8000
import pytest

from compose.postgres import SUPERUSER, Postgres, postgres_server
from mlvitals.airflow.collector import DagCollector, TaskCollector
from mlvitals.airflow.config import AirflowSettings
from mlvitals.airflow.sql.source import SqlSource
from mlvitals.core.collector import Deadline, Snapshot
from tests.support.airflow_history import History

pytestmark = pytest.mark.live

LONG = History(dags=20, hours=1000, tasks=10)
SHORT = replace(LONG, hours=LONG.hours // 10)
# Rows of tables, and entries of indexes, that the server has gone through.
READ = """
SELECT (SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables)
     + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)
"""


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with postgres_server(tmp_path_factory.mktemp("postgres")) as running:
        yield running


class Reader:
    """Both collectors over a database."""

    def __init__(self, postgres: Postgres, name: str) -> None:
        url = f"postgresql://127.0.0.1:{postgres.port}/{name}"
        database = {"url": url, "username": SUPERUSER, "password": postgres.password}
        more = {"conf_keys": ["model_name"], "tasks": {"include": ["dag_000*"]}}
        made = AirflowSettings.model_validate({"name": "a", "type": "airflow", "database": database, **more})
        assert made.database
        self._postgres, self._name = postgres, name
        self._sources = [SqlSource(made, made.database) for _ in range(2)]
        self._collectors = (DagCollector(made, self._sources[0]), TaskCollector(made, self._sources[1]))

    def rows(self) -> int:
        """Rows that one collection reads."""
        before = self._read()
        for collector in self._collectors:
            results = list(collector.collect(Deadline(60)))
            assert [result for result in results if not isinstance(result, Snapshot)] == []
        return self._read() - before

    def close(self) -> None:
        for collector in self._collectors:
            collector.close()

    def _read(self) -> int:
        for source in self._sources:
            if connection := source._database._connection:
                # A server process tells what it has read when it likes.
                connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
                connection.rollback()
        return int(self._postgres.sql(READ, self._name))


@contextmanager
def reader(postgres: Postgres, name: str, history: History) -> Iterator[Reader]:
    """Collectors over a new database with this history."""
    postgres.create_database(name)
    with closing(
        pg8000.connect(SUPERUSER, "127.0.0.1", name, postgres.port, postgres.password, ssl_context=False)
    ) as connection:
        connection.autocommit = True
        history.create(connection.cursor().execute)
    made = Reader(postgres, name)
    try:
        yield made
    finally:
        made.close()


def test_a_warm_collection_reads_a_bounded_number_of_rows_whatever_the_history(postgres: Postgres) -> None:
    warm = {}
    for name, history in (("short", SHORT), ("long", LONG)):
        with reader(postgres, name, history) as collectors:
            cold, *rest = (collectors.rows() for _ in range(3))
            warm[name] = max(rest)
            assert warm[name] < cold
    assert warm["long"] < 1.3 * warm["short"]
    # Three readers go through the runs of two days, by entry and by row, and some more to find where these begin.
    assert warm["long"] < 3 * 2 * 48 * LONG.dags + 2000
    assert warm["long"] < LONG.dags * LONG.hours * (1 + LONG.tasks) / 25
