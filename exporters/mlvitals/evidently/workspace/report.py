"""What is known of one project, as samples."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from mlvitals.core.collector import UpstreamError
from mlvitals.core.patterns import matches
from mlvitals.core.report import Report
from mlvitals.core.selection import MAX_LABEL, select
from mlvitals.evidently.workspace import metrics
from mlvitals.evidently.workspace.config import Workspace
from mlvitals.evidently.workspace.content import Content
from mlvitals.evidently.workspace.source import SnapshotRef

MODEL_KEYS = ("model", "model_id")
"""Keys that name the model; Evidently's own Report(model_id=…) is the second."""


class Shown(NamedTuple):
    """One project: how many snapshots, the one that is shown, and why a newer one is not."""

    snapshots: int | None = None
    snapshot: SnapshotRef | None = None
    content: Content | None = None
    failure: UpstreamError | None = None


def write(project: str, shown: Shown, workspace: Workspace, report: Report) -> None:
    """Add the samples of one project."""
    where = {"workspace": workspace.name, "project": project}
    report.add(metrics.SNAPSHOTS, shown.snapshots, **where)
    report.add(metrics.FRESH_OBJECTIVE, workspace.objectives.fresh_within, **where)
    if shown.failure:
        report.add(metrics.PROJECT_FAILURE, 1, **where, reason=shown.failure.reason)
    if shown.snapshot and shown.content:
        report.add(metrics.SNAPSHOT_TIMESTAMP, shown.snapshot.timestamp, **where)
        report.add(metrics.SNAPSHOT_ADDED, shown.snapshot.added, **where)
        _write_tags(tags(shown.snapshot), where, workspace, report)
        _write_content(shown.content, where, report)


def _write_content(content: Content, where: Mapping[str, str], report: Report) -> None:
    for identity, value in content.values.items():
        report.add(metrics.VALUE, value, **where, **identity._asdict())
    for status in metrics.STATUSES:
        report.add(metrics.TESTS, content.tests[status], **where, status=status)
    for test, status in content.statuses.items():
        labels = {**test.of._asdict(), "test": test.test, "critical": "true" if test.critical else "false"}
        report.add_states(metrics.TEST_STATUS, "status", status, **where, **labels)
    report.drop(metrics.VALUE, content.dropped_values)
    report.drop(metrics.TEST_STATUS, content.dropped_tests)


def _write_tags(found: Mapping[str, str], where: Mapping[str, str], workspace: Workspace, report: Report) -> None:
    chosen = select(sorted(found), str, workspace.max_tags, lambda key: matches(key, workspace.tags))
    report.drop(metrics.TAG_INFO, chosen.dropped)
    for key in chosen.shown:
        if len(found[key]) > MAX_LABEL:
            report.drop(metrics.TAG_INFO, {"too_long": 1})
        else:
            report.add(metrics.TAG_INFO, 1, **where, key=key, value=found[key])
    model = next((found[key] for key in MODEL_KEYS if key in found), "")
    version = found.get("version", "")
    if 0 < len(model) <= MAX_LABEL and re.fullmatch(r"[0-9]{1,15}", version):
        report.add(metrics.MODEL_VERSION, int(version), **where, model=model)


def tags(snapshot: SnapshotRef) -> dict[str, str]:
    """Tags and metadata as key -> value. A tag is `key:value`, or a key alone; metadata is the stronger."""
    pairs = (tag.partition(":") for tag in snapshot.tags)
    told = {key.strip(): value.strip() for key, _, value in pairs}
    return told | {key: str(each) for key, each in snapshot.metadata.items() if isinstance(each, str | int | float)}
