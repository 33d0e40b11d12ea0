"""A workspace that real Evidently wrote gives the expected page, as a folder and as its UI answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlvitals.core.collector import Snapshot
from mlvitals.core.metric import declared
from mlvitals.evidently.workspace import metrics
from tests.exporters.evidently.workspace.configured import collector
from tests.support.exposition import read, text
from tests.support.replay import Replay, recorded

HERE = Path(__file__).parent
SHOWN = {
    "by_label": ["*ByLabel"],
    "tags": ["model", "nightly", "dataset*"],
    "objectives": {"fresh_within": "26h"},
}
PLACES = pytest.mark.parametrize("place", ["folder", "server"])


def snapshot(place: str) -> Snapshot:
    with Replay(recorded(HERE / "responses")) as server:
        where = {"url": server.url} if place == "server" else {"path": str(HERE / "recorded")}
        reading = collector(**where, **SHOWN)
        found = read(reading)
        reading.close()
        return found


@PLACES
def test_a_workspace_gives_the_expected_page(place: str, refresh: bool) -> None:
    page = text(snapshot(place).families)
    expected = HERE / "expected.prom"
    if refresh:
        expected.write_text(page, encoding="utf-8")
    assert page == expected.read_text(encoding="utf-8")


@PLACES
def test_what_was_left_out_is_counted(place: str) -> None:
    assert {key: number for key, number in snapshot(place).dropped.items() if number} == {
        (metrics.VALUE, "not_finite"): 1
    }


def test_every_declared_metric_is_emitted_but_failures() -> None:
    emitted = {family.metric for family in snapshot("folder").families if family.samples}
    assert emitted == set(declared(metrics)) - {metrics.PROJECT_FAILURE, metrics.RUN_FAILURE}
