"""What is worth knowing about one column: of those chosen, the one that has drifted most.

Shares over bins, or quantiles, of several columns on one graph would say nothing.
"""

from __future__ import annotations

from mlvitals.core.metric import Metric
from mlvitals.evidently import metrics as m
from mlvitals_dashboards.evidently_signals import COLUMN
from mlvitals_dashboards.signals import Signal, by, select

# Which it is, is the same over the whole time range. A column without a score comes after all that have one.
_SHOWN = (
    f"topk(1, {select(m.COLUMN_DRIFT_RATIO)} @ end() or "
    f"sum without (side) ({select(m.COLUMN_MISSING_RATIO, side='current')} @ end()) * 0 - 1)"
)
_MOST = "Of the columns chosen above, the one that has drifted most."
_NO_BINS = "No bins: a column of categories, or none computed yet"
_NO_CATEGORIES = "No values shown (the data set's key categories)"
_NO_QUANTILES = "No quantiles: a column of categories, or none computed yet"


def of_shown(expr: str) -> str:
    """The expression, of that column only."""
    return f"{expr} and on ({COLUMN}) {_SHOWN}"


def _of_side(metric: Metric, label: str, side: str, unit: str, description: str, missing: str) -> Signal:
    return Signal(by(label, of_shown(select(metric, side=side))), unit, description, missing=missing)


NAME = Signal(
    by(COLUMN, of_shown(f"({select(m.COLUMN_DRIFT_RATIO)} or {select(m.COLUMN_FAILURE)} * 0 - 1)")),
    "none",
    "Drift as part of its threshold: from 1 on the column has drifted.",
    steps=((1, "red"),),
    words={-1: ("No score", "orange")},
    base="green",
    missing="No column computed yet",
    decimals=2,
)
BIN_LOWER = Signal(by("bin", of_shown(select(m.COLUMN_BIN_LOWER))), "none", "Lower edge of the bin.", missing=_NO_BINS)
BINS = {
    side.title(): _of_side(m.COLUMN_BIN_RATIO, "bin", side, "percentunit", "Share of the values.", _NO_BINS)
    for side in m.SIDES
}
DISTRIBUTION = (
    f"{_MOST} The share of its values in each bin of equal width over the reference's range, named by its lower edge; "
    "the ends hold what is outside."
)
CATEGORIES = {
    side.title(): _of_side(
        m.COLUMN_CATEGORY_RATIO, "category", side, "percentunit", "Share of the value.", _NO_CATEGORIES
    )
    for side in m.SIDES
}
SHARES = f"{_MOST} The share of each value, for columns that the data set's key categories names."
QUANTILES = _of_side(
    m.COLUMN_QUANTILE, "q", "current", "none", f"{_MOST} Its quantiles; dashed, those of the reference.", _NO_QUANTILES
)
REFERENCE_QUANTILES = _of_side(m.COLUMN_QUANTILE, "q", "reference", "none", "Those of the reference.", _NO_QUANTILES)
