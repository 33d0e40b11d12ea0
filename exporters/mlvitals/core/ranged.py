"""A file whose bytes are fetched where they are needed."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any

Fetch = Callable[[int, int], bytes]
"""Gives so many bytes from an offset on, all of which are there."""


class RangedFile(io.RawIOBase):
    """A binary file of a known size, to be read anywhere. Each read is one fetch."""

    def __init__(self, size: int, fetch: Fetch) -> None:
        self._size = size
        self._fetch = fetch
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Also beyond the end, as of any file."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("a position before the beginning")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        """The position."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """As much as there is room for, up to the end."""
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self._size - self._at))
        if count:
            view[:count] = self._fetch(self._at, count)
            self._at += count
        return count
