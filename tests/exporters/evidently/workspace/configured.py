"""Collectors of workspaces as a configuration makes them."""

from __future__ import annotations

from typing import Any

from mlvitals.evidently.config import EvidentlySettings
from mlvitals.evidently.workspace.collector import WorkspaceCollector


def settings(exporter: dict[str, Any] | None = None, **workspace: Any) -> EvidentlySettings:
    """An exporter that watches one workspace, `shared`."""
    entry = {"name": "shared", **workspace}
    return EvidentlySettings.model_validate(
        {"name": "x", "type": "evidently", "workspaces": [entry], **(exporter or {})}
    )


def collector(**workspace: Any) -> WorkspaceCollector:
    """The collector of one workspace, `shared`."""
    made = settings(**workspace)
    return WorkspaceCollector(made, made.workspaces[0])
