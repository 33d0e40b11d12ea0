"""JSON in columns: only the part that is wanted leaves the database, and only when it is short."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ColumnElement, Label, Text, case, cast, func, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

LONGEST = 2000
"""Characters of JSON that are read; none of what is wanted is longer."""
_TOO_LONG = json.dumps("x" * LONGEST)


_SQLITE = """(
SELECT CASE type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' WHEN 'object' THEN NULL WHEN 'array' THEN NULL
ELSE json_quote(value) END FROM json_each(CASE WHEN json_valid({column}) THEN {column} END) WHERE key = {key}
)"""


class _Member(FunctionElement[str]):
    """The JSON text of the member of an object, NULL when there is none; arguments: column, key."""

    type = Text()
    inherit_cache = True


@compiles(_Member, "postgresql")
def _of_postgresql(element: _Member, compiler: SQLCompiler, **options: Any) -> str:
    column, key = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST({column} -> CAST({key} AS TEXT) AS TEXT)"


@compiles(_Member, "mysql")
@compiles(_Member, "mariadb")
def _of_mysql(element: _Member, compiler: SQLCompiler, **options: Any) -> str:
    column, key = (compiler.process(each, **options) for each in element.clauses)
    return f"JSON_EXTRACT({column}, CONCAT('$.', JSON_QUOTE({key})))"


@compiles(_Member, "sqlite")
def _of_sqlite(element: _Member, compiler: SQLCompiler, **options: Any) -> str:
    column, key = (compiler.process(each, **options) for each in element.clauses)
    # A path could not quote every key, and text that is no JSON would end the statement.
    return _SQLITE.format(column=column, key=key)


def member(column: ColumnElement[Any], key: str, name: str) -> Label[Any]:
    """The member of a JSON object, for `parsed`; a text that is too long comes as another one that is too long."""
    text = cast(_Member(column, literal(key)), Text)
    too_long = case((func.substr(text, 1, 1) == '"', _TOO_LONG))
    return case((func.length(text) <= LONGEST, text), else_=too_long).label(name)


def whole(column: ColumnElement[Any], name: str, *, binary: bool) -> Label[Any]:
    """The JSON that a column holds, for `parsed`."""
    text = column if binary else cast(column, Text)
    return case((func.length(text) <= LONGEST, text)).label(name)


def parsed(fragment: Any) -> str | int | float | None:
    """The text, number or boolean that came out of the database; None for all else, pickles too."""
    if isinstance(fragment, (bytes, bytearray, memoryview)):
        fragment = bytes(fragment).decode(errors="replace")
    if not isinstance(fragment, str) or not fragment.startswith(('"', "-", "t", "f", *"0123456789")):
        return None
    try:
        value = json.loads(fragment)
    except ValueError:
        return None
    return value if isinstance(value, (str, int, float)) else None
