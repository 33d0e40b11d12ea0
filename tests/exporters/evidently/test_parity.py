"""Scores are those of Evidently called by hand, for every method on every shape of data."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import ValueDrift

from mlvitals.evidently.plan import CATEGORICAL_METHODS, NUMERIC_METHODS, THRESHOLDS, Method
from tests.support.datasets import column, score

ROWS = 1500
Generator = np.random.Generator
DAY = datetime.datetime(2026, 3, 1)


def _with(values: np.ndarray, share: float, put: object, rng: Generator) -> list[object]:
    return [
        put if lost else value for value, lost in zip(values.tolist(), rng.random(len(values)) < share, strict=True)
    ]


NUMERIC: dict[str, Callable[[Generator, bool], object]] = {
    "normal": lambda rng, now: rng.normal(size=ROWS),
    "skewed": lambda rng, now: rng.lognormal(1, 1.5, ROWS),
    "integers": lambda rng, now: rng.integers(0, 1000, ROWS),
    "small integers": lambda rng, now: rng.poisson(30, ROWS).astype(np.int8),
    "few distinct": lambda rng, now: rng.integers(0, 5 + now, ROWS),
    "constant": lambda rng, now: np.full(ROWS, 3.5),
    "nulls": lambda rng, now: _with(rng.normal(size=ROWS), 0.2, None, rng),
    "integers with nulls": lambda rng, now: _with(rng.integers(0, 90, ROWS), 0.1, None, rng),
    "NaN": lambda rng, now: np.array(_with(rng.normal(size=ROWS), 0.2, np.nan, rng), dtype=float),
    "infinities": lambda rng, now: np.array(_with(rng.normal(size=ROWS), 0.01, np.inf, rng), dtype=float),
    "mean shift": lambda rng, now: rng.normal(0.5 * now, 1, ROWS),
    "scale shift": lambda rng, now: rng.normal(0, 1 + now, ROWS),
    "float32": lambda rng, now: rng.normal(size=ROWS).astype(np.float32),
    "outlier": lambda rng, now: np.append(rng.normal(size=ROWS), 1e9 if now else 5.0),
}
CATEGORICAL: dict[str, Callable[[Generator, bool], object]] = {
    "categories": lambda rng, now: rng.choice(["a", "b", "c"], ROWS).tolist(),
    "categories with a NaN": lambda rng, now: _with(rng.choice(["a", "b", "c"], ROWS), 0.1, None, rng),
    "new category": lambda rng, now: rng.choice(["a", "b", "c", "d"][: 3 + now], ROWS).tolist(),
    "lost category": lambda rng, now: rng.choice(["a", "b", "c", "d"][: 4 - now], ROWS).tolist(),
    "booleans": lambda rng, now: rng.random(ROWS) > 0.3 + 0.1 * now,
    "many categories": lambda rng, now: [f"c{int(value)}" for value in rng.lognormal(3, 1, ROWS)],
}


def both(make: Callable[[Generator, bool], object]) -> tuple[pa.Table, pa.Table]:
    """Reference and current."""
    rng = np.random.default_rng(7)
    reference, current = (pa.table({"x": make(rng, now)}) for now in (False, True))
    return reference, current


def by_hand(reference: pd.DataFrame, current: pd.DataFrame, method: Method, kind: str) -> float:
    """What the documentation of Evidently says to write."""
    definition = DataDefinition(**{kind: ["x"]})
    report = Report([ValueDrift(column="x", method=method, threshold=THRESHOLDS[method])])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = report.run(Dataset.from_pandas(current, definition), Dataset.from_pandas(reference, definition))
    return float(run.dict()["metrics"][0]["value"])


@pytest.mark.parametrize("method", NUMERIC_METHODS)
@pytest.mark.parametrize("shape", NUMERIC)
def test_numbers(shape: str, method: Method) -> None:
    reference, current = both(NUMERIC[shape])
    drift = column(score(reference, current, drift={"numeric": method}), "x").drift
    assert drift is not None
    assert drift.score == by_hand(reference.to_pandas(), current.to_pandas(), method, "numerical_columns")


@pytest.mark.parametrize("method", CATEGORICAL_METHODS)
@pytest.mark.parametrize("shape", CATEGORICAL)
def test_categories(shape: str, method: Method) -> None:
    reference, current = both(CATEGORICAL[shape])
    drift = column(score(reference, current, drift={"categorical": method}), "x").drift
    expected = by_hand(reference.to_pandas(), current.to_pandas(), method, "categorical_columns")
    assert drift is not None
    # Evidently sums in the order of a set of strings, which differs from one start of Python to the next.
    assert drift.score == pytest.approx(expected, rel=1e-11, abs=1e-15)


@pytest.mark.parametrize("method", NUMERIC_METHODS)
def test_dates_are_seconds(method: Method) -> None:
    seconds = [np.random.default_rng(seed).integers(0, 10**7, ROWS) for seed in (1, 2)]
    stamps = [[DAY + datetime.timedelta(seconds=int(each)) for each in side] for side in seconds]
    reference, current = (
        pd.DataFrame({"x": [each.replace(tzinfo=datetime.UTC).timestamp() for each in side]}) for side in stamps
    )
    found = column(score(*(pa.table({"x": side}) for side in stamps), drift={"numeric": method}), "x")
    assert found.kind == "datetime"
    assert found.drift is not None
    assert found.drift.score == by_hand(reference, current, method, "numerical_columns")


def _cents(seed: int, most: int) -> list[float]:
    """Numbers of two decimals, each the float next to what people write."""
    return [int(each) / 100 for each in np.random.default_rng(seed).integers(1, most, ROWS)]


def _decimals(values: list[float]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array([Decimal(str(value)) for value in values], pa.decimal128(12, 2))])


OTHER_TYPES: dict[str, Callable[[list[float]], object]] = {
    "decimal": _decimals,
    "decimal256": lambda values: _decimals(values).cast(pa.decimal256(50, 7)),
    "float32": lambda values: np.array(values, np.float32),
    "float32 with nulls": lambda values: pa.array([None, *values], pa.float32()),
    "float16": lambda values: np.array(values, np.float16),
    "dictionary": lambda values: pa.array(values).dictionary_encode(),
}


def _as_written(kind: str, values: list[float]) -> pd.DataFrame:
    """The same numbers as what the coarser of both types makes of them, in one type of NumPy."""
    coarse = {"float32": np.float32, "float32 with nulls": np.float32, "float16": np.float16}.get(kind, np.float64)
    return pd.DataFrame({"x": np.array(values, coarse).astype(np.float64)})


@pytest.mark.parametrize("most", [15, 10_000])
@pytest.mark.parametrize("method", ["psi", "wasserstein"])
@pytest.mark.parametrize("kind", OTHER_TYPES)
def test_the_same_numbers_in_another_type_are_the_same_numbers(kind: str, method: Method, most: int) -> None:
    written = _cents(1, most)
    for sides in ((OTHER_TYPES[kind](written), written), (written, OTHER_TYPES[kind](written))):
        found = column(score(*(pa.table({"x": side}) for side in sides), drift={"numeric": method}), "x")
        assert found.drift is not None
        frame = _as_written(kind, written)
        expected = by_hand(frame, frame, method, "numerical_columns")
        assert found.drift.score == pytest.approx(expected, abs=1e-4 if "null" in kind else 0)
        assert (found.out_of_range_ratio, found.changes) == (0, ())


@pytest.mark.parametrize("method", ["psi", "wasserstein"])
@pytest.mark.parametrize("kind", OTHER_TYPES)
def test_numbers_of_two_types_have_the_score_that_evidently_gives_those_of_one(kind: str, method: Method) -> None:
    reference, current = _cents(1, 2000), _cents(2, 2300)
    tables = pa.table({"x": OTHER_TYPES[kind](reference)}), pa.table({"x": current})
    found = column(score(*tables, drift={"numeric": method}), "x")
    assert found.drift is not None
    expected = by_hand(_as_written(kind, reference), _as_written(kind, current), method, "numerical_columns")
    assert found.drift.score == expected


@pytest.mark.parametrize("kind", OTHER_TYPES)
def test_numbers_that_are_categories_are_the_same_in_another_type(kind: str) -> None:
    written = _cents(1, 15)
    tables = pa.table({"x": OTHER_TYPES[kind](written)}), pa.table({"x": written})
    found = column(score(*tables, categorical=["x"]), "x")
    assert found.out_of_list_ratio == 0
    assert found.drift is not None
    assert found.drift.score < 0.01


def test_a_number_that_the_coarser_type_cannot_hold_stays_what_it_is() -> None:
    tables = pa.table({"x": pa.array([1.0, 2.0, 3.0], pa.float32())}), pa.table({"x": [1.0, 2.0, 1e300]})
    assert column(score(*tables), "x").statistics["current"].max == 1e300


@pytest.mark.parametrize("units", [("us", "ns"), ("ms", "us"), ("ns", "ms"), ("s", "ns")])
def test_the_same_times_in_another_unit_are_the_same_times(units: tuple[str, str]) -> None:
    finest = {"s": 10**6, "ms": 10**3, "us": 1, "ns": 1}
    step = max(finest[unit] for unit in units)
    times = np.random.default_rng(1).integers(1_700_000_000_000_000, 1_800_000_000_000_000, 15) // step * step
    written = pa.array(np.tile(times, 100), pa.timestamp("us"))
    found = column(score(*(pa.table({"x": written.cast(pa.timestamp(unit))}) for unit in units)), "x")
    sides = [found.statistics[side] for side in ("reference", "current")]
    assert [side.min for side in sides] == [times.min() / 1e6] * 2
    assert [side.max for side in sides] == [times.max() / 1e6] * 2


@pytest.mark.parametrize("method", NUMERIC_METHODS)
def test_decimals_are_the_floats_that_people_write(method: Method) -> None:
    reference, current = _cents(1, 10_000), _cents(2, 10_000)
    tables = (pa.table({"x": _decimals(side)}) for side in (reference, current))
    found = column(score(*tables, drift={"numeric": method}), "x")
    assert found.drift is not None
    written = pd.DataFrame({"x": reference}), pd.DataFrame({"x": current})
    assert found.drift.score == by_hand(written[0], written[1], method, "numerical_columns")


@pytest.mark.parametrize("method", CATEGORICAL_METHODS)
def test_codes_are_categories_where_the_plan_says_so(method: Method) -> None:
    reference, current = both(NUMERIC["few distinct"])
    found = column(score(reference, current, categorical=["x"], drift={"categorical": method}), "x")
    assert found.kind == "categorical"
    assert found.drift is not None
    expected = by_hand(reference.to_pandas(), current.to_pandas(), method, "categorical_columns")
    assert found.drift.score == pytest.approx(expected, rel=1e-11)


def test_what_evidently_refuses_has_a_reason() -> None:
    empty = pa.table({"x": pa.nulls(ROWS, pa.float64())})
    with pytest.raises(ValueError, match="empty column"):
        by_hand(empty.to_pandas(), empty.to_pandas(), "ks", "numerical_columns")
    found = column(score(empty, empty, drift={"numeric": "ks"}), "x")
    assert (found.drift, found.reason) == (None, "all_null")


@pytest.mark.parametrize("method", THRESHOLDS)
@pytest.mark.parametrize("kind", ["number", "category"])
def test_data_has_not_drifted_from_itself(kind: str, method: Method) -> None:
    shape = NUMERIC["normal"] if kind == "number" else CATEGORICAL["many categories"]
    reference, _ = both(shape)
    found = column(score(reference, reference, drift={"columns": [{"column": "x", "method": method}]}), "x")
    if method not in (NUMERIC_METHODS if kind == "number" else CATEGORICAL_METHODS):
        assert found.reason == "method"
        return
    assert found.drift is not None
    assert found.drift.score == (1 if method in ("ks", "chisquare") else 0)
    assert not found.drift.drifted
    assert found.drift.ratio == 0
