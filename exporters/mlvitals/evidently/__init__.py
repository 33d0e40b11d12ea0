"""Data sets: drift, quality and stability against a reference, by Evidently."""

from __future__ import annotations

from collections.abc import Sequence

from mlvitals.core.collector import Collector
from mlvitals.core.exporter import ExporterType
from mlvitals.core.metric import declared
from mlvitals.evidently.config import EvidentlySettings
from mlvitals.evidently.workspace import metrics
from mlvitals.evidently.workspace.collector import WorkspaceCollector


def _build(settings: EvidentlySettings) -> Sequence[Collector]:
    return [WorkspaceCollector(settings, workspace) for workspace in settings.workspaces]


EXPORTER = ExporterType(
    summary="Data sets: drift, quality and stability against a reference, by Evidently",
    settings=EvidentlySettings,
    metrics=tuple(declared(metrics)),
    build=_build,
)
