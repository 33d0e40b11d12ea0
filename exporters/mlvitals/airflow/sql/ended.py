"""Task instances that ended within the window, counted in the database, and only where a run has changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, String, and_, case, cast, func, null, select

from mlvitals.airflow import metrics as m
from mlvitals.airflow.config import AirflowSettings
from mlvitals.airflow.sql.changes import Changes
from mlvitals.airflow.sql.connection import MetadataDatabase
from mlvitals.airflow.sql.runs import BATCH, batches
from mlvitals.airflow.sql.schema import Schema
from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.pace import Pace

MAX_GROUPS = 500_000
"""Groups of ended task instances, of which no more are held: some 100 MB."""


class Group(NamedTuple):
    """Instances that ended in one run with one state: of its whole DAG, or of one task of it.

    Times are Unix time; `duration`, in seconds, is that of the instance that ended last.
    """

    dag_id: str
    task_id: str | None
    state: str
    instances: int
    retries: int
    first_end: float
    last_end: float
    duration: float | None


class EndedTasks:
    """What ended in the runs of the window, by number of the run.

    Airflow notes in a run that its tasks have changed, unless somebody sets the state of a task by hand. That, and what
    was deleted, is found when everything is read anew, after `baseline_interval`.
    """

    def __init__(self, database: MetadataDatabase, changes: Changes, settings: AirflowSettings) -> None:
        self._database = database
        self._changes = changes
        self._settings = settings
        self._groups: dict[int, tuple[Group, ...]] = {}
        self._pending: dict[int, str] = {}
        self._complete = False

    def read(self, since: float, deadline: Deadline) -> bool:
        """Read what has changed, as far as there is time; True when all that ended since then is known."""
        go_on = Pace(deadline).until(0.6)
        self._find(since, deadline)
        for batch in batches(tuple(self._pending), BATCH):
            self._count(batch, since, deadline)
            if not go_on():
                break
        self._complete = self._complete or not self._pending
        return self._complete

    def groups(self, since: float) -> Iterator[Group]:
        """What ended since then."""
        for groups in self._groups.values():
            yield from (group for group in groups if group.last_end >= since)

    def _find(self, since: float, deadline: Deadline) -> None:
        """Which runs have to be looked at."""
        found = self._changes.find(since, deadline)
        known = {number: groups for number, groups in self._groups.items() if _last_end(groups) >= since}
        self._groups = {number: known[number] for number in known.keys() & found.runs} if found.whole else known
        self._pending |= {
            number: dag_id for number, dag_id in found.runs.items() if self._settings.dags.matches(dag_id)
        }
        for number, groups in self._groups.items():
            # A part of these has left the window.
            if any(group.first_end < since for group in groups):
                self._pending[number] = groups[0].dag_id
        self._changes.done(found)

    def _count(self, numbers: Sequence[int], since: float, deadline: Deadline) -> None:
        split = {dag_id for number in numbers if self._settings.tasks.matches(dag_id := self._pending[number])}
        with self._database.reading(deadline) as transaction:
            found = transaction.rows(_ended(numbers, split, since, transaction.schema))
        counted: dict[int, list[Group]] = {number: [] for number in numbers}
        for row in found:
            counted[row.id].append(_group(row))
        for number, groups in counted.items():
            del self._pending[number]
            self._groups.pop(number, None)
            if groups:
                self._groups[number] = tuple(groups)
        if sum(map(len, self._groups.values())) > MAX_GROUPS:
            raise UpstreamError("limit", f"more than {MAX_GROUPS} groups of tasks: shorten window, or leave DAGs out")


def _last_end(groups: Sequence[Group]) -> float:
    return max(group.last_end for group in groups)


def _ended(numbers: Sequence[int], split: set[str], since: float, schema: Schema) -> Select[Any]:
    run, task = schema["dag_run"], schema["task_instance"]
    task_id = case((run.c.dag_id.in_(sorted(split)), task.c.task_id)) if split else cast(null(), String)
    partition = (run.c.id, task_id, task.c.state)
    each = (
        select(
            run.c.id,
            run.c.dag_id,
            task_id.label("task_id"),
            task.c.state,
            task.c.end_date,
            task.c.duration,
            case((task.c.try_number > 1, task.c.try_number - 1), else_=0).label("retries"),
            func.row_number().over(partition_by=partition, order_by=task.c.end_date.desc()).label("place"),
        )
        .join_from(run, task, and_(task.c.dag_id == run.c.dag_id, task.c.run_id == run.c.run_id))
        .where(run.c.id.in_(numbers), task.c.state.in_(m.ENDED_TASK_STATES), task.c.end_date >= since)
        .subquery("each")
    ).c
    return select(
        each.id,
        each.dag_id,
        each.task_id,
        each.state,
        func.count().label("instances"),
        func.sum(each.retries).label("retries"),
        func.min(each.end_date).label("first_end"),
        func.max(each.end_date).label("last_end"),
        func.sum(case((each.place == 1, each.duration))).label("duration"),
    ).group_by(each.id, each.dag_id, each.task_id, each.state)


def _group(row: Row[Any]) -> Group:
    retries = int(row.retries or 0)
    first, last = row.first_end or 0.0, row.last_end or 0.0
    return Group(row.dag_id, row.task_id, row.state, row.instances, retries, first, last, row.duration)
