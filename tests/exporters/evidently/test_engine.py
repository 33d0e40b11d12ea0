"""The engine on data as it comes: what is bad has a reason, and costs the rest nothing."""

from __future__ import annotations

from mlvitals.evidently.engine.evidently import EvidentlyEngine
from mlvitals.evidently.plan import Plan
from mlvitals.evidently.results import Progress
from tests.support.datasets import churn, score


def test_the_same_twice_is_the_same_bytes_and_with_itself_no_drift() -> None:
    table = churn(1)
    results = score(table, table)
    assert results.model_dump_json() == score(table, table).model_dump_json()
    assert [column.drift and column.drift.score for column in results.columns] == [0.0] * 4
    assert results.drifted_ratio == 0


def test_a_shift_is_drift_of_its_column_only() -> None:
    results = score(churn(1), churn(2, shift=10))
    assert [column.name for column in results.columns if column.drift and column.drift.drifted] == ["age"]
    assert results.drifted_ratio == 0.25


def test_it_tells_how_far_it_is() -> None:
    heard: list[Progress] = []
    EvidentlyEngine().score(churn(1), churn(2), Plan(), heard.append)
    assert [(each.step, each.done, each.of) for each in heard] == [
        *[("columns", done, 4) for done in range(4)],
        ("data set", 4, 4),
    ]
