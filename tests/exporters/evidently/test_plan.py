"""The plan: which rule counts for a column, and what is refused when the configuration is loaded."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from mlvitals.evidently.plan import Drift, Plan
from tests.exporters.evidently.sides import settings


@pytest.mark.parametrize(
    ("column", "numeric", "expected"),
    [
        ("age", True, ("ks", None)),
        ("amount", True, ("wasserstein", 0.3)),
        ("action", False, ("jensenshannon", 0.3)),
        ("country", False, ("jensenshannon", None)),
    ],
)
def test_one_rule_counts_for_a_column(column: str, numeric: bool, expected: tuple[str, float | None]) -> None:
    # A threshold is one of a method: that of another rule would be a distance for a p-value.
    drift = Drift.model_validate({"columns": [{"column": "age", "method": "ks"}, {"column": "a*", "threshold": 0.3}]})
    assert drift.of(column, numeric=numeric) == expected


@pytest.mark.parametrize(
    "drift",
    [
        {"columns": [{"method": "ks", "threshold": 1}]},
        {"columns": [{"method": "chisquare", "threshold": 5}]},
        {"numeric": "ks", "columns": [{"threshold": 1.5}]},
        {"categorical": "chisquare", "columns": [{"threshold": 1}]},
        {"columns": [{"method": "psi", "threshold": -0.1}]},
    ],
)
def test_a_threshold_out_of_range(drift: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"expected a threshold below 1|greater than 0"):
        Drift.model_validate(drift)


@pytest.mark.parametrize(
    "drift",
    [
        {"columns": [{"method": "wasserstein", "threshold": 5}]},
        {"numeric": "ks", "columns": [{"method": "psi", "threshold": 1}]},
        {"numeric": "ks", "columns": [{"threshold": 0.01}]},
    ],
)
def test_a_threshold_within_range(drift: dict[str, Any]) -> None:
    assert Drift.model_validate(drift).columns[0].threshold


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"test": "TestMeanInNSigmas", "q": 0.5}, "only TestColumnQuantile has a quantile"),
        ({"test": "TestColumnQuantile", "sigmas": 2}, "only TestMeanInNSigmas has sigmas"),
        ({"test": "TestNumberOfRows", "sigmas": 2}, "only TestMeanInNSigmas has sigmas"),
    ],
)
def test_parameters_that_a_test_does_not_know(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Plan.model_validate({"tests": [rule]})


def test_the_column_that_tells_the_time_is_not_scored() -> None:
    (dataset,) = settings(time_column="seen", columns={"include": ["s*"]}).datasets
    assert [name for name in ("seen", "size", "age") if dataset.looks_at(name)] == ["size"]
