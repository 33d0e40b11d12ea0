"""One side of the data set as a whole, over the columns that are looked at.

By pandas, on the arrays that the columns are scored on: Evidently's summary would count the same on a copy of the
tables, with the pictures of a Report. Columns that are not supported count as columns and for missing cells, no more.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mlvitals.evidently.engine import measures
from mlvitals.evidently.engine.columns import Pair, Values
from mlvitals.evidently.plan import SIDES, Side
from mlvitals.evidently.results import Overview


@dataclass(frozen=True)
class Table:
    """Columns of one side, by their place among the pairs."""

    rows: int
    columns: dict[int, Values]

    @property
    def comparable(self) -> dict[int, Values]:
        """Without what is not supported."""
        return {place: values for place, values in self.columns.items() if values.kind != "unsupported"}


def overview(pairs: Sequence[Pair], side: Side, rows: int, columns: int) -> Overview:
    """Of one side of the pairs, whose table has so many rows, and columns that match the plan's patterns."""
    table = Table(rows, {place: pair.sides[side] for place, pair in enumerate(pairs) if side in pair.sides})
    known: dict[str, Any] = {"rows": rows, "columns": columns}
    if rows and table.columns:
        known["missing_ratio"] = sum(each.missing for each in table.columns.values()) / (rows * len(table.columns))
    if not rows:
        return Overview(**known)
    return Overview(
        **known,
        duplicated_rows=_duplicated_rows(table),
        duplicated_columns=_duplicated_columns(table),
        constant_columns=sum(each.distinct <= 1 for each in table.comparable.values()),
        empty_columns=sum(each.missing == rows for each in table.columns.values()),
        correlated_columns=_correlated(pairs, side),
        multivariate_outliers_ratio=_outliers(pairs, side),
    )


def _duplicated_rows(table: Table) -> int | None:
    if not table.comparable:
        return None
    return int(pd.DataFrame({place: each.data for place, each in table.comparable.items()}).duplicated().sum())


def _duplicated_columns(table: Table) -> int:
    """Columns that repeat an earlier one. (Evidently counts the pairs: three of one kind are three to it, two here.)"""
    contents = [_content(each) for each in table.comparable.values()]
    return len(contents) - len(set(contents))


def _content(values: Values) -> bytes:
    """What is the same for columns with the same values in the same rows."""
    digest = hashlib.blake2b(b"codes" if values.coded else b"numbers")
    if not values.coded:
        # One NaN is as missing as another, and -0 equals 0.
        digest.update((np.where(np.isnan(values.data), np.nan, values.data).astype(np.float64) + 0.0).tobytes())
        return digest.digest()
    codes, distinct = pd.factorize(np.where(values.data < 0, -1, values.data), use_na_sentinel=False)
    digest.update(codes.tobytes())
    for code in distinct:
        label = b"missing" if code < 0 or values.labels is None else repr(values.labels[int(code)]).encode()
        digest.update(len(label).to_bytes(8, "big") + label)
    return digest.digest()


def _numbers(pairs: Iterable[Pair], side: Side) -> pd.DataFrame:
    """Numeric columns, infinities as missing."""
    columns = {
        place: np.where(np.isfinite(values.data), values.data, math.nan)
        for place, pair in enumerate(pairs)
        if (values := pair.sides.get(side)) and values.kind == "numeric"
    }
    return pd.DataFrame(columns, dtype="float64")


def _correlated(pairs: Iterable[Pair], side: Side) -> int:
    return measures.correlated_columns(_numbers(pairs, side))


def _outliers(pairs: Sequence[Pair], side: Side) -> float | None:
    """Over the columns that both sides can be compared in and that neither hardly has."""
    alike = [pair for pair in pairs if len(pair.sides) > 1 and not pair.reason]
    sides = {each: _numbers(alike, each) for each in SIDES}
    columns = measures.filled(*sides.values())
    return measures.share(measures.mahalanobis_outliers(sides[side][columns], sides["reference"][columns]))
