"""Every query of every dashboard, against the Prometheus of the demo."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from compose import stack
from compose.processes import wait_for
from tests.support import live_queries

pytestmark = pytest.mark.live

# Rates need two scrapes, and the alert that the demo waits for an evaluation.
PATIENCE = 120.0


def test_every_query_returns_data_or_is_listed_with_its_reason(tmp_path: Path) -> None:
    found: list[str] = []

    def none_found() -> bool:
        found[:] = live_queries.check(live_queries.Prometheus(running.at.prometheus))
        return not found

    with stack.running(tmp_path, lambda _: nullcontext()) as running:
        assert wait_for(none_found, PATIENCE, every=1), "\n".join([*found, running.tails()])
