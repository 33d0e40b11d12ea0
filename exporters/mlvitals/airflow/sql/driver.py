"""What differs from database to database, and is not SQL: how it is reached, bounded, looked into and understood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from mlvitals.airflow.sql.schema import Catalogue
from mlvitals.core.collector import Deadline, UpstreamError

Ask = Callable[[str], Sequence[Any]]
"""Runs a statement of the driver's own and gives its rows."""


class Guard(Protocol):
    """Frees a blocked call from another thread, as `mlvitals.core.connections.SocketGuard` does."""

    def mend(self) -> int:
        """Let calls go through again; gives what `cut` takes."""
        ...

    def cut(self, collection: int) -> None:
        """End the call that is under way and those that come, until the next `mend`."""
        ...


class Driver(Protocol):
    """One kind of database. `name` is its address, as it may be shown; `dialect` is SQLAlchemy's name."""

    name: str
    dialect: str

    @property
    def clock(self) -> str | None:
        """A statement that gives the server's Unix time; None where there is no server."""
        ...

    @property
    def guard(self) -> Guard:
        """What ends a blocked call."""
        ...

    def connect(self, password: str, deadline: Deadline) -> Any:
        """A new connection, as the DB-API has it. Raises whatever the library does."""
        ...

    def begin(self, seconds: float) -> Sequence[str]:
        """Statements that begin a transaction in which nothing is written and no statement takes longer than this."""
        ...

    def look(self, ask: Ask) -> Catalogue:
        """The tables of Airflow that this role sees. Raises UpstreamError when it sees none, and why is known."""
        ...

    def explain(self, error: BaseException) -> UpstreamError | None:
        """What an error of the library means; None when it says nothing that is known here."""
        ...
