"""What ops see when a part of a live world dies, hangs and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from compose.processes import Server
from mlvitals.airflow.collector import DagCollector, TaskCollector
from tests.live.airflow.looking import SOURCES
from tests.live.airflow.world import World
from tests.support.exposition import sample
from tests.support.vitals import Vitals, samples
from tests.support.waiting import until

TARGETS = (*DagCollector.targets, *TaskCollector.targets)


class EveryOutage:
    """Tests of the fixture `world`; each leaves it as it was."""

    @pytest.mark.parametrize(("outage", "reason"), [("killed", "connect"), ("frozen", "timeout")])
    def test_while_the_web_server_is_gone_the_database_tells_all(
        self, world: World, vitals: Vitals, outage: str, reason: str
    ) -> None:
        with _killed(world.airflow.web) if outage == "killed" else world.airflow.web.frozen():
            until(lambda: _failing(vitals, "REST", reason))
            until(lambda: not _of_airflow(vitals, "REST"))
            assert up(vitals, "database")
            assert _of_airflow(vitals, "database")
        until(lambda: up(vitals, "REST"))
        assert _of_airflow(vitals, "REST")

    def test_while_the_database_hangs_both_say_so(self, world: World, vitals: Vitals) -> None:
        with world.postgres.server.frozen():
            until(lambda: all(_failing(vitals, source, "timeout") for source in SOURCES))
        until(lambda: all(up(vitals, source) for source in SOURCES))


@contextmanager
def _killed(server: Server) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()
        server.wait_until_ready()


def up(vitals: Vitals, source: str) -> bool:
    """Whether everything is read from this source."""
    page = samples(vitals.page(source.lower()))
    return all(page.get(sample("mlvitals_target_up", target=target)) == 1 for target in TARGETS)


def _failing(vitals: Vitals, source: str, reason: str) -> bool:
    page = samples(vitals.page(source.lower()))
    return all(page.get(sample("mlvitals_target_failure", target=target, reason=reason)) == 1 for target in TARGETS)


def _of_airflow(vitals: Vitals, source: str) -> set[str]:
    return {name for name in vitals.names(source.lower()) if name.startswith("airflow_")}
