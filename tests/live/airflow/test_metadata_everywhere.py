"""The same content reads the same from every kind of database, in the schemas of several releases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

from compose.mariadb import MariaDB, mariadb_server
from compose.postgres import Postgres, postgres_server
from tests.exporters.airflow.contents import everything, fill
from tests.exporters.airflow.reading import sql_source
from tests.support.airflow_database import RELEASES, AirflowDatabase, sqlite_airflow

pytestmark = pytest.mark.live

DRIVERS = {postgres_server: "postgresql+pg8000", mariadb_server: "mysql+pymysql"}


@pytest.fixture(scope="module", params=DRIVERS, ids=lambda start: start.__name__)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Postgres | MariaDB, str]]:
    with request.param(tmp_path_factory.mktemp("database")) as running:
        yield running, DRIVERS[request.param]


@pytest.mark.parametrize("release", RELEASES)
def test_the_content_is_that_of_sqlite(server: tuple[Postgres | MariaDB, str], release: str, tmp_path: Path) -> None:
    running, driver = server
    url = make_url(running.create_database("airflow" + release.replace(".", "_"))).set(drivername=driver)
    here, there = sqlite_airflow(tmp_path / "airflow.db", release), AirflowDatabase(create_engine(url), release)
    for airflow in (here, there):
        fill(airflow)
    keys = {"conf_keys": ["model_name", 'it\'s "odd"'], "tasks": {"include": ["train"]}}
    with (
        sql_source(here.url, **keys) as sqlite,
        sql_source(there.url, username=url.username, password=url.password, **keys) as source,
    ):
        expected = everything(sqlite)
        assert everything(source) == expected
        # And what is remembered from the first time changes nothing.
        assert everything(source) == expected
    assert expected["triggered"]
    here.engine.dispose()
    there.engine.dispose()
