"""Records the tables of a real Airflow's metadata database: python -m tests.exporters.airflow.record_schema URL FILE.

The URL is SQLAlchemy's, of a database that `airflow db migrate` has made. Only the tables that are read are kept, with
their keys and indexes; foreign keys are left out, because most of them lead to tables that are not read.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, make_url, text

from mlvitals.airflow.sql.schema import TABLES

SCHEMAS = Path(__file__).parent / "schema"
# What pg_dump says that has nothing to do with tables, or names a schema.
_NOISE = re.compile(r"(--|SET |SELECT |\\|$)")


def main() -> int:
    """Write the tables of the database at the first argument to the file named by the second."""
    url, name = sys.argv[1:]
    with create_engine(url).connect() as connection:
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        there = [table for table in sorted(TABLES) if inspect(connection).has_table(table)]
        kind = connection.dialect.name
        statements = [*_STATEMENTS[kind](connection, there)]
    statements.append(f"INSERT INTO alembic_version VALUES ('{version}')")
    (SCHEMAS / name).write_text("".join(f"{statement};\n" for statement in statements))
    return 0


def _sqlite(connection: Connection, tables: Iterable[str]) -> Iterator[str]:
    for table in tables:
        find = "SELECT sql FROM sqlite_master WHERE tbl_name = :table AND sql IS NOT NULL ORDER BY type DESC, name"
        for (statement,) in connection.execute(text(find), {"table": table}):
            yield re.sub(
                r",\s*(?:CONSTRAINT \S+ )?FOREIGN KEY\s*\([^)]*\) REFERENCES [^,()]+\([^)]*\)[^,)]*", "", statement
            )


def _postgresql(connection: Connection, tables: Iterable[str]) -> Iterator[str]:
    url = make_url(connection.engine.url).set(drivername="postgresql")
    only = [option for table in tables for option in ("-t", table)]
    command = ["pg_dump", "--schema-only", "--no-owner", "--no-privileges", *only, url.render_as_string(False)]
    dump = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    kept = "\n".join(line for line in dump.splitlines() if not _NOISE.match(line)).replace("public.", "")
    yield from (statement for statement in kept.rstrip(";").split(";\n") if "FOREIGN KEY" not in statement)


def _mysql(connection: Connection, tables: Iterable[str]) -> Iterator[str]:
    for table in tables:
        statement = connection.execute(text(f"SHOW CREATE TABLE `{table}`")).one()[1]
        yield re.sub(r",\n  CONSTRAINT `\w+` FOREIGN KEY[^\n]*?(?=,?\n)", "", statement)


_STATEMENTS = {"sqlite": _sqlite, "postgresql": _postgresql, "mysql": _mysql}

if __name__ == "__main__":
    sys.exit(main())
