"""Airflow 3 on PostgreSQL, over REST v2 and from its database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from compose.airflow import AIRFLOW_3, Airflow
from mlvitals.airflow import EXPORTER
from mlvitals.airflow.config import AirflowSettings
from mlvitals.core.collector import Deadline, Failure, UpstreamError
from tests.live.airflow.cases import EveryWorld
from tests.live.airflow.looking import faults, looking, settings
from tests.live.airflow.outages import EveryOutage
from tests.live.airflow.servers import OnServers, compare_with, copy_metadata
from tests.live.airflow.world import World
from tests.live.airflow.world import world as made_world
from tests.support.missing import skipped_without
from tests.support.processes import working_in
from tests.support.waiting import soon, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("airflow")
    with skipped_without("AIRFLOW 3"), made_world(folder, AIRFLOW_3) as made:
        yield made
    assert working_in(folder) == []


class TestAirflow3(EveryWorld):
    """The tests of every world."""


class TestDatabaseOfAirflow3(OnServers):
    """The tests of every world on a database server."""


class TestOutagesOfAirflow3(EveryOutage):
    """The tests of what fails."""


def test_a_copy_in_sqlite_tells_the_same(world: World, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/airflow.db"
    with world.airflow.dag_processor.frozen():
        copy_metadata(world, url)
        compare_with(world, {"url": url})


def test_an_expired_token_is_replaced_with_a_password_and_else_named(world: World) -> None:
    with looking(settings(world, "REST")) as look:
        soon(lambda: faults(world, "REST", look()))
        token = world.airflow.token(world.airflow.viewer)
        until(lambda: _status(world.airflow, token) != 200)
        assert faults(world, "REST", look()) == []
    failures = _failures(settings(world, "REST", auth={"token": token}))
    assert {failure.reason for failure in failures} == {"auth"}
    assert all("wrong or has expired" in failure.message for failure in failures)
    assert not any(token in failure.message for failure in failures)


def test_the_viewer_reads_and_changes_nothing(world: World) -> None:
    assert _status(world.airflow, world.airflow.token(world.airflow.viewer)) == 200
    assert _status(world.airflow, world.airflow.token(world.airflow.viewer), "POST") == 403
    assert _status(world.airflow, world.airflow.token(world.airflow.admin), "POST") == 422


def _status(airflow: Airflow, token: str, method: str = "GET") -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.request(method, f"{airflow.url}/api/v2/pools", json={}, headers=headers, timeout=30).status_code


def _failures(configured: dict[str, Any]) -> list[Failure]:
    """Those of one collection; a collector that raises says why no target of it was read."""
    failures = []
    for collector in EXPORTER.build(AirflowSettings.model_validate(configured)):
        try:
            results = [*collector.collect(Deadline(30))]
            failures += [result for result in results if isinstance(result, Failure)]
        except UpstreamError as error:
            failures.append(Failure(collector.name, error.reason, str(error)))
        finally:
            collector.close()
    return failures
