"""Fixtures for every test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from compose import newest, programs
from compose.cache import MissingError


@pytest.fixture(scope="session")
def program() -> Callable[[str], Path]:
    """`program("promtool")`: where prometheus, promtool, alertmanager and amtool are."""
    return programs.path


@pytest.fixture(scope="session")
def program3() -> Callable[[str], Path]:
    """`program3("promtool")`: where those of Prometheus 3 and Alertmanager 0.31 are; skips on a machine without Go."""
    if reason := newest.why_not():
        releases = f"PROMETHEUS {newest.PROMETHEUS.release} AND ALERTMANAGER {newest.ALERTMANAGER.release}"
        pytest.skip(f"NOT TESTED WITH {releases}: {reason}")
    return newest.path


@pytest.fixture(scope="session", params=["oldest", "newest"])
def each_program(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """Like `program`, twice: those of the oldest releases that are supported and of new ones."""
    if request.param == "newest":
        built: Callable[[str], Path] = request.getfixturevalue("program3")
        return built
    try:
        programs.fetched("promtool")
    except MissingError:
        return programs.path
    return programs.fetched


@pytest.fixture(scope="session")
def promtool(each_program: Callable[[str], Path]) -> Path:
    """promtool, twice: of the oldest Prometheus that is supported and of a new one."""
    return each_program("promtool")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Once more with a server of somebody else's that failed by itself. The run's summary names each such test.

    Not where each test goes on from what the one before has done to the server.
    """
    for item in items:
        if item.get_closest_marker("live") and not item.get_closest_marker("ordered"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--refresh", action="store_true", help="write golden answers anew instead of comparing")


@pytest.fixture
def refresh(request: pytest.FixtureRequest) -> bool:
    """True when golden answers are to be written anew."""
    return bool(request.config.getoption("--refresh"))
