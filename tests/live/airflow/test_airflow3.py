"""Airflow 3 on PostgreSQL, over REST v2 and from its database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from compose.airflow import AIRFLOW_3
from tests.live.airflow.cases import EveryWorld
from tests.live.airflow.outages import EveryOutage
from tests.live.airflow.servers import OnServers
from tests.live.airflow.world import World, world_on_postgres
from tests.support.processes import working_in

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("airflow")
    with world_on_postgres(folder, AIRFLOW_3) as made:
        yield made
    assert working_in(folder) == []


class TestAirflow3(EveryWorld):
    """The tests of every world."""


class TestDatabaseOfAirflow3(OnServers):
    """The tests of every world on a database server."""


class TestOutagesOfAirflow3(EveryOutage):
    """The tests of what fails."""
