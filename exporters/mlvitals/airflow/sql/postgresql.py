"""PostgreSQL over pg8000."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pg8000

from mlvitals.airflow.config import Database
from mlvitals.airflow.sql.driver import Ask
from mlvitals.airflow.sql.network import Server
from mlvitals.airflow.sql.schema import TABLES, Catalogue
from mlvitals.core.collector import Deadline, Reason, UpstreamError
from mlvitals.core.failures import plain

_NAMES = ", ".join(f"'{table}'" for table in sorted(TABLES))
# information_schema shows only what a role may read, and could not tell what is missing from what is forbidden.
_COLUMNS = f"""
SELECT c.relname, a.attname, pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE c.relname IN ({_NAMES}) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_catalog.pg_table_is_visible(c.oid)
AND a.attnum > 0 AND NOT a.attisdropped
"""  # noqa: S608
_ELSEWHERE = """
SELECT n.nspname, pg_catalog.has_schema_privilege(n.oid, 'USAGE')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname IN ('dag', 'dag_run', 'task_instance') AND c.relkind IN ('r', 'p')
GROUP BY n.oid, n.nspname HAVING count(*) = 3 ORDER BY n.nspname
"""
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_REASONS: Mapping[str, Reason] = {
    "28": "auth",
    "42501": "auth",
    "57014": "timeout",
    "55P03": "timeout",
    # A standby that has to go on with what its primary did.
    "40001": "timeout",
    "25P03": "timeout",
    "08": "connect",
    "3D": "connect",
    "53": "connect",
    "57": "connect",
}


class PostgreSql:
    """A PostgreSQL server."""

    dialect = "postgresql+pg8000"
    clock = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)"

    def __init__(self, settings: Database) -> None:
        self._server = Server(settings, 5432)
        self._user = settings.username or ""
        self._encrypts = settings.tls_config is not None
        self.name = self._server.name
        self.guard = self._server.guard

    def connect(self, password: str, deadline: Deadline) -> Any:
        """A new connection."""
        context = self._server.context()
        with self._server.dialled(deadline) as sock:
            return pg8000.Connection(
                self._user,
                host=self._server.name_in_certificate,
                database=self._server.database,
                password=password,
                # None would be TLS without a look at the certificate, when the server has it.
                ssl_context=context or False,
                sock=sock,
                application_name="mlvitals",
            )

    def begin(self, seconds: float) -> Sequence[str]:
        """All in one call to the server."""
        self._server.allow(seconds)
        milliseconds = max(1, int(seconds * 1000))
        return (
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;"
            f"SET LOCAL statement_timeout = {milliseconds};"
            f"SET LOCAL idle_in_transaction_session_timeout = {milliseconds};"
            # Compiling such a query takes longer than running it.
            "SET LOCAL jit = off",
        )

    def look(self, ask: Ask) -> Catalogue:
        """The tables in the schemas that this role searches."""
        there, forbidden = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
        for table, column, readable in ask(_COLUMNS):
            there[table].add(column)
            if not readable:
                forbidden[table].add(column)
        if "dag" not in there:
            self._look_elsewhere(ask)
        return Catalogue(there, forbidden, grant=self._grant)

    def explain(self, error: BaseException) -> UpstreamError | None:
        """By its SQLSTATE; pg8000 keeps the server's answer as a mapping of one-letter fields."""
        said = error.args[0] if error.args else None
        if isinstance(error, pg8000.InterfaceError) and said == "Server refuses SSL":
            return UpstreamError("connect", "the server does not speak TLS: leave tls_config out, or set it up there")
        if not isinstance(said, dict):
            return None
        code, text = str(said.get("C", "")), plain(str(said.get("M", "")))
        reason = _REASONS.get(code) or _REASONS.get(code[:2], "parse")
        return UpstreamError(reason, f"{text}{self._advice(code, text)}")

    def _grant(self, tables: Sequence[str]) -> str:
        # Without its end the last word could be taken for the begin of a password, and hidden.
        return f"GRANT SELECT ON {', '.join(tables)} TO {_quoted(self._user)};"

    def _advice(self, code: str, text: str) -> str:
        if code == "42501" and self._server.database in text:
            return f": GRANT CONNECT ON DATABASE {_quoted(self._server.database)} TO {_quoted(self._user)};"
        if code == "28000" and not self._encrypts and "pg_hba.conf" in text:
            return "; it may be that the server wants TLS: set tls_config"
        return ""

    def _look_elsewhere(self, ask: Ask) -> None:
        for schema, usable in ask(_ELSEWHERE):
            if not usable:
                grant = f"GRANT USAGE ON SCHEMA {_quoted(schema)} TO {_quoted(self._user)};"
                raise UpstreamError("auth", f"the role {self._user} may not look into {schema}: {grant}")
            path = f"ALTER ROLE {_quoted(self._user)} SET search_path = {_quoted(schema)};"
            raise UpstreamError("parse", f"Airflow's tables are in the schema {schema}: {path}")


def _quoted(name: str) -> str:
    return name if name.isidentifier() and name == name.lower() else '"' + name.replace('"', '""') + '"'
