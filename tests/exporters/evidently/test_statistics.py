"""Statistics agree with Evidently's own metrics, where it has them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from evidently import DataDefinition, Dataset, Report
from evidently import metrics as evidently

from mlvitals.evidently.plan import SIDES
from mlvitals.evidently.results import Statistics
from tests.support.datasets import ROWS, column, score

SHAPES: Mapping[str, list[float | None]] = {
    "floats": np.random.default_rng(1).normal(5, 2, ROWS).tolist(),
    "integers": np.random.default_rng(2).integers(-50, 50, ROWS).tolist(),
    "nulls": [None if index % 7 == 0 else index / 3 for index in range(ROWS)],
    "constant": [4.25] * ROWS,
}
QUANTILES = (0.05, 0.25, 0.5, 0.99)
LISTED = ["a", "b", "b", "c", None, "b"] * 50


def by_evidently(metric: object, current: pa.Table, reference: pa.Table, kind: str = "numerical_columns") -> object:
    """Value of one metric in a report of its own."""
    definition = DataDefinition(**{kind: ["x"]})
    sides = [Dataset.from_pandas(table.to_pandas(), definition) for table in (current, reference)]
    return Report([metric]).run(*sides).dict()["metrics"][0]["value"]


@pytest.fixture(scope="module", params=SHAPES)
def numbers(request: pytest.FixtureRequest) -> tuple[pa.Table, Statistics]:
    """A table of one column, and the engine's statistics of it."""
    table = pa.table({"x": SHAPES[request.param]})
    return table, column(score(table, table, quantiles=QUANTILES), "x").statistics["current"]


@pytest.mark.parametrize(
    ("metric", "field"),
    [
        (evidently.MinValue, "min"),
        (evidently.MaxValue, "max"),
        (evidently.MeanValue, "mean"),
        (evidently.StdValue, "stddev"),
    ],
)
def test_plain_statistics(metric: type, field: str, numbers: tuple[pa.Table, Statistics]) -> None:
    table, known = numbers
    # Evidently adds zeros where a value is missing, which rounds otherwise.
    assert getattr(known, field) == pytest.approx(by_evidently(metric(column="x"), table, table), rel=1e-14)


@pytest.mark.parametrize("q", QUANTILES)
def test_quantiles(q: float, numbers: tuple[pa.Table, Statistics]) -> None:
    table, known = numbers
    assert known.quantiles[str(q)] == by_evidently(evidently.QuantileValue(column="x", quantile=q), table, table)


def test_missing_and_distinct(numbers: tuple[pa.Table, Statistics]) -> None:
    table, known = numbers
    missing = by_evidently(evidently.MissingValueCount(column="x"), table, table)
    assert missing == {"count": known.missing, "share": known.missing / known.rows}
    assert known.distinct == table.to_pandas()["x"].nunique()


def test_out_of_range_and_out_of_list() -> None:
    reference, current = (pa.table({"x": np.random.default_rng(1).normal(0, width, ROWS)}) for width in (1, 2))
    low, high = reference.to_pandas()["x"].min(), reference.to_pandas()["x"].max()
    outside = by_evidently(evidently.OutRangeValueCount(column="x", left=low, right=high), current, reference)
    share = column(score(reference, current), "x").out_of_range_ratio
    assert share
    assert outside == {"count": share * ROWS, "share": share}
    reference, current = pa.table({"x": ["a", "b"] * 50}), pa.table({"x": LISTED})
    unknown = evidently.OutListValueCount(column="x", values=["a", "b"])
    assert by_evidently(unknown, current, reference, "categorical_columns") == {
        "count": 50,
        "share": column(score(reference, current), "x").out_of_list_ratio,
    }


def test_most_common_value() -> None:
    table = pa.table({"x": LISTED})
    counts = by_evidently(evidently.UniqueValueCount(column="x"), table, table, "categorical_columns")
    assert isinstance(counts, dict)
    known = column(score(table, table), "x").statistics["current"]
    assert max(counts["counts"].values()) / (known.rows - known.missing) == known.most_common_ratio == 0.6


def test_overview() -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"a": rng.integers(0, 3, 60), "s": rng.choice(["x", "y"], 60), "k": "k", "e": np.nan})
    frame["again"] = frame["s"]
    table = pa.Table.from_pandas(frame)
    whole = score(table, table).overview["current"]
    report = Report(
        [
            evidently.RowCount(),
            evidently.ColumnCount(),
            evidently.DuplicatedRowCount(),
            evidently.DuplicatedColumnsCount(),
            evidently.ConstantColumnsCount(),
            evidently.EmptyColumnsCount(),
            evidently.DatasetMissingValueCount(),
        ]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Evidently divides by the values of an empty column.
        rows, columns, *counts, missing = [each["value"] for each in report.run(frame, frame).dict()["metrics"]]
    assert (rows, columns) == (whole.rows, whole.columns)
    assert counts == [whole.duplicated_rows, whole.duplicated_columns, whole.constant_columns, whole.empty_columns]
    assert counts == [54, 1, 2, 1]
    assert missing["count"] / (rows * columns) == whole.missing_ratio == 0.2


def test_infinities_are_neither_missing_nor_in_statistics() -> None:
    table = pa.table({"x": [1.0, 2.0, float("inf"), float("-inf"), float("nan"), None]})
    found = column(score(table, table), "x")
    known = found.statistics["current"]
    assert (known.missing, known.distinct, known.min, known.max, known.mean) == (2, 4, 1.0, 2.0, 1.5)
    assert found.out_of_range_ratio == 0.5
    assert known.infinite == 2


def test_infinities_are_no_most_common_value() -> None:
    found = column(score(*[pa.table({"x": [1.0, 1.0, 2.0, 3.0, *[float("inf")] * 6]})] * 2), "x").statistics["current"]
    assert (found.most_common_ratio, found.infinite) == (0.5, 6)
    assert column(score(*[pa.table({"x": ["a", "inf"]})] * 2), "x").statistics["current"].infinite is None


def test_outliers_are_beyond_what_the_reference_allows() -> None:
    reference = pa.table({"x": [float(number) for number in range(100)]})
    current = pa.table({"x": [50.0, 140.0, 160.0, -1000.0]})
    known = column(score(reference, current), "x").statistics
    assert (known["reference"].iqr_outliers_ratio, known["reference"].zscore_outliers_ratio) == (0, 0)
    # 1.5 x 49.5 beyond 24.75 and 74.25; 3 x 29.01 around 49.5.
    assert (known["current"].iqr_outliers_ratio, known["current"].zscore_outliers_ratio) == (0.5, 0.75)


def test_bins_hold_what_is_outside_at_the_ends() -> None:
    reference = pa.table({"x": np.linspace(0, 10, 400), "k": [2.0] * 400, "i": [0, 1, 2, 3] * 100})
    current = pa.table({"x": [-5.0, 0.1, 9.9, 1e9], "k": [1.0, 2.0, 3.0, None], "i": [0, 3, 3, 9]})
    results = score(reference, current)
    bins = column(results, "x").bins
    assert bins is not None
    assert bins.edges == pytest.approx([index / 2 for index in range(21)])
    assert bins.shares["reference"] == pytest.approx([0.05] * 20)
    assert bins.shares["current"] == (0.5, *[0.0] * 18, 0.5)
    single, whole = column(results, "k").bins, column(results, "i").bins
    assert single is not None
    assert (single.edges, single.shares) == ((2.0, 2.0), {"reference": (1.0,), "current": (1.0,)})
    assert whole is not None
    assert whole.shares == {"reference": (0.25,) * 4, "current": (0.25, 0.0, 0.0, 0.75)}


def test_values_are_shown_only_where_they_were_asked_for() -> None:
    reference = pa.table({"shown": ["a"] * 6 + ["b"] * 3 + ["c"], "hidden": ["a"] * 10, "code": [1] * 5 + [2] * 5})
    current = pa.table({"shown": ["d"] * 10, "hidden": ["a"] * 10, "code": pa.array([1.0] * 10)})
    results = score(reference, current, categories=["shown", "code"], max_categories=2, categorical=["code"])
    assert column(results, "shown").categories == {"reference": {"d": 0.0, "a": 0.6}, "current": {"d": 1.0, "a": 0.0}}
    assert column(results, "hidden").categories == {}
    assert column(results, "code").categories == {"reference": {"1": 0.5, "2": 0.5}, "current": {"1": 1.0, "2": 0.0}}


def test_rows_far_from_the_rest_are_outliers_of_several_columns() -> None:
    rng = np.random.default_rng(5)
    base = rng.normal(size=2000)
    # Each column of the last ten rows is usual by itself; together they are not.
    odd = np.where(np.arange(2000) >= 1990, -1, 1)
    tables = [pa.table({"a": base, "b": (base + rng.normal(0, 0.1, 2000)) * sign, "a2": base * 2}) for sign in (1, odd)]
    results = score(*tables)
    reference, current = results.overview["reference"], results.overview["current"]
    assert reference.multivariate_outliers_ratio is not None
    assert current.multivariate_outliers_ratio is not None
    assert reference.multivariate_outliers_ratio < 0.003
    assert current.multivariate_outliers_ratio >= reference.multivariate_outliers_ratio + 0.0035
    assert (reference.correlated_columns, current.correlated_columns) == (3, 3)


@pytest.mark.parametrize("names", [("a",), ()])
def test_without_two_columns_of_numbers_there_are_no_such_outliers(names: tuple[str, ...]) -> None:
    table = pa.table({"s": ["x"] * 50} | {name: np.arange(50.0) for name in names})
    assert score(table, table).overview["current"].multivariate_outliers_ratio is None


def test_columns_with_hardly_a_row_in_common_do_not_correlate() -> None:
    rng = np.random.default_rng(6)
    first = pa.array([value if row < 30 else None for row, value in enumerate(rng.normal(size=500))])
    second = pa.array([value if row >= 28 else None for row, value in enumerate(rng.normal(size=500))])
    results = score(*[pa.table({"a": first, "b": second})] * 2)
    assert results.overview["current"].correlated_columns == 0


@pytest.mark.parametrize("known", [0, 2, 240])
@pytest.mark.parametrize("sparse", [("current",), ("reference",), ("reference", "current")])
def test_a_sparse_column_costs_the_others_no_outliers_of_several_columns(known: int, sparse: tuple[str, ...]) -> None:
    rng = np.random.default_rng(5)
    whole = {side: pa.table(dict(zip("abc", rng.normal(size=(3, 500)), strict=True))) for side in SIDES}
    expected = {side: found.multivariate_outliers_ratio for side, found in score(**whole).overview.items()}
    thin = pa.array([value if row < known else None for row, value in enumerate(rng.normal(size=500))])
    sides = {side: whole[side].append_column("d", thin if side in sparse else whole[side]["a"]) for side in SIDES}
    found = score(**sides).overview
    assert {side: each.multivariate_outliers_ratio for side, each in found.items()} == expected
    assert None not in expected.values()


@pytest.mark.parametrize("value", [1 / 3, 0.1, 123.456, 1e300])
def test_a_constant_is_exactly_one(value: float) -> None:
    reference, current = (pa.table({"x": [value] * rows, "y": [value / 7] * rows}) for rows in (4999, 4996))
    results = score(reference, current)
    for known in column(results, "x").statistics.values():
        assert (known.mean, known.stddev, known.zscore_outliers_ratio) == (value, 0, 0)
    (apart,) = [each for each in results.tests if (each.test, each.column) == ("TestMeanInNSigmas", "x")]
    assert (apart.status, apart.value) == ("success", 0)
    assert results.overview["current"].correlated_columns == 0
    assert results.overview["current"].multivariate_outliers_ratio is None
