"""What ops see when a part of a live world dies, hangs and comes back."""

from __future__ import annotations

import signal

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

    @pytest.mark.parametrize("outage", ["killed", "frozen"])
    def test_while_the_web_server_is_gone_the_database_tells_all(
        self, world: World, vitals: Vitals, outage: str
    ) -> None:
        web = world.airflow.web
        _begin(web, outage)
        try:
            until(lambda: _failing(vitals, "REST", "connect" if outage == "killed" else "timeout"))
            until(lambda: not _of_airflow(vitals, "REST"))
            assert up(vitals, "database")
            assert _of_airflow(vitals, "database")
        finally:
            _end(web, outage)
        until(lambda: up(vitals, "REST"))
        assert _of_airflow(vitals, "REST")

    def test_while_the_database_hangs_both_say_so(self, world: World, vitals: Vitals) -> None:
        database = world.postgres.server
        _begin(database, "frozen")
        try:
            until(lambda: all(_failing(vitals, source, "timeout") for source in SOURCES))
        finally:
            _end(database, "frozen")
        until(lambda: all(up(vitals, source) for source in SOURCES))


def _begin(server: Server, outage: str) -> None:
    if outage == "killed":
        server.stop()
    else:
        server.send(signal.SIGSTOP)


def _end(server: Server, outage: str) -> None:
    if outage == "killed":
        server.start()
        server.wait_until_ready()
    else:
        server.send(signal.SIGCONT)


def up(vitals: Vitals, source: str) -> bool:
    """Whether everything is read from this source."""
    page = samples(vitals.page(source.lower()))
    return all(page.get(sample("mlvitals_target_up", target=target)) == 1 for target in TARGETS)


def _failing(vitals: Vitals, source: str, reason: str) -> bool:
    page = samples(vitals.page(source.lower()))
    return all(page.get(sample("mlvitals_target_failure", target=target, reason=reason)) == 1 for target in TARGETS)


def _of_airflow(vitals: Vitals, source: str) -> set[str]:
    return {name for name in vitals.names(source.lower()) if name.startswith("airflow_")}
