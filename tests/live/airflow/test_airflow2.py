"""Airflow 2.11 on PostgreSQL, over REST v1 and from its database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from compose.airflow import AIRFLOW_2
from tests.live.airflow.cases import EveryWorld
from tests.live.airflow.servers import OnServers
from tests.live.airflow.world import World
from tests.live.airflow.world import world as made_world
from tests.support.missing import skipped_without
from tests.support.processes import working_in

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("airflow")
    with skipped_without("AIRFLOW 2.11"), made_world(folder, AIRFLOW_2) as made:
        yield made
    assert working_in(folder) == []


class TestAirflow2(EveryWorld):
    """The tests of every world."""


class TestDatabaseOfAirflow2(OnServers):
    """The tests of every world on a database server."""
