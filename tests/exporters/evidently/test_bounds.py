"""Tests of data sets: defaults, rules of the plan, and what cannot be tested."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pytest

import docs
from mlvitals.evidently.config import Dataset
from mlvitals.evidently.engine import checks, rows_behind, sampled
from mlvitals.evidently.engine.evidently import EvidentlyEngine
from mlvitals.evidently.plan import PRESETS, PSI_WARNING, Method, TestName
from mlvitals.evidently.results import Results, TestResult
from tests.support.datasets import churn, column, score

NUMBERS = pa.table({"x": [float(number) for number in range(1, 101)]})


def found(results: Results, test: TestName, column: str = "") -> TestResult:
    """The only one of this name."""
    (one,) = [each for each in results.tests if (each.test, each.column) == (test, column)]
    return one


def outcome(
    test: TestName, current: Sequence[object], reference: Sequence[object] | None = None, **rule: object
) -> TestResult:
    """One test of the column x, with one rule if any."""
    there = NUMBERS if reference is None else pa.table({"x": reference})
    results = score(there, pa.table({"x": current}), tests=[{"test": test, **rule}] if rule else [])
    return found(results, test, "x")


def test_every_test_of_every_preset_is_there() -> None:
    results = score(churn(1), churn(2))
    assert {each.test for each in results.tests} == set(get_args(TestName)) == {t for p in PRESETS.values() for t in p}
    places = [(each.test, each.column, each.q) for each in results.tests]
    assert len(places) == len(set(places))


def test_the_guide_has_the_default_bounds_of_every_test() -> None:
    guide = (Path(docs.__file__).parent / "evidently.md").read_text("utf-8")
    table = guide.partition("## What is right without bounds of your own")[2].partition("\n## ")[0]
    told = dict(re.findall(r"^\| `(Test\w+)` \|.*\| (.+) \|$", table, re.M))
    assert set(told) == set(get_args(TestName))
    for test, number in {
        "TestColumnDrift": f"a warning from {PSI_WARNING:g} on",
        "TestColumnShareOfMissingValues": f"below {checks.MOST_MISSING * 100:g} %",
        "TestMostCommonValueShare": f"at most {checks.TOLERANCE * 100:g} %",
        "TestShareOfOutRangeValues": f"at most {checks.STRAY * 100:g} %",
        "TestShareOfOutListValues": f"at most {checks.STRAY * 100:g} %",
        "TestMeanInNSigmas": f"at most {checks.SIGMAS:g} standard deviations",
        "TestColumnQuantile": f"within {checks.TOLERANCE * 100:g} %",
        "TestNumberOfRows": f"within {checks.TOLERANCE * 100:g} %",
        "TestNumberOfDuplicatedRows": f"at most {checks.TOLERANCE * 100:g} % more",
    }.items():
        assert number in told[test]
    assert checks.STRAY == 0.01, "or the guide's one percentage point is another"


def test_data_passes_all_tests_against_itself() -> None:
    results = score(churn(1), churn(1))
    assert {each.status for each in results.tests} == {"success", "skipped"}
    assert {(each.test, each.column) for each in results.tests if each.status == "skipped"} == {
        ("TestShareOfOutRangeValues", "active"),
        ("TestShareOfOutRangeValues", "plan"),
        ("TestShareOfOutListValues", "age"),
        ("TestShareOfOutListValues", "visits"),
        ("TestMeanInNSigmas", "active"),
        ("TestMeanInNSigmas", "plan"),
        ("TestColumnQuantile", "active"),
        ("TestColumnQuantile", "plan"),
        ("TestNumberOfRows", ""),
    }


def test_two_draws_of_one_distribution_pass_all_tests() -> None:
    rng = np.random.default_rng(7)

    def drawn(rows: int) -> pa.Table:
        numbers = {f"n{index}": rng.normal(0, 1, rows) for index in range(10)}
        return pa.table({**numbers, "category": rng.choice(["a", "b", "c"], rows)})

    results = score(drawn(20_000), drawn(19_000))
    assert not [each for each in results.tests if each.status not in ("success", "skipped")]


@pytest.mark.parametrize(
    ("method", "shift", "status"),
    [
        ("psi", 0.0, "success"),
        ("psi", 3.5, "warning"),
        ("psi", 8.0, "fail"),
        ("ks", 0.0, "success"),
        ("ks", 8.0, "fail"),
        ("wasserstein", 8.0, "fail"),
    ],
)
def test_drift_has_two_bands_where_the_method_is_psi(method: str, shift: float, status: str) -> None:
    rng = np.random.default_rng(1)
    reference, current = (pa.table({"x": rng.normal(move, 10, 5000)}) for move in (0, shift))
    one = found(score(reference, current, drift={"numeric": method}), "TestColumnDrift", "x")
    assert one.status == status
    assert one.bounds == {"lt": 1}
    assert one.warning == ({"lt": 0.5} if method == "psi" else {})


@pytest.mark.parametrize("method", ["ks", "psi", "kl_div", "jensenshannon", "wasserstein"])
def test_a_rule_for_drift_needs_not_know_the_direction_of_the_method(method: Method) -> None:
    rng = np.random.default_rng(1)
    statuses = []
    for shift in (0.0, 8.0):
        reference, current = (pa.table({"x": rng.normal(move, 10, 5000)}) for move in (0, shift))
        rules = [{"test": "TestColumnDrift", "lt": 1}, {"test": "TestColumnDrift", "lt": 0.99, "critical": False}]
        results = score(reference, current, drift={"numeric": method}, tests=rules)
        one, drift = found(results, "TestColumnDrift", "x"), column(results, "x").drift
        assert drift is not None
        assert one.value == drift.ratio
        statuses.append((one.status, drift.drifted))
    assert statuses == [("success", False), ("fail", True)]


@pytest.mark.parametrize(("method", "drifted"), [("ks", True), ("chisquare", False)])
def test_at_the_very_threshold_ratio_and_verdict_agree(method: Method, drifted: bool) -> None:
    sides = [pa.table({"x": values}) for values in ([1, 2, 3, 4, 5] * 30, [1, 2, 3, 4, 4] * 30)]
    categorical = ["x"] if method == "chisquare" else []
    first = column(score(*sides, categorical=categorical, drift={"columns": [{"method": method}]}), "x").drift
    assert first is not None
    rule = {"method": method, "threshold": first.score}
    results = score(*sides, categorical=categorical, drift={"columns": [rule]})
    drift = column(results, "x").drift
    assert drift is not None
    assert (drift.drifted, drift.ratio >= 1) == (drifted, drifted)
    assert (found(results, "TestColumnDrift", "x").status == "fail") == drifted


def test_a_third_of_the_columns_is_too_much() -> None:
    columns = {name: NUMBERS.column("x") for name in "abc"}
    moved = {**columns, "a": pa.array([float(number) for number in range(1000, 1100)])}
    one = found(score(pa.table(columns), pa.table(moved)), "TestShareOfDriftedColumns")
    assert (one.status, one.bounds) == ("fail", {"lt": 1 / 3})
    assert one.value == pytest.approx(1 / 3)
    one = found(score(pa.table(columns), pa.table(moved), drift={"share": 0.5}), "TestShareOfDriftedColumns")
    assert one.status == "success"


@pytest.mark.parametrize(
    ("test", "current", "status", "value"),
    [
        ("TestColumnShareOfMissingValues", [1.0] * 91 + [None] * 9, "success", 0.09),
        ("TestColumnShareOfMissingValues", [1.0] * 90 + [None] * 10, "fail", 0.1),
        ("TestMostCommonValueShare", list(range(1, 101)), "success", 0.01),
        ("TestMostCommonValueShare", [1, 1, 1, *range(4, 101)], "fail", 0.03),
        ("TestShareOfOutRangeValues", [1.0, 100.0], "success", 0.0),
        ("TestShareOfOutRangeValues", [0.9, 50.0], "fail", 0.5),
        ("TestMeanInNSigmas", [108.0, 108.0], "success", 57.5 / 29.011491975882016),
        ("TestMeanInNSigmas", [109.0, 109.0], "fail", 58.5 / 29.011491975882016),
        ("TestColumnQuantile", [55.0, 55.0], "success", 55.0),
        ("TestColumnQuantile", [56.0, 56.0], "fail", 56.0),
    ],
)
def test_defaults_of_columns(test: TestName, current: Sequence[object], status: str, value: float) -> None:
    one = outcome(test, current)
    assert one.status == status
    assert one.value == pytest.approx(value)


def test_categories_that_the_reference_does_not_have() -> None:
    one = outcome("TestShareOfOutListValues", ["a", "c", None], ["a", "b"])
    assert (one.status, one.value, one.bounds) == ("fail", 0.5, {"lte": 0.01})
    assert outcome("TestShareOfOutListValues", ["a", "a", None], ["a", "b"]).status == "success"


@pytest.mark.parametrize(
    ("test", "changed"),
    [
        ("TestNumberOfConstantColumns", lambda table: table.set_column(0, "age", pa.array([1.0] * 500))),
        ("TestNumberOfDuplicatedColumns", lambda table: table.set_column(1, "visits", table.column("age"))),
        ("TestNumberOfDuplicatedRows", lambda table: pa.concat_tables([table.slice(0, 250)] * 2)),
        ("TestHighlyCorrelatedColumns", lambda table: table.append_column("twice", table.column("age"))),
        ("TestNumberOfColumns", lambda table: table.drop_columns(["age"])),
        ("TestNumberOfColumns", lambda table: table.append_column("more", table.column("age"))),
        ("TestColumnsType", lambda table: table.set_column(0, "age", table.column("age").cast(pa.string()))),
    ],
)
def test_defaults_of_the_data_set(test: TestName, changed: Callable[[pa.Table], pa.Table]) -> None:
    assert found(score(churn(1), churn(2)), test).status == "success"
    assert found(score(churn(1), changed(churn(2))), test).status == "fail"


@pytest.mark.parametrize(
    ("rules", "status", "bounds"),
    [
        ([], "skipped", {}),
        ([{"lt": 5}], "fail", {"lt": 5}),
        ([{"gte": 440, "critical": False}], "success", {"gte": 440}),
        ([{"critical": False}], "warning", {"gte": 450, "lte": 550}),
    ],
)
def test_rows_are_compared_with_those_of_a_training_set_only_where_a_rule_says_so(
    rules: list[dict[str, Any]], status: str, bounds: dict[str, float]
) -> None:
    tests = [{"test": "TestNumberOfRows", **rule} for rule in rules]
    one = found(score(churn(1), churn(2).slice(0, 440), tests=tests), "TestNumberOfRows")
    assert (one.status, one.bounds or one.warning) == (status, bounds)


def test_the_number_of_rows_is_that_of_the_files_and_compared_with_the_window_before() -> None:
    plan = {"name": "d", "reference": "previous", "current": {"path": "/data/dt=*/", "newest": 1}}
    sides = sampled(churn(1), 1000), sampled(churn(2), 800)
    results = EvidentlyEngine().score(*sides, Dataset.model_validate(plan), lambda progress: None)
    one = found(results, "TestNumberOfRows")
    assert (one.status, one.value, one.bounds) == ("fail", 800, {"gte": 900, "lte": 1100})
    assert results.overview["current"].rows == rows_behind(churn(2)) == 500


@pytest.mark.parametrize(
    ("reference", "current", "status"),
    [
        (500, 500, "success"),
        (1000, 1000, "success"),
        (1000, 1040, "success"),
        (500, 1000, "skipped"),
        (9000, 500, "skipped"),
    ],
)
def test_repeated_rows_of_two_samples_are_compared_where_as_much_was_drawn(
    reference: int, current: int, status: str
) -> None:
    one = found(score(sampled(churn(1), reference), sampled(churn(2), current)), "TestNumberOfDuplicatedRows")
    assert one.status == status
    assert (one.value is None) == (status == "skipped") == ("sample" in one.message)


@pytest.mark.parametrize(
    ("rule", "status", "bounds"),
    [
        ({"lt": 0.6}, "success", {"lt": 0.6}),
        ({"lt": 0.5}, "fail", {"lt": 0.5}),
        ({"lt": 0.5, "critical": False}, "warning", {"lt": 0.5}),
        ({"gte": 0.4, "lte": 0.5}, "success", {"gte": 0.4, "lte": 0.5}),
        ({"column": "other", "lt": 0.6}, "fail", {"lt": 0.1}),
        ({"column": "x*", "gt": 0.5}, "fail", {"gt": 0.5}),
    ],
)
def test_a_rule_replaces_the_default(rule: dict[str, Any], status: str, bounds: dict[str, float]) -> None:
    one = outcome("TestColumnShareOfMissingValues", [1.0, None], **rule)
    assert (one.status, one.value, one.bounds) == (status, 0.5, bounds)


def test_two_rules_are_two_bands() -> None:
    rules = [
        {"test": "TestColumnShareOfMissingValues", "lt": 0.2, "critical": False},
        {"test": "TestColumnShareOfMissingValues", "lt": 0.6},
    ]
    statuses = {}
    for missing in (1, 5, 7):
        current = pa.table({"x": [1.0] * (10 - missing) + [None] * missing})
        one = found(score(NUMBERS, current, tests=rules), "TestColumnShareOfMissingValues", "x")
        statuses[missing] = one.status
        assert (one.bounds, one.warning) == ({"lt": 0.6}, {"lt": 0.2})
    assert statuses == {1: "success", 5: "warning", 7: "fail"}


def test_a_rule_may_leave_a_test_out() -> None:
    results = score(churn(1), churn(2), tests=[{"test": "TestColumnDrift", "column": "a*", "enabled": False}])
    assert [each.column for each in results.tests if each.test == "TestColumnDrift"] == ["plan", "visits"]


def test_each_quantile_is_a_test() -> None:
    rules = [{"test": "TestColumnQuantile", "q": q} for q in (0.1, 0.9)]
    rules.append({"test": "TestColumnQuantile", "q": 0.9, "lte": 200, "critical": False})
    current = pa.table({"x": [float(number) for number in range(1, 101)]})
    tests = [each for each in score(NUMBERS, current, tests=rules).tests if each.test == "TestColumnQuantile"]
    assert [(each.q, each.status) for each in tests] == [(0.1, "success"), (0.9, "success")]
    assert [each.value for each in tests] == pytest.approx([10.9, 90.1])


def test_sigmas_of_a_rule() -> None:
    assert outcome("TestMeanInNSigmas", [108.0, 108.0], sigmas=1).bounds == {"lte": 1}
    assert outcome("TestMeanInNSigmas", [108.0, 108.0], sigmas=1).status == "fail"


def test_a_mean_that_left_a_constant_has_no_distance_and_fails() -> None:
    one = outcome("TestMeanInNSigmas", [2.0, 2.0], [1.0, 1.0])
    assert (one.status, one.value, one.message) == ("fail", None, "the reference is constant")
    assert outcome("TestMeanInNSigmas", [1.0, 1.0], [1.0, 1.0]).status == "success"


def test_what_cannot_be_computed_is_an_error_and_says_why() -> None:
    one = outcome("TestColumnDrift", [None, None], [1.0, 2.0])
    assert (one.status, one.value, one.message) == ("error", None, "no value in the current data")
    results = score(pa.table({"x": [1.0, 2.0]}), pa.table({"y": [1.0, 2.0]}))
    assert found(results, "TestColumnDrift", "x").status == "error"
    assert found(results, "TestColumnShareOfMissingValues", "x").status == "error"
    # A new column has no reference, but missing values of its own.
    assert found(results, "TestColumnDrift", "y").status == "skipped"
    assert found(results, "TestColumnShareOfMissingValues", "y").status == "success"
