"""What Evidently writes into a workspace and what its UI answers, as far as it is read. Unknown keys are ignored.

Seen on Evidently 0.7.23. Numbers may be a bare NaN or Infinity, which JSON does not have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, FailFast, TypeAdapter

T = TypeVar("T")
Many = Annotated[tuple[T, ...], FailFast()]
"""Of a list of which everything is wrong, one mistake is told, not a million."""


def _utc(value: datetime) -> datetime:
    """Evidently writes local time without a zone."""
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time that does not exist") from error


Moment = Annotated[datetime, AfterValidator(_utc)]


@dataclass(frozen=True, slots=True)
class Project:
    """A project: metadata.json, or one of GET api/projects. Names need not be unique."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Header:
    """What a snapshot says of itself: the start of its file, or one of GET api/projects/{id}/snapshots."""

    timestamp: Moment
    metadata: dict[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedSnapshot(Header):
    """A snapshot of a server's list."""

    id: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """What a metric is: `type`, such as evidently:metric_v2:ValueDrift, and its parameters."""

    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Test:
    """The result of a test. `bound_test` says which part of the metric's result was tested."""

    __test__ = False

    id: str
    status: str
    metric_config: Config
    test_config: dict[str, Any] = field(default_factory=dict)
    bound_test: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of a downloaded snapshot; without a config when Evidently has no result."""

    config: dict[str, Any] = field(default_factory=dict)
    value: Any = None


@dataclass(frozen=True, slots=True)
class Download:
    """GET api/projects/{id}/{snapshot}/download?report_format=json, which is Snapshot.dict()."""

    metrics: Many[Metric]
    tests: Many[Test] = ()


@dataclass(frozen=True, slots=True)
class Single:
    """A SingleValue within another result."""

    value: Any = None


@dataclass(frozen=True, slots=True)
class Location:
    """Where a result belongs."""

    metric: Config


@dataclass(frozen=True, slots=True)
class Result:
    """A MetricResult of a snapshot's file. Its type decides which of the values it has."""

    metric_value_location: Location
    tests: Many[Test] = ()
    value: Any = None
    count: Single | None = None
    share: Single | None = None
    mean: Single | None = None
    std: Single | None = None
    values: dict[str, Single] | None = None
    counts: dict[str, Single] | None = None
    shares: dict[str, Single] | None = None

    def plain(self) -> object:
        """The value in the form that a download has."""
        by_label = {"counts": self.counts, "shares": self.shares}
        if any(each is not None for each in by_label.values()):
            return {name: _plain(each or {}) for name, each in by_label.items()}
        if self.values is not None:
            return _plain(self.values)
        parts = {"count": self.count, "share": self.share, "mean": self.mean, "std": self.std}
        found = {name: each for name, each in parts.items() if each is not None}
        return _plain(found) if found else self.value


def _plain(values: Mapping[str, Single]) -> dict[str, Any]:
    return {name: each.value for name, each in values.items()}


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """A snapshot's file. `metric_results` also has what other metrics were computed from."""

    metric_results: dict[str, Result]
    top_level_metrics: tuple[str, ...]

    def download(self) -> Download:
        """The same in the form that a server answers."""
        results = [self.metric_results[each] for each in self.top_level_metrics if each in self.metric_results]
        return Download(
            tuple(Metric(each.metric_value_location.metric.params, each.plain()) for each in results),
            tuple(test for each in results for test in each.tests),
        )


PROJECT = TypeAdapter(Project)
PROJECTS = TypeAdapter(Many[Project])
HEADER = TypeAdapter(Header)
LISTED = TypeAdapter(Many[ListedSnapshot])
DOWNLOAD = TypeAdapter(Download)
FILE = TypeAdapter(SnapshotFile)
