"""Configuration of the MLflow exporter."""

from __future__ import annotations

import math
import re
from typing import ClassVar, NamedTuple

from pydantic import Field, field_validator

from mlvitals.core.patterns import Patterns
from mlvitals.core.settings import Duration, HttpSettings, Settings

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_BOUND = re.compile(rf"\s*(?P<metric>.+?)\s*(?P<operator><=|>=|<|>)\s*(?P<value>{_NUMBER})\s*")


class Bound(NamedTuple):
    """A bound on a run's metric: right while `metric operator value` holds."""

    metric: str
    operator: str
    value: float


def parse_bound(text: str) -> Bound:
    """`mse < 0.5` in parts. Raises ValueError."""
    match = _BOUND.fullmatch(text)
    if match is None or not math.isfinite(value := float(match["value"])):
        raise ValueError(f"expected a bound such as 'mse < 0.5', got {text!r}")
    return Bound(match["metric"], match["operator"], value)


class Objective(Settings):
    """What is expected of models. For each key, the first entry whose `model` matches wins."""

    model: str = Field(description="pattern of model names")
    new_version_within: Duration | None = Field(None, description="a new version appears at least this often")
    alias: str = Field("champion", description="pattern of aliases that `metrics` speaks of")
    metrics: tuple[str, ...] = Field((), description="bounds on metrics behind the alias, such as 'mse < 0.5'")

    @field_validator("metrics")
    @classmethod
    def _bounds(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        bounds = [parse_bound(text) for text in value]
        if len({(bound.metric, bound.operator) for bound in bounds}) != len(bounds):
            raise ValueError("expected one bound for each metric and operator")
        return value

    def bounds(self) -> list[Bound]:
        """The bounds in parts."""
        return [parse_bound(text) for text in self.metrics]


class MlflowSettings(HttpSettings):
    """One MLflow tracking server with its model registry."""

    default_deadline: ClassVar[float] = 30.0

    models: Patterns = Patterns()
    experiments: Patterns = Patterns()
    max_models: int = Field(
        1000, ge=1, description="models shown, first by name; the rest counts as dropped mlflow_model_versions"
    )
    max_experiments: int = Field(
        1000,
        ge=1,
        description="experiments shown, first by name; the rest counts as dropped mlflow_experiment_running_runs",
    )
    max_aliases: int = Field(
        20,
        ge=1,
        description="aliases shown for each model, first by name; others count as dropped mlflow_model_alias_version",
    )
    tags: tuple[str, ...] = Field((), description="patterns of model tags shown as mlflow_model_tag_info")
    max_tags: int = Field(
        20,
        ge=1,
        description="tags shown for each model, first by key; the rest counts as dropped mlflow_model_tag_info",
    )
    metrics: tuple[str, ...] = Field(
        ("*",),
        description="patterns of run metrics shown for each alias; those that an objective names need no pattern",
    )
    max_metrics: int = Field(
        100,
        ge=1,
        description="run metrics shown for each alias, those that an objective of any model names first, then by name; "
        "the rest counts as dropped mlflow_model_alias_metric",
    )
    window: Duration = Field(86400.0, description="how far back ended runs count as recent; default 24h")
    baseline_interval: Duration = Field(
        3600.0, description="time between two counts of all runs, and until a deleted run is noticed; default 1h"
    )
    baseline_deadline: Duration = Field(600.0, description="time that one count of all runs may take; default 10m")
    objectives: tuple[Objective, ...] = ()
