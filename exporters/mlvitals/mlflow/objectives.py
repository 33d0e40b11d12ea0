"""Which objective counts for which model."""

from __future__ import annotations

from collections.abc import Iterable

from mlvitals.core.patterns import matches
from mlvitals.mlflow.config import Bound, Objective


class Objectives:
    """The configured objectives: for each key, the first that speaks of it wins."""

    def __init__(self, objectives: Iterable[Objective]) -> None:
        self._objectives = tuple(objectives)
        self.metrics = frozenset(bound.metric for each in self._objectives for bound in each.bounds())

    def new_version_within(self, model: str) -> float | None:
        """Seconds within which the model gets a new version, if anything is expected."""
        found = (each.new_version_within for each in self._objectives if matches(model, (each.model,)))
        return next((seconds for seconds in found if seconds is not None), None)

    def bounds(self, model: str, alias: str) -> list[Bound]:
        """The bounds on metrics behind the alias."""
        for each in self._objectives:
            if each.metrics and matches(model, (each.model,)) and matches(alias, (each.alias,)):
                return each.bounds()
        return []
