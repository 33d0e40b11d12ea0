"""Writes runs into an Evidently workspace, whose UI then shows them. Only a worker process may import this."""

from __future__ import annotations

import threading
from typing import Any

import requests
from evidently.errors import EvidentlyError
from evidently.ui.workspace import RemoteWorkspace, Workspace

from mlvitals.core.collector import Deadline, Reason, UpstreamError
from mlvitals.core.credentials import secret
from mlvitals.core.failures import hide, plain
from mlvitals.evidently.config import EvidentlySettings
from mlvitals.evidently.results import Failed
from mlvitals.evidently.workspace.config import RunStore
from mlvitals.evidently.workspace.folder import FolderSource
from mlvitals.evidently.workspace.server import ServerSource
from mlvitals.evidently.workspace.snapshot import WRITER, Run, snapshot
from mlvitals.evidently.workspace.source import SnapshotRef

SECRET_HEADER = "evidently-secret"  # noqa: S105 - the name of a header
"""Source: SECRET_HEADER_NAME of evidently.legacy.ui.storage.common."""


WRITE_WITHIN = 60.0
"""Seconds that writing a run may take, and at most half of what is left of the computation's time."""


def try_to_write(run: Run, store: RunStore, settings: EvidentlySettings, deadline: Deadline) -> Failed | None:
    """Write a run; why it could not be written, if so. Evidently's client knows no timeouts: it is left behind."""
    ended: list[Failed | None] = []

    def write() -> None:
        try:
            write_run(run, store, settings, deadline)
            ended.append(None)
        except UpstreamError as error:
            ended.append(Failed(reason=error.reason, message=str(error)))
        except Exception as error:
            # What an error says may repeat data.
            ended.append(Failed(reason="internal", message=type(error).__name__))

    seconds = min(WRITE_WITHIN, deadline.remaining() / 2)
    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    thread.join(seconds)
    return ended[0] if ended else Failed(reason="timeout", message=f"the run was not written after {seconds:.0f} s")


def write_run(run: Run, store: RunStore, settings: EvidentlySettings, deadline: Deadline) -> None:
    """Add a run to the project that has the data set's name, which is made where there is none, and forget old ones.

    Nothing is added after a run of the same identity: a restart computes anew what it has written. Only runs that were
    written here are forgotten. Raises UpstreamError.
    """
    token = secret(store.secret, store.secret_file)
    try:
        workspace = RemoteWorkspace(store.url, token or None) if store.url else Workspace.create(store.path)
        found = workspace.search_project(run.dataset)
        project = found[0] if found else workspace.create_project(run.dataset)
        known = _ours(str(project.id), run, store, settings, deadline) if found else []
        if run.identity and known and known[-1].metadata.get("identity") == run.identity:
            return
        workspace.add_run(project.id, snapshot(run))
        for old in known[: max(0, len(known) + 1 - store.keep)]:
            _delete(workspace, str(project.id), old.id, token, deadline)
    except (EvidentlyError, OSError, ValueError) as error:
        what = hide(plain(str(error) or type(error).__name__), [token])
        raise UpstreamError(_reason(error), f"cannot write the run into the workspace: {what}") from None


def _reason(error: Exception) -> Reason:
    # The client keeps of a refusal only what NotEnoughPermissions of evidently.ui.service.errors says.
    if isinstance(error, PermissionError) or "Not enough permissions" in str(error):
        return "auth"
    return "connect" if isinstance(error, OSError) else "http"


def _ours(
    project_id: str, run: Run, store: RunStore, settings: EvidentlySettings, deadline: Deadline
) -> list[SnapshotRef]:
    """Runs of this data set that were written here, by the time at which they were added."""
    source = ServerSource(settings.http(store.url)) if store.url else FolderSource(store.path or "", settings)
    try:
        refs = source.snapshots(project_id, deadline)
    finally:
        source.close()
    about = {"written_by": WRITER, "dataset": run.dataset}
    ours = [ref for ref in refs if about.items() <= dict(ref.metadata).items()]
    return sorted(ours, key=lambda ref: ref.id)


def _delete(workspace: Any, project_id: str, snapshot_id: str, token: str, deadline: Deadline) -> None:
    if isinstance(workspace, Workspace):
        workspace.delete_run(project_id, snapshot_id)
        return
    # RemoteWorkspace.delete_run is not implemented in Evidently 0.7; the server can do it.
    url = f"{workspace.base_url}/api/projects/{project_id}/{snapshot_id}"
    headers = {SECRET_HEADER: token} if token else {}
    requests.delete(url, headers=headers, timeout=deadline.remaining()).raise_for_status()
