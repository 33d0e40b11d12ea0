"""The configuration of the MLflow exporter, and how objectives and patterns choose."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from pydantic import ValidationError

from mlvitals.core.bounds import Bound, parse_bound
from mlvitals.core.patterns import Patterns
from mlvitals.core.selection import MAX_LABEL, select
from mlvitals.mlflow.config import MlflowSettings, Objective
from mlvitals.mlflow.objectives import Objectives


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("mse < 0.5", Bound("mse", "<", 0.5)),
        ("mse<0.5", Bound("mse", "<", 0.5)),
        (" val/f1 >= .9 ", Bound("val/f1", ">=", 0.9)),
        ("loss <= -1e-3", Bound("loss", "<=", -0.001)),
        ("a b > +2.", Bound("a b", ">", 2.0)),
    ],
)
def test_bounds(text: str, bound: Bound) -> None:
    assert parse_bound(text) == bound


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "mse",
            "mse <",
            "< 1",
            "mse = 1",
            "mse < x",
            "mse < 1e999",
            "mse < nan",
            "mse < 1 2",
            "a<b > 1",
            "mse << 1",
            "mse =< 1",
        ),
        pytest.param(" " * 100_000, id="spaces"),
        pytest.param("mse" + " " * 100_000, id="name and spaces"),
    ],
)
def test_what_is_no_bound(text: str) -> None:
    with pytest.raises(ValueError, match="expected a bound such as"):
        parse_bound(text)


@given(st.text(max_size=30))
def test_any_text_is_a_bound_or_not(text: str) -> None:
    try:
        assert parse_bound(text).operator in ("<", "<=", ">", ">=")
    except ValueError as error:
        assert "expected a bound" in str(error)


def objectives_of(**keys: Any) -> Objectives:
    return Objectives(MlflowSettings.model_validate({"name": "x", "type": "mlflow", "url": "http://h", **keys}))


def test_two_bounds_may_not_contradict_each_other() -> None:
    assert Objective.model_validate({"model": "*", "metrics": ["mse < 1", "mse > 0"]}).bounds()
    with pytest.raises(ValidationError, match="one bound for each metric and operator"):
        Objective.model_validate({"model": "*", "metrics": ["mse < 1", "mse < 2"]})


def test_the_first_objective_that_speaks_of_a_key_wins() -> None:
    objectives = objectives_of(
        objectives=[
            {"model": "churn-*", "metrics": ["mse < 0.5"]},
            {"model": "churn-eu", "new_version_within": "1h"},
            {"model": "*", "new_version_within": "1d", "alias": "*", "metrics": ["mse < 0.9", "r2 > 0"]},
        ]
    )
    assert objectives.new_version_within.of("churn-eu") == 3600
    assert objectives.new_version_within.of("churn-us") == 86400
    assert objectives.bounds.of("churn-eu", "champion") == [Bound("mse", "<", 0.5)]
    assert objectives.bounds.of("churn-eu", "challenger") == [Bound("mse", "<", 0.9), Bound("r2", ">", 0)]
    assert objectives.metrics == {"mse", "r2"}


def test_experiments_have_an_objective_of_their_own_or_that_of_the_exporter() -> None:
    objectives = objectives_of(
        stuck_after="12h",
        objectives=[
            {"experiment": "tune-?", "stuck_after": "3d"},
            {"model": "*", "new_version_within": "1d"},
            {"experiment": "tune-*", "stuck_after": "2d"},
        ],
    )
    asked = {name: objectives.stuck_after.of(name) for name in ("tune-1", "tune-10", "train", "Tune-1")}
    assert asked == {"tune-1": 3 * 86400, "tune-10": 2 * 86400, "train": 12 * 3600, "Tune-1": 12 * 3600}
    assert objectives_of().stuck_after.of("train") == 6 * 3600


def test_without_objectives_nothing_is_expected_of_models() -> None:
    objectives = objectives_of()
    assert objectives.new_version_within.of("a") is None
    assert objectives.bounds.of("a", "champion") is None


def test_patterns_know_case_and_exclusion() -> None:
    patterns = Patterns(include=("team-a/*", "shared"), exclude=("*/scratch-?",))
    names = ["team-a/x", "Team-a/x", "shared", "shared2", "team-a/scratch-1", "team-a/scratch-10"]
    assert [name for name in names if patterns.matches(name)] == ["team-a/x", "shared", "team-a/scratch-10"]


def test_a_selection_is_the_same_for_the_same_input_and_counts_the_rest() -> None:
    names = ["a", "b", "b", "x", "c" * (MAX_LABEL + 1), "d", "e"]
    chosen = select(names, str, 3, lambda name: name != "x")
    assert list(chosen.shown) == ["a", "b", "d"]
    assert chosen.matched == 5
    assert chosen.dropped == {"too_long": 1, "limit": 1}


@pytest.mark.parametrize("key", ["max_models", "max_experiments", "max_aliases", "max_tags", "max_metrics"])
def test_limits_are_at_least_one(key: str) -> None:
    with pytest.raises(ValidationError):
        MlflowSettings.model_validate({"name": "x", "type": "mlflow", "url": "http://h", key: 0})
