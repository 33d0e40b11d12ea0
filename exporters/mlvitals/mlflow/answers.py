"""What MLflow's REST API answers, as far as it is read. Unknown keys are ignored; MLflow leaves empty lists out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, TypeAdapter

Millis = Annotated[int, Field(ge=-(2**63), lt=2**63)]
VersionNumber = Annotated[int, Field(ge=0, lt=2**53)]
"""Versions come as strings; every one of them is exact as a sample value."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of a registered model."""

    key: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Alias:
    """An alias of a registered model."""

    alias: str
    version: VersionNumber


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version of a registered model. `run_id` is empty when no run made it."""

    name: str
    version: VersionNumber
    creation_timestamp: Millis = 0
    current_stage: str = "None"
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A registered model. `latest_versions` holds the highest version of each stage, so the highest of all."""

    name: str
    creation_timestamp: Millis = 0
    last_updated_timestamp: Millis = 0
    latest_versions: tuple[ModelVersion, ...] = ()
    tags: tuple[Tag, ...] = ()
    aliases: tuple[Alias, ...] = ()


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment, active or deleted."""

    experiment_id: str
    name: str
    lifecycle_stage: str = "active"


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run without its data. A run that was resumed keeps its old `end_time` while its status is RUNNING."""

    run_id: str
    experiment_id: str
    status: str
    start_time: Millis | None = None
    end_time: Millis | None = None
    lifecycle_stage: str = "active"


@dataclass(frozen=True, slots=True)
class RunMetric:
    """The last value of a metric of a run; NaN comes as a string, infinity as the largest float."""

    key: str
    value: float


@dataclass(frozen=True, slots=True)
class RunData:
    """The data of a run."""

    metrics: tuple[RunMetric, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A run with its metrics."""

    info: RunInfo
    data: RunData = field(default_factory=RunData)


@dataclass(frozen=True, slots=True)
class RunHeader:
    """A run of which only the info is read."""

    info: RunInfo


@dataclass(frozen=True, slots=True)
class ModelsPage:
    """An answer of registered-models/search."""

    registered_models: tuple[RegisteredModel, ...] = ()
    next_page_token: str = ""


@dataclass(frozen=True, slots=True)
class VersionsPage:
    """An answer of model-versions/search."""

    model_versions: tuple[ModelVersion, ...] = ()
    next_page_token: str = ""


@dataclass(frozen=True, slots=True)
class ExperimentsPage:
    """An answer of experiments/search."""

    experiments: tuple[Experiment, ...] = ()
    next_page_token: str = ""


@dataclass(frozen=True, slots=True)
class RunHeadersPage:
    """An answer of runs/search, without the runs' data."""

    runs: tuple[RunHeader, ...] = ()
    next_page_token: str = ""


@dataclass(frozen=True, slots=True)
class RunsPage:
    """An answer of runs/search."""

    runs: tuple[Run, ...] = ()


MODELS = TypeAdapter(ModelsPage)
VERSIONS = TypeAdapter(VersionsPage)
EXPERIMENTS = TypeAdapter(ExperimentsPage)
RUN_HEADERS = TypeAdapter(RunHeadersPage)
RUNS = TypeAdapter(RunsPage)
