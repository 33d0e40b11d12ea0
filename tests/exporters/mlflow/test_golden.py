"""Recorded answers of a real MLflow, through the collectors, are the expected page."""

from __future__ import annotations

from pathlib import Path

from mlvitals.core.collector import Snapshot
from mlvitals.core.metric import declared
from mlvitals.mlflow import EXPORTER, metrics
from tests.exporters.mlflow.scenario import settings
from tests.support.exposition import read, text
from tests.support.replay import Replay, recorded

HERE = Path(__file__).parent


def _snapshots() -> list[Snapshot]:
    found = []
    with Replay(recorded(HERE / "responses")) as server:
        for collector in EXPORTER.build(settings(server.url)):
            found.append(read(collector))
            collector.close()
    return found


def test_recorded_answers_give_the_expected_page(refresh: bool) -> None:
    page = "".join(text(snapshot.families) for snapshot in _snapshots())
    expected = HERE / "expected.prom"
    if refresh:
        expected.write_text(page, encoding="utf-8")
    assert page == expected.read_text(encoding="utf-8")


def test_every_declared_metric_is_emitted_and_no_other() -> None:
    emitted = {family.metric for snapshot in _snapshots() for family in snapshot.families if family.samples}
    assert emitted == set(declared(metrics)) == set(EXPORTER.metrics)


def test_what_was_left_out_is_counted() -> None:
    server, runs, totals = _snapshots()
    assert dict(server.dropped) == {
        (metrics.MODEL_TAG_INFO, "too_long"): 1,
        (metrics.MODEL_ALIAS_METRIC, "not_finite"): 2,
    }
    assert not runs.dropped
    assert not totals.dropped
