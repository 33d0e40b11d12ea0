"""MySQL and MariaDB over PyMySQL."""

from __future__ import annotations

import socket
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pymysql

from mlvitals.airflow.config import Database
from mlvitals.airflow.sql.driver import Ask
from mlvitals.airflow.sql.network import CONNECT_TIMEOUT, Server
from mlvitals.airflow.sql.schema import TABLES, Catalogue
from mlvitals.core.collector import Deadline, Reason, UpstreamError
from mlvitals.core.failures import plain

_NAMES = ", ".join(f"'{table}'" for table in sorted(TABLES))
_COLUMNS = f"""
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = database() AND table_name IN ({_NAMES})
"""  # noqa: S608
# https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html and https://mariadb.com/kb/en/mariadb-error-code-reference/
_REASONS: Mapping[int, Reason] = {
    1044: "auth",
    1045: "auth",
    1142: "auth",
    1143: "auth",
    1227: "auth",
    1698: "auth",
    1820: "auth",
    1862: "auth",
    3118: "auth",
    4151: "auth",
    1205: "timeout",
    1317: "timeout",
    1969: "timeout",
    3024: "timeout",
    1040: "connect",
    1049: "connect",
    1053: "connect",
    1129: "connect",
    1130: "connect",
    1203: "connect",
    1226: "connect",
    2006: "connect",
    2013: "connect",
    2026: "connect",
    3159: "connect",
}
_LOST = (2003, 2006, 2013)
GREETING_TIMEOUT = 10.0
"""Seconds; a server that looks up the name of this host first takes a while."""


class MySql:
    """A MySQL or MariaDB server."""

    dialect = "mysql+pymysql"
    clock = "SELECT UNIX_TIMESTAMP(NOW(6))"

    def __init__(self, settings: Database) -> None:
        self._server = Server(settings, 3306)
        self._user = settings.username or ""
        self.name = self._server.name
        self.guard = self._server.guard
        self._is_mariadb = False

    def connect(self, password: str, deadline: Deadline) -> Any:
        """A new connection, in UTC."""
        context = self._server.context()
        # It sets the socket's timeout itself, to this each time.
        longest = max(deadline.remaining(), CONNECT_TIMEOUT)
        connection = pymysql.Connection(
            user=self._user,
            password=password.encode(),
            host=self._server.name_in_certificate,
            database=self._server.database,
            ssl=context,
            # Without a context it would be TLS without a look at the certificate, when the server has it.
            ssl_disabled=context is None,
            read_timeout=longest,
            write_timeout=longest,
            program_name="mlvitals",
            defer_connect=True,
        )
        with self._server.dialled(deadline) as sock:
            _await_greeting(sock, min(GREETING_TIMEOUT, deadline.remaining()))
            connection.connect(sock)
        self._is_mariadb = "mariadb" in connection.get_server_info().lower()
        with connection.cursor() as cursor:
            cursor.execute("SET time_zone = '+00:00'")
        return connection

    def begin(self, seconds: float) -> Sequence[str]:
        """The two bound the time of a statement each in a way of its own."""
        if self._is_mariadb:
            bound = f"SET max_statement_time = {max(0.001, seconds):.3f}"
        else:
            bound = f"SET max_execution_time = {max(1, int(seconds * 1000))}"
        wait = f"SET lock_wait_timeout = {max(1, int(seconds))}"
        return bound, wait, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"

    def look(self, ask: Ask) -> Catalogue:
        """The tables that this user may read: others are not shown."""
        there = defaultdict[str, set[str]](set)
        for table, column in ask(_COLUMNS):
            there[table].add(column)
        return Catalogue(there, hides=True, grant=self._grant)

    def _grant(self, tables: Sequence[str]) -> str:
        # Not on all: connections and variables are nobody's business.
        return " ".join(f"GRANT SELECT ON {self._server.database}.{table} TO {self._user};" for table in tables)

    def explain(self, error: BaseException) -> UpstreamError | None:
        """By its number."""
        if isinstance(error, RuntimeError) and "cryptography" in str(error):
            return UpstreamError(
                "auth", f"the password of {self._user} goes over TLS only: set tls_config, here and there"
            )
        if not isinstance(error, pymysql.MySQLError) or len(error.args) < 2:
            return None
        code, text = error.args[0], plain(str(error.args[1]))
        if code in _LOST and (error.__cause__ or error.__context__):
            # What the operating system said is plainer.
            return None
        return UpstreamError(_REASONS.get(code, "parse"), f"{text}{self._advice(code)}")

    def _advice(self, code: int) -> str:
        if code == 1044:
            return f": {self._grant(['dag'])} and so on for the tables that the guide lists"
        return ": set tls_config" if code == 3159 else ""


def _await_greeting(sock: socket.socket, seconds: float) -> None:
    """Until the server speaks, which other servers, PostgreSQL say, do not before they are spoken to."""
    sock.settimeout(seconds)
    try:
        sock.recv(1, socket.MSG_PEEK)
    except TimeoutError:
        words = "no greeting, with which MySQL and MariaDB begin: is this their port?"
        raise UpstreamError("timeout", words) from None
