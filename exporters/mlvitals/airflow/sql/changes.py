"""How far the changes of runs have been read, by those who remember what they read."""

from __future__ import annotations

import time
from typing import NamedTuple

from mlvitals.airflow.increments import OVERLAP
from mlvitals.airflow.sql.births import Births
from mlvitals.airflow.sql.connection import Transaction
from mlvitals.airflow.sql.schema import Schema

REACH = 86400.0
"""Seconds before the first change that is asked for: of runs that were made since then, it is seen when they change."""
LONGEST_RUN = 7 * 86400.0
"""The same for who asks for what is long past, and has not seen which older runs were active then."""


class Span(NamedTuple):
    """Changes at or after `since` (Unix time), of runs numbered `first` or higher; `whole` for all of the window."""

    since: float
    first: int
    whole: bool
    now: float


class Changes:
    """What to read next. All is read anew now and then, and over a new connection: it may be another database."""

    def __init__(self, births: Births, renew_after: float) -> None:
        self._births = births
        self._renew_after = renew_after
        self._schema: Schema | None = None
        self._until: float | None = None
        self._renewed = time.monotonic()

    def next(self, window: float, now: float, transaction: Transaction) -> Span:
        """What changed since `window`, as far as it has not been read."""
        if transaction.schema is not self._schema or time.monotonic() - self._renewed > self._renew_after:
            self._schema, self._until = transaction.schema, None
        whole = self._until is None
        since = window if self._until is None else min(self._until, now) - OVERLAP
        first = self._births.first_since(since - (LONGEST_RUN if whole else REACH), transaction)
        return Span(since, first, whole, now)

    def done(self, span: Span) -> None:
        """It has been read."""
        self._until = span.now
        if span.whole:
            self._renewed = time.monotonic()
