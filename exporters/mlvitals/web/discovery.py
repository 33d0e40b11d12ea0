"""`/sd`: Prometheus HTTP service discovery. Here, not on the pages, the labels that name an exporter are attached."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from mlvitals.core.settings import ExporterSettings

PROCESS = "mlvitals"
"""The `exporter` and `exporter_type` of the process itself."""


def target_groups(exporters: Iterable[ExporterSettings], external_url: str) -> list[dict[str, Any]]:
    """One target group for each exporter and one for the process, all at the address of `external_url`."""
    groups = [
        _group(
            external_url,
            f"/metrics/{entry.name}",
            {**entry.labels, "exporter": entry.name, "exporter_type": entry.type},
        )
        for entry in exporters
    ]
    return [*groups, _group(external_url, "/metrics", {"exporter": PROCESS, "exporter_type": PROCESS})]


def standalone_group(exporter: ExporterSettings, external_url: str) -> list[dict[str, Any]]:
    """The one group of a process whose `/metrics` holds its only exporter's page too."""
    return [
        _group(external_url, "/metrics", {**exporter.labels, "exporter": exporter.name, "exporter_type": exporter.type})
    ]


def _group(external_url: str, path: str, labels: dict[str, str]) -> dict[str, Any]:
    parts = urlsplit(external_url)
    meta = {"__scheme__": parts.scheme, "__metrics_path__": parts.path.rstrip("/") + path}
    return {"targets": [_with_port(parts.netloc, parts.scheme)], "labels": {**labels, **meta}}


def _with_port(host: str, scheme: str) -> str:
    """Prometheus takes the address as `instance`: a port makes it the same whichever way it was written."""
    has_port = ":" in host.rpartition("]")[2]
    return host if has_port else f"{host}:{443 if scheme == 'https' else 80}"
