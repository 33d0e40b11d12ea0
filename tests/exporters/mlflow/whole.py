"""The exporter's collectors, without the totals, read as one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlvitals.core.collector import Deadline, Snapshot
from mlvitals.mlflow.collector import MlflowCollector
from mlvitals.mlflow.config import MlflowSettings
from mlvitals.mlflow.experiments import ExperimentCollector
from tests.support.exposition import read


class Whole:
    """Registry and experiments in one snapshot. UpstreamError passes."""

    name = "whole"
    targets: tuple[str, ...] = ("whole",)
    auxiliary = False

    def __init__(self, settings: MlflowSettings) -> None:
        self.schedule = settings.schedule()
        self.registry, self.experiments = MlflowCollector(settings), ExperimentCollector(settings)

    def collect(self, deadline: Deadline) -> Iterator[Snapshot]:
        """Read both, one after the other."""
        seconds = deadline.remaining()
        registry, experiments = read(self.registry, seconds), read(self.experiments, seconds)
        dropped: dict[Any, int] = {**registry.dropped, **experiments.dropped}
        yield Snapshot("whole", registry.families + experiments.families, dropped)

    def close(self) -> None:
        """Close every connection."""
        self.registry.close()
        self.experiments.close()
