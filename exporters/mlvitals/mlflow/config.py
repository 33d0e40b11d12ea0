"""Configuration of the MLflow exporter."""

from __future__ import annotations

import re
from typing import ClassVar, NamedTuple

from pydantic import Field, field_validator

from mlvitals.core.settings import Duration, HttpSettings, Settings

_BOUND = re.compile(r"\s*(?P<metric>.+?)\s*(?P<operator><=|>=|<|>)\s*(?P<value>[-+]?[0-9.]+(?:[eE][-+]?\d+)?)\s*")


class Bound(NamedTuple):
    """A bound on a run's metric: right while `metric operator value` holds."""

    metric: str
    operator: str
    value: float


def parse_bound(text: str) -> Bound:
    """`mse < 0.5` in parts. Raises ValueError."""
    match = _BOUND.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        return Bound(match["metric"], match["operator"], float(match["value"]))
    except ValueError:
        raise ValueError(f"expected a bound such as 'mse < 0.5', got {text!r}") from None


class Patterns(Settings):
    """Shell-style patterns: what matches one of `include` and none of `exclude` is kept."""

    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()


class Objective(Settings):
    """What is expected of models. For each key, the first entry whose `model` matches wins."""

    model: str = Field(description="pattern of model names")
    new_version_within: Duration | None = Field(None, description="a new version appears at least this often")
    alias: str = Field("champion", description="pattern of aliases that `metrics` speaks of")
    metrics: tuple[str, ...] = Field((), description="bounds on metrics behind the alias, such as 'mse < 0.5'")

    @field_validator("metrics")
    @classmethod
    def _bounds(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            parse_bound(text)
        return value

    def bounds(self) -> list[Bound]:
        """The bounds in parts."""
        return [parse_bound(text) for text in self.metrics]


class MlflowSettings(HttpSettings):
    """One MLflow tracking server with its model registry."""

    default_deadline: ClassVar[float] = 30.0

    models: Patterns = Patterns()
    experiments: Patterns = Patterns()
    max_models: int = Field(1000, ge=1, description="models shown; the rest is counted as dropped")
    max_experiments: int = Field(1000, ge=1, description="experiments shown; the rest is counted as dropped")
    tags: tuple[str, ...] = Field((), description="patterns of model tags shown as mlflow_model_tag_info")
    metrics: tuple[str, ...] = Field(("*",), description="patterns of run metrics shown for each alias")
    max_metrics: int = Field(20, ge=1, description="run metrics shown for each alias; the rest is counted as dropped")
    window: Duration = Field(86400.0, description="how far back ended runs count as recent; default 24h")
    baseline_interval: Duration = Field(3600.0, description="time between two counts of all runs; default 1h")
    baseline_deadline: Duration = Field(600.0, description="time that one count of all runs may take; default 10m")
    objectives: tuple[Objective, ...] = ()
