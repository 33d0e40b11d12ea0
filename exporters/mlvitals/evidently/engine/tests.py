"""Tests: what is right within bounds, by the names of Evidently's tests until 0.6.

Their default bounds are those of its presets, with room for chance: two draws of one distribution pass.

Of the plan's rules that match a test (and a column), the first critical one fails it and the first other one makes it a
warning; together they replace the default. The first of all matching ones may leave the test out. A rule without bounds
keeps the default's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import get_args

from mlvitals.core.patterns import matches
from mlvitals.evidently.engine import measures
from mlvitals.evidently.engine.checks import COLUMN_CHECKS, DATASET_CHECKS, Check, ImpossibleError, Known, SkippedError
from mlvitals.evidently.plan import Plan, TestName, TestRule
from mlvitals.evidently.results import Bound, TestResult

__all__ = ["Known", "tests"]
QUANTILE = 0.5
Bounds = Mapping[Bound, float]
_HOLDS: Mapping[Bound, Callable[[float, float], bool]] = {
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
}


def tests(known: Known, plan: Plan) -> Iterator[TestResult]:
    """All tests: of the data set, and of each column."""
    for name in get_args(TestName):
        if name in DATASET_CHECKS:
            rules = [rule for rule in plan.tests if rule.test == name]
            yield from _test(TestResult(test=name, status="success"), rules, partial(DATASET_CHECKS[name], known, plan))
            continue
        for place, column in enumerate(known.told.columns):
            rules = [rule for rule in plan.tests if rule.test == name and matches(column.name, (rule.column,))]
            for q, of_quantile in _by_quantile(name, rules):
                empty = TestResult(test=name, column=column.name, q=q, status="success")
                look = partial(COLUMN_CHECKS[name], known, place, _parameter(of_quantile, q))
                yield from _test(empty, of_quantile, look)


def _by_quantile(name: TestName, rules: Sequence[TestRule]) -> Iterator[tuple[float | None, Sequence[TestRule]]]:
    if name != "TestColumnQuantile":
        yield None, rules
        return
    for q in dict.fromkeys(rule.q or QUANTILE for rule in rules) or (QUANTILE,):
        yield q, [rule for rule in rules if (rule.q or QUANTILE) == q]


def _parameter(rules: Sequence[TestRule], q: float | None) -> float | None:
    return q or next((rule.sigmas for rule in rules if rule.sigmas), None)


def _test(empty: TestResult, rules: Sequence[TestRule], look: Callable[[], Check]) -> Iterator[TestResult]:
    if rules and not rules[0].enabled:
        return
    try:
        check = look()
    except SkippedError as reason:
        yield empty.model_copy(update={"status": "skipped", "message": str(reason)})
    except ImpossibleError as reason:
        yield empty.model_copy(update={"status": "error", "message": str(reason)})
    else:
        yield empty.model_copy(update=_judged(check, rules))


def _judged(check: Check, rules: Sequence[TestRule]) -> dict[str, object]:
    failing, warning = _bounds(check, [rule for rule in rules if rule.enabled])
    status = "success" if _within(check.value, warning) else "warning"
    return {
        "status": status if _within(check.value, failing) else "fail",
        "value": measures.finite(check.value),
        "bounds": failing or warning,
        "warning": warning if failing else {},
        "message": check.message,
    }


def _bounds(check: Check, rules: Sequence[TestRule]) -> tuple[Bounds, Bounds]:
    if not rules:
        return check.bounds, check.warning
    own = [{bound: value for bound in get_args(Bound) if (value := getattr(rule, bound)) is not None} for rule in rules]
    known = [(rule.critical, bounds or dict(check.bounds)) for rule, bounds in zip(rules, own, strict=True)]
    failing, warning = (next((bounds for is_, bounds in known if is_ is critical), {}) for critical in (True, False))
    return failing, warning


def _within(value: float, bounds: Bounds) -> bool:
    return all(_HOLDS[bound](value, limit) for bound, limit in bounds.items())
