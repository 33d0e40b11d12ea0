"""One schema for files whose schemas differ."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa

from mlvitals.core.failures import plain


class Unified:
    """The union of the columns seen so far; types of numbers widen."""

    def __init__(self) -> None:
        self.schema = pa.schema([])

    def add(self, schema: pa.Schema) -> dict[str, str]:
        """One more. Columns whose types have nothing in common with what they were before -> in words; they are left
        out.
        """
        schema = schema.remove_metadata()
        if schema.equals(self.schema):
            return {}
        try:
            self.schema = _merged(self.schema, schema)
        except pa.ArrowException:
            at_odds = self._at_odds(schema)
            self.schema = _merged(_less(self.schema, at_odds), _less(schema, at_odds))
            return at_odds
        return {}

    def _at_odds(self, schema: pa.Schema) -> dict[str, str]:
        found: dict[str, str] = {}
        for field in schema:
            index = self.schema.get_field_index(field.name)
            if index < 0:
                continue
            before = self.schema.field(index)
            try:
                _merged(pa.schema([before]), pa.schema([field]))
            except pa.ArrowException:
                found[field.name] = f"it is {plain(str(field.type), 80)} here and {plain(str(before.type), 80)} before"
        return found


def _less(schema: pa.Schema, names: Collection[str]) -> pa.Schema:
    return pa.schema([field for field in schema if field.name not in names])


def _merged(one: pa.Schema, other: pa.Schema) -> pa.Schema:
    return pa.unify_schemas([one, other], promote_options="permissive")
