"""The PostgreSQL that Airflow's metadata lives in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose.postgres import Postgres, postgres_server
from compose.processes import ServerError
from tests.support.processes import addresses, working_in
from tests.support.waiting import until

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("postgres")


@pytest.fixture(scope="module")
def postgres(folder: Path) -> Iterator[Postgres]:
    with postgres_server(folder) as running:
        yield running
    assert working_in(folder) == []


def test_it_listens_on_loopback_only(folder: Path, postgres: Postgres) -> None:
    assert addresses(folder) == {"127.0.0.1"}


def test_a_database_is_empty_and_apart(postgres: Postgres) -> None:
    assert postgres.create_database("one").endswith(f"@127.0.0.1:{postgres.port}/one")
    postgres.sql("CREATE TABLE fact (id int); INSERT INTO fact VALUES (1)", "one")
    assert postgres.sql("SELECT id, id + 1 FROM fact", "one") == "1|2"
    with pytest.raises(ServerError, match='relation "fact" does not exist'):
        postgres.sql("SELECT * FROM fact")


def test_a_password_is_asked_for(postgres: Postgres) -> None:
    assert postgres.sql("SELECT DISTINCT auth_method FROM pg_hba_file_rules") == "scram-sha-256"
    assert postgres.password not in postgres.server.log.read_text()


def test_frozen_with_its_workers_and_ended(tmp_path: Path) -> None:
    with postgres_server(tmp_path) as running:
        running.server.send(signal.SIGSTOP)
    assert working_in(tmp_path) == []


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    script = f"""
import sys, time
from pathlib import Path
from compose.postgres import postgres_server
with postgres_server(Path({str(tmp_path)!r})):
    print(flush=True)
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": "."}, stdout=-1) as parent:
        assert parent.stdout
        parent.stdout.readline()
        assert working_in(tmp_path)
        parent.kill()
    until(lambda: working_in(tmp_path) == [])
