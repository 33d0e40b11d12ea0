"""Room for large answers: few are in memory at once, however many exporters ask for one."""

from __future__ import annotations

import threading
from types import TracebackType

from mlvitals.core.collector import Deadline

LARGE = 1 << 20
"""Bytes from which an answer takes one of the places."""
PLACES = 4
_LOOK = 0.1
"""Seconds between two looks at the deadline, which nobody tells a waiting thread of."""
_places = threading.BoundedSemaphore(PLACES)


class Room:
    """One client's place among all of this process; given back at the end of the `with`, if one was taken."""

    def __init__(self) -> None:
        self._taken = False

    def take(self, deadline: Deadline) -> None:
        """Wait for a place, unless this has one. Raises UpstreamError (`timeout`) when none is free in time."""
        while not self._taken:
            deadline.remaining()
            self._taken = _places.acquire(timeout=_LOOK)

    def __enter__(self) -> None:
        """Nothing is taken until an answer is large."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._taken:
            self._taken = False
            _places.release()
