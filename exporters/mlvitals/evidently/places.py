"""Places for computations: so many at once, and whoever has waited longest is next."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator

from mlvitals.core.collector import Deadline


class Places:
    """So many computations may run at once. Thread-safe."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting = deque[threading.Event]()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def one(self, deadline: Deadline) -> Iterator[None]:
        """Wait for a place, and have it. Raises UpstreamError when the deadline comes first."""
        turn = self._asked()
        try:
            deadline.on_expire(turn.set)
            with deadline.waiting():
                turn.wait(deadline.remaining())
            deadline.remaining()
            yield
        finally:
            self._left(turn)

    def _asked(self) -> threading.Event:
        turn = threading.Event()
        with self._lock:
            self._waiting.append(turn)
            self._call()
        return turn

    def _left(self, turn: threading.Event) -> None:
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
            else:
                self._free += 1
                self._call()

    def _call(self) -> None:
        while self._free and self._waiting:
            self._free -= 1
            self._waiting.popleft().set()
