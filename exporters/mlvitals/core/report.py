"""The samples of one collection, gathered metric by metric."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from mlvitals.core.collector import Snapshot
from mlvitals.core.metric import Family, Metric


class Report:
    """The samples of one collection, and how many were left out: (metric, reason) -> number."""

    def __init__(self) -> None:
        self._families: dict[Metric, Family] = {}
        self._dropped = Counter[tuple[Metric, str]]()

    def add(self, metric: Metric, value: float | None, /, **labels: str) -> None:
        """Add a sample, unless there is no value; one that is no finite number is counted as dropped."""
        if value is None:
            return
        if _is_finite(value):
            self._family(metric).add(value, **labels)
        else:
            self._dropped[metric, "not_finite"] += 1

    def add_states(self, metric: Metric, label: str, current: str | None, /, **labels: str) -> None:
        """Add a state set, as `Family.add_states` does."""
        self._family(metric).add_states(label, current, **labels)

    def drop(self, metric: Metric, dropped: Mapping[str, int]) -> None:
        """Count what was left out: reason -> number."""
        for reason, number in dropped.items():
            if number:
                self._dropped[metric, reason] += number

    def snapshot(self, target: str, document: bytes | None = None) -> Snapshot:
        """Everything added, as one read of the target; `document` is HTML about it, gzip-compressed."""
        return Snapshot(target, tuple(self._families.values()), self._dropped, document)

    def _family(self, metric: Metric) -> Family:
        return self._families.setdefault(metric, metric.family())


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        # A whole number that no float can hold.
        return False
