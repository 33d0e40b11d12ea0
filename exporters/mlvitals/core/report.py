"""The samples of one collection, gathered metric by metric."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from mlvitals.core.metric import Family, Metric


class Report:
    """The samples of one collection, and how many were left out: (metric, reason) -> number."""

    def __init__(self, declared: Iterable[Metric]) -> None:
        self._families = {metric: metric.family() for metric in declared}
        self.dropped = Counter[tuple[Metric, str]]()

    def add(self, metric: Metric, value: float | None, /, **labels: str) -> None:
        """Add a sample, unless there is no value."""
        if value is not None:
            self._families[metric].add(value, **labels)

    def drop(self, metric: Metric, dropped: Mapping[str, int]) -> None:
        """Count what was left out: reason -> number."""
        for reason, number in dropped.items():
            if number:
                self.dropped[metric, reason] += number

    def families(self) -> tuple[Family, ...]:
        """Everything added."""
        return tuple(self._families.values())
