"""Evidently's metrics of ours in reports of anybody: values, tests, HTML, and what the engine says of the same data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from evidently import Report
from evidently.core.report import Snapshot
from evidently.tests import gt, lt, lte

from mlvitals.evidently import custom
from tests.support.datasets import column, score

ROWS = 400


@pytest.fixture(scope="module")
def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reference, and current: wider, of one plan, and one type is another."""
    rng = np.random.default_rng(11)
    reference = pd.DataFrame(
        {"a": rng.normal(size=ROWS), "b": rng.normal(size=ROWS), "plan": rng.choice(["x", "y"], ROWS)}
    )
    current = reference.assign(a=reference["a"] * 3 + 1, plan="x", b=lambda frame: frame["a"] * 2)
    return reference.assign(code=1), current.assign(code="1")


def run(metrics: list[object], frames: tuple[pd.DataFrame, pd.DataFrame | None], **options: bool) -> Snapshot:
    """Of the current data against the reference."""
    reference, current = frames
    return Report(metrics, **options).run(current, reference)


def values(snapshot: Snapshot) -> list[Any]:
    """One of each metric."""
    return [metric["value"] for metric in snapshot.dict()["metrics"]]


def test_they_say_what_the_engine_says(frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    metrics = [
        custom.IqrOutlierCount(column="a"),
        custom.ZScoreOutlierCount(column="a"),
        custom.MostCommonValueShare(column="plan"),
        custom.MeanInSigmas(column="a"),
        custom.MahalanobisOutlierCount(),
        custom.CorrelatedColumnCount(),
        custom.ChangedTypeCount(),
    ]
    iqr, zscore, common, sigmas, mahalanobis, correlated, types = values(run(metrics, frames))
    results = score(*(pa.Table.from_pandas(frame) for frame in frames))
    known, whole = column(results, "a").statistics["current"], results.overview["current"]
    by_test = {(each.test, each.column): each.value for each in results.tests}
    assert iqr["share"] == known.iqr_outliers_ratio
    assert iqr["count"] == pytest.approx(ROWS * iqr["share"])
    assert zscore["share"] == known.zscore_outliers_ratio
    assert common == column(results, "plan").statistics["current"].most_common_ratio == 1.0
    assert sigmas == pytest.approx(by_test["TestMeanInNSigmas", "a"])
    assert mahalanobis["share"] == whole.multivariate_outliers_ratio
    assert correlated == whole.correlated_columns == 2
    assert types == by_test["TestColumnsType", ""] == 1


def test_they_take_tests(frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    metrics = [
        custom.IqrOutlierCount(column="a", share_tests=[lt(0.01)], tests=[gt(0)]),
        custom.MostCommonValueShare(column="plan", tests=[lt(0.9, is_critical=False)]),
        custom.MeanInSigmas(column="a", tests=[lte(2)]),
        custom.ChangedTypeCount(tests=[lt(2)]),
    ]
    statuses = [str(test["status"]) for test in run(metrics, frames).dict()["tests"]]
    assert [status.rpartition(".")[2] for status in statuses] == ["SUCCESS", "FAIL", "WARNING", "SUCCESS", "SUCCESS"]


def test_without_tests_of_ones_own_the_reference_is_the_bound(frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    metrics = [
        custom.IqrOutlierCount(column="a"),
        custom.ZScoreOutlierCount(column="a"),
        custom.MostCommonValueShare(column="plan"),
        custom.MeanInSigmas(column="a"),
        custom.MahalanobisOutlierCount(),
        custom.CorrelatedColumnCount(),
        custom.ChangedTypeCount(),
    ]
    tests = run(metrics, frames, include_tests=True).dict()["tests"]
    assert [str(test["status"]).rpartition(".")[2] for test in tests] == [*["FAIL"] * 3, "SUCCESS", *["FAIL"] * 3]
    reference, _ = frames
    tests = run(metrics, (reference, reference), include_tests=True).dict()["tests"]
    assert {str(test["status"]).rpartition(".")[2] for test in tests} == {"SUCCESS"}


def test_evidently_draws_them(frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    page = run([custom.MostCommonValueShare(column="plan"), custom.CorrelatedColumnCount(threshold=0.9)], frames)
    html = page.get_html_str(as_iframe=False)
    assert "Share of the most common value of" in html
    assert "Columns with a correlation of at least 0.9" in html


def test_those_of_one_side_need_no_reference(frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    metrics = [
        custom.IqrOutlierCount(column="a"),
        custom.ZScoreOutlierCount(column="a"),
        custom.MostCommonValueShare(column="plan"),
        custom.MahalanobisOutlierCount(),
        custom.CorrelatedColumnCount(),
    ]
    _, current = frames
    alone = Report(metrics).run(current, None)
    assert values(alone)[2:] == [1.0, values(alone)[3], 2]


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (custom.IqrOutlierCount(column="plan"), "column 'plan' holds .*, not numbers"),
        (custom.ZScoreOutlierCount(column="empty"), "column 'empty' has no finite value"),
        (custom.ZScoreOutlierCount(column="nope"), "there is no column 'nope'"),
        (custom.MostCommonValueShare(column="nope"), "there is no column 'nope'"),
        (custom.MahalanobisOutlierCount(), "needs two columns of numbers"),
        (custom.MeanInSigmas(column="a"), "MeanInSigmas needs reference data"),
        (custom.ChangedTypeCount(), "ChangedTypeCount needs reference data"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning:evidently")
def test_what_they_cannot_say_they_say(metric: object, message: str) -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "plan": ["x", "x", "y"], "empty": [np.nan] * 3})
    with pytest.raises(ValueError, match=message):
        Report([metric]).run(frame, None)


def test_columns_of_python_objects_have_a_type_too() -> None:
    frame = pd.DataFrame({"mixed": pd.Series([1, "a", None], dtype=object), "nothing": [None] * 3})
    assert values(Report([custom.ChangedTypeCount()]).run(frame, frame)) == [0]
    assert values(Report([custom.ChangedTypeCount()]).run(frame, frame.assign(mixed=1.5))) == [1]
    assert values(Report([custom.ChangedTypeCount()]).run(frame, frame.assign(nothing=1.5))) == [0]
