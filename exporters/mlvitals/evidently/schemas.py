"""One schema for files whose schemas differ."""

from __future__ import annotations

import pyarrow as pa

from mlvitals.core.failures import plain


class Unified:
    """The union of the columns seen so far; types of numbers widen."""

    def __init__(self) -> None:
        self.schema = pa.schema([])

    def add(self, schema: pa.Schema) -> None:
        """One more. Raises ValueError, which names the column, for types that have nothing in common."""
        schema = schema.remove_metadata()
        if schema.equals(self.schema):
            return
        try:
            self.schema = _merged(self.schema, schema)
        except pa.ArrowException:
            raise ValueError(self._at_odds(schema)) from None

    def _at_odds(self, schema: pa.Schema) -> str:
        for field in schema:
            index = self.schema.get_field_index(field.name)
            if index < 0:
                continue
            before = self.schema.field(index)
            try:
                _merged(pa.schema([before]), pa.schema([field]))
            except pa.ArrowException:
                kinds = f"{plain(str(field.type), 80)} here and {plain(str(before.type), 80)} before"
                return f"the column {plain(field.name, 80)!r} is {kinds}"
        return "the columns are of other types than before"


def _merged(one: pa.Schema, other: pa.Schema) -> pa.Schema:
    return pa.unify_schemas([one, other], promote_options="permissive")
