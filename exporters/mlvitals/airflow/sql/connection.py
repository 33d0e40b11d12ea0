"""One read-only connection to a metadata database, made anew when it is lost, and all that can go wrong with it."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, Select, create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from mlvitals.airflow.config import Database
from mlvitals.airflow.sql.driver import Driver
from mlvitals.airflow.sql.schema import Schema, schema_of
from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.credentials import secret
from mlvitals.core.failures import hide, root_cause, tls_words, words_of

MAX_ROWS = 100_000
"""Rows of one statement, of which no more are held."""


class Transaction:
    """A short read-only transaction: what it reads is of one moment."""

    def __init__(self, owner: MetadataDatabase, connection: Connection, deadline: Deadline, schema: Schema) -> None:
        self.schema = schema
        self._owner = owner
        self._connection = connection
        self._deadline = deadline

    def rows(self, statement: Select[Any], most: int = MAX_ROWS) -> Sequence[Row[Any]]:
        """All rows. Raises UpstreamError (`limit`) when there are more than `most`."""
        found = self.first(most + 1, statement)
        if len(found) > most:
            raise UpstreamError("limit", f"more than {most} rows at once: shorten window, or leave DAGs out")
        return found

    def first(self, count: int, statement: Select[Any]) -> Sequence[Row[Any]]:
        """The first rows, at most so many."""
        with self._owner.explained(self._deadline):
            return self._connection.execute(statement.limit(count)).all()


class MetadataDatabase:
    """Airflow's metadata database. Used by one collection at a time; raises UpstreamError only.

    `auth`: a wrong password, a role without rights; `connect`: refused, unknown host or database, TLS, lost;
    `timeout`: a statement, a lock or the whole took too long; `parse`: not Airflow's; `limit`: too many rows.
    """

    def __init__(self, settings: Database) -> None:
        self._settings = settings
        self._driver = _driver(settings)
        self._engine = create_engine(
            f"{self._driver.dialect}://",
            creator=self._connect,
            poolclass=NullPool,
            # Each transaction is ended here, and a lost connection has nothing to be reset.
            pool_reset_on_return=None,
            hide_parameters=True,
        )
        self._connection: Connection | None = None
        self._schema: Schema | None = None
        self._password = ""
        self._deadline = Deadline(0)
        self._failure: UpstreamError | None = None
        self._asks_clock = False
        self._ahead = 0.0

    def clock(self) -> float:
        """The database's clock, Unix time: that of this machine until it was asked."""
        return time.time() + self._ahead

    @contextlib.contextmanager
    def reading(self, deadline: Deadline) -> Iterator[Transaction]:
        """A transaction. Any failure in it closes the connection; the next one begins with a new one."""
        self._enter(deadline)
        try:
            connection, schema = self._begun(deadline)
            yield Transaction(self, connection, deadline, schema)
            with self.explained(deadline):
                connection.rollback()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection, self._schema = self._connection, None, None
        if connection is None:
            return
        with contextlib.suppress(Exception):
            # Not close alone: it would ask a server that may be gone to end the transaction.
            connection.invalidate()
        with contextlib.suppress(Exception):
            connection.close()

    @contextlib.contextmanager
    def explained(self, deadline: Deadline) -> Iterator[None]:
        """Turn what a driver raises into an UpstreamError that shows no secret."""
        try:
            yield
        except UpstreamError as error:
            raise UpstreamError(error.reason, self._shown(str(error))) from error.__cause__
        except Exception as error:
            raise self._failure_of(error, deadline) from error

    def _enter(self, deadline: Deadline) -> None:
        """Once in each collection: a cut of the last one is over."""
        if self._deadline is deadline:
            return
        self._deadline, self._failure, self._asks_clock = deadline, None, self._driver.clock is not None
        collection = self._driver.guard.mend()
        deadline.on_expire(lambda: self._driver.guard.cut(collection))

    def _begun(self, deadline: Deadline) -> tuple[Connection, Schema]:
        if self._connection is not None and self._schema is not None:
            # The server may have ended it since the last collection.
            with contextlib.suppress(UpstreamError), self.explained(deadline):
                self._begin(self._connection, deadline)
                return self._connection, self._schema
            self.close()
        return self._opened(deadline)

    def _opened(self, deadline: Deadline) -> tuple[Connection, Schema]:
        if self._failure:
            # One attempt in a collection: passwords that are refused again and again lock people out.
            raise self._failure
        try:
            with self.explained(deadline):
                deadline.remaining()
                self._connection = connection = self._engine.connect()
                self._begin(connection, deadline)
                self._schema = schema_of(self._driver.look(lambda statement: _run(connection, statement)))
        except UpstreamError as error:
            self._failure = error
            raise
        return connection, self._schema

    def _connect(self) -> Any:
        self._password = secret(self._settings.password, self._settings.password_file)
        return self._driver.connect(self._password, self._deadline)

    def _begin(self, connection: Connection, deadline: Deadline) -> None:
        connection.rollback()
        for statement in self._driver.begin(deadline.remaining()):
            connection.exec_driver_sql(statement)
        if self._asks_clock and self._driver.clock:
            asked = time.time()
            ((now,),) = _run(connection, self._driver.clock)
            self._ahead, self._asks_clock = float(now) - (asked + time.time()) / 2, False

    def _failure_of(self, error: Exception, deadline: Deadline) -> UpstreamError:
        if deadline.expired:
            return UpstreamError("timeout", self._shown("not answered in time"))
        library = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        if known := self._driver.explain(library):
            return UpstreamError(known.reason, self._shown(str(known)))
        cause = root_cause(library)
        if isinstance(cause, ssl.SSLError):
            return UpstreamError("connect", self._shown(f"TLS failed: {tls_words(cause)}"))
        if isinstance(cause, TimeoutError):
            return UpstreamError("timeout", self._shown("no answer in time"))
        if isinstance(cause, OSError):
            return UpstreamError("connect", self._shown(words_of(cause)))
        if isinstance(error, SQLAlchemyError) or library is not error:
            return UpstreamError("connect", self._shown(f"the connection is lost: {words_of(cause)}"))
        return UpstreamError("parse", self._shown(f"this is not the answer of such a database: {words_of(cause)}"))

    def _shown(self, text: str) -> str:
        hidden = hide(text, [self._password])
        return hidden if hidden.startswith(self._driver.name) else f"{self._driver.name}: {hidden}"


def _run(connection: Connection, statement: str) -> Sequence[Any]:
    return connection.exec_driver_sql(statement).all()


def _driver(settings: Database) -> Driver:
    # Each imports a library that the others do not need.
    scheme = urlsplit(settings.url).scheme
    if scheme == "postgresql":
        from mlvitals.airflow.sql.postgresql import PostgreSql

        return PostgreSql(settings)
    if scheme == "mysql":
        from mlvitals.airflow.sql.mysql import MySql

        return MySql(settings)
    from mlvitals.airflow.sql.sqlite import Sqlite

    return Sqlite(settings)
