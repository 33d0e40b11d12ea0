"""Files, wherever they are: one small seam over local disks, WebHDFS and S3, and the search for files on it."""

from __future__ import annotations

import contextlib
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Protocol

from mlvitals.core.collector import Deadline, Reason, UpstreamError
from mlvitals.core.failures import plain

MAX_FILES = 10_000
"""Files of one location."""
MAX_ENTRIES = 200_000
"""Files and folders looked at to find them."""
MAX_DEPTH = 32
"""Folders in folders: a link may lead back to where it is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a folder: its path as its store takes it, bytes, and when it was last changed (Unix time)."""

    path: str
    is_folder: bool = False
    size: int = 0
    modified: float | None = None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rstrip("/").rpartition("/")[2]


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
        """A file opened to be read anywhere: a binary file of Python without a buffer, or a pyarrow.NativeFile."""
        ...

    def shown(self, path: str) -> str:
        """The path as it may be shown: without user info."""
        ...

    def lost(self, path: str, error: Exception) -> UpstreamError | None:
        """What an error while an opened file was read says of the place where it is; None when it is of the content."""
        ...

    def close(self) -> None:
        """Free connections."""
        ...


@contextlib.contextmanager
def missing_library(name: str, extra: str) -> Iterator[None]:
    """An import within says, where the library is not installed, what brings it. Raises UpstreamError."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != name:
            raise
        raise UpstreamError("internal", f"{name} is not installed: pip install 'mlvitals[{extra}]'") from None


class LocalStore:
    """Files of this machine."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def entry(self, path: str) -> Entry | None:
        """By stat, which follows links."""
        self._deadline.remaining()
        try:
            return _entry(path, Path(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._failure(path, error) from None

    def entries(self, folder: str) -> Sequence[Entry]:
        """By listing and stat. What vanishes meanwhile, and what is neither file nor folder, is left out."""
        self._deadline.remaining()
        try:
            there = [(folder.rstrip("/") + f"/{path.name}", path) for path in Path(folder or "/").iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise self._failure(folder, error) from None
        return [entry for path, _ in there if (entry := self.entry(path))]

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

    def lost(self, path: str, error: Exception) -> UpstreamError | None:
        """What has a number comes from the system."""
        return self._failure(path, error) if isinstance(error, OSError) and error.errno else None

    def close(self) -> None:
        """There is nothing to free."""

    def _failure(self, path: str, error: OSError) -> UpstreamError:
        reason: Reason = "auth" if isinstance(error, PermissionError) else "connect"
        return UpstreamError(reason, f"cannot read {self.shown(path)}: {plain(error.strerror or type(error).__name__)}")


def _entry(path: str, at: Path) -> Entry | None:
    found = at.stat()
    if stat.S_ISDIR(found.st_mode):
        return Entry(path, True, modified=found.st_mtime)
    # A pipe would never end, or never begin.
    return Entry(path, False, found.st_size, found.st_mtime) if stat.S_ISREG(found.st_mode) else None


def has_wildcard(part: str) -> bool:
    """True for a pattern, false for a name."""
    return re.search(r"[*?\[]", part) is not None


def name_matches(name: str, pattern: str) -> bool:
    """True for a name that a pattern means; it means hidden names only when it begins like one."""
    if not has_wildcard(pattern):
        return name == pattern
    return fnmatchcase(name, pattern) and (pattern.startswith(("_", ".")) or not is_hidden(name))


def is_hidden(name: str) -> bool:
    """True for what Hadoop and Spark leave out too: `_SUCCESS`, `_temporary`, `.part-0.crc`."""
    return name.startswith(("_", ".")) or name.endswith((".crc", ".tmp", "._COPYING_"))


class Search:
    """Looks for files in a store, and stops when there are too many. Raises UpstreamError (`limit`).

    `seen` counts the files and folders that were looked at.
    """

    def __init__(self, store: Store, max_files: int | None = None, max_entries: int | None = None) -> None:
        self.seen = 0
        self._store = store
        self._files = 0
        self._max_files = max_files or MAX_FILES
        self._max_entries = max_entries or MAX_ENTRIES

    def matching(self, root: Entry, patterns: Sequence[str]) -> Iterator[Entry]:
        """What is below a folder and matches patterns of names, one for each level, by path."""
        if not patterns:
            yield root
            return
        for entry in self._next(root, patterns[0]):
            if len(patterns) == 1 or entry.is_folder:
                yield from self.matching(entry, patterns[1:])

    def files(self, root: Entry, depth: int = 0) -> Iterator[Entry]:
        """The root, when it is a file; every file below it that is not hidden, by path, when it is a folder."""
        if not root.is_folder:
            self._files += 1
            if self._files > self._max_files:
                raise UpstreamError("limit", f"there are more than {self._max_files} files: choose fewer")
            yield root
            return
        if depth > MAX_DEPTH:
            raise UpstreamError("limit", f"{self._store.shown(root.path)} is more than {MAX_DEPTH} folders deep")
        for entry in self.visible(root):
            yield from self.files(entry, depth + 1)

    def visible(self, folder: Entry) -> list[Entry]:
        """What is directly in a folder and not hidden, by name."""
        return [entry for entry in self._listed(folder) if not is_hidden(entry.name)]

    def _next(self, root: Entry, pattern: str) -> list[Entry]:
        if not has_wildcard(pattern):
            found = self._store.entry(f"{root.path.rstrip('/')}/{pattern}")
            return [found] if found else []
        return [entry for entry in self._listed(root) if name_matches(entry.name, pattern)]

    def _listed(self, folder: Entry) -> list[Entry]:
        found = sorted(self._store.entries(folder.path), key=lambda entry: entry.name)
        self.seen += len(found)
        if self.seen > self._max_entries:
            raise UpstreamError(
                "limit", f"more than {self._max_entries} files and folders had to be looked at: name a smaller folder"
            )
        return found
