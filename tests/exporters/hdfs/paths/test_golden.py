"""Recorded answers of a real HDFS, through the collector, are the expected page."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from mlvitals.core.collector import Deadline, Snapshot
from mlvitals.core.metric import declared
from mlvitals.hdfs.paths import metrics
from mlvitals.hdfs.paths.collector import PathCollector
from tests.exporters.hdfs.paths.scenario import PATHS, options
from tests.support.exposition import text
from tests.support.replay import Replay, recorded

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def snapshots() -> list[Snapshot]:
    with Replay(recorded(HERE / "responses")) as server:
        collector = PathCollector(options(), [server.url], itertools.count().__next__)
        results = list(collector.collect(Deadline(30)))
    assert all(isinstance(result, Snapshot) for result in results), results
    return [result for result in results if isinstance(result, Snapshot)]


def test_recorded_answers_give_the_expected_page(snapshots: list[Snapshot], refresh: bool) -> None:
    page = "".join(f"# {snapshot.target}\n{text(snapshot.families)}" for snapshot in snapshots)
    expected = HERE / "expected.prom"
    if refresh:
        expected.write_text(page, encoding="utf-8")
    assert page == expected.read_text(encoding="utf-8")


def test_every_declared_metric_is_emitted_and_no_other(snapshots: list[Snapshot]) -> None:
    emitted = {family.metric for snapshot in snapshots for family in snapshot.families if family.samples}
    assert emitted == set(declared(metrics))


def test_every_entry_is_a_target(snapshots: list[Snapshot]) -> None:
    assert [snapshot.target for snapshot in snapshots] == [entry["path"].rstrip("/") for entry in PATHS]


def test_what_was_left_out_is_counted(snapshots: list[Snapshot]) -> None:
    dropped = {snapshot.target: dict(snapshot.dropped) for snapshot in snapshots if snapshot.dropped}
    assert dropped == {"/models": {(metrics.PATH_NEWEST_MODIFICATION, "limit"): 1}}
