"""A ledger that is read anew from time to time, so that what is gone upstream leaves it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

L = TypeVar("L")


class Renewal(Generic[L]):
    """The ledger in use, and now and then a fresh one beside it that takes its place once it knows everything."""

    def __init__(self, ledger: L, fresh: Callable[[L], L], every: float) -> None:
        """`fresh` makes the next ledger from the one in use, after `every` seconds."""
        self._ledger = ledger
        self._fresh = fresh
        self._every = every
        self._next: L | None = None
        self._begun = time.monotonic()

    def sync(self, read: Callable[[L], object], catch_up: Callable[[L], bool]) -> L:
        """The ledger in use, after `read`; `catch_up` reads into the next one and is True when it is complete."""
        read(self._ledger)
        if self._next is None and time.monotonic() - self._begun > self._every:
            self.renew()
        if self._next is not None and catch_up(self._next):
            self._ledger, self._next = self._next, None
        return self._ledger

    def renew(self) -> None:
        """Begin a fresh ledger now."""
        self._next = self._fresh(self._ledger)
        self._begun = time.monotonic()
