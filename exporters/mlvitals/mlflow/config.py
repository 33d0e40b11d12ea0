"""Configuration of the MLflow exporter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import Field

from mlvitals.core.bounds import Bound, BoundText, contradictions, parse_bound
from mlvitals.core.objectives import about_one_thing
from mlvitals.core.patterns import Patterns
from mlvitals.core.settings import Duration, HttpSettings, Mistake, Settings

_EXPECTED = {"model": ("new_version_within", "metrics"), "experiment": ("stuck_after",)}
"""What an objective can be about -> the keys that say what is expected of it."""


class Objective(Settings):
    """What is expected of models, or of experiments. For each key, the first entry whose pattern matches wins."""

    model: str | None = Field(None, description="pattern of the names of models that the entry is about")
    new_version_within: Duration | None = Field(
        None, description="a new version of the model appears at least this often"
    )
    alias: str = Field("champion", description="pattern of the model's aliases that `metrics` speaks of")
    metrics: tuple[BoundText, ...] = Field((), description="bounds on metrics behind the alias, such as 'mse < 0.5'")
    experiment: str | None = Field(
        None, description="pattern of the names of experiments that the entry is about, instead of `model`"
    )
    stuck_after: Duration | None = Field(
        None, description="a run of the experiment that has the status RUNNING for longer counts as stuck"
    )

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """An entry about both or neither, or that expects nothing or the other's; bounds that contradict each other."""
        yield from about_one_thing(data, _EXPECTED, alias="model")
        yield from contradictions("metrics", data.get("metrics"))

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
    stuck_after: Duration = Field(
        21600.0,
        description="time with the status RUNNING after which a run counts as stuck, where no objective is about its "
        "experiment; default 6h",
    )
    objectives: tuple[Objective, ...] = ()
