"""Which objective counts for which DAG or asset."""

from __future__ import annotations

from collections.abc import Iterable

from mlvitals.airflow.config import Objective
from mlvitals.core.patterns import matches


class Objectives:
    """The configured objectives: for each key, the first that speaks of it wins."""

    def __init__(self, objectives: Iterable[Objective]) -> None:
        self._of_dags = tuple((each.dag, each) for each in objectives if each.dag is not None)
        self._of_assets = tuple((each.asset, each) for each in objectives if each.asset is not None)

    def of_dag(self, dag_id: str, key: str) -> float | None:
        """Seconds of success_within, duration_within or start_within of the DAG."""
        return _first(dag_id, key, self._of_dags)

    def of_asset(self, uri: str) -> float | None:
        """Seconds of updated_within of the asset."""
        return _first(uri, "updated_within", self._of_assets)


def _first(name: str, key: str, entries: Iterable[tuple[str, Objective]]) -> float | None:
    found = (getattr(entry, key) for pattern, entry in entries if matches(name, (pattern,)))
    return next((seconds for seconds in found if seconds is not None), None)
