"""From Arrow to what is computed on: a pair of arrays for each column, and what has changed in its schema.

- Integers, floats and decimals are numbers; booleans and strings are categories, and so are numbers that the plan names
  as such. Points in time are numbers too (Unix time in seconds), and durations (seconds).
- Strings of which more than 1,000, and more than half, are distinct are text: statistics only. The reference decides.
- Lists, structs, maps and bytes are not looked at.
- Integers, floats and decimals are one type, since a null makes floats of integers in many a pipeline. Anything else
  that differs between the sides is a change of type. They are compared at the coarser precision of both sides.
- NaN is missing, also as a category. An infinity is neither missing nor a number to compute with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from mlvitals.core.patterns import matches
from mlvitals.evidently.engine import unreadable
from mlvitals.evidently.engine.arrays import alike, encoded, family, numbers
from mlvitals.evidently.plan import Plan, Side
from mlvitals.evidently.results import ColumnKind, ColumnReason, SchemaChange

TEXT_DISTINCT = 1000
_KINDS: Mapping[str, ColumnKind] = {
    "number": "numeric",
    "duration": "numeric",
    "datetime": "datetime",
    "boolean": "categorical",
    "string": "categorical",
    "null": "categorical",
    "unsupported": "unsupported",
}


@dataclass(frozen=True)
class Values:
    """One column on one side, row by row: numbers with NaN, or codes of categories with -1, where it is missing."""

    kind: ColumnKind
    data: npt.NDArray[Any]
    labels: Any = None
    """Value of each code, an Arrow array."""

    @property
    def coded(self) -> bool:
        """True for codes."""
        return self.kind not in ("numeric", "datetime")

    @cached_property
    def _known(self) -> npt.NDArray[np.bool_]:
        return self.data >= 0 if self.coded else ~np.isnan(self.data)

    @property
    def rows(self) -> int:
        """All rows."""
        return len(self.data)

    @property
    def missing(self) -> int:
        """Rows without a value."""
        return int(self.rows - np.count_nonzero(self._known))

    @cached_property
    def known(self) -> npt.NDArray[Any]:
        """The values that there are, infinities among them."""
        return self.data[self._known] if self.missing else self.data

    @cached_property
    def usable(self) -> npt.NDArray[Any]:
        """The values to compute with: without infinities."""
        finite = np.isfinite(self.known)
        return self.known if finite.all() else self.known[finite]

    @cached_property
    def distinct(self) -> int:
        """Distinct values."""
        return len(pd.unique(self.known))


@dataclass(frozen=True)
class Pair:
    """One column on the sides that have it."""

    name: str
    kind: ColumnKind
    sides: Mapping[Side, Values] = field(default_factory=dict)
    changes: tuple[SchemaChange, ...] = ()
    reason: ColumnReason | None = None
    """Why the sides cannot be compared."""
    message: str = ""


def pair(name: str, reference: pa.Table, current: pa.Table, plan: Plan) -> Pair:
    """The column of both tables. Raises what Arrow raises for data that breaks its own type."""
    found: dict[Side, pa.ChunkedArray] = {}
    sides: tuple[tuple[Side, pa.Table], ...] = (("reference", reference), ("current", current))
    for side, table in sides:
        places = table.schema.get_all_field_indices(name)
        if len(places) > 1:
            return Pair(name, "unsupported", {}, (), "error", f"{len(places)} columns of the {side} have this name")
        if places and (why := unreadable(table.schema.field(places[0]))):
            return Pair(name, "unsupported", {}, (), "unreadable", why)
        if places:
            found[side] = table.column(places[0])
    types = {family(array.type) for array in found.values()} - {"null"}
    if len(types) > 1:
        return _changed(name, found, plan)
    return _alike(name, found, (types or {"null"}).pop(), plan)


def _alike(name: str, found: Mapping[Side, pa.ChunkedArray], of: str, plan: Plan) -> Pair:
    kind = "categorical" if of == "number" and matches(name, plan.categorical) else _KINDS[of]
    values = _values(found, kind)
    if kind == "categorical" and of == "string" and _is_text(next(iter(values.values()))):
        values = {side: Values("text", each.data, each.labels) for side, each in values.items()}
        kind = "text"
    if len(found) < 2:
        absent: Side = "current" if "reference" in found else "reference"
        change: SchemaChange = "missing" if absent == "current" else "new"
        return Pair(name, kind, values, (change,), "missing", f"the {absent} has no such column")
    empty = values["current"].rows and values["current"].missing == values["current"].rows
    emptied = empty and values["reference"].missing < values["reference"].rows
    return Pair(name, kind, values, ("all_null",) if emptied else ())


def _changed(name: str, found: Mapping[Side, pa.ChunkedArray], plan: Plan) -> Pair:
    values = {side: _alike(name, {side: array}, family(array.type), plan).sides[side] for side, array in found.items()}
    message = f"{found['reference'].type} in the reference, {found['current'].type} now"
    return Pair(name, values["reference"].kind, values, ("type_changed",), "type", message)


def _is_text(values: Values) -> bool:
    return values.distinct > max(TEXT_DISTINCT, len(values.known) / 2)


def _values(found: Mapping[Side, pa.ChunkedArray], kind: ColumnKind) -> dict[Side, Values]:
    if kind == "categorical":
        codes, labels = encoded(found)
        return {side: Values(kind, each, labels) for side, each in codes.items()}
    if kind == "unsupported":
        there = {side: array.is_valid().to_numpy() for side, array in found.items()}
        return {side: Values(kind, valid.astype(np.int8) - 1) for side, valid in there.items()}
    return {side: Values(kind, numbers(array)) for side, array in alike(found).items()}
