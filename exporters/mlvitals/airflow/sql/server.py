"""Airflow itself, its DAGs and its assets."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, Select, exists, func, not_, select

from mlvitals.airflow.facts import Asset, Component, Dag, ImportFailure, Pool, Server
from mlvitals.airflow.schedule import NO_SCHEDULE, is_periodic
from mlvitals.airflow.sql.connection import Transaction
from mlvitals.airflow.sql.schema import Schema

HEALTHY_FOR = 30.0
"""Seconds after its last heartbeat for which a component is healthy: Airflow's own default for each of them."""
_JOBS = {"scheduler": "SchedulerJob", "dag_processor": "DagProcessorJob", "triggerer": "TriggererJob"}
_TAKEN = ("running", "queued", "deferred", "scheduled")


def read_server(transaction: Transaction, now: float) -> Server:
    """Version, components, pools and import errors."""
    schema = transaction.schema
    migration = transaction.first(1, select(schema["alembic_version"].c.version_num))
    error = schema["import_error"].c
    errors = transaction.rows(select(error.filename, error.timestamp))
    return Server(
        source="sql",
        version=schema.release(migration[0].version_num if migration else None),
        components=tuple(_components(transaction, now)),
        pools=tuple(_pools(transaction)),
        import_errors=tuple(ImportFailure(row.filename or "", row.timestamp) for row in errors),
    )


def _components(transaction: Transaction, now: float) -> Iterator[Component]:
    # It has just been read.
    yield Component("metadatabase", healthy=True)
    job = transaction.schema["job"].c
    for name, kind in _JOBS.items():
        of_kind = select(func.max(job.latest_heartbeat).label("latest")).where(job.job_type == kind)
        # Like Airflow: one that runs counts before one that has ended, even if that was seen later.
        running = transaction.first(1, of_kind.where(job.state == "running"))[0].latest
        latest = running if running is not None else transaction.first(1, of_kind)[0].latest
        healthy = None if latest is None else running is not None and now - running < HEALTHY_FOR
        # There is no Airflow without a scheduler.
        yield Component(name, False if healthy is None and name == "scheduler" else healthy, latest)


def _pools(transaction: Transaction) -> Iterator[Pool]:
    """As Airflow counts: what runs or is queued takes slots, and if the pool says so, what is deferred does too."""
    task, pool = transaction.schema["task_instance"].c, transaction.schema["slot_pool"].c
    slots = select(task.pool, task.state, func.sum(task.pool_slots).label("slots"))
    taken = defaultdict[str, dict[str, int]](dict)
    for row in transaction.rows(slots.where(task.state.in_(_TAKEN)).group_by(task.pool, task.state)):
        taken[row.pool][row.state] = int(row.slots or 0)
    for row in transaction.rows(select(pool.pool, pool.slots, pool.include_deferred)):
        running, queued, deferred, scheduled = (taken[row.pool].get(state, 0) for state in _TAKEN)
        used = running + queued + (deferred if row.include_deferred else 0)
        limit = row.slots if isinstance(row.slots, int) and row.slots >= 0 else None
        free = None if limit is None else limit - used
        yield Pool(row.pool or "", limit, free, running, queued, deferred, scheduled)


def read_dags(transaction: Transaction) -> Iterator[Dag]:
    """All DAGs that are not stale, by id."""
    schema = transaction.schema
    dag, tag = schema["dag"].c, schema["dag_tag"].c
    tags = defaultdict[str, list[str]](list)
    for row in transaction.rows(select(tag.dag_id, tag.name)):
        tags[row.dag_id].append(row.name)
    columns = (dag.dag_id, dag.is_paused, dag.owners, dag.next_dagrun_create_after.label("next_run"))
    found = select(*columns, schema.schedule.label("schedule"), schema.periodic.label("periodic"))
    for row in transaction.rows(found.where(not_(schema.stale)).order_by(dag.dag_id)):
        yield _dag(row, tuple(tags[row.dag_id]), schema)


def read_assets(transaction: Transaction) -> Iterator[Asset]:
    """All assets that are in use, by URI, with their last event by the index on asset and time."""
    for row in transaction.rows(_assets(transaction.schema)):
        yield Asset(row.uri, row.last_event)


def _assets(schema: Schema) -> Select[Any]:
    asset = schema[schema.asset].c
    event = schema[f"{schema.asset}_event"].c
    last = select(func.max(event.timestamp)).where(event[f"{schema.asset}_id"] == asset.id).scalar_subquery()
    found = select(asset.uri, last.label("last_event")).order_by(asset.uri)
    if schema.major == 2:
        # The REST API of Airflow 2 lists those that nothing uses any more, too.
        return found
    active = schema["asset_active"].c
    return found.where(exists().where(active.name == asset.name, active.uri == asset.uri))


def _dag(row: Row[Any], tags: tuple[str, ...], schema: Schema) -> Dag:
    text = _schedule(row.schedule) if schema.major == 2 else row.schedule or NO_SCHEDULE
    return Dag(
        dag_id=row.dag_id,
        paused=bool(row.is_paused),
        owners=tuple((row.owners or "").split(",")) if row.owners else (),
        tags=tags,
        schedule=text,
        periodic=is_periodic(text) if row.periodic is None else bool(row.periodic),
        next_run=row.next_run,
    )


def _schedule(column: str | None) -> str:
    """The JSON in which Airflow 2 keeps a schedule, as Airflow 3 writes it: a text, or the parts of a time span."""
    try:
        value = json.loads(column) if column else None
    except (ValueError, RecursionError):
        return NO_SCHEDULE
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return NO_SCHEDULE
    if value.get("type") != "timedelta":
        return "RelativeDelta"
    try:
        return str(timedelta(**value["attrs"]))
    except (KeyError, TypeError, OverflowError):
        return "TimeDelta"
