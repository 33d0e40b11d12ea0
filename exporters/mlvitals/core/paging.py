"""How many objects are asked for at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from mlvitals.core.collector import UpstreamError

SMALL_FOR = 3600.0
"""Seconds after which a page that was too large is tried again in its full size."""

T = TypeVar("T")


class PageSize:
    """The size of a page: a quarter of the objects after an answer that was too large, for an hour.

    Nobody knows beforehand how large an object is: people put what they like into it. Each answer that is too large
    costs the reading of it, so few of them are taken.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = self._size = most
        self._clock = clock
        self._cut_at = clock()

    def __call__(self, read: Callable[[int], T]) -> T:
        """What `read` gives of as many objects as fit. Raises its UpstreamError (`limit`) when one is too large."""
        if self._clock() - self._cut_at > SMALL_FOR:
            self._size = self._most
        while True:
            try:
                return read(self._size)
            except UpstreamError as error:
                if error.reason != "limit" or self._size == 1:
                    raise
            self._size = max(self._size // 4, 1)
            self._cut_at = self._clock()
