"""Where a workspace is read from: the seam between its places and the collector."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.evidently.workspace.answers import Download, Header, Project

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""Names of projects' folders and of snapshots."""


@dataclass(frozen=True, slots=True)
class SnapshotRef:
    """A snapshot that was not read yet.

    `stamp` is another one when its content may be. `failure` is why its header cannot be read; its time is then that at
    which it was added.
    """

    id: str
    stamp: object
    timestamp: float
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tags: Sequence[str] = ()
    failure: UpstreamError | None = None

    @property
    def added(self) -> float | None:
        """When the snapshot was added, Unix time in seconds; None when its UUID (version 7) does not tell."""
        return added(self.id)

    @classmethod
    def of(cls, snapshot_id: str, stamp: object, header: Header) -> SnapshotRef:
        """One whose header was read."""
        return cls(snapshot_id, stamp, header.timestamp.timestamp(), header.metadata, header.tags)


def added(snapshot_id: str) -> float | None:
    """The time in a UUID of version 7, Unix time in seconds; None for another one."""
    return int(snapshot_id.replace("-", "")[:12], 16) / 1000 if snapshot_id[14:15] == "7" else None


class Source(Protocol):
    """A workspace at one place. Used by one collection at a time; raises UpstreamError only."""

    def projects(self, deadline: Deadline) -> Iterable[Project]:
        """All projects, in any order."""
        ...

    def snapshots(self, project_id: str, deadline: Deadline) -> Sequence[SnapshotRef]:
        """All snapshots of a project, in any order."""
        ...

    def read(self, project_id: str, snapshot: SnapshotRef, deadline: Deadline) -> Download:
        """The metrics and tests of a snapshot."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...
