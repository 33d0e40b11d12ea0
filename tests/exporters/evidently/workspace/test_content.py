"""What of a snapshot is shown, under which names, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from mlvitals.evidently.workspace.answers import DOWNLOAD
from mlvitals.evidently.workspace.config import Workspace
from mlvitals.evidently.workspace.content import Content, Identity, OneTest, choose
from tests.exporters.evidently.workspace.fake import metric, test_of

MEAN = metric("MeanValue", 1.0, column="age")
UNIQUE = metric("UniqueValueCount", {"counts": {"gold": 1, "": 2}, "shares": {"gold": 0.3, "": 0.7}}, column="plan")
GROUPED: Any = {
    "config": {"type": "evidently:metric_v2:GroupByMetric", "metric": MEAN["config"], "column_name": "plan"}
}


def content(*metrics: Any, tests: tuple[Any, ...] = (), **keys: Any) -> Content:
    workspace = Workspace.model_validate({"name": "shared", "path": "/w", **keys})
    return choose(DOWNLOAD.validate_python({"metrics": metrics, "tests": tests}), workspace)


def age(label: str = "", result: str = "value", parameters: str = "") -> Identity:
    return Identity("MeanValue", "age", parameters, label, result)


def test_what_draws_and_what_bounds_is_no_part_of_a_name() -> None:
    drawn = {"error_plot": True, "pr_table": False, "nbinsx": 10, "threshold": 0.1, "mean_tests": [], "tests": [1]}
    told = {
        "probas_threshold": 0.5,
        "k": 3,
        "regression_name": "r1",
        "nothing": None,
        "values": ["a"],
        "more": {"a": 1},
    }
    found = content(metric("MeanValue", 1.0, column="age", **drawn, **told))
    assert list(found.values) == [age(parameters="k=3,probas_threshold=0.5,regression_name=r1")]


def test_values_out_of_the_data_are_shown_only_where_that_is_turned_on() -> None:
    grouped = {**GROUPED, "value": 5.0}
    grouped["config"] = {**grouped["config"], "label": "gold"}
    none = content(UNIQUE, grouped)
    assert (none.values, +none.dropped_values) == ({}, {})
    shown = content(UNIQUE, grouped, by_label=["Unique*", "MeanValue"]).values
    assert shown == {
        Identity("UniqueValueCount", "plan", "", "gold", "count"): 1,
        Identity("UniqueValueCount", "plan", "", "", "count"): 2,
        Identity("UniqueValueCount", "plan", "", "gold", "share"): 0.3,
        Identity("UniqueValueCount", "plan", "", "", "share"): 0.7,
        age("gold", parameters="column_name=plan"): 5.0,
    }


@pytest.mark.parametrize("table", [{"a": {"b": 1.0}}, [1, 2], {"counts": [1], "shares": {}}])
def test_of_a_table_nothing_is_shown(table: Any) -> None:
    found = content(metric("CorrelationMatrix", table), MEAN)
    assert found.values == {age(): 1.0}
    assert not +found.dropped_values


@pytest.mark.parametrize("value", [None, True, "1", float("nan"), float("-inf"), 10**400])
def test_what_is_no_finite_number_is_counted(value: Any) -> None:
    found = content(metric("RowCount", value), metric("MeanValue", {"mean": value, "std": 1}, column="age"))
    assert found.values == {age(result="std"): 1}
    assert +found.dropped_values == {"not_finite": 2}


def test_the_same_again_is_shown_once_and_another_value_is_counted() -> None:
    assert not +content(MEAN, MEAN).dropped_values
    found = content(MEAN, {**MEAN, "value": 2.0})
    assert found.values == {age(): 1.0}
    assert +found.dropped_values == {"duplicate": 1}


def test_limits_are_counted() -> None:
    metrics = [metric("RowCount", number, k=number) for number in range(5)]
    tests = tuple(test_of(each, "lt", "FAIL") for each in metrics)
    found = content(*metrics, tests=tests, max_values=3)
    assert (len(found.values), len(found.statuses), found.tests["fail"]) == (3, 3, 5)
    assert +found.dropped_values == +found.dropped_tests == {"limit": 2}
    assert +content(metric("RowCount", 1, k="x" * 300)).dropped_values == {"too_long": 1}
    assert +content({}, metric("", 1)).dropped_values == {"not_finite": 1, "unknown": 1}


def test_of_tests_with_the_same_name_the_worst_counts() -> None:
    statuses = ("SUCCESS", "FAIL", "WARNING", "ERROR", "SKIPPED")
    found = content(tests=tuple(test_of(MEAN, "lt", status) for status in statuses))
    assert found.statuses == {OneTest("lt", True, age()): "fail"}
    assert found.tests == dict.fromkeys(("success", "fail", "warning", "error", "skipped"), 1)


def test_tests_of_labels_that_are_not_shown_are_told_as_one() -> None:
    tests = tuple(
        test_of(UNIQUE, "lt", status, label=label, slot="count")
        for label, status in [("", "SUCCESS"), ("gold", "FAIL")]
    )

    def of(label: str) -> OneTest:
        return OneTest("lt", True, Identity("UniqueValueCount", "plan", "", label, "count"))

    assert content(tests=tests).statuses == {of(""): "fail"}
    assert content(tests=tests, by_label=["*"]).statuses == {of(""): "success", of("gold"): "fail"}


@pytest.mark.parametrize(
    ("bound", "result"),
    [
        ({}, "value"),
        ({"is_count": True}, "count"),
        ({"is_count": False}, "share"),
        ({"is_mean": True}, "mean"),
        ({"is_mean": False}, "std"),
        ({"slot": "share"}, "share"),
        ({"slot": ["odd"]}, "value"),
    ],
)
def test_which_part_of_a_result_was_tested(bound: Any, result: str) -> None:
    tests = tuple(test_of(MEAN, "lt", "WARNING", critical=critical, **bound) for critical in (True, False))
    assert content(tests=tests).statuses == {
        OneTest("lt", critical, age(result=result)): "warning" for critical in (True, False)
    }


def test_an_unknown_status_is_counted() -> None:
    found = content(tests=(test_of(MEAN, "lt", "PERHAPS"),))
    assert (found.statuses, +found.dropped_tests) == ({}, {"unknown": 1})
