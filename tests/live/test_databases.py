"""The servers that Airflow's metadata lives in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from compose.mariadb import MariaDB, mariadb_server
from compose.postgres import Postgres, postgres_server
from compose.processes import ServerError
from tests.support.processes import addresses, working_in
from tests.support.waiting import until

pytestmark = pytest.mark.live

Database = Postgres | MariaDB
Start = Callable[[Path], AbstractContextManager[Database]]

STARTS = (postgres_server, mariadb_server)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("databases")


@pytest.fixture(scope="module", params=STARTS, ids=lambda start: start.__name__)
def database(request: pytest.FixtureRequest, folder: Path) -> Iterator[Database]:
    start: Start = request.param
    with start(folder) as running:
        yield running
    assert working_in(folder) == []


def test_it_listens_on_loopback_only(folder: Path, database: Database) -> None:
    assert addresses(folder) == {"127.0.0.1"}


def test_a_database_is_empty_and_apart(database: Database) -> None:
    assert database.create_database("one").endswith(f"@127.0.0.1:{database.port}/one")
    database.create_database("two")
    database.sql("CREATE TABLE fact (id int); INSERT INTO fact VALUES (1)", "one")
    assert database.sql("SELECT id + 1 FROM fact", "one") == "2"
    with pytest.raises(ServerError, match=r"fact\W+ does(?: not|n't) exist"):
        database.sql("SELECT * FROM fact", "two")


def test_its_password_is_asked_for_and_in_no_log(database: Database) -> None:
    assert database.sql("SELECT 1") == "1"
    with pytest.raises(ServerError, match=r"password authentication failed|Access denied"):
        replace(database, password="wrong").sql("SELECT 1")
    assert database.password not in database.server.log.read_text()


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start.__name__)
def test_frozen_with_its_workers_and_ended(start: Start, tmp_path: Path) -> None:
    with start(tmp_path) as running:
        running.server.send(signal.SIGSTOP)
    assert working_in(tmp_path) == []


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start.__name__)
def test_it_ends_with_its_parent(start: Start, tmp_path: Path) -> None:
    script = f"""
import time
from pathlib import Path
from {start.__module__} import {start.__name__}
with {start.__name__}(Path({str(tmp_path)!r})):
    print(flush=True)
    time.sleep(600)
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": "."}, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        parent.stdout.readline()
        assert working_in(tmp_path)
        parent.kill()
    until(lambda: working_in(tmp_path) == [])
