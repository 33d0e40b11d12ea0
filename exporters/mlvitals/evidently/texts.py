"""Types of columns that came as text: the first in a list that all of their values are."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

TIMES = (pa.date32(), pa.timestamp("us", "UTC"), pa.timestamp("us"))
ANY = (pa.int64(), pa.float64(), pa.bool_(), *TIMES)


class TextTypes:
    """What the values of columns of text can be, of all rows that come by: the type must not depend on the sample."""

    def __init__(self, kinds: Sequence[pa.DataType]) -> None:
        self._kinds = kinds
        self._left: dict[str, list[pa.DataType]] = {}

    def see(self, batch: pa.RecordBatch) -> None:
        """Rows that come by, whether they are kept or not."""
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if pa.types.is_string(column.type) and column.null_count < len(column):
                left = self._left.setdefault(name, list(self._kinds))
                if left:
                    trimmed = pc.ascii_trim_whitespace(column)
                    self._left[name] = [kind for kind in left if _is(trimmed, kind)]

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """With the types that all values have; text otherwise, and null for text without values."""
        return pa.schema([field.with_type(self._type(field)) for field in schema])

    def typed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Rows in these types."""
        schema = self.schema(batch.schema)
        columns = [_cast(column, field.type) for column, field in zip(batch.columns, schema, strict=True)]
        return pa.RecordBatch.from_arrays(columns, schema=schema) if columns else batch

    def _type(self, field: pa.Field) -> pa.DataType:
        if not pa.types.is_string(field.type):
            return field.type
        if field.name not in self._left:
            return pa.null()
        return next(iter(self._left[field.name]), field.type)


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_null(kind):
        return pa.nulls(len(column))
    return column if column.type == kind else pc.ascii_trim_whitespace(column).cast(kind)


def _is(column: pa.Array, kind: pa.DataType) -> bool:
    try:
        column.cast(kind)
    except pa.ArrowInvalid:
        return False
    return True
