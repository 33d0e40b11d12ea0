"""Which objective counts for which DAG and asset."""

from __future__ import annotations

from mlvitals.airflow.config import AirflowSettings, Objective
from mlvitals.core.objectives import ByPattern


class Objectives:
    """The configured objectives by key, in seconds."""

    def __init__(self, settings: AirflowSettings) -> None:
        of_dags = [(each.dag, each) for each in settings.objectives if each.dag is not None]
        of_assets = [(each.asset, each) for each in settings.objectives if each.asset is not None]
        self.success_within = _by_pattern("success_within", of_dags)
        self.duration_within = _by_pattern("duration_within", of_dags)
        self.start_within = _by_pattern("start_within", of_dags)
        self.updated_within = _by_pattern("updated_within", of_assets)


def _by_pattern(key: str, entries: list[tuple[str, Objective]]) -> ByPattern[float]:
    return ByPattern(key, [((pattern,), getattr(entry, key)) for pattern, entry in entries])
