"""Data sets: drift, quality and stability against a reference, computed by Evidently in processes of their own.

And what Evidently itself has left in workspaces.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlvitals.core.collector import Collector
from mlvitals.core.exporter import ExporterType
from mlvitals.core.metric import declared
from mlvitals.evidently import metrics
from mlvitals.evidently.collector import DatasetCollector
from mlvitals.evidently.config import EvidentlySettings
from mlvitals.evidently.places import Places
from mlvitals.evidently.workspace import metrics as of_workspaces
from mlvitals.evidently.workspace.collector import WorkspaceCollector


def _build(settings: EvidentlySettings) -> Sequence[Collector]:
    places = Places(settings.workers)
    return [
        *(DatasetCollector(dataset, settings, places) for dataset in settings.datasets),
        *(WorkspaceCollector(settings, workspace) for workspace in settings.workspaces),
    ]


EXPORTER = ExporterType(
    summary="Data sets: drift, quality and stability against a reference, by Evidently; and Evidently's workspaces",
    settings=EvidentlySettings,
    metrics=tuple(declared(metrics, of_workspaces)),
    build=_build,
)
