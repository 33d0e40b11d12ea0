"""Fixtures for every test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from compose import programs


@pytest.fixture(scope="session")
def program() -> Callable[[str], Path]:
    """`program("promtool")`: where prometheus, promtool, alertmanager and amtool are."""
    return programs.path


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--refresh", action="store_true", help="write golden answers anew instead of comparing")


@pytest.fixture
def refresh(request: pytest.FixtureRequest) -> bool:
    """True when golden answers are to be written anew."""
    return bool(request.config.getoption("--refresh"))
