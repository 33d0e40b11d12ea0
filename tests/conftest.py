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
