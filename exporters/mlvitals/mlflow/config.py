"""Configuration of the MLflow exporter."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import AfterValidator, Field

from mlvitals.core.objectives import about_one_thing
from mlvitals.core.patterns import Patterns
from mlvitals.core.settings import Duration, HttpSettings, Mistake, Settings

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_BOUND = re.compile(rf"(?P<metric>.*\S)\s*(?P<operator><=|>=|<|>)\s*(?P<value>{_NUMBER})")


class Bound(NamedTuple):
    """A bound on a run's metric: right while `metric operator value` holds."""

    metric: str
    operator: str
    value: float


def parse_bound(text: str) -> Bound:
    """`mse < 0.5` in parts. Raises ValueError."""
    match = _BOUND.fullmatch(text.strip())
    if match is None or not math.isfinite(value := float(match["value"])):
        raise ValueError(f"expected a bound such as 'mse < 0.5', got {text!r}")
    return Bound(match["metric"], match["operator"], value)


def _bound(text: str) -> str:
    parse_bound(text)
    return text


_EXPECTED = {"model": ("new_version_within", "metrics"), "experiment": ("stuck_after",)}
"""What an objective can be about -> the keys that say what is expected of it."""


class Objective(Settings):
    """What is expected of models, or of experiments. For each key, the first entry whose pattern matches wins."""

    model: str | None = Field(None, description="pattern of the names of models that the entry is about")
    new_version_within: Duration | None = Field(
        None, description="a new version of the model appears at least this often"
    )
    alias: str = Field("champion", description="pattern of the model's aliases that `metrics` speaks of")
    metrics: tuple[Annotated[str, AfterValidator(_bound)], ...] = Field(
        (), description="bounds on metrics behind the alias, such as 'mse < 0.5'"
    )
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
        yield from _contradictions(data.get("metrics"))

    def bounds(self) -> list[Bound]:
        """The bounds in parts."""
        return [parse_bound(text) for text in self.metrics]


def _contradictions(metrics: object) -> Iterator[Mistake]:
    seen: set[tuple[str, str]] = set()
    for index, text in enumerate(metrics if isinstance(metrics, list) else ()):
        try:
            bound = parse_bound(text)
        except (ValueError, AttributeError):
            # What is no bound is told elsewhere.
            continue
        if bound[:2] in seen:
            yield ("metrics", index), "expected one bound for each metric and operator"
        seen.add(bound[:2])


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
