"""Task instances: those that are active now, and what is known of those that ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from sqlalchemy import case, func, select

from mlvitals.airflow import metrics as m
from mlvitals.airflow.facts import LastTask, TaskKey, TaskReport
from mlvitals.airflow.sql.connection import Transaction
from mlvitals.airflow.sql.ended import Group


def count_active(transaction: Transaction, dag_ids: Collection[str], report: TaskReport) -> None:
    """Task instances of these DAGs that have not ended, by the index on their state."""
    task = transaction.schema["task_instance"].c
    queued = case((task.state == "queued", task.queued_dttm))
    active = select(task.dag_id, task.state, func.count().label("instances"), func.min(queued).label("oldest_queued"))
    active = active.where(task.state.in_(m.ACTIVE_TASK_STATES)).group_by(task.dag_id, task.state)
    shown = set(dag_ids)
    for row in transaction.rows(active):
        if row.dag_id in shown:
            report.active[row.dag_id, row.state] = row.instances
            if row.oldest_queued is not None:
                report.oldest_queued[row.dag_id] = row.oldest_queued


def add_ended(
    groups: Iterable[Group], dag_ids: Collection[str], one_by_one: Collection[str], report: TaskReport
) -> None:
    """Task instances of these DAGs that ended."""
    shown, chosen = set(dag_ids), set(one_by_one)
    for group in groups:
        if group.dag_id not in shown:
            continue
        report.recent[group.dag_id, group.state] += group.instances
        report.retries[group.dag_id] += group.retries
        if group.task_id is not None and group.dag_id in chosen:
            _add_task(TaskKey(group.dag_id, group.task_id), group, report)


def _add_task(key: TaskKey, group: Group, report: TaskReport) -> None:
    report.of_tasks.setdefault(key, Counter())[group.state] += group.instances
    report.task_retries[key] += group.retries
    last = report.last.get(key)
    if last is None or group.last_end >= last.end:
        report.last[key] = LastTask(group.state, group.last_end, group.duration)
