"""What every source of Airflow tells, in one form. Times are Unix time in seconds; None is what is not known."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from mlvitals.core.collector import Deadline
from mlvitals.core.selection import MAX_LABEL


@dataclass(frozen=True, slots=True)
class Component:
    """A part of Airflow: `name` is one of metrics.COMPONENTS. `healthy` is None for one that does not run."""

    name: str
    healthy: bool | None
    heartbeat: float | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool; `slots` and `open` are None when it has no limit."""

    name: str
    slots: float | None
    open: float | None
    running: float
    queued: float
    deferred: float
    scheduled: float


@dataclass(frozen=True, slots=True)
class ImportFailure:
    """A file that cannot be imported."""

    filename: str
    timestamp: float | None


@dataclass(frozen=True, slots=True)
class Server:
    """Airflow itself. `source` is one of metrics.SOURCES; `import_errors` is None when they could not be read."""

    source: str
    version: str
    components: tuple[Component, ...]
    pools: tuple[Pool, ...]
    import_errors: tuple[ImportFailure, ...] | None


@dataclass(frozen=True, slots=True)
class Dag:
    """A DAG that Airflow knows and has not dropped (Airflow 2: is_active, Airflow 3: not is_stale).

    `schedule` is what people wrote: a cron expression or preset, the text of a timedelta, `Asset` or `Dataset`, `None`
    when there is none. `periodic` is False where no schedule creates runs.
    """

    dag_id: str
    paused: bool
    owners: tuple[str, ...]
    tags: tuple[str, ...]
    schedule: str
    periodic: bool
    next_run: float | None


class RunKey(NamedTuple):
    """What a run is known by everywhere."""

    dag_id: str
    run_id: str


@dataclass(frozen=True, slots=True)
class DagRun:
    """A run. `run_after` is when it could start; for Airflow 2, which has no such field, see `due`.

    `state` and `run_type` are Airflow's words, also those that the metrics do not know. `conf` is what `chosen_conf`
    gives.
    """

    key: RunKey
    state: str
    run_type: str
    run_after: float
    queued_at: float | None = None
    start: float | None = None
    end: float | None = None
    conf: Mapping[str, str] = field(default_factory=dict)

    @property
    def duration(self) -> float | None:
        """Seconds that an ended run took; None while it has not, and when it ended before it started."""
        if self.state not in ("success", "failed") or self.start is None or self.end is None:
            return None
        return self.end - self.start if self.end >= self.start else None

    @property
    def waits_since(self) -> float:
        """Since when a queued run waits.

        A run of long ago that was cleared waits since then, where that is known; one that is queued for later does not
        wait before.
        """
        return max(self.run_after, self.queued_at or 0.0)


def due(data_interval_end: float | None, logical_date: float | None) -> float:
    """When a run of Airflow 2 could start: at the end of its interval, or by hand at its logical date, after that."""
    return max(data_interval_end or 0.0, logical_date or 0.0)


def chosen_conf(conf: object, keys: Collection[str]) -> dict[str, str]:
    """Those of these keys of a run's conf whose values are text, numbers or booleans, as text (`true`, `1.5`).

    A text is cut where it is too long for a label anyway.
    """
    if not keys or not isinstance(conf, Mapping):
        return {}
    values = {key: conf[key] for key in keys if isinstance(conf.get(key), (str, int, float))}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    return {key: text[: MAX_LABEL + 1] for key, text in texts.items() if text}


class TaskKey(NamedTuple):
    """A task of a DAG."""

    dag_id: str
    task_id: str


@dataclass(frozen=True, slots=True)
class LastTask:
    """The instance of a task that ended last."""

    state: str
    end: float
    duration: float | None


@dataclass(slots=True)
class TaskReport:
    """Task instances: those that have not ended, and those that ended within the window.

    `complete` is False until the whole window has been read; what ended is not told before.
    """

    active: Counter[tuple[str, str]] = field(default_factory=Counter)
    oldest_queued: dict[str, float] = field(default_factory=dict)
    recent: Counter[tuple[str, str]] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    of_tasks: dict[TaskKey, Counter[str]] = field(default_factory=dict)
    task_retries: Counter[TaskKey] = field(default_factory=Counter)
    last: dict[TaskKey, LastTask] = field(default_factory=dict)
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset (Airflow 2: dataset) by its URI."""

    uri: str
    last_event: float | None


class Link(NamedTuple):
    """A task of a DAG that triggers runs of another DAG."""

    dag_id: str
    task_id: str
    child_dag_id: str


@dataclass(frozen=True, slots=True)
class Triggered:
    """The run that a link triggered last."""

    link: Link
    run: DagRun


class Source(Protocol):
    """One Airflow. Used by one collection at a time; raises UpstreamError only.

    DAGs, runs and tasks are asked for by ids that came from `dags`. Each method reads what it needs by itself and says
    how much at most: never all of history.
    """

    @property
    def at_once(self) -> float:
        """Seconds of history for which `runs` is best asked at once."""
        ...

    def server(self, deadline: Deadline) -> Server:
        """Version, components, pools and import errors."""
        ...

    def dags(self, deadline: Deadline) -> Iterator[Dag]:
        """All DAGs that are not stale, by id."""
        ...

    def runs(self, since: float, until: float, deadline: Deadline) -> Iterator[DagRun]:
        """Runs that were made or changed from `since` on and before `until`; more is allowed, and twice the same."""
        ...

    def active_runs(self, deadline: Deadline) -> Iterator[DagRun]:
        """All runs that are queued or running now."""
        ...

    def last_runs(self, dag_id: str, deadline: Deadline) -> Iterator[DagRun]:
        """Of those that ended, the run with the latest run_after and the last one with success, however old."""
        ...

    def tasks(
        self, since: float, dag_ids: Collection[str], one_by_one: Collection[str], deadline: Deadline
    ) -> TaskReport:
        """Task instances of these DAGs, now and those that ended at or after `since`; task by task where asked for.

        What takes longer than one collection goes on in the next one; `complete` tells.
        """
        ...

    def assets(self, deadline: Deadline) -> Iterator[Asset]:
        """All assets, by URI, with their last event."""
        ...

    def triggered(self, since: float, dag_ids: Collection[str], deadline: Deadline) -> Iterator[Triggered]:
        """For each link of these DAGs, the run that it triggered last.

        Of a task that is over and began before `since`, only what the source remembers.
        """
        ...

    def clock(self) -> float:
        """Airflow's clock, Unix time; this machine's where the source does not tell."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...
