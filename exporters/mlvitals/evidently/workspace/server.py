"""A workspace behind Evidently's UI, over its HTTP API.

Source: evidently/ui/service/api/projects.py of Evidently 0.7.23. Its secret guards what writes, not what reads; `auth`
is for what stands before the server.
"""

from __future__ import annotations

from mlvitals.core.collector import Deadline
from mlvitals.core.outbound import Client
from mlvitals.core.settings import HttpSettings
from mlvitals.evidently.workspace import answers
from mlvitals.evidently.workspace.answers import Download, Project
from mlvitals.evidently.workspace.source import UUID, SnapshotRef

API = "api/projects"


class ServerSource:
    """The calls that the exporter makes. Used by one collection at a time; raises UpstreamError only."""

    def __init__(self, settings: HttpSettings) -> None:
        self._http = Client(settings)

    def projects(self, deadline: Deadline) -> tuple[Project, ...]:
        """All projects."""
        return tuple(each for each in self._http.get(API, answers.PROJECTS, deadline) if UUID.fullmatch(each.id))

    def snapshots(self, project_id: str, deadline: Deadline) -> list[SnapshotRef]:
        """All snapshots of a project. A server lists them with their headers."""
        listed = self._http.get(f"{API}/{project_id}/snapshots", answers.LISTED, deadline)
        return [SnapshotRef.of(each.id, None, each) for each in listed if UUID.fullmatch(each.id)]

    def read(self, project_id: str, snapshot: SnapshotRef, deadline: Deadline) -> Download:
        """The metrics and tests of a snapshot."""
        path = f"{API}/{project_id}/{snapshot.id}/download"
        return self._http.get(path, answers.DOWNLOAD, deadline, {"report_format": "json"})

    def close(self) -> None:
        """Close every connection."""
        self._http.close()
