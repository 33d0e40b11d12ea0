"""Recorded answers of a real HDFS, through the collector, are the expected page."""

from __future__ import annotations

import itertools
import re
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


def collected(responses: str) -> list[Snapshot]:
    with Replay(recorded(HERE / responses)) as server:
        collector = PathCollector(options(), [server.url], itertools.count().__next__)
        results = list(collector.collect(Deadline(30)))
    assert all(isinstance(result, Snapshot) for result in results), results
    return [result for result in results if isinstance(result, Snapshot)]


@pytest.fixture(scope="module")
def snapshots() -> list[Snapshot]:
    return collected("responses")


def page_of(snapshots: list[Snapshot]) -> str:
    return "".join(f"# {snapshot.target}\n{text(snapshot.families)}" for snapshot in snapshots)


def test_recorded_answers_give_the_expected_page(snapshots: list[Snapshot], refresh: bool) -> None:
    page = page_of(snapshots)
    expected = HERE / "expected.prom"
    if refresh:
        expected.write_text(page, encoding="utf-8")
    assert page == expected.read_text(encoding="utf-8")


def test_httpfs_gives_the_same_page() -> None:
    # Recorded once from HttpFS 3.4.2, with files of the same scenario that were written at another time.
    of_httpfs, of_namenode = page_of(collected("responses-httpfs")), (HERE / "expected.prom").read_text("utf-8")
    assert without_times(of_httpfs) == without_times(of_namenode)
    assert of_httpfs.count(f"{metrics.PATH_NEWEST_MODIFICATION}{{") > 3


def without_times(page: str) -> str:
    return re.sub(rf"^({metrics.PATH_NEWEST_MODIFICATION}{{.*}}) [0-9.e+]+$", r"\1", page, flags=re.MULTILINE)


def test_every_declared_metric_is_emitted_and_no_other(snapshots: list[Snapshot]) -> None:
    emitted = {family.metric for snapshot in snapshots for family in snapshot.families if family.samples}
    assert emitted == set(declared(metrics))


def test_every_entry_is_a_target(snapshots: list[Snapshot]) -> None:
    assert [snapshot.target for snapshot in snapshots] == [entry["path"].rstrip("/") for entry in PATHS]


def test_what_was_left_out_is_counted(snapshots: list[Snapshot]) -> None:
    dropped = {snapshot.target: dict(snapshot.dropped) for snapshot in snapshots if snapshot.dropped}
    assert dropped == {"/models": {(metrics.PATH_NEWEST_MODIFICATION, "limit"): 1}}
