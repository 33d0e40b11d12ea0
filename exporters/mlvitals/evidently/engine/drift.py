"""Drift of one column, by Evidently's ValueDrift: a report for each column, so that one that fails stays alone.

The method and the threshold are always ours: Evidently's own choice flips at 1,000 rows from a p-value to a distance.
Evidently is given what it would itself clean the column to, under a name that means nothing to it.
"""

from __future__ import annotations

import math
import sys
import warnings

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import ValueDrift

from mlvitals.core.failures import place_of
from mlvitals.evidently.engine.columns import Pair, Values
from mlvitals.evidently.plan import CATEGORICAL_METHODS, NUMERIC_METHODS, P_VALUES, Drift, Method, default_threshold
from mlvitals.evidently.results import ColumnReason, Score

COLUMN = "column"
MOST_CATEGORIES = 10_000
"""Of more, Evidently adds those that one side lacks one by one to a growing table, for minutes."""


class UnscoredError(Exception):
    """The column has no score."""

    def __init__(self, reason: ColumnReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def score(pair: Pair, drift: Drift) -> Score:
    """Drift of the current values against the reference's. Raises UnscoredError."""
    _comparable(pair)
    method, configured = drift.of(pair.name, numeric=not pair.sides["reference"].coded)
    _fits(method, pair)
    threshold = configured or _default(method, pair.sides["reference"], pair.sides["current"])
    value, drifted = _evidently(pair, method, threshold)
    p_value = value if method in P_VALUES else None
    ratio = _ratio(value, threshold, method)
    # Evidently's verdict stands at the very threshold, and where the division rounds.
    ratio = max(ratio, 1.0) if drifted else min(ratio, math.nextafter(1, 0))
    return Score(method=method, score=value, threshold=threshold, drifted=drifted, ratio=ratio, p_value=p_value)


def _comparable(pair: Pair) -> None:
    if pair.reason:
        raise UnscoredError(pair.reason, pair.message)
    if pair.kind in ("text", "unsupported"):
        raise UnscoredError(
            "unsupported", "text is not scored" if pair.kind == "text" else "this type is not looked at"
        )
    for side, values in pair.sides.items():
        if not values.usable.size:
            raise UnscoredError("all_null", f"no {'finite ' if values.known.size else ''}value in the {side} data")
        if values.usable.size < 2:
            raise UnscoredError("too_few", f"one value in the {side} data")


def _fits(method: Method, pair: Pair) -> None:
    coded = pair.sides["reference"].coded
    if method not in (CATEGORICAL_METHODS if coded else NUMERIC_METHODS):
        raise UnscoredError("method", f"{method} is not for {pair.kind} columns")
    if not coded:
        return
    seen = len(np.unique(np.concatenate([values.usable for values in pair.sides.values()])))
    if seen > MOST_CATEGORIES:
        raise UnscoredError("too_many", f"{seen} categories, and {MOST_CATEGORIES} are scored at most")
    if method == "chisquare" and seen < 2:
        raise UnscoredError("too_few", "chisquare needs two categories")


def _default(method: Method, reference: Values, current: Values) -> float:
    # Of the reference, or junk in the current data would raise its own threshold.
    categories = reference.distinct if reference.coded else 0
    return default_threshold(method, (reference.usable.size, current.usable.size), categories)


def _evidently(pair: Pair, method: Method, threshold: float) -> tuple[float, bool]:
    report = Report([ValueDrift(column=COLUMN, method=method, threshold=threshold)], include_tests=True)
    # A new category is a division by zero for chi-square, an exact test of many rows falls back to another: what
    # Evidently and SciPy warn of is in the score.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            told = report.run(_dataset(pair.sides["current"]), _dataset(pair.sides["reference"])).dict()
        except Exception as error:
            # What it says may repeat data.
            raise UnscoredError("error", f"Evidently: {place_of(error)}") from error
    value = float(told["metrics"][0]["value"])
    if not math.isfinite(value):
        raise UnscoredError("error", f"Evidently's score is {value}")
    return value, told["tests"][0]["status"] == "FAIL"


def _dataset(values: Values) -> Dataset:
    kind = "categorical_columns" if values.coded else "numerical_columns"
    return Dataset.from_pandas(pd.DataFrame({COLUMN: values.usable}), DataDefinition(**{kind: [COLUMN]}))


def _ratio(value: float, threshold: float, method: Method) -> float:
    if method not in P_VALUES:
        return min(value / threshold, sys.float_info.max)
    return (1 - value) / (1 - threshold)
