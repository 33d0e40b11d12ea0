"""Task instances over REST: those that are active now, and those that ended within the window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sized
from sys import intern
from typing import NamedTuple

from mlvitals.airflow import metrics as m
from mlvitals.airflow.facts import LastTask, Link, TaskKey, TaskReport
from mlvitals.airflow.increments import Increments, Read
from mlvitals.airflow.rest.answers import TaskInstance
from mlvitals.core.collector import UpstreamError
from mlvitals.core.pace import GoOn

MAX_INSTANCES = 200_000
"""Task instances that ended within the window, of which no more are held: some 90 MB."""


class InstanceKey(NamedTuple):
    """What a task instance is known by, whatever it is tried."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int


class Ended(NamedTuple):
    """How a task instance ended."""

    state: str
    end: float
    duration: float | None
    retries: int


class Try(NamedTuple):
    """A try of a task that triggers a run of another DAG; `run_id` is empty where the task leaves it to Airflow."""

    link: Link
    start: float
    number: int
    run_id: str
    over: bool


class TaskLedger:
    """The task instances of the DAGs whose id `keeps` keeps, of the last `window` seconds.

    Each collection reads those that changed since the last one. One that is deleted is not noticed: renew the ledger
    from time to time.
    """

    def __init__(self, window: float, keeps: Callable[[str], bool]) -> None:
        self.tries: dict[InstanceKey, Try] = {}
        """The last try of each instance that triggers a run, and is at work or started within the window."""
        self.since = 0.0
        """When the window began at the last reading, Unix time."""
        self._window = window
        self._keeps = keeps
        self._changes = Increments[TaskInstance](window)
        self._ended: dict[InstanceKey, Ended] = {}

    def sync(self, now: float, read: Read[TaskInstance], go_on: GoOn) -> bool:
        """Read what is new, as far as there is time; True when everything is known."""
        self.since = horizon = now - self._window
        self._ended = {key: ended for key, ended in self._ended.items() if ended.end >= horizon}
        self.tries = {key: each for key, each in self.tries.items() if each.start >= horizon or not each.over}

        def note(instances: Iterable[TaskInstance]) -> None:
            for instance in instances:
                if self._keeps(instance.dag_id):
                    self._note(instance, horizon)

        self._changes.read(now, read, note, go_on)
        return self.complete

    @property
    def complete(self) -> bool:
        """True when the whole window has been read."""
        return self._changes.complete

    def watched(self, active: Iterable[TaskInstance]) -> Iterator[TaskInstance]:
        """The same instances, which are at work: one that triggers a run may wait for it longer than the window."""
        for instance in active:
            if self._keeps(instance.dag_id):
                self._note_try(instance)
            yield instance

    def renewed(self) -> TaskLedger:
        """A ledger that reads everything anew."""
        return TaskLedger(self._window, self._keeps)

    def report(self, dag_ids: Collection[str], one_by_one: Collection[str]) -> TaskReport:
        """What ended within the window."""
        report = TaskReport(complete=self.complete)
        for key, ended in self._ended.items():
            if key.dag_id in dag_ids:
                report.recent[key.dag_id, ended.state] += 1
                report.retries[key.dag_id] += ended.retries
                if key.dag_id in one_by_one:
                    _count_one(TaskKey(key.dag_id, key.task_id), ended, report)
        return report

    def _note(self, instance: TaskInstance, horizon: float) -> None:
        key = key_of(instance)
        self._ended.pop(key, None)
        end = instance.end_date
        if instance.state in m.ENDED_TASK_STATES and end is not None and end >= horizon:
            retries = max(instance.try_number - 1, 0)
            self._ended[key] = Ended(intern(instance.state), end, _duration(instance.start_date, end), retries)
        self._note_try(instance)
        _bounded(self._ended)

    def _note_try(self, instance: TaskInstance) -> None:
        if made := _try(instance):
            self.tries[key_of(instance)] = made
            _bounded(self.tries)


def _bounded(held: Sized) -> None:
    if len(held) > MAX_INSTANCES:
        text = f"more than {MAX_INSTANCES} task instances at once: shorten window, or leave DAGs out"
        raise UpstreamError("limit", text)


def key_of(instance: TaskInstance) -> InstanceKey:
    """The identity of a task instance. Its strings are shared: there are many of them."""
    return InstanceKey(
        intern(instance.dag_id), intern(instance.dag_run_id), intern(instance.task_id), instance.map_index
    )


def count_active(instances: Iterable[TaskInstance], dag_ids: Collection[str], report: TaskReport) -> None:
    """Add those that have not ended to the report."""
    for instance in instances:
        dag_id, state, queued = instance.dag_id, instance.state, instance.queued_when
        if dag_id not in dag_ids or state is None:
            continue
        report.active[dag_id, state] += 1
        if state == "queued" and queued is not None:
            report.oldest_queued[dag_id] = min(queued, report.oldest_queued.get(dag_id, queued))


def _count_one(key: TaskKey, ended: Ended, report: TaskReport) -> None:
    report.of_tasks.setdefault(key, Counter())[ended.state] += 1
    report.task_retries[key] += ended.retries
    last = report.last.get(key)
    if last is None or ended.end >= last.end:
        report.last[key] = LastTask(ended.state, ended.end, ended.duration)


def _duration(start: float | None, end: float) -> float | None:
    return end - start if start is not None and end >= start else None


def _try(instance: TaskInstance) -> Try | None:
    child, run_id = instance.triggers
    started = instance.state not in (None, "scheduled", "queued", "skipped", "upstream_failed", "removed")
    if not child or not started or instance.start_date is None:
        return None
    over = instance.state in m.ENDED_TASK_STATES
    link = Link(intern(instance.dag_id), intern(instance.task_id), intern(child))
    return Try(link, instance.start_date, instance.try_number, run_id, over)
