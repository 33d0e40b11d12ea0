"""Chance alone is no drift, however few rows two samples of one distribution have; and what moved far is found."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from mlvitals.evidently.plan import CATEGORICAL_METHODS, NUMERIC_METHODS, P_VALUES, Method, default_threshold
from mlvitals.evidently.results import Column, Score
from tests.support.datasets import column, score

COLUMNS = 20
Generator = np.random.Generator
NUMBERS: dict[str, Callable[[Generator, int], object]] = {
    "normal": lambda rng, rows: rng.normal(size=rows),
    "exponential": lambda rng, rows: rng.exponential(size=rows),
    "heavy tails": lambda rng, rows: rng.standard_t(3, rows),
}


def drawn(rng: Generator, rows: int, make: Callable[[Generator, int], object]) -> pa.Table:
    return pa.table({f"c{number}": make(rng, rows) for number in range(COLUMNS)})


def drifted(columns: tuple[Column, ...]) -> int:
    assert all(each.drift for each in columns)
    return sum(each.drift is not None and each.drift.drifted for each in columns)


@pytest.mark.parametrize("rows", [(50, 50), (600, 600), (100, 5000)])
@pytest.mark.parametrize("shape", NUMBERS)
def test_two_samples_of_numbers_have_not_drifted_by_chance(shape: str, rows: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    results = score(*(drawn(rng, count, NUMBERS[shape]) for count in rows))
    # One in a hundred is expected.
    assert drifted(results.columns) <= 2


@pytest.mark.parametrize(("kinds", "rows"), [(2, 100), (5, 100), (50, 300), (400, 3000)])
def test_two_samples_of_categories_have_not_drifted_by_chance(kinds: int, rows: int) -> None:
    rng = np.random.default_rng(4)
    sides = [drawn(rng, rows, lambda rng, rows: pa.array(rng.integers(0, kinds, rows))) for _ in range(2)]
    assert drifted(score(*sides, categorical=["*"]).columns) == 0


@pytest.mark.parametrize("rows", [100, 300, 1000])
def test_what_moved_far_is_found_in_few_rows(rows: int) -> None:
    rng = np.random.default_rng(5)
    reference = pa.table({"n": rng.normal(size=rows), "c": rng.integers(0, 5, rows).astype(str)})
    current = pa.table({"n": rng.normal(1, 1, rows), "c": rng.integers(3, 8, rows).astype(str)})
    assert drifted(score(reference, current).columns) == 2


def test_junk_in_the_current_data_makes_no_threshold_larger() -> None:
    reference = pa.table({"c": ["a", "b"] * 1000})
    junk = [f"junk {number}" for number in range(1000)]
    found = column(score(reference, pa.table({"c": ["a", "b"] * 500 + junk}), columns={"include": ["c"]}), "c").drift
    assert found is not None
    assert (found.threshold, found.drifted) == (0.1, True)


def drift_of(rows: int, **rule: object) -> Score:
    rng = np.random.default_rng(6)
    sides = (pa.table({"x": rng.normal(size=rows)}) for _ in range(2))
    found = column(score(*sides, drift={"columns": [rule]}), "x").drift
    assert found is not None
    return found


def test_a_threshold_of_ones_own_is_taken_as_it_is() -> None:
    assert drift_of(100, threshold=0.1).threshold == 0.1
    assert drift_of(500).threshold == pytest.approx(0.2)
    assert drift_of(500, method="psi").threshold == pytest.approx(0.2 * 2**0.5)
    assert drift_of(500, method="ks").threshold == 0.05


def test_values_count_and_not_rows() -> None:
    rng = np.random.default_rng(7)
    reference, thin = rng.normal(size=4000), [*rng.normal(size=500), *[None] * 3500]
    found = column(score(pa.table({"x": reference}), pa.table({"x": thin})), "x").drift
    assert found is not None
    assert found.threshold == pytest.approx(default_threshold("wasserstein", (4000, 500)))


@pytest.mark.parametrize("method", dict.fromkeys((*NUMERIC_METHODS, *CATEGORICAL_METHODS)))
def test_default_thresholds_are_those_of_large_samples_or_larger(method: Method) -> None:
    large = default_threshold(method, (10**6, 10**6), categories=5)
    few = [default_threshold(method, (rows, 10**6), categories=5) for rows in (4000, 100, 10)]
    assert sorted(few) == few
    assert (large == few[-1]) == (method in P_VALUES)
