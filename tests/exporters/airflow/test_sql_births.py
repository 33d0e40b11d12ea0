"""Where in the numbering of runs a point in time is."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlvitals.airflow.config import Database
from mlvitals.airflow.sql import births
from mlvitals.airflow.sql.births import Births
from mlvitals.airflow.sql.connection import MetadataDatabase
from mlvitals.core.collector import Deadline
from tests.support.airflow_database import AirflowDatabase, sqlite_airflow

START, MINUTE = 1_700_000_000.0, 60.0
RUNS = 5000


@pytest.fixture
def airflow(tmp_path: Path) -> Iterator[AirflowDatabase]:
    made = sqlite_airflow(tmp_path / "airflow.db", "3.3")
    # A run a minute, and numbers with gaps.
    made.execute(
        f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {RUNS - 1}) "
        "INSERT INTO dag_run (id, dag_id, run_id, run_type, run_after, span_status, clear_number, updated_at) "
        f"SELECT 100 + i * 3 + i / 1000 * 5000, 'train', i, 'manual', 0, '', 0, "
        f"strftime('%Y-%m-%d %H:%M:%f000', {START} + i * {MINUTE}, 'unixepoch') FROM n"
    )
    yield made
    made.engine.dispose()


def number(run: int) -> int:
    return 100 + run * 3 + run // 1000 * 5000


def made_between(first: int, run: int) -> int:
    """Runs from this number on that were made before that run."""
    return sum(number(each) >= first for each in range(run))


def first_since(airflow: AirflowDatabase, *times: float) -> list[int]:
    database, found = MetadataDatabase(Database(url=airflow.url)), Births()
    with database.reading(Deadline(30)) as transaction:
        numbers = [found.first_since(time, transaction) for time in times]
    database.close()
    return numbers


@pytest.mark.parametrize("run", [0, 1, 17, 999, 1000, 2500, 4711, RUNS - 1])
def test_no_run_made_since_then_is_below_and_few_made_before_are_above(airflow: AirflowDatabase, run: int) -> None:
    (first,) = first_since(airflow, START + run * MINUTE)
    assert first <= number(run)
    assert made_between(first, run) <= births.FEW


def test_runs_that_were_changed_since_only_let_more_in(airflow: AirflowDatabase) -> None:
    chosen = random.Random(7)  # noqa: S311
    for _ in range(50):
        changed = number(chosen.randrange(RUNS))
        airflow.change("dag_run", {"id": changed}, updated_at=START + RUNS * MINUTE)
    for run in (100, 2500, 4900):
        (first,) = first_since(airflow, START + run * MINUTE)
        assert first <= number(run)


def test_times_before_and_after_all_runs(airflow: AirflowDatabase) -> None:
    before, after = first_since(airflow, 0.0, START + 2 * RUNS * MINUTE)
    assert before == number(0)
    assert number(RUNS - 1) - births.FEW <= after <= number(RUNS - 1) + 1


def test_runs_without_a_time_of_change_are_old(airflow: AirflowDatabase) -> None:
    airflow.execute(f"UPDATE dag_run SET updated_at = NULL WHERE id < {number(2000)}")
    (first,) = first_since(airflow, START)
    assert first <= number(2000)
    assert made_between(first, 2000) <= births.FEW


def test_an_answer_serves_for_a_while_and_for_later_times_only(airflow: AirflowDatabase) -> None:
    time = START + 2000 * MINUTE
    first, same, later, earlier = first_since(airflow, time, time + births.LASTS / 2, time + births.LASTS * 2, time - 1)
    assert first == same < later
    assert earlier <= number(2000)


def test_there_are_no_runs(tmp_path: Path) -> None:
    airflow = sqlite_airflow(tmp_path / "empty.db", "3.3")
    assert first_since(airflow, START) == [0]
    airflow.engine.dispose()
