"""Statistics, bins and shares of one column.

By pandas, not by Evidently: one Report for each of a dozen statistics copies the column a dozen times and draws as many
pictures, 0.3 s a column of 100,000 rows for what takes 0.02 s. tests/exporters/evidently/test_statistics.py holds them
against Evidently's own metrics. Statistics of numbers leave infinities out (Evidently's minimum would be one).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlvitals.core.patterns import matches
from mlvitals.evidently.engine import measures
from mlvitals.evidently.engine.columns import Pair, Values
from mlvitals.evidently.plan import Plan, Side
from mlvitals.evidently.results import Bins, Statistics

BINS = 20


def statistics(pair: Pair, plan: Plan) -> dict[Side, Statistics]:
    """Of each side."""
    reference = pair.sides.get("reference")
    return {side: _one(values, reference, plan) for side, values in pair.sides.items()}


def _one(values: Values, reference: Values | None, plan: Plan) -> Statistics:
    known: dict[str, Any] = {"rows": values.rows, "missing": values.missing}
    if values.kind == "unsupported":
        return Statistics(**known)
    known |= {
        "distinct": values.distinct,
        "most_common_ratio": measures.most_common_share(pd.Series(values.known)),
    }
    if not values.coded:
        known["infinite"] = len(values.known) - len(values.usable)
    if not values.coded and values.usable.size:
        known |= _numbers(values.usable.astype(np.float64), plan.quantiles)
    if values.kind == "numeric" and reference is not None and reference.kind == "numeric":
        known |= _outliers(values, reference)
    return Statistics(**known)


def _numbers(numbers: measures.Numbers, quantiles: tuple[float, ...]) -> dict[str, Any]:
    mean, deviation = measures.moments(numbers)
    return {
        "min": measures.finite(numbers.min()),
        "max": measures.finite(numbers.max()),
        "mean": measures.finite(mean),
        "stddev": measures.finite(deviation),
        "quantiles": {str(q): measures.finite(pd.Series(numbers).quantile(q)) for q in quantiles},
    }


def _outliers(values: Values, reference: Values) -> dict[str, float | None]:
    if not reference.usable.size:
        return {}
    numbers, there = values.usable.astype(np.float64), reference.usable.astype(np.float64)
    ranges = {"iqr": measures.iqr_range(there), "zscore": measures.zscore_range(there)}
    known = {method: limits for method, limits in ranges.items() if all(map(math.isfinite, limits))}
    return {
        f"{method}_outliers_ratio": measures.share(measures.outside(numbers, *limits))
        for method, limits in known.items()
    }


def out_of_range(pair: Pair) -> float | None:
    """Share of the current numbers outside of the reference's finite range; an infinity is outside."""
    reference, current = _both(pair, "numeric")
    if reference is None or current is None or not reference.usable.size:
        return None
    return measures.share(measures.outside(current.known, reference.usable.min(), reference.usable.max()))


def out_of_list(pair: Pair) -> float | None:
    """Share of the current categories that the reference does not have."""
    reference, current = _both(pair, "categorical")
    if reference is None or current is None or not reference.known.size or not current.known.size:
        return None
    return float(np.mean(~np.isin(current.known, reference.known)))


def _both(pair: Pair, kind: str) -> tuple[Values | None, Values | None]:
    alike = pair.kind == kind and not pair.reason
    return (pair.sides["reference"], pair.sides["current"]) if alike else (None, None)


def bins(pair: Pair) -> Bins | None:
    """Up to 20 of equal width over the reference's finite range, and no more than it has distinct values."""
    sides = {side: values.usable.astype(np.float64) for side, values in pair.sides.items() if not values.coded}
    reference = sides.get("reference")
    if reference is None or not reference.size or pair.reason == "type":
        return None
    low, high = float(reference.min()), float(reference.max())
    edges = _edges(low, high, min(BINS, len(pd.unique(reference))))
    if edges is None:
        return None
    return Bins(edges=tuple(edges), shares={side: _shares(each, edges) for side, each in sides.items() if each.size})


def _edges(low: float, high: float, count: int) -> npt.NDArray[np.float64] | None:
    if low == high:
        return np.array([low, high])
    if not math.isfinite(high - low):
        return None
    edges = np.linspace(low, high, count + 1)
    return edges if (np.diff(edges) > 0).all() else np.array([low, high])


def _shares(values: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]) -> tuple[float, ...]:
    counts = np.bincount(np.searchsorted(edges[1:-1], values, side="right"), minlength=len(edges) - 1)
    return tuple((counts / len(values)).tolist())


def categories(pair: Pair, plan: Plan) -> Mapping[Side, Mapping[str, float]]:
    """Shares of the most common values of both sides together, where the plan turns them on."""
    if pair.kind != "categorical" or pair.reason == "type" or not matches(pair.name, plan.categories):
        return {}
    known = {side: values for side, values in pair.sides.items() if values.known.size}
    shares = {side: pd.Series(values.known).value_counts(normalize=True) for side, values in known.items()}
    # The largest share of any side counts, and the first seen of equals: the same data shows the same values.
    largest = pd.DataFrame(shares).fillna(0).max(axis=1).sort_index().sort_values(ascending=False, kind="stable")
    shown = largest.index[: plan.max_categories]
    values = next(iter(pair.sides.values())).labels
    labels = {code: _label(values[code].as_py()) for code in map(int, shown)}
    return {
        side: {label: float(share.get(code, 0)) for code, label in labels.items()} for side, share in shares.items()
    }


def _label(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
