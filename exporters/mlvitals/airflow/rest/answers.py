"""What Airflow's REST API answers, as far as it is read: v1 is Airflow 2's, v2 Airflow 3's. Unknown keys are ignored.

Lists are never left out, so an answer without them is not one of Airflow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import AliasChoices, BeforeValidator, ConfigDict, FailFast, Field, TypeAdapter

from mlvitals.airflow import facts
from mlvitals.airflow.schedule import NO_SCHEDULE, is_periodic

T = TypeVar("T")
Many = Annotated[tuple[T, ...], FailFast()]
"""Of a list of which everything is wrong, one mistake is told, not a million."""


def _unix(value: object) -> float:
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        time = None
    if time is None:
        raise ValueError("expected a time such as 2026-11-23T08:00:00Z")
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


Time = Annotated[float, BeforeValidator(_unix)]
"""Unix time; a time without zone is UTC."""


@dataclass(frozen=True, slots=True)
class Version:
    """An answer of version."""

    version: Annotated[str, Field(min_length=1, max_length=64)]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of Airflow in health. Its status is null when it does not run."""

    status: str | None = None
    latest_scheduler_heartbeat: Time | None = None
    latest_triggerer_heartbeat: Time | None = None
    latest_dag_processor_heartbeat: Time | None = None

    def fact(self, name: str) -> facts.Component:
        """The component of this name."""
        heartbeats = (
            self.latest_scheduler_heartbeat,
            self.latest_triggerer_heartbeat,
            self.latest_dag_processor_heartbeat,
        )
        heartbeat = next((time for time in heartbeats if time is not None), None)
        return facts.Component(name, None if self.status is None else self.status == "healthy", heartbeat)


@dataclass(frozen=True, slots=True)
class Health:
    """An answer of health. Releases before 2.7 know no dag_processor."""

    metadatabase: Part
    scheduler: Part
    triggerer: Part | None = None
    dag_processor: Part | None = None

    def facts(self) -> tuple[facts.Component, ...]:
        """The components."""
        parts = {
            "metadatabase": self.metadatabase,
            "scheduler": self.scheduler,
            "dag_processor": self.dag_processor or Part(),
            "triggerer": self.triggerer or Part(),
        }
        return tuple(part.fact(name) for name, part in parts.items())


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool. One without limit has -1 slots, and infinitely many or no open ones."""

    name: str
    slots: float
    running_slots: float
    queued_slots: float
    scheduled_slots: float
    open_slots: float | None = None
    deferred_slots: float = 0

    def fact(self) -> facts.Pool:
        """The pool."""
        limited = self.slots >= 0
        slots, open_slots = (self.slots, self.open_slots) if limited else (None, None)
        used = (self.running_slots, self.queued_slots, self.deferred_slots, self.scheduled_slots)
        return facts.Pool(self.name, slots, open_slots, *used)


@dataclass(frozen=True, slots=True)
class ImportFailure:
    """A file that cannot be imported."""

    import_error_id: int
    filename: str | None = None
    timestamp: Time | None = None

    def fact(self) -> facts.ImportFailure:
        """The file."""
        return facts.ImportFailure(self.filename or "", self.timestamp)


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of a DAG."""

    name: str


@dataclass(frozen=True, slots=True)
class DagV2:
    """A DAG. `timetable_periodic` came with Airflow 3.2."""

    dag_id: str
    is_paused: bool
    owners: Many[str] = ()
    tags: Many[Tag] = ()
    timetable_summary: str | None = None
    timetable_periodic: bool | None = None
    next_dagrun_run_after: Time | None = None

    def fact(self) -> facts.Dag:
        """The DAG."""
        schedule = self.timetable_summary or NO_SCHEDULE
        periodic = is_periodic(schedule) if self.timetable_periodic is None else self.timetable_periodic
        tags = tuple(tag.name for tag in self.tags)
        return facts.Dag(self.dag_id, self.is_paused, self.owners, tags, schedule, periodic, self.next_dagrun_run_after)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule_interval: of a CronExpression `value`, of a TimeDelta days and so on, of a RelativeDelta its parts."""

    kind: Annotated[str, Field(validation_alias="__type")] = ""
    value: str | None = None
    days: int = 0
    seconds: int = 0
    microseconds: int = 0

    def text(self) -> str:
        """As Airflow 3 writes it."""
        if self.value is not None:
            return self.value
        if self.kind != "TimeDelta":
            return self.kind
        try:
            return str(timedelta(self.days, self.seconds, self.microseconds))
        except OverflowError:
            return self.kind


@dataclass(frozen=True, slots=True)
class DagV1:
    """A DAG."""

    dag_id: str
    is_paused: bool | None = None
    owners: Many[str] = ()
    tags: Many[Tag] = ()
    schedule_interval: Schedule | None = None
    next_dagrun_create_after: Time | None = None

    def fact(self) -> facts.Dag:
        """The DAG."""
        schedule = self.schedule_interval.text() if self.schedule_interval else NO_SCHEDULE
        tags = tuple(tag.name for tag in self.tags)
        next_run = self.next_dagrun_create_after
        return facts.Dag(
            self.dag_id, bool(self.is_paused), self.owners, tags, schedule, is_periodic(schedule), next_run
        )


@dataclass(frozen=True, slots=True)
class RunV2:
    """A run."""

    dag_id: str
    dag_run_id: str
    state: str
    run_type: str
    run_after: Time
    queued_at: Time | None = None
    start_date: Time | None = None
    end_date: Time | None = None
    conf: Any = None

    def fact(self, conf_keys: tuple[str, ...]) -> facts.DagRun:
        """The run with the configured part of its conf."""
        key = facts.RunKey(self.dag_id, self.dag_run_id)
        times = (self.run_after, self.queued_at, self.start_date, self.end_date)
        return facts.DagRun(key, self.state, self.run_type, *times, conf=facts.chosen_conf(self.conf, conf_keys))


@dataclass(frozen=True, slots=True)
class RunV1:
    """A run. When it was queued is not told."""

    dag_id: str
    dag_run_id: str
    state: str
    run_type: str
    logical_date: Time | None = None
    data_interval_end: Time | None = None
    start_date: Time | None = None
    end_date: Time | None = None
    conf: Any = None

    def fact(self, conf_keys: tuple[str, ...]) -> facts.DagRun:
        """The run with the configured part of its conf."""
        key = facts.RunKey(self.dag_id, self.dag_run_id)
        due = facts.due(self.data_interval_end, self.logical_date)
        conf = facts.chosen_conf(self.conf, conf_keys)
        return facts.DagRun(key, self.state, self.run_type, due, None, self.start_date, self.end_date, conf)


Run = RunV1 | RunV2


@dataclass(frozen=True, slots=True)
class Event:
    """An event of an asset. Airflow 3 gives an empty one for an asset that has none."""

    timestamp: Time | None = None


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset."""

    uri: str
    last_asset_event: Event | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set: what Airflow 2 calls an asset."""

    id: int
    uri: str


@dataclass(frozen=True, slots=True)
class DatasetEvent:
    """An event of a data set."""

    id: int
    dataset_id: int
    timestamp: Time


@dataclass(frozen=True, slots=True)
class TaskInstance:
    """A task instance, mapped ones by their index. A state of null is one that waits for others."""

    dag_id: str
    dag_run_id: str
    task_id: str
    map_index: int = -1
    state: str | None = None
    try_number: int = 0
    queued_when: Time | None = None
    start_date: Time | None = None
    end_date: Time | None = None
    rendered_fields: Any = None

    @property
    def triggers(self) -> tuple[str, str]:
        """Id of the DAG that a TriggerDagRunOperator triggers, and of the run where the task names it; else empty."""
        fields = self.rendered_fields if isinstance(self.rendered_fields, Mapping) else {}
        dag_id, run_id = fields.get("trigger_dag_id"), fields.get("trigger_run_id")
        return (dag_id if isinstance(dag_id, str) else ""), (run_id if isinstance(run_id, str) else "")


@dataclass(frozen=True, slots=True)
class XCom:
    """A value that a task left."""

    value: Any = None


_LISTS = ("dags", "dag_runs", "task_instances", "pools", "import_errors", "assets", "datasets", "dataset_events")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; `total_entries` are on all pages."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(loc_by_alias=False)

    items: Annotated[tuple[T, ...], FailFast(), Field(validation_alias=AliasChoices(*_LISTS))]
    total_entries: int


VERSION = TypeAdapter(Version)
HEALTH = TypeAdapter(Health)
POOLS = TypeAdapter(Page[Pool])
IMPORT_FAILURES = TypeAdapter(Page[ImportFailure])
DAGS_V1, DAGS_V2 = TypeAdapter(Page[DagV1]), TypeAdapter(Page[DagV2])
RUNS_V1, RUNS_V2 = TypeAdapter(Page[RunV1]), TypeAdapter(Page[RunV2])
RUN_V1, RUN_V2 = TypeAdapter(RunV1), TypeAdapter(RunV2)
TASK_INSTANCES = TypeAdapter(Page[TaskInstance])
ASSETS = TypeAdapter(Page[Asset])
DATASETS, DATASET_EVENTS = TypeAdapter(Page[Dataset]), TypeAdapter(Page[DatasetEvent])
XCOM = TypeAdapter(XCom)
