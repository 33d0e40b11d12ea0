"""Files, wherever they are: the seam under a workspace in a folder, and the files of this machine."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mlvitals.core.collector import Deadline, Reason, UpstreamError
from mlvitals.core.failures import plain, words_of


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a folder: bytes, and when it was last changed (Unix time)."""

    path: str
    is_folder: bool = False
    size: int = 0
    modified: float | None = None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


class Store(Protocol):
    """Where files are. Made for one computation and its deadline; paths have `/` between their parts.

    Raises UpstreamError only: `auth` (not allowed), `connect`, `timeout`, `http`, `parse`, `limit`.
    """

    def entry(self, path: str) -> Entry | None:
        """What is at this path; None when nothing is."""
        ...

    def entries(self, folder: str) -> Sequence[Entry]:
        """What is directly in a folder, in any order; nothing when it is not there any more."""
        ...

    def open(self, entry: Entry) -> Any:
        """A file opened to be read: a binary file of Python without a buffer."""
        ...

    def shown(self, path: str) -> str:
        """The path as it may be shown: without user info."""
        ...

    def close(self) -> None:
        """Free connections."""
        ...


class LocalStore:
    """The local disk. Raises UpstreamError only: `auth` (not allowed), `connect`, `timeout`."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def entry(self, path: str) -> Entry | None:
        """By stat, which follows links; None for what is neither file nor folder: a pipe would never end."""
        self._deadline.remaining()
        try:
            found = Path(path).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._failure(path, error) from None
        if stat.S_ISDIR(found.st_mode):
            return Entry(path, is_folder=True, modified=found.st_mtime)
        return Entry(path, False, found.st_size, found.st_mtime) if stat.S_ISREG(found.st_mode) else None

    def entries(self, folder: str) -> Sequence[Entry]:
        """By listing and stat; what vanishes meanwhile is left out."""
        self._deadline.remaining()
        try:
            paths = [f"{folder}/{each.name}" for each in Path(folder or "/").iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise self._failure(folder, error) from None
        return [entry for path in paths if (entry := self.entry(path))]

    def open(self, entry: Entry) -> Any:
        """Without a buffer: whoever reads knows how much comes next."""
        self._deadline.remaining()
        try:
            return Path(entry.path).open("rb", buffering=0)
        except OSError as error:
            raise self._failure(entry.path, error) from None

    def shown(self, path: str) -> str:
        """As it is."""
        return plain(path)

    def close(self) -> None:
        """There is nothing to free."""

    def _failure(self, path: str, error: OSError) -> UpstreamError:
        reason: Reason = "auth" if isinstance(error, PermissionError) else "connect"
        return UpstreamError(reason, f"cannot read {self.shown(path)}: {words_of(error)}")
