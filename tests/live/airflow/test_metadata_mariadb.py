"""Airflow's metadata database on a real MariaDB: rights, time, and that it is left in peace."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import create_engine

from compose.mariadb import MariaDB, mariadb_server
from mlvitals.airflow.sql.schema import TABLES
from mlvitals.airflow.sql.source import SqlSource
from mlvitals.core.collector import Deadline, UpstreamError
from tests.exporters.airflow.reading import sql_source
from tests.support.airflow_database import AirflowDatabase
from tests.support.waiting import until

pytestmark = pytest.mark.live

PASSWORD = "correct-horse-battery"
NUMBERS = iter(range(1000))
NEEDED = sorted(TABLES - {"dataset", "dataset_event"})


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    with mariadb_server(tmp_path_factory.mktemp("mariadb")) as running:
        yield running


@dataclass(frozen=True)
class Database:
    """An Airflow's database, with a user `user` that may read these of its tables."""

    mariadb: MariaDB
    airflow: AirflowDatabase
    name: str
    user: str

    @property
    def url(self) -> str:
        return f"mysql://127.0.0.1:{self.mariadb.port}/{self.name}"

    def grant(self, *tables: str) -> None:
        for table in tables:
            self.sql(f"GRANT SELECT ON {self.name}.{table} TO {self.user}")

    def sql(self, statements: str) -> str:
        return self.mariadb.sql(statements, self.name)


@pytest.fixture
def database(mariadb: MariaDB) -> Iterator[Database]:
    number = next(NUMBERS)
    airflow = AirflowDatabase(create_engine(mariadb.create_database(f"airflow{number}")), "3.3")
    made = Database(mariadb, airflow, f"airflow{number}", f"vitals{number}")
    made.sql(f"CREATE USER {made.user} IDENTIFIED BY '{PASSWORD}'")
    airflow.dag("train", is_paused=False)
    yield made
    airflow.engine.dispose()


@contextmanager
def reading(database: Database, **more: Any) -> Iterator[SqlSource]:
    options = {"url": database.url, "username": database.user, "password": PASSWORD, **more}
    with sql_source(**options) as source:
        yield source


def read(source: SqlSource, seconds: float = 30) -> list[str]:
    return [dag.dag_id for dag in source.dags(Deadline(seconds))]


def failure(database: Database, **more: Any) -> UpstreamError:
    with reading(database, **more) as source, pytest.raises(UpstreamError) as caught:
        read(source)
    assert PASSWORD not in str(caught.value)
    return caught.value


def test_a_user_without_rights_is_told_the_grants_that_it_lacks(database: Database) -> None:
    error = failure(database)
    assert error.reason == "auth"
    assert "Access denied for user" in str(error)
    assert str(error).endswith(
        f": GRANT SELECT ON {database.name}.dag TO {database.user}; and so on for the tables that the guide lists"
    )
    database.grant("dag", "dag_run")
    error = failure(database)
    assert error.reason == "auth"
    missing = [table for table in NEEDED if table not in ("dag", "dag_run")]
    assert f"this role may not read {', '.join(missing)}: GRANT" in str(error)
    for grant in re.findall(r"GRANT SELECT ON \S+ TO \w+", str(error)):
        database.sql(grant)
    with reading(database) as source:
        assert read(source) == ["train"]


def test_rights_that_are_taken_away_while_it_reads(database: Database) -> None:
    database.grant(*NEEDED)
    with reading(database) as source:
        assert read(source) == ["train"]
        database.sql(f"REVOKE SELECT ON {database.name}.dag_tag FROM {database.user}")
        for words in ("SELECT command denied", f"GRANT SELECT ON {database.name}.dag_tag TO {database.user}"):
            with pytest.raises(UpstreamError, match=words) as caught:
                read(source)
            assert caught.value.reason == "auth"


def test_a_wrong_password(database: Database) -> None:
    error = failure(database, password="wrong-password")
    assert error.reason == "auth"
    assert re.search(r"Access denied for user '\w+'@'127.0.0.1' \(using password: YES\)", str(error))


def test_no_such_database(database: Database) -> None:
    database.sql(f"GRANT SELECT ON *.* TO {database.user}")
    error = failure(database, url=database.url + "x")
    assert (error.reason, str(error)) == ("connect", f"{database.url}x: Unknown database '{database.name}x'")


def test_a_server_without_tls(database: Database) -> None:
    error = failure(database, tls_config={})
    assert error.reason == "connect"
    assert "SSL" in str(error) or "TLS" in str(error)


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Nobody can read the table dag."""
    with database.airflow.engine.connect() as connection:
        connection.exec_driver_sql("LOCK TABLES dag WRITE")
        yield
        connection.exec_driver_sql("UNLOCK TABLES")


def test_a_statement_that_waits_ends_with_the_deadline(database: Database) -> None:
    database.grant(*NEEDED)
    with reading(database) as source:
        assert read(source) == ["train"]
        with locked(database), pytest.raises(UpstreamError) as caught:
            read(source, 0.5)
        assert caught.value.reason == "timeout"
        assert read(source) == ["train"]


def test_a_deadline_that_is_ended_frees_a_statement_that_waits(database: Database) -> None:
    database.grant(*NEEDED)
    waiting = f"SELECT 1 FROM information_schema.processlist WHERE user = '{database.user}' AND state LIKE 'Waiting%'"
    deadline = Deadline(600)
    with reading(database) as source:
        assert read(source) == ["train"]
        with locked(database):

            def expire() -> None:
                until(lambda: database.mariadb.sql(waiting))
                deadline.expire()

            thread = threading.Thread(target=expire)
            thread.start()
            with pytest.raises(UpstreamError) as caught:
                list(source.dags(deadline))
            thread.join()
            assert (caught.value.reason, str(caught.value)) == ("timeout", f"{database.url}: not answered in time")
        assert read(source) == ["train"]


def test_a_connection_that_the_server_has_ended_is_made_anew(database: Database) -> None:
    database.grant(*NEEDED)
    with reading(database) as source:
        for _ in range(2):
            assert read(source) == ["train"]
            database.sql(f"KILL USER {database.user}")


def test_one_connection_that_cannot_write_and_is_in_utc(database: Database) -> None:
    database.sql(f"GRANT ALL ON {database.name}.* TO {database.user}; SET GLOBAL time_zone = '+05:30'")
    database.airflow.engine.dispose()
    database.airflow.change("dag", {"dag_id": "train"}, owners="ann")
    with reading(database) as source:
        for _ in range(3):
            read(source)
        about = f"SELECT command FROM information_schema.processlist WHERE user = '{database.user}'"
        assert database.mariadb.sql(about) == "Sleep"
        with source._database.reading(Deadline(30)):
            connection = source._database._connection
            assert connection
            assert connection.exec_driver_sql("SELECT @@time_zone").scalar() == "+00:00"
            with pytest.raises(Exception, match="READ ONLY transaction"):
                connection.exec_driver_sql("DELETE FROM dag")
    database.sql("SET GLOBAL time_zone = 'SYSTEM'")
