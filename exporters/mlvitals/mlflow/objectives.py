"""Which objective counts for which model, alias and experiment."""

from __future__ import annotations

from mlvitals.core.objectives import ByPattern
from mlvitals.mlflow.config import MlflowSettings


class Objectives:
    """The configured objectives by key; `metrics`: names of the run metrics that have a bound."""

    def __init__(self, settings: MlflowSettings) -> None:
        of_models = [(each.model, each) for each in settings.objectives if each.model is not None]
        of_experiments = [(each.experiment, each) for each in settings.objectives if each.experiment is not None]
        self.new_version_within = ByPattern(
            "new_version_within", [((model,), each.new_version_within) for model, each in of_models]
        )
        self.bounds = ByPattern("metrics", [((model, each.alias), each.bounds() or None) for model, each in of_models])
        self.stuck_after = ByPattern(
            "stuck_after", [((name,), each.stuck_after) for name, each in of_experiments], settings.stuck_after
        )
        self.metrics = frozenset(bound.metric for _, each in of_models for bound in each.bounds())
