"""Which task triggered which run last, by what TriggerDagRunOperator leaves behind.

It hands on the run id of the child as the XCom `trigger_run_id`; the DAG of the child is one of its rendered fields.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, select

from mlvitals.airflow.facts import Link, RunKey, Triggered
from mlvitals.airflow.links import Child, LastChildren
from mlvitals.airflow.sql.changes import Changes
from mlvitals.airflow.sql.connection import MetadataDatabase
from mlvitals.airflow.sql.fragments import member, parsed, whole
from mlvitals.airflow.sql.runs import BATCH, RunReader, batches
from mlvitals.airflow.sql.schema import Schema
from mlvitals.core.collector import Deadline


class TriggerReader:
    """Remembers the last run of each link: the database is asked for newer ones, and for the state of that one."""

    def __init__(self, database: MetadataDatabase, changes: Changes, runs: RunReader) -> None:
        self._database = database
        self._changes = changes
        self._runs = runs
        self._last = LastChildren()

    def read(self, since: float, dag_ids: Collection[str], deadline: Deadline) -> Iterator[Triggered]:
        """The run that each link of these DAGs triggered last.

        What was triggered before `since` is found where the task's run goes on, and remembered.
        """
        found = self._changes.find(since, deadline)
        with self._database.reading(deadline) as transaction:
            rows = [
                row
                for batch in batches(found.runs, BATCH)
                for row in transaction.rows(_links(batch, transaction.schema))
            ]
            self._last.note(_children(rows), since, whole=found.whole)
            links = dict(self._last.of(dag_ids))
            runs = {run.key: run for run in self._runs.by_key(set(links.values()), transaction)}
        self._changes.done(found)
        yield from (Triggered(link, runs[key]) for link, key in links.items() if key in runs)


def _children(rows: Iterable[Row[Any]]) -> Iterator[tuple[Link, Child]]:
    for row in rows:
        run_id, dag_id, time = parsed(row.child_run_id), parsed(row.child_dag_id), row.timestamp
        if isinstance(run_id, str) and isinstance(dag_id, str) and time is not None:
            yield Link(row.dag_id, row.task_id, dag_id), Child(time, RunKey(dag_id, run_id), row.run_id)


def _links(numbers: Sequence[int], schema: Schema) -> Select[Any]:
    xcom, rendered = schema["xcom"], schema["rendered_task_instance_fields"]
    same = (getattr(rendered.c, name) == getattr(xcom.c, name) for name in ("dag_id", "task_id", "run_id", "map_index"))
    return (
        select(
            xcom.c.dag_id,
            xcom.c.task_id,
            xcom.c.run_id,
            xcom.c.timestamp,
            whole(xcom.c.value, "child_run_id", binary=schema.major == 2),
            member(rendered.c.rendered_fields, "trigger_dag_id", "child_dag_id"),
        )
        .join_from(xcom, rendered, and_(*same))
        .where(xcom.c.dag_run_id.in_(numbers), xcom.c.key == "trigger_run_id")
    )
