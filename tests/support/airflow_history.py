"""A metadata database of Airflow 3 on PostgreSQL with a made-up past, made in the server itself.

Every DAG runs once an hour, with runs and tasks numbered in the order of time, as Airflow does. One DAG in twenty has
been quiet for days, one in ten has confs, one in twenty-five triggers the next one. In the last hour some run and some
are queued.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SCHEMAS = Path(__file__).resolve().parents[1] / "exporters/airflow/schema"
HISTORY = Path(__file__).with_suffix(".sql")


def statements(file: Path) -> list[str]:
    """The statements of a file."""
    text = re.sub(r"^--.*\n", "", file.read_text(), flags=re.MULTILINE)
    return [statement for statement in text.split(";\n") if statement.strip()]


@dataclass(frozen=True)
class History:
    """So many DAGs, each with so many runs of so many tasks."""

    dags: int = 500
    hours: int = 2000
    tasks: int = 10

    def create(self, execute: Callable[[str], object]) -> None:
        """Make the tables and fill them, in an empty database; keys and indexes come last, because that is faster."""
        schema = statements(SCHEMAS / "postgresql-3.3.sql")
        keys = [statement for statement in schema if "ADD CONSTRAINT" in statement or " INDEX " in statement]
        tables = [statement for statement in schema if statement not in keys]
        for each in (*tables, *self.rows(), *keys, "VACUUM (ANALYZE)"):
            execute(each)

    def rows(self) -> list[str]:
        """The statements that fill the tables of a database that has them, and nothing in them."""
        return [re.sub(r":(dags|hours|tasks)\b", self._number, statement) for statement in statements(HISTORY)]

    def _number(self, name: re.Match[str]) -> str:
        return str(getattr(self, name[1]))
