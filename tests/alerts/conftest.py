"""promtool, as old and as new as it can be had."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from compose import programs


@pytest.fixture(params=["oldest", "on PATH"])
def promtool(request: pytest.FixtureRequest, program: Callable[[str], Path]) -> Path:
    """Debian's promtool, and the one on PATH when that is another."""
    oldest, other = programs.fetched("promtool"), program("promtool")
    if request.param == "oldest":
        return oldest
    if programs.version(oldest) == programs.version(other):
        pytest.skip("no other promtool on PATH")
    return other
