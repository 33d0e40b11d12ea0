"""A workspace in a folder: `<project>/metadata.json` and `<project>/snapshots/<uuid>.json`.

Source: evidently/ui/storage/local/base.py of Evidently 0.7.23.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from pydantic import ValidationError
from pydantic_core import from_json

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.failures import misshapen, words_of
from mlvitals.core.files import Entry, Store
from mlvitals.core.locations import Access, opened, path_in_store
from mlvitals.core.outbound import MAX_VALUES, count_values
from mlvitals.core.room import LARGE, Room
from mlvitals.evidently.workspace import answers
from mlvitals.evidently.workspace.answers import Download, Header, Project
from mlvitals.evidently.workspace.sieve import without_widgets
from mlvitals.evidently.workspace.source import UUID, SnapshotRef, added

MAX_ENTRIES = 10_000
"""Projects of a workspace, and snapshots of a project."""
MAX_FILE = 256 << 20
"""Bytes of a snapshot's file that are read. Nearly all are widgets, of which none is kept."""
MAX_KEPT = 16 << 20
"""Bytes of what is kept."""
_HEAD = 64 << 10
"""Bytes within which a snapshot's header is: Evidently writes it before all results. A project has no more."""
_PIECE = 1 << 20


class FolderSource:
    """A folder, local or on HDFS or S3. A snapshot that cannot be read is not tried again until its file changes."""

    def __init__(self, location: str, access: Access) -> None:
        self._location = location
        self._access = access
        self._root = path_in_store(location).rstrip("/")
        self._store: tuple[Deadline, Store] | None = None
        self._seen: dict[str, tuple[Entry, SnapshotRef]] = {}

    def projects(self, deadline: Deadline) -> Iterator[Project]:
        """All projects; a folder without metadata.json is none."""
        store = self._at(deadline)
        root = store.entry(self._root or "/")
        if root is None or not root.is_folder:
            raise UpstreamError("connect", f"there is no folder {store.shown(self._root)}")
        folders = _listed(store, self._root)
        there = tuple(f"{folder.path}/" for folder in folders)
        self._seen = {path: seen for path, seen in self._seen.items() if path.startswith(there)}
        for folder in folders:
            path = f"{folder.path}/metadata.json"
            if folder.is_folder and UUID.fullmatch(folder.name) and (metadata := store.entry(path)):
                yield _project(store, metadata, folder.name, deadline)

    def snapshots(self, project_id: str, deadline: Deadline) -> list[SnapshotRef]:
        """All snapshots of a project. Of each new one the start is read."""
        store = self._at(deadline)
        folder = f"{self._root}/{project_id}/snapshots"
        found = {entry.path: entry for entry in _listed(store, folder) if _is_snapshot(entry)}
        for gone in [path for path in self._seen if path.startswith(f"{folder}/") and path not in found]:
            del self._seen[gone]
        for path, entry in found.items():
            if path not in self._seen or self._seen[path][0] != entry:
                self._seen[path] = entry, _ref(store, entry, deadline)
        return [self._seen[path][1] for path in found]

    def read(self, project_id: str, snapshot: SnapshotRef, deadline: Deadline) -> Download:
        """The metrics and tests of a snapshot. Raises UpstreamError (`parse`, `limit`) for a broken one."""
        if snapshot.failure:
            raise snapshot.failure
        store = self._at(deadline)
        entry, _ = self._seen[f"{self._root}/{project_id}/snapshots/{snapshot.id}.json"]
        try:
            return _content(store, entry, deadline)
        except UpstreamError as error:
            if error.reason in ("parse", "limit"):
                self._seen[entry.path] = entry, replace(snapshot, failure=error)
            raise

    def close(self) -> None:
        """Free connections."""
        if self._store:
            self._store[1].close()
            self._store = None

    def _at(self, deadline: Deadline) -> Store:
        if self._store is None or self._store[0] is not deadline:
            self.close()
            self._store = deadline, opened(self._location, self._access, deadline)[0]
        return self._store[1]


def _is_snapshot(entry: Entry) -> bool:
    stem, _, ending = entry.name.partition(".")
    return not entry.is_folder and ending == "json" and UUID.fullmatch(stem) is not None


def _listed(store: Store, folder: str) -> Sequence[Entry]:
    found = store.entries(folder)
    if len(found) > MAX_ENTRIES:
        raise UpstreamError("limit", f"{store.shown(folder)} has more than {MAX_ENTRIES} entries")
    return found


def _project(store: Store, metadata: Entry, project_id: str, deadline: Deadline) -> Project:
    """The project whose folder this is; its id where the name cannot be read."""
    try:
        head = _start(store, metadata, deadline)
        return Project(project_id, answers.PROJECT.validate_json(head).name)
    except (UpstreamError, ValidationError):
        deadline.remaining()
        return Project(project_id, project_id)


def _ref(store: Store, entry: Entry, deadline: Deadline) -> SnapshotRef:
    snapshot_id = entry.name.partition(".")[0]
    stamp = (entry.size, entry.modified)
    try:
        return SnapshotRef.of(snapshot_id, stamp, _header(store, entry, deadline))
    except UpstreamError as error:
        if error.reason == "timeout":
            raise
        return SnapshotRef(snapshot_id, stamp, added(snapshot_id) or entry.modified or 0.0, failure=error)


def _header(store: Store, entry: Entry, deadline: Deadline) -> Header:
    head = _start(store, entry, deadline)
    try:
        return answers.HEADER.validate_python(from_json(head, allow_partial=True))
    except ValidationError as error:
        raise misshapen(error, head, store.shown(entry.path), "holds") from None
    except ValueError:
        raise UpstreamError("parse", f"{store.shown(entry.path)} holds what is not JSON") from None


def _content(store: Store, entry: Entry, deadline: Deadline) -> Download:
    where = store.shown(entry.path)
    kept = bytearray()
    room = Room()
    with room:
        for piece in without_widgets(_pieces(store, entry, deadline)):
            kept += piece
            if len(kept) > MAX_KEPT:
                raise UpstreamError("limit", f"{where} has more than {MAX_KEPT >> 20} MiB beside its widgets")
            if len(kept) > LARGE:
                room.take(deadline)
        if count_values(kept) > MAX_VALUES:
            raise UpstreamError("limit", f"{where} has more than {MAX_VALUES} JSON values beside its widgets")
        try:
            return answers.FILE.validate_json(kept).download()
        except ValidationError as error:
            raise misshapen(error, kept, where, "holds") from None


def _pieces(store: Store, entry: Entry, deadline: Deadline) -> Iterator[bytes]:
    if entry.size > MAX_FILE:
        raise UpstreamError("limit", f"{store.shown(entry.path)} has more than {MAX_FILE >> 20} MiB")
    left = MAX_FILE
    with _reading(store, entry) as read:
        while left > 0 and (piece := read(min(_PIECE, left))):
            deadline.remaining()
            left -= len(piece)
            yield piece


def _start(store: Store, entry: Entry, deadline: Deadline) -> bytes:
    deadline.remaining()
    with _reading(store, entry) as read:
        return read(_HEAD)


@contextmanager
def _reading(store: Store, entry: Entry) -> Iterator[Callable[[int], bytes]]:
    """Reads the next so many bytes, or fewer."""
    try:
        with store.open(entry) as file:
            yield file.read
    except OSError as error:
        raise UpstreamError("connect", f"cannot read {store.shown(entry.path)}: {words_of(error)}") from None
