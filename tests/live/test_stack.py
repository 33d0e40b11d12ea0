"""The demo's stack with the oldest and the newest Prometheus and Alertmanager: what it checks, and every query."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from compose import outcome, stack
from compose.processes import wait_for
from tests.support import live_queries

pytestmark = pytest.mark.live

# Rates need two scrapes, and the alert that the demo waits for an evaluation.
PATIENCE = 120.0


@pytest.fixture(scope="module")
def demo(each_program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[stack.Stack]:
    folder = tmp_path_factory.mktemp("demo")
    with stack.running(folder, lambda _: nullcontext(), program=each_program) as running:
        yield running


def test_what_the_demo_checks_holds(demo: stack.Stack) -> None:
    wrong = [finding for finding in outcome.awaited(demo) if not finding.holds]
    assert not wrong, demo.tails()


def test_every_query_returns_data_or_is_listed_with_its_reason(demo: stack.Stack) -> None:
    found: list[str] = []

    def none_found() -> bool:
        found[:] = live_queries.check(live_queries.Prometheus(demo.at.prometheus))
        return not found

    assert wait_for(none_found, PATIENCE, every=1), "\n".join([*found, demo.tails()])
