"""Reads a file that somebody may be writing: the whole of it, or an error."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from typing import NamedTuple

ATTEMPTS = 20
PAUSE = 0.1
"""Seconds for which nobody must have written.

Also much longer than a tick of a file system's clock: what is written within the tick of the last write, in place and
with the same size, changes nothing that can be seen.
"""


class _State(NamedTuple):
    device: int
    inode: int
    size: int
    modified: int

    @classmethod
    def of(cls, status: os.stat_result) -> _State:
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)

    def is_fresh(self) -> bool:
        # One that is ahead was set by another clock, and tells nothing.
        return 0 <= time.time() - self.modified / 1e9 < PAUSE


def read(path: Path, limit: int) -> bytes:
    """The first `limit` bytes. A file that has just been written is waited for; what is no regular file is not.

    Raises OSError, also for one that is still being written after two seconds.
    """
    for _ in range(ATTEMPTS):
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            raw = file.read(limit)
        before = _State.of(status)
        if not stat.S_ISREG(status.st_mode) or (before == _now(path) and not before.is_fresh()):
            return raw
        time.sleep(PAUSE)
    raise OSError("it is still being written; load it again when it is complete")


def _now(path: Path) -> _State | None:
    try:
        return _State.of(path.stat())
    except FileNotFoundError:
        # Between the old and the new one, perhaps.
        return None
