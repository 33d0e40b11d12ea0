"""What changed upstream since the last time, after a first reading of the whole window in slices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from mlvitals.core.collector import UpstreamError
from mlvitals.core.pace import GoOn

OVERLAP = 120.0
"""Seconds that are read again each time: Airflow's parts write times from clocks of their own."""
SLICE, SHORTEST = 3600.0, 60.0
"""Seconds of history that are read at once, where the source has no wish of its own: twice as many after a slice with
few changes, half after a failure."""
FEW = 500

T = TypeVar("T")
Read = Callable[[float, float], Iterable[T]]
"""Gives what changed from one time on and before another, which may be infinity, as Unix time."""


class Increments(Generic[T]):
    """How far the changes of the last `window` seconds have been read.

    What a failed collection has not read comes next time. `complete` is True once the whole window has been read.
    """

    def __init__(self, window: float, at_once: float = SLICE) -> None:
        """`at_once` are the seconds of history that the first slice has."""
        self.complete = False
        self._window = window
        self._until: float | None = None
        self._slice = self._at_once = at_once
        self._read_at = time.monotonic()

    def read(self, now: float, read: Read[T], note: Callable[[Iterable[T]], None], go_on: GoOn) -> None:
        """Read on, at least one slice, into `note`. `now` is upstream's clock."""
        since, begun = self._since(now), time.monotonic()
        overlap = OVERLAP
        while True:
            until = min(since + self._slice, now)
            # The last slice has no end, so that a clock that is ahead hides nothing.
            changes = _Counted(read(since - overlap, until if until < now else float("inf")))
            try:
                note(changes)
            except UpstreamError:
                # There may be more than one collection has time for.
                self._slice = max(self._slice / 2, SHORTEST)
                raise
            self._until = since = until
            self._slice = self._slice * 2 if changes.count < FEW else self._at_once
            if until >= now:
                self.complete, self._read_at = True, begun
                return
            if not go_on():
                return
            overlap = 0.0

    def _since(self, now: float) -> float:
        if self._until is None:
            return now - self._window
        if not self.complete:
            return min(self._until, now)
        # A clock that was ahead and has been put right: what has passed since is known by ours.
        return min(self._until, now - (time.monotonic() - self._read_at))


class _Counted(Generic[T]):
    """Passes things on and counts them."""

    def __init__(self, things: Iterable[T]) -> None:
        self.count = 0
        self._things = things

    def __iter__(self) -> Iterator[T]:
        for thing in self._things:
            self.count += 1
            yield thing
