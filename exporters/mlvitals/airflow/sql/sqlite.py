"""SQLite: a file, opened to read only."""

from __future__ import annotations

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from mlvitals.airflow.config import Database
from mlvitals.airflow.sql.driver import Ask
from mlvitals.airflow.sql.schema import TABLES, Catalogue
from mlvitals.core.collector import Deadline, Reason, UpstreamError
from mlvitals.core.failures import plain

_NAMES = ", ".join(f"'{table}'" for table in sorted(TABLES))
_COLUMNS = f"""
SELECT found.name, part.name FROM sqlite_master found JOIN pragma_table_info(found.name) part
WHERE found.type IN ('table', 'view') AND found.name IN ({_NAMES})
"""  # noqa: S608
_REASONS: Sequence[tuple[str, Reason]] = (
    ("interrupted", "timeout"),
    ("locked", "timeout"),
    ("busy", "timeout"),
    ("not a database", "parse"),
    ("malformed", "parse"),
    ("no such", "parse"),
)


class Interrupter:
    """Ends the statement that runs on one connection. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._mended = 0
        self.is_cut = False

    def watch(self, connection: sqlite3.Connection) -> None:
        """Remember the connection."""
        with self._lock:
            self._connection = connection

    def mend(self) -> int:
        """Let statements run again; gives what `cut` takes."""
        with self._lock:
            self.is_cut = False
            self._mended += 1
            return self._mended

    def cut(self, collection: int) -> None:
        """End statements until the next `mend`; does nothing when that has come already."""
        with self._lock:
            if collection == self._mended:
                self.is_cut = True
                if self._connection is not None:
                    self._connection.interrupt()


class Sqlite:
    """A SQLite file."""

    dialect = "sqlite"
    clock = None

    def __init__(self, settings: Database) -> None:
        self._path = Path(unquote(urlsplit(settings.url).path[1:]))
        self.name = f"the SQLite file {plain(str(self._path))}"
        self.guard = Interrupter()

    def connect(self, password: str, deadline: Deadline) -> Any:
        """A new connection."""
        if not self._path.is_file():
            raise UpstreamError("connect", "there is no such file")
        address = f"file:{quote(str(self._path))}?mode=ro"
        connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
        connection.text_factory = _text
        connection.execute("PRAGMA query_only = ON")
        # Python calls this every so many steps; an interrupt that comes between two statements is lost.
        connection.set_progress_handler(lambda: self.guard.is_cut, 100_000)
        self.guard.watch(connection)
        return connection

    def begin(self, seconds: float) -> Sequence[str]:
        """A writer that holds the file is waited for."""
        return f"PRAGMA busy_timeout = {max(1, int(seconds * 1000))}", "BEGIN"

    def look(self, ask: Ask) -> Catalogue:
        """The tables in the file."""
        there = defaultdict[str, set[str]](set)
        for table, column in ask(_COLUMNS):
            there[table].add(column)
        return Catalogue(there)

    def explain(self, error: BaseException) -> UpstreamError | None:
        """By its words: Python 3.11 is the first to give a code, and not for all."""
        if not isinstance(error, sqlite3.Error):
            return None
        text = plain(str(error))
        reason: Reason = next((reason for word, reason in _REASONS if word in text), "connect")
        return UpstreamError(reason, f"{text}")


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
