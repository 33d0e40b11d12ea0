"""What an exporter type is: the thing that an entry point of the group `mlvitals.exporters` names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mlvitals.core.collector import Collector
from mlvitals.core.metric import Metric
from mlvitals.core.settings import ExporterSettings


@dataclass(frozen=True)
class ExporterType:
    """One type of exporter.

    `build` makes the collectors of one configured exporter from an instance of `settings`; it must not touch the
    network. The first collector is the main one.
    """

    summary: str
    settings: type[ExporterSettings]
    metrics: tuple[Metric, ...]
    build: Callable[[Any], Sequence[Collector]]
