"""A workspace: its projects, and the newest snapshot of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mlvitals.core.collector import Deadline, Snapshot, UpstreamError
from mlvitals.core.report import Report
from mlvitals.core.selection import select
from mlvitals.core.settings import ExporterSettings
from mlvitals.evidently.config import EvidentlySettings
from mlvitals.evidently.workspace import metrics
from mlvitals.evidently.workspace.answers import Project
from mlvitals.evidently.workspace.config import Workspace
from mlvitals.evidently.workspace.content import Content, choose
from mlvitals.evidently.workspace.folder import FolderSource
from mlvitals.evidently.workspace.report import Shown, write
from mlvitals.evidently.workspace.server import ServerSource
from mlvitals.evidently.workspace.source import SnapshotRef, Source

TRIES = 3
"""Snapshots of a project that are tried in one collection, the newest first, until one can be read."""


class _Known(NamedTuple):
    snapshot: SnapshotRef
    content: Content


class WorkspaceCollector:
    """Reads one workspace. Of each project the newest snapshot is read, once.

    A snapshot that cannot be read is told, and the one before it is shown with its own time. A project that cannot be
    read does not keep the others from being shown; when none can be, the workspace has failed.
    """

    auxiliary = False

    def __init__(self, settings: EvidentlySettings, workspace: Workspace) -> None:
        # No data set has a colon in its name.
        self.name = f"workspace:{workspace.name}"
        self.targets: tuple[str, ...] = (workspace.name,)
        # Not that of the data sets, which wait for each other.
        self.schedule = ExporterSettings.schedule(settings)
        self._workspace = workspace
        self._source = _source(settings, workspace)
        self._known: dict[str, _Known] = {}

    def collect(self, deadline: Deadline) -> Iterator[Snapshot]:
        """Read the workspace once."""
        report = Report()
        projects = self._select(deadline, report)
        ids = {project.id for project in projects.values()}
        self._known = {project_id: known for project_id, known in self._known.items() if project_id in ids}
        shown = {name: self._look(project, deadline) for name, project in projects.items()}
        failures = [each.failure for each in shown.values() if each.failure and not each.content]
        if failures and len(failures) == len(shown):
            raise failures[0]
        for name, each in shown.items():
            write(name, each, self._workspace, report)
        yield report.snapshot(self._workspace.name)

    def close(self) -> None:
        """Close every connection."""
        self._source.close()

    def _select(self, deadline: Deadline, report: Report) -> dict[str, Project]:
        named = [(project.name or project.id, project) for project in self._source.projects(deadline)]
        matching = [each for each in named if self._workspace.projects.matches(each[0])]
        report.add(metrics.PROJECTS, len(matching), workspace=self._workspace.name)
        # The oldest of one name is the first: its id begins with the time.
        ordered = sorted(matching, key=lambda each: (each[0], each[1].id))
        chosen = select(ordered, lambda each: each[0], self._workspace.max_projects)
        report.drop(metrics.SNAPSHOTS, chosen.dropped)
        report.drop(metrics.SNAPSHOTS, {"duplicate": len(matching) - len({name for name, _ in matching})})
        return {name: project for name, (_, project) in chosen.shown.items()}

    def _look(self, project: Project, deadline: Deadline) -> Shown:
        try:
            found = self._source.snapshots(project.id, deadline)
        except UpstreamError as error:
            return Shown(failure=_of_one(error))
        newest = sorted(found, key=lambda each: (each.timestamp, each.id), reverse=True)
        failure = None
        for snapshot in newest[:TRIES]:
            try:
                content = self._content(project.id, snapshot, deadline)
            except UpstreamError as error:
                failure = failure or _of_one(error)
            else:
                return Shown(len(found), snapshot, content, failure)
        return Shown(len(found), failure=failure)

    def _content(self, project_id: str, snapshot: SnapshotRef, deadline: Deadline) -> Content:
        known = self._known.get(project_id)
        if known is None or (known.snapshot.id, known.snapshot.stamp) != (snapshot.id, snapshot.stamp):
            content = choose(self._source.read(project_id, snapshot, deadline), self._workspace)
            known = self._known[project_id] = _Known(snapshot, content)
        return known.content


def _of_one(error: UpstreamError) -> UpstreamError:
    """The failure of one project or snapshot. Raises it when it ends the collection."""
    if error.reason == "timeout":
        raise error
    return error


def _source(settings: EvidentlySettings, workspace: Workspace) -> Source:
    if workspace.url:
        return ServerSource(settings.http(workspace.url))
    return FolderSource(workspace.path or "", settings)
