"""The demo's stack with the oldest and the newest Prometheus and Alertmanager: what it checks, and every query."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
import requests

from compose import outcome, stack
from compose.processes import wait_for
from tests.support import live_queries
from tests.support.snippets import ROOT, Snippet, snippet, tried

# The first test of each release also waits for everything to start.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

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


@pytest.mark.parametrize("snippet", tried("promql"))
def test_prometheus_answers_the_queries_of_the_guides(snippet: Snippet, demo: stack.Stack) -> None:
    asked = requests.get(f"{demo.at.prometheus}/api/v1/query", params={"query": snippet.text}, timeout=30).json()
    assert (asked["status"], asked.get("warnings"), asked.get("infos")) == ("success", None, None), asked


def test_the_check_of_the_guide_finds_nothing(demo: stack.Stack) -> None:
    program = snippet("docs/dashboards.md", "live_queries").replace("http://127.0.0.1:9090", demo.at.prometheus)

    def passes() -> bool:
        return subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0

    assert wait_for(passes, PATIENCE, every=1)
