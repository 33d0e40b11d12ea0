"""Points in time as Unix time, whatever a database keeps them as."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, String, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

_LATEST = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


class _Read(FunctionElement[float]):
    inherit_cache = True


@compiles(_Read)
def _as_it_is(element: _Read, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_Read, "postgresql")
def _seconds(element: _Read, compiler: SQLCompiler, **options: Any) -> str:
    # The driver takes longer to read the text of a time than the server to find it.
    return f"CAST(EXTRACT(EPOCH FROM {compiler.process(element.clauses, **options)}) AS DOUBLE PRECISION)"


class UnixTime(TypeDecorator[float]):
    """Seconds since 1970; times without a zone are UTC, as Airflow writes them. None is what is no time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """SQLite keeps text."""
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else DateTime(timezone=True))

    def column_expression(self, column: ColumnElement[float]) -> ColumnElement[float]:
        """How a time is selected."""
        read = _Read(column)
        read.type = self
        return read

    def process_bind_param(self, value: float | None, dialect: Dialect) -> datetime | str | None:
        """A time to compare with."""
        if value is None:
            return None
        time = datetime.fromtimestamp(max(0.0, min(value, _LATEST)), UTC)
        if dialect.name == "sqlite":
            return time.strftime("%Y-%m-%d %H:%M:%S.%f")
        return time if dialect.name == "postgresql" else time.replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> float | None:
        """A time that was selected."""
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                return None
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
        return value if isinstance(value, float) and math.isfinite(value) else None
