"""Airflow's metadata database on a real PostgreSQL: rights, time, transport, and that it is left in peace."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from sqlalchemy import create_engine, make_url

from compose.postgres import NOBODY, Postgres, postgres_server
from mlvitals.airflow.collector import DagCollector, TaskCollector
from mlvitals.airflow.sql.schema import TABLES
from mlvitals.airflow.sql.source import SqlSource
from mlvitals.core.collector import Deadline, UpstreamError
from tests.exporters.airflow.reading import sql_source
from tests.support.airflow_database import AirflowDatabase
from tests.support.vitals import mlvitals
from tests.support.waiting import until

pytestmark = pytest.mark.live

PASSWORD = "correct-horse-battery"
NUMBERS = iter(range(1000))
TARGETS = (*DagCollector.targets, *TaskCollector.targets)
_TABLES = ", ".join(sorted(TABLES - {"dataset", "dataset_event"}))


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with postgres_server(tmp_path_factory.mktemp("postgres")) as running:
        yield running


@dataclass(frozen=True)
class Database:
    """An Airflow's database, with a role `role` that may read it as the documentation says."""

    postgres: Postgres
    airflow: AirflowDatabase
    name: str
    role: str

    @property
    def url(self) -> str:
        return f"postgresql://127.0.0.1:{self.postgres.port}/{self.name}"

    def sql(self, statements: str) -> str:
        return self.postgres.sql(statements, self.name)


@pytest.fixture
def database(postgres: Postgres) -> Iterator[Database]:
    number = next(NUMBERS)
    url = make_url(postgres.create_database(f"airflow{number}")).set(drivername="postgresql+pg8000")
    airflow = AirflowDatabase(create_engine(url), "3.3")
    made = Database(postgres, airflow, f"airflow{number}", f"vitals{number}")
    made.sql(f"CREATE ROLE {made.role} LOGIN PASSWORD '{PASSWORD}'; GRANT SELECT ON {_TABLES} TO {made.role}")
    airflow.dag("train", is_paused=False)
    yield made
    airflow.engine.dispose()


def read(source: SqlSource, seconds: float = 30) -> list[str]:
    return [dag.dag_id for dag in source.dags(Deadline(seconds))]


def configure(database: Database, folder: Path, *more: str) -> None:
    """Write an mlvitals.yml with an exporter `airflow` of this database."""
    where = f"{{url: '{database.url}', username: {database.role}, password_file: password}}"
    lines = ("name: airflow", "type: airflow", f"database: {where}", *more)
    (folder / "password").write_text(PASSWORD)
    (folder / "mlvitals.yml").write_text("exporters:\n  - " + "\n    ".join(lines) + "\n")


def failure(database: Database, **more: object) -> UpstreamError:
    options = {"username": database.role, "password": PASSWORD, **more}
    with sql_source(str(options.pop("url", database.url)), **options) as source, pytest.raises(UpstreamError) as caught:
        read(source)
    assert PASSWORD not in str(caught.value)
    return caught.value


# --- rights -----------------------------------------------------------------------------------------------------------

TAKEN = {
    "all tables": "REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM {role}",
    "some tables": "REVOKE SELECT ON dag_run, xcom FROM {role}",
    "some columns": "REVOKE SELECT ON dag FROM {role}; GRANT SELECT (dag_id, is_stale) ON dag TO {role}",
    "the schema": "REVOKE USAGE ON SCHEMA public FROM PUBLIC",
    "the database": "REVOKE CONNECT ON DATABASE {name} FROM PUBLIC",
}


@pytest.mark.parametrize("taken", TAKEN)
def test_a_role_without_rights_is_told_the_grant_that_it_lacks(database: Database, taken: str) -> None:
    database.sql(TAKEN[taken].format(role=database.role, name=database.name))
    error = failure(database)
    assert error.reason == "auth"
    found = re.search(r"GRANT .* TO \w+;$", str(error))
    assert found, error
    database.sql(found[0])
    with sql_source(database.url, username=database.role, password=PASSWORD) as source:
        assert read(source) == ["train"]


def test_the_words_for_missing_rights(database: Database) -> None:
    database.sql(TAKEN["some tables"].format(role=database.role))
    assert str(failure(database)) == (
        f"{database.url}: this role may not read dag_run, xcom: GRANT SELECT ON dag_run, xcom TO {database.role};"
    )


def test_a_grant_stays_whole_whatever_the_password(database: Database) -> None:
    password = f"{database.role}-1"
    database.sql(f"ALTER ROLE {database.role} PASSWORD '{password}'; REVOKE SELECT ON xcom FROM {database.role}")
    error = failure(database, password=password)
    assert str(error).endswith(f"GRANT SELECT ON xcom TO {database.role};")


def test_rights_that_are_taken_away_while_it_reads(database: Database) -> None:
    with sql_source(database.url, username=database.role, password=PASSWORD) as source:
        assert read(source) == ["train"]
        database.sql(f"REVOKE SELECT ON dag_tag FROM {database.role}")
        for words in ("permission denied for table dag_tag", f"GRANT SELECT ON dag_tag TO {database.role}"):
            with pytest.raises(UpstreamError, match=words) as caught:
                read(source)
            assert caught.value.reason == "auth"


def test_tables_in_a_schema_that_is_not_searched(database: Database) -> None:
    database.sql("CREATE SCHEMA af; ALTER TABLE dag SET SCHEMA af; ALTER TABLE dag_run SET SCHEMA af")
    database.sql(f"ALTER TABLE task_instance SET SCHEMA af; GRANT USAGE ON SCHEMA af TO {database.role}")
    error = failure(database)
    assert error.reason == "parse"
    assert str(error).endswith(
        f"Airflow's tables are in the schema af: ALTER ROLE {database.role} SET search_path = af;"
    )
    database.sql(f"ALTER ROLE {database.role} SET search_path = public, af")
    with sql_source(database.url, username=database.role, password=PASSWORD) as source:
        assert read(source) == ["train"]


def test_the_database_of_something_else(database: Database) -> None:
    error = failure(database, url=database.url.replace(database.name, "postgres"))
    assert error.reason == "parse"
    assert str(error).endswith("/postgres: this is not Airflow's metadata database: there is no table dag")


def test_no_such_database(database: Database) -> None:
    error = failure(database, url=database.url + "x")
    assert (error.reason, str(error)) == ("connect", f'{database.url}x: database "{database.name}x" does not exist')


@pytest.mark.parametrize(
    "credentials", [{"password": "wrong-password"}, {"password": None}, {"username": "nobody-of-this-name"}]
)
def test_a_wrong_password_or_name(database: Database, credentials: dict[str, str]) -> None:
    error = failure(database, **credentials)
    name = credentials.get("username", database.role)
    assert error.reason == "auth"
    assert str(error) == f'{database.url}: password authentication failed for user "{name}"'


def test_a_password_file_is_read_again_for_each_connection(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    with sql_source(database.url, username=database.role, password_file=str(file)) as source:
        assert read(source) == ["train"]
        database.sql(f"ALTER ROLE {database.role} PASSWORD 'another-horse'")
        # A connection that is there goes on.
        assert read(source) == ["train"]
        database.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{database.role}'")
        with pytest.raises(UpstreamError, match="password authentication failed"):
            read(source)
        file.write_text("another-horse")
        assert read(source) == ["train"]


def test_what_check_live_says(database: Database, tmp_path: Path) -> None:
    database.sql(TAKEN["all tables"].format(role=database.role))
    configure(database, tmp_path)
    command = [sys.executable, "-m", "mlvitals", "check", "--live"]
    wide = {**os.environ, "COLUMNS": "1000"}
    check = subprocess.run(command, cwd=tmp_path, env=wide, capture_output=True, text=True, timeout=60)
    assert check.returncode == 1
    shown = check.stdout.replace(database.url, "URL").replace(database.role, "ROLE")
    assert [re.split("  +", line.strip()) for line in shown.splitlines() if line.strip(" -")] == LIVE
    assert PASSWORD not in check.stdout + check.stderr


_WHY = f"URL: this role may not read {_TABLES}: GRANT SELECT ON {_TABLES} TO ROLE;"
_WHAT_TO_DO = "Check the credentials, and what this user may read."
LIVE = [
    ["exporter", "type", "target", "result", "series"],
    ["airflow", "airflow", "server", "auth", "0"],
    ["airflow", "airflow", "dags", "auth", "0"],
    [f"airflow, server: {_WHY}"],
    [_WHAT_TO_DO],
    [f"airflow, dags: {_WHY}"],
    [_WHAT_TO_DO],
]


# --- time -------------------------------------------------------------------------------------------------------------


@contextmanager
def locked(database: Database, table: str) -> Iterator[None]:
    """Nobody can read this table."""
    with database.airflow.engine.connect() as connection:
        connection.exec_driver_sql(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


def test_a_statement_that_waits_ends_with_the_deadline_by_the_server(database: Database) -> None:
    with sql_source(database.url, username=database.role, password=PASSWORD) as source:
        assert read(source) == ["train"]
        with locked(database, "dag"), pytest.raises(UpstreamError) as caught:
            read(source, 0.5)
        assert caught.value.reason == "timeout"
        assert read(source) == ["train"]


def waiting(database: Database) -> int:
    return int(
        database.sql(
            f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{database.role}' AND wait_event_type = 'Lock'"
        )
    )


def test_a_deadline_that_is_ended_frees_a_statement_that_waits(database: Database) -> None:
    deadline = Deadline(600)
    with sql_source(database.url, username=database.role, password=PASSWORD) as source:
        assert read(source) == ["train"]
        with locked(database, "dag"):

            def expire() -> None:
                until(lambda: waiting(database))
                deadline.expire()

            thread = threading.Thread(target=expire)
            thread.start()
            with pytest.raises(UpstreamError) as caught:
                list(source.dags(deadline))
            thread.join()
            assert (caught.value.reason, str(caught.value)) == ("timeout", f"{database.url}: not answered in time")
        assert read(source) == ["train"]


# --- the connection ---------------------------------------------------------------------------------------------------


def test_one_connection_that_is_idle_outside_of_a_reading(database: Database) -> None:
    with sql_source(database.url, username=database.role, password=PASSWORD) as source:
        for _ in range(3):
            read(source)
            source.server(Deadline(30))
        about = f"SELECT state, application_name FROM pg_stat_activity WHERE usename = '{database.role}'"
        assert database.sql(about) == "idle|mlvitals"
    until(lambda: database.sql(about) == "")


def test_a_transaction_cannot_write_and_sees_one_moment(database: Database) -> None:
    with sql_source(database.url, username=database.role, password=PASSWORD) as source:
        database.sql(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {database.role}")
        with source._database.reading(Deadline(30)):
            connection = source._database._connection
            assert connection
            ask = "SELECT current_setting('transaction_read_only'), current_setting('transaction_isolation')"
            assert tuple(connection.exec_driver_sql(ask).one()) == ("on", "repeatable read")


def test_a_connection_that_the_server_has_ended_is_made_anew(database: Database) -> None:
    with sql_source(database.url, username=database.role, password=PASSWORD) as source:
        for _ in range(2):
            assert read(source) == ["train"]
            database.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{database.role}'")


def test_a_server_that_is_away_for_a_while(database: Database) -> None:
    server = database.postgres.server
    with sql_source(database.url, username=database.role, password=PASSWORD) as source:
        assert read(source) == ["train"]
        database.airflow.engine.dispose()
        server.stop()
        with pytest.raises(UpstreamError, match="Connection refused") as caught:
            read(source)
        assert caught.value.reason == "connect"
        server.start()
        server.wait_until_ready()
        assert read(source) == ["train"]


def test_a_connection_that_is_lost_is_no_news_for_the_log(database: Database, tmp_path: Path) -> None:
    configure(database, tmp_path, "interval: 1s")
    with mlvitals(tmp_path) as vitals:

        def collected_since(moment: float) -> bool:
            last = (
                vitals.value("airflow", "mlvitals_target_last_success_timestamp_seconds", target=each)
                for each in TARGETS
            )
            return all((each or 0) > moment for each in last)

        until(lambda: collected_since(0))
        database.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{database.role}'")
        terminated = time.time()
        until(lambda: collected_since(terminated))
    assert "Traceback" not in vitals.server.log.read_text()


def test_the_clock_is_that_of_the_database(database: Database) -> None:
    # The role's own function stands before the real one.
    database.sql(
        f"CREATE SCHEMA ahead; GRANT USAGE ON SCHEMA ahead TO {database.role};"
        "CREATE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
        "$$ SELECT '2040-01-01 00:00:00+00'::timestamptz $$;"
        f"ALTER ROLE {database.role} SET search_path = ahead, pg_catalog, public"
    )
    with sql_source(database.url, username=database.role, password=PASSWORD) as source:
        read(source)
        assert 2208988800 <= source.clock() < 2208988800 + 60


def test_times_do_not_depend_on_the_zone_of_the_server(database: Database) -> None:
    database.airflow.change("dag", {"dag_id": "train"}, next_dagrun_create_after=1.8e9)
    for zone in ("Asia/Kolkata", "America/St_Johns", "UTC"):
        database.sql(f"ALTER ROLE {database.role} SET timezone = '{zone}'")
        with sql_source(database.url, username=database.role, password=PASSWORD) as source:
            (dag,) = source.dags(Deadline(30))
            assert dag.next_run == 1.8e9


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> trustme.CA:
    """PostgreSQL speaks TLS with a certificate of this authority."""
    ca, folder = trustme.CA(), tmp_path_factory.mktemp("tls")
    certificate = ca.issue_cert("db.example")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    (folder / "key.pem").chmod(0o600)
    if os.geteuid() == 0:
        os.chown(folder / "key.pem", NOBODY, NOBODY)
    for name, value in (("ssl_cert_file", folder / "cert.pem"), ("ssl_key_file", folder / "key.pem"), ("ssl", "on")):
        postgres.sql(f"ALTER SYSTEM SET {name} = '{value}'")
    postgres.sql("SELECT pg_reload_conf()")
    until(lambda: postgres.sql("SHOW ssl") == "on")
    return ca


def encrypted(database: Database) -> str:
    return database.sql(
        "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
        f"WHERE usename = '{database.role}' AND application_name = 'mlvitals'"
    )


def test_tls_with_a_private_authority(database: Database, authority: trustme.CA, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    right = {"ca_file": str(tmp_path / "ca.pem"), "server_name": "db.example"}
    with sql_source(database.url, username=database.role, password=PASSWORD, tls_config=right) as source:
        assert read(source) == ["train"]
        assert encrypted(database) == "t"
        with locked(database, "dag"), pytest.raises(UpstreamError) as caught:
            read(source, 0.5)
        assert caught.value.reason == "timeout"
    for tls_config, words in (
        ({"server_name": "db.example"}, "name the CA that signed it as tls_config.ca_file"),
        ({"ca_file": right["ca_file"], "server_name": "other.example"}, "name it as tls_config.server_name"),
    ):
        error = failure(database, tls_config=tls_config)
        assert error.reason == "connect"
        assert words in str(error)


def test_without_tls_config_it_is_plain(database: Database, authority: trustme.CA) -> None:
    with sql_source(database.url, username=database.role, password=PASSWORD) as source:
        assert read(source) == ["train"]
        assert encrypted(database) == "f"
