"""What computes scores. Runs in the worker process only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from mlvitals.evidently.plan import Plan
from mlvitals.evidently.results import Progress, Results

if TYPE_CHECKING:  # What only names an engine does not load Arrow.
    import pyarrow as pa

Tell = Callable[[Progress], None]
"""Hears how far it is."""
_ROWS = b"mlvitals.rows"
_UNREADABLE = b"mlvitals.unreadable"


def sampled(table: pa.Table, rows: int) -> pa.Table:
    """The table as a sample of so many rows: the number of rows is tested by them, not by the sample's."""
    return table.replace_schema_metadata({**(table.schema.metadata or {}), _ROWS: str(rows).encode()})


def rows_behind(table: pa.Table) -> int:
    """Rows of which the table is a sample; its own when it is none."""
    known = (table.schema.metadata or {}).get(_ROWS)
    return int(known) if known else int(table.num_rows)


def with_unreadable(table: pa.Table, whys: Mapping[str, str]) -> pa.Table:
    """The table with columns that could not be read, by name, and why: they are without values."""
    # Loaded already: it is the table's.
    import pyarrow as pa

    for name, why in whys.items():
        field = pa.field(name, pa.null(), metadata={_UNREADABLE: why.encode("utf-8", "replace")})
        table = table.append_column(field, pa.nulls(table.num_rows))
    return table


def unreadable(field: pa.Field) -> str | None:
    """Why this column of a table could not be read; None for one that was."""
    why = (field.metadata or {}).get(_UNREADABLE)
    return why.decode() if why is not None else None


class Engine(Protocol):
    """Scores a data set against its reference."""

    def score(self, reference: pa.Table, current: pa.Table, plan: Plan, tell: Tell) -> Results:
        """Everything that the plan asks for. One bad column has a reason; the others have their scores.

        Columns that the plan's patterns do not match are only used where the plan's predictions name them. Raises
        nothing for bad data.
        """
        ...
