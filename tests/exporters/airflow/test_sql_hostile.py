"""A metadata database that holds what no Airflow would write, or is none."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mlvitals.airflow.collector import DagCollector, TaskCollector
from mlvitals.airflow.config import AirflowSettings
from mlvitals.airflow.sql.source import SqlSource
from mlvitals.core.collector import Deadline, Failure, Snapshot, UpstreamError
from tests.exporters.airflow.contents import fill
from tests.exporters.airflow.reading import sql_source
from tests.support.airflow_database import AirflowDatabase, sqlite_airflow
from tests.support.exposition import text


@pytest.fixture(params=("2.11", "3.3"))
def airflow(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AirflowDatabase]:
    made = sqlite_airflow(tmp_path / "airflow.db", request.param)
    yield made
    made.engine.dispose()


def settings(url: str) -> AirflowSettings:
    more = {"conf_keys": ["model_name"], "tasks": {"include": ["*"]}}
    return AirflowSettings.model_validate({"name": "a", "type": "airflow", "database": {"url": url}, **more})


def collected(url: str) -> list[Snapshot | Failure]:
    """What both collectors read of the database, as a running exporter does."""
    made = settings(url)
    assert made.database
    found: list[Snapshot | Failure] = []
    for kind in (DagCollector, TaskCollector):
        source = SqlSource(made, made.database)
        found += kind(made, source).collect(Deadline(30))
        source.close()
    return found


RUNS, TASKS, DAGS = "UPDATE dag_run SET ", "UPDATE task_instance SET ", "UPDATE dag SET "
POISON: dict[str, tuple[str, ...]] = {
    "states that are none": (RUNS + "state = NULL", TASKS + "state = NULL"),
    "unknown states": (RUNS + "state = 'pending'", TASKS + "state = 'shutdown'"),
    "no times": (
        RUNS + "queued_at = NULL, start_date = NULL, end_date = NULL",
        TASKS + "start_date = NULL, end_date = NULL, duration = NULL, queued_dttm = NULL",
    ),
    "times that are none": (
        RUNS + "queued_at = 'yesterday', start_date = '', end_date = '0000-00-00 00:00:00'",
        TASKS + "end_date = '2999-99-99', queued_dttm = 'x', duration = 'long'",
        DAGS + "next_dagrun_create_after = 'soon'",
        "UPDATE job SET latest_heartbeat = 'never'",
    ),
    "times of other ages": (
        RUNS + "start_date = '0001-01-01 00:00:00.000000', end_date = '9999-12-31 23:59:59.999999'",
        TASKS + "end_date = '9999-12-31 23:59:59.999999'",
    ),
    "times with a zone": (RUNS + "start_date = '2026-01-01T00:00:00+02:00', end_date = '2026-01-01 00:00Z'",),
    "numbers that are none": (TASKS + "try_number = 'x', pool_slots = 'y'", "UPDATE slot_pool SET slots = 'many'"),
    "negative numbers": (TASKS + "try_number = -7, pool_slots = -1", "UPDATE slot_pool SET slots = -3"),
    "control characters": (DAGS + "owners = char(10) || char(27) || char(34), dag_id = 'tr' || char(10) || 'ain'",),
    "text that is no text": (DAGS + "owners = CAST(x'fffe00' AS TEXT)",),
    "long names": (DAGS + "owners = hex(zeroblob(100000)), dag_id = hex(zeroblob(1000))",),
    "no owners": (DAGS + "owners = NULL",),
    "confs that are no JSON": (RUNS + "conf = '{model_name: '",),
    "confs of another shape": (RUNS + "conf = '[1, 2]'",),
    "confs of another type": (RUNS + """conf = '{"model_name": {"a": [1]}}'""",),
    "a conf that is enormous": (RUNS + """conf = '{"model_name": "' || hex(zeroblob(1000000)) || '"}'""",),
    "a deep conf": (RUNS + """conf = '{"model_name": ' || replace(hex(zeroblob(500)), '00', '[') || '1'""",),
    "fields that are no JSON": (
        "UPDATE rendered_task_instance_fields SET rendered_fields = 'x'",
        "UPDATE xcom SET value = 'x'",
    ),
    "fields of another type": (
        """UPDATE rendered_task_instance_fields SET rendered_fields = '{"trigger_dag_id": 7}'""",
        """UPDATE xcom SET value = '{"a": 1}'""",
    ),
    "an enormous XCom": ("UPDATE xcom SET value = zeroblob(1000000)",),
    "names that are none": (
        "UPDATE import_error SET filename = NULL, timestamp = NULL",
        "UPDATE slot_pool SET pool = NULL",
    ),
}


@pytest.mark.parametrize("poison", POISON)
def test_what_no_airflow_writes_leaves_the_page_up(airflow: AirflowDatabase, poison: str) -> None:
    fill(airflow)
    for statement in POISON[poison]:
        airflow.execute(statement)
    found = collected(airflow.url)
    assert [result for result in found if isinstance(result, Failure)] == []
    shown = "".join(text(result.families) for result in found if isinstance(result, Snapshot))
    assert "airflow_dags" in shown
    assert len(shown) < 100_000


def test_a_long_value_of_conf_counts_as_dropped(tmp_path: Path) -> None:
    airflow = sqlite_airflow(tmp_path / "airflow.db", "3.3")
    fill(airflow)
    airflow.execute(*POISON["a conf that is enormous"])
    dags = next(result for result in collected(airflow.url) if result.target == "dags")
    assert isinstance(dags, Snapshot)
    dropped = {(str(metric), reason): number for (metric, reason), number in dags.dropped.items()}
    assert dropped == {("airflow_dag_conf_last_run_state", "too_long"): 1}
    airflow.engine.dispose()


def failure(url: str, seconds: float = 30) -> UpstreamError:
    with sql_source(url) as source, pytest.raises(UpstreamError) as caught:
        list(source.dags(Deadline(seconds)))
    return caught.value


def test_no_such_file(tmp_path: Path) -> None:
    error = failure(f"sqlite:///{tmp_path}/none.db")
    assert (error.reason, str(error)) == ("connect", f"the SQLite file {tmp_path}/none.db: there is no such file")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("no database " * 1000)
    error = failure(f"sqlite:///{tmp_path}/a.db")
    assert (error.reason, str(error)) == ("parse", f"the SQLite file {tmp_path}/a.db: file is not a database")


@pytest.mark.parametrize(
    ("ddl", "why"),
    [
        ("CREATE TABLE t (a)", "this is not Airflow's metadata database: there is no table dag"),
        (
            "CREATE TABLE dag (dag_id)",
            "this is not Airflow's metadata database: its table dag has neither is_stale nor is_active",
        ),
        (
            "CREATE TABLE dag (dag_id, is_active)",
            "this is like a database of Airflow 2, but has no table alembic_version; 2.7 has it",
        ),
    ],
)
def test_the_database_of_something_else(tmp_path: Path, ddl: str, why: str) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection, connection:
        connection.execute(ddl)
    error = failure(f"sqlite:///{tmp_path}/a.db")
    assert (error.reason, str(error)) == ("parse", f"the SQLite file {tmp_path}/a.db: {why}")


def test_an_airflow_that_is_too_old(tmp_path: Path) -> None:
    airflow = sqlite_airflow(tmp_path / "a.db", "2.7")
    airflow.execute("ALTER TABLE slot_pool DROP COLUMN include_deferred")
    assert str(failure(airflow.url)).endswith(
        "this is like a database of Airflow 2, but has no column slot_pool.include_deferred; 2.7 has it"
    )
    airflow.engine.dispose()


def test_a_schema_that_changes_under_the_exporter_is_looked_at_anew(tmp_path: Path) -> None:
    airflow = sqlite_airflow(tmp_path / "a.db", "2.11")
    airflow.dag("train", is_paused=False)
    with sql_source(airflow.url) as source:
        assert [dag.dag_id for dag in source.dags(Deadline(30))] == ["train"]
        airflow.execute("ALTER TABLE dag RENAME COLUMN is_active TO is_stale")
        with pytest.raises(UpstreamError, match="no such column") as caught:
            list(source.dags(Deadline(30)))
        assert caught.value.reason == "parse"
        with pytest.raises(UpstreamError, match="this is like a database of Airflow 3, but has no table asset"):
            list(source.dags(Deadline(30)))
    airflow.engine.dispose()


def test_nothing_can_be_written(tmp_path: Path) -> None:
    airflow = sqlite_airflow(tmp_path / "a.db", "3.3")
    with sql_source(airflow.url) as source:
        list(source.dags(Deadline(30)))
        connection = source._database._connection
        assert connection
        with pytest.raises(Exception, match="readonly database"):
            connection.exec_driver_sql("DELETE FROM dag")
    airflow.engine.dispose()


def test_a_locked_file_is_waited_for_no_longer_than_the_deadline(tmp_path: Path) -> None:
    airflow = sqlite_airflow(tmp_path / "a.db", "3.3")
    with closing(sqlite3.connect(tmp_path / "a.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        error = failure(airflow.url, 0.3)
    assert error.reason == "timeout"
    airflow.engine.dispose()


def test_a_deadline_ends_a_statement_that_runs(tmp_path: Path) -> None:
    airflow = sqlite_airflow(tmp_path / "a.db", "3.3")
    # A view that counts for hours stands where the table was.
    airflow.execute("ALTER TABLE dag_tag RENAME TO away")
    airflow.execute(
        "CREATE VIEW dag_tag AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e12) "
        "SELECT max(i) AS dag_id, '' AS name FROM n"
    )
    deadline = Deadline(600)
    with sql_source(airflow.url) as source:
        # Again and again: what comes before the statement runs ends nothing.
        ended = threading.Event()

        def expire() -> None:
            while not ended.wait(0.05):
                deadline.expire()

        thread = threading.Thread(target=expire)
        thread.start()
        with pytest.raises(UpstreamError) as caught:
            list(source.dags(deadline))
        ended.set()
        thread.join()
    assert caught.value.reason == "timeout"
    airflow.engine.dispose()


def test_more_rows_than_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    airflow = sqlite_airflow(tmp_path / "a.db", "3.3")
    airflow.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100001) "
        "INSERT INTO dag_tag SELECT 'tag' || i, 'train' FROM n"
    )
    error = failure(airflow.url)
    assert (error.reason, str(error)) == ("limit", "more than 100000 rows at once: shorten window, or leave DAGs out")
    airflow.engine.dispose()


def test_a_collection_that_is_cut_leaves_the_next_one_whole(tmp_path: Path) -> None:
    airflow = sqlite_airflow(tmp_path / "a.db", "3.3")
    airflow.dag("train", is_paused=False)
    with sql_source(airflow.url) as source:
        over = Deadline(30)
        list(source.dags(over))
        over.expire()
        with pytest.raises(UpstreamError, match="cut off"):
            list(source.dags(over))
        assert [dag.dag_id for dag in source.dags(Deadline(30))] == ["train"]
    airflow.engine.dispose()
