"""What each test looks at, and between which bounds it is right unless the plan says otherwise."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from mlvitals.evidently.engine import measures
from mlvitals.evidently.engine.columns import Pair
from mlvitals.evidently.plan import PSI_WARNING, Plan, Side, TestName
from mlvitals.evidently.results import Bound, Column, Overview, Results, Statistics

MOST_MISSING = 0.1
TOLERANCE = 0.1
STRAY = 0.01
"""Share of the current values that may be beyond the reference's: of two draws of one distribution some always are."""
SIGMAS = 2.0


class SkippedError(Exception):
    """The test does not apply."""


class ImpossibleError(Exception):
    """The test applies and cannot be computed."""


@dataclass(frozen=True)
class Known:
    """What the tests look at."""

    told: Results
    pairs: Sequence[Pair]
    """Of the columns, in their order."""
    rows: Mapping[Side, int]
    """Rows of which the tables may be a sample."""


@dataclass(frozen=True)
class Check:
    """A value and its bounds; `warning` is a second band. The message stands beside it."""

    value: float
    bounds: Mapping[Bound, float]
    warning: Mapping[Bound, float] = field(default_factory=dict)
    message: str = ""


def _drifted_share(known: Known, plan: Plan) -> Check:
    if known.told.drifted_ratio is None:
        raise ImpossibleError("no column has a score")
    return Check(known.told.drifted_ratio, {"lt": plan.drift.share})


def _rows(known: Known, plan: Plan) -> Check:
    if not plan.like_for_like and all(rule.test != "TestNumberOfRows" for rule in plan.tests):
        raise SkippedError("the reference is not the window before, and no rule says how many rows are right")
    return Check(known.rows["current"], _around(known.rows["reference"]))


def _columns(known: Known, plan: Plan) -> Check:
    expected = known.told.overview["reference"].columns
    return Check(known.told.overview["current"].columns, {"gte": expected, "lte": expected})


def _types(known: Known, plan: Plan) -> Check:
    changed = [column.name for column in known.told.columns if "type_changed" in column.changes]
    return Check(len(changed), {"lte": 0}, message=", ".join(changed)[:200])


def _not_more(count: Callable[[Overview], int | None]) -> Callable[[Known, Plan], Check]:
    def check(known: Known, plan: Plan) -> Check:
        value, expected = (count(known.told.overview[side]) for side in ("current", "reference"))
        if value is None or expected is None:
            raise ImpossibleError(f"no rows in the {'current' if value is None else 'reference'} data")
        return Check(value, {"lte": expected})

    return check


def _duplicated_rows(known: Known, plan: Plan) -> Check:
    check = _not_more(lambda overview: overview.duplicated_rows)(known, plan)
    sides = known.told.overview
    # A row and its copy are both in a sample the more seldom, the smaller a part of the rows it is.
    reference, current = (sides[side].rows / known.rows[side] for side in ("reference", "current"))
    if not 1 - TOLERANCE <= current / reference <= 1 + TOLERANCE:
        raise SkippedError(f"the sample is {current:.1%} of the rows, and {reference:.1%} of the reference's")
    grown = sides["current"].rows / sides["reference"].rows * (1 + TOLERANCE)
    return Check(check.value, {"lte": check.bounds["lte"] * grown})


DATASET_CHECKS: Mapping[TestName, Callable[[Known, Plan], Check]] = {
    "TestShareOfDriftedColumns": _drifted_share,
    "TestNumberOfConstantColumns": _not_more(lambda overview: overview.constant_columns),
    "TestNumberOfDuplicatedColumns": _not_more(lambda overview: overview.duplicated_columns),
    "TestNumberOfDuplicatedRows": _duplicated_rows,
    "TestHighlyCorrelatedColumns": _not_more(lambda overview: overview.correlated_columns),
    "TestNumberOfRows": _rows,
    "TestNumberOfColumns": _columns,
    "TestColumnsType": _types,
}


def _drift(known: Known, place: int, parameter: float | None) -> Check:
    column = known.told.columns[place]
    score = column.drift
    if score is None:
        if column.reason == "unsupported" or "new" in column.changes:
            raise SkippedError(column.message)
        raise ImpossibleError(column.message)
    # The ratio: whoever writes a rule needs not know in which direction the method counts.
    warning: dict[Bound, float] = {"lt": PSI_WARNING} if score.method == "psi" else {}
    return Check(score.ratio, {"lt": 1}, warning, message=f"{score.method} {score.score:.4g}")


def _missing(known: Known, place: int, parameter: float | None) -> Check:
    current = _statistics(known.told.columns[place], "current")
    if not current.rows:
        raise ImpossibleError("no rows in the current data")
    return Check(current.missing / current.rows, {"lt": MOST_MISSING})


def _most_common(known: Known, place: int, parameter: float | None) -> Check:
    column = known.told.columns[place]
    reference, current = _both(column)
    if column.kind == "unsupported":
        raise SkippedError("this type is not looked at")
    value, expected = current.most_common_ratio, reference.most_common_ratio
    if value is None or expected is None:
        raise ImpossibleError(f"no value in the {'current' if value is None else 'reference'} data")
    # The share of the most common one of many values grows as the rows get fewer.
    return Check(value, {"lte": max(expected * (1 + TOLERANCE), expected + STRAY)})


def _out_of_range(known: Known, place: int, parameter: float | None) -> Check:
    column = known.told.columns[place]
    _only(column, "numeric")
    return _none_of(column.out_of_range_ratio, column)


def _out_of_list(known: Known, place: int, parameter: float | None) -> Check:
    column = known.told.columns[place]
    _only(column, "categorical")
    return _none_of(column.out_of_list_ratio, column)


def _none_of(share: float | None, column: Column) -> Check:
    if share is None:
        raise ImpossibleError(column.message or "no values")
    return Check(share, {"lte": STRAY})


def _mean(known: Known, place: int, parameter: float | None) -> Check:
    column = known.told.columns[place]
    _only(column, "numeric")
    reference, current = _both(column)
    if current.mean is None or reference.mean is None or reference.stddev is None:
        raise ImpossibleError(column.message or "no mean, or no standard deviation of the reference")
    apart = measures.mean_distance(current.mean, reference.mean, reference.stddev)
    message = "" if reference.stddev else "the reference is constant"
    return Check(apart, {"lte": parameter or SIGMAS}, message=message)


def _quantile(known: Known, place: int, parameter: float | None) -> Check:
    column, pair = known.told.columns[place], known.pairs[place]
    _only(column, "numeric")
    _both(column)
    if column.reason == "type" or not all(values.usable.size for values in pair.sides.values()):
        raise ImpossibleError(column.message)
    sides: tuple[Side, ...] = ("reference", "current")
    expected, value = (measures.finite(pd.Series(pair.sides[side].usable).quantile(parameter)) for side in sides)
    if expected is None or value is None:
        raise ImpossibleError("the quantile is between numbers that are too large")
    # A tenth of what is about zero is nothing.
    return Check(value, _around(expected, at_least=(column.statistics["reference"].stddev or 0.0) * TOLERANCE))


COLUMN_CHECKS: Mapping[TestName, Callable[[Known, int, float | None], Check]] = {
    "TestColumnDrift": _drift,
    "TestColumnShareOfMissingValues": _missing,
    "TestMostCommonValueShare": _most_common,
    "TestShareOfOutRangeValues": _out_of_range,
    "TestShareOfOutListValues": _out_of_list,
    "TestMeanInNSigmas": _mean,
    "TestColumnQuantile": _quantile,
}


def _around(expected: float, at_least: float = 0.0) -> Mapping[Bound, float]:
    reach = max(abs(expected) * TOLERANCE, at_least)
    return {"gte": max(expected - reach, -sys.float_info.max), "lte": min(expected + reach, sys.float_info.max)}


def _only(column: Column, kind: str) -> None:
    if column.kind != kind:
        raise SkippedError(f"not for {column.kind} columns")
    _both(column)


def _both(column: Column) -> tuple[Statistics, Statistics]:
    if "new" in column.changes:
        raise SkippedError(column.message)
    return _statistics(column, "reference"), _statistics(column, "current")


def _statistics(column: Column, side: Side) -> Statistics:
    if side not in column.statistics:
        raise ImpossibleError(column.message)
    return column.statistics[side]
