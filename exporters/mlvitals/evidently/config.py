"""Configuration of the exporter of data sets."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ByteSize, Field, PrivateAttr, ValidationInfo

from mlvitals.core.collector import Schedule
from mlvitals.core.locations import below_folder, mistake
from mlvitals.core.s3 import S3
from mlvitals.core.settings import (
    Duration,
    ExporterSettings,
    HttpOptions,
    HttpSettings,
    Mistake,
    Name,
    Reference,
    Settings,
)
from mlvitals.evidently.plan import Plan
from mlvitals.evidently.workspace.config import RunStore, Workspace

Format = Literal["parquet", "csv", "jsonl", "arrow"]
PREVIOUS = "previous"
"""The reference that is the window before the current one."""


MLFLOW = re.compile(r"mlflow:(?P<registry>[^/@]+)/(?P<model>[^/@]+)@(?P<alias>[^/@]+)/(?P<artifact>.+)")
"""Training data of a model: registry, model, alias and path of the artifact."""
_EXPECTED = "mlflow:REGISTRY/MODEL@ALIAS/ARTIFACT, such as mlflow:registry/churn@champion/reference.parquet"


_WINDOW = {"newest", "within"}


def _below(path: str, info: ValidationInfo) -> str:
    return path if path == PREVIOUS or path.startswith("mlflow:") else below_folder(path, info)


class Location(Settings):
    """Where one side of a data set is: a path, or a mapping with path and more."""

    path: Annotated[str, AfterValidator(_below)] = Field(
        min_length=1,
        description="a file, a glob, or a folder of partitions such as /data/churn/dt=*/; a local path, webhdfs://, "
        "swebhdfs://, s3:// or mlflow:REGISTRY/MODEL@ALIAS/ARTIFACT",
    )
    format: Format | None = Field(None, description="parquet, csv, jsonl or arrow; default by the ending of the file")
    newest: int | None = Field(None, ge=1, description="only the newest partitions or files, by name; default all")
    within: Duration | None = Field(None, description="only partitions or files not older than this")
    settle: Duration = Field(
        120.0,
        description="with newest or within, a partition or file counts when it has not changed for this long",
    )
    success_marker: bool = Field(
        False, description="a folder counts when it holds the file _SUCCESS, which Spark writes at the end"
    )

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """A place that cannot be, and two ways to choose."""
        path = data.get("path")
        if isinstance(path, str) and not path.startswith("mlflow:") and (wrong := mistake(path)):
            yield ("path",), wrong
        if "newest" in data and "within" in data:
            yield (), "expected one of newest and within"


def _location(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


Place = Annotated[Location, BeforeValidator(_location)]


class Objectives(Settings):
    """What is expected of one data set."""

    fresh_within: Duration | None = Field(
        None, description="the newest current data is at most this old: by time_column, else by the files' times"
    )
    reference_within: Duration | None = Field(None, description="the reference's files are at most this old")
    min_rows: int | None = Field(None, ge=1, description="the current data has at least so many rows")


class Dataset(Plan):
    """One data set: what is current, and what it is compared with."""

    name: Name = Field(description="becomes the label dataset, and the target in mlvitals_target_up")
    reference: Place = Field(
        description="what is compared with: a location, previous (the window before the current one), or "
        "mlflow:REGISTRY/MODEL@ALIAS/ARTIFACT (what the model behind the alias was trained on)"
    )
    current: Place = Field(description="location of the data to look at")
    time_column: str | None = Field(
        None, description="column of times that says how new the data is; as time goes on, it is not scored"
    )
    row_limit: int = Field(
        100_000, ge=10, description="rows computed on, on each side; of more, a sample that is always the same"
    )
    seed: int = Field(0, ge=0, description="which sample")
    objectives: Objectives = Objectives()

    @property
    def registry(self) -> str | None:
        """Name of the MLflow exporter that the reference's location names."""
        match = MLFLOW.fullmatch(self.reference.path)
        return match["registry"] if match else None

    def looks_at(self, column: str) -> bool:
        """Not the one that says how new the data is: a time always drifts."""
        return column != self.time_column and super().looks_at(column)

    @property
    def like_for_like(self) -> bool:
        """True when the reference is the window before."""
        return self.reference.path == PREVIOUS

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """What a plan may have wrong, and locations that cannot be."""
        yield from super().mistakes(data)
        current = data.get("current")
        if _path(current) == PREVIOUS:
            yield ("current",), "expected a location; only reference can be previous"
        if _path(current).startswith("mlflow:"):
            yield ("current",), "expected another location; only reference can be what a model was trained on"
        if _path(data.get("reference")) == PREVIOUS and not (isinstance(current, Mapping) and current.keys() & _WINDOW):
            yield ("reference",), "expected newest or within at current: without them there is nothing before it"
        reference = _path(data.get("reference"))
        if reference.startswith("mlflow:") and not MLFLOW.fullmatch(reference):
            yield ("reference",), f"expected {_EXPECTED}"


def _path(place: object) -> str:
    """Of a location as it is written."""
    path = place.get("path") if isinstance(place, Mapping) else place
    return path if isinstance(path, str) else ""


class EvidentlySettings(HttpOptions):
    """Data sets, each compared with its reference. Keys of HTTP are for WebHDFS and for workspaces at a URL."""

    default_interval: ClassVar[float] = 600.0
    default_deadline: ClassVar[float] = 600.0

    datasets: tuple[Dataset, ...] = Field((), description="the data sets; see below")
    workspaces: tuple[Workspace, ...] = Field((), description="Evidently workspaces to watch; see below")
    workspace: RunStore | None = Field(None, description="Evidently workspace that runs are written into; see below")
    artifact_roots: tuple[str, ...] = Field(
        (),
        description="beginnings of places, such as s3://mlflow/artifacts or /srv/mlflow, where artifacts may be read "
        "that are not behind MLflow's own server; none by default, since whoever may write to MLflow names places",
    )
    reports: bool = Field(
        False, description="serve Evidently's report of each data set at /reports/NAME/DATASET; it shows data"
    )
    hdfs_user: str | None = Field(None, description="user.name of WebHDFS without authentication")
    s3: S3 = S3()
    workers: int = Field(1, ge=1, le=16, description="computations at the same time, each in a process of its own")
    memory_limit: ByteSize = Field(
        ByteSize(4 << 30), description="resident memory that one computation may take; default 4GiB"
    )
    _registries: dict[str, HttpSettings] = PrivateAttr(default_factory=dict)

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """What every exporter may have wrong, and two targets of one name."""
        yield from super().mistakes(data)
        seen: set[str] = set()
        for key, what in (("datasets", "data set"), ("workspaces", "workspace or data set")):
            entries = data.get(key)
            for index, each in enumerate(entries if isinstance(entries, list) else ()):
                name = each.get("name") if isinstance(each, Mapping) else None
                if isinstance(name, str) and name in seen:
                    yield (key, index, "name"), f"another {what} has this name already"
                seen |= {name} if isinstance(name, str) else set()

    @property
    def registries(self) -> Mapping[str, HttpSettings]:
        """The MLflow exporters that references name, by name."""
        return self._registries

    def refers(self) -> Iterator[Reference]:
        """The MLflow exporters that references name."""
        for index, dataset in enumerate(self.datasets):
            if dataset.registry:
                yield Reference(("datasets", index, "reference"), dataset.registry, "mlflow")

    def bound(self, others: Mapping[str, ExporterSettings]) -> Self:
        """With the settings of these exporters."""
        return self._with({name: _reached(other) for name, other in others.items() if isinstance(other, HttpSettings)})

    def behind(self, dataset: Dataset) -> Self:
        """What of these settings decides what is computed of the data set: all that is equal for the same results."""
        measured = dataset.model_copy(update={"objectives": Objectives()})
        others = {name: other for name, other in self._registries.items() if name == dataset.registry}
        indifferent = {"workspaces": (), "workers": 1, "memory_limit": 0}
        return self._with(others, datasets=(measured,), **indifferent, **_OF_ITS_OWN)

    def _with(self, registries: dict[str, HttpSettings], **changes: Any) -> Self:
        made = self.model_copy(update=changes)
        made._registries = registries
        return made

    @property
    def budget(self) -> float:
        """Seconds that one computation may take."""
        return super().schedule().deadline

    def schedule(self) -> Schedule:
        """Of one data set. Its turn may come after all others: its deadline is the time that all of them may take.

        One that fails when its turn has come is too old as early as if there were no others.
        """
        own = super().schedule()
        waiting = own.deadline * math.ceil(max(1, len(self.datasets)) / self.workers)
        stale_after = self.stale_after or max(own.stale_after, own.interval + waiting)
        return Schedule(own.interval, waiting, stale_after, own.stale_after)

    def for_a_look(self) -> Self:
        """Without what would write into a workspace or keep a report."""
        return self.model_copy(update={"workspace": None, "reports": False})


_OF_ITS_OWN: Mapping[str, Any] = {"interval": None, "deadline": None, "stale_after": None, "labels": {}}
"""What an exporter says of itself, and not of how servers are spoken to."""


def _reached(other: HttpSettings) -> HttpSettings:
    """How its server is spoken to. What else it says is no reason to read a data set anew."""
    return other.http(other.url).model_copy(update=_OF_ITS_OWN)
