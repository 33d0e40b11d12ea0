"""Turns what was read of Airflow into samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from mlvitals.airflow import metrics as m
from mlvitals.airflow.config import AirflowSettings
from mlvitals.airflow.facts import (
    Asset,
    Component,
    Dag,
    DagRun,
    ImportFailure,
    Pool,
    Server,
    TaskKey,
    TaskReport,
    Triggered,
)
from mlvitals.airflow.ledger import DagRuns, LastRuns
from mlvitals.airflow.objectives import Objectives
from mlvitals.airflow.schedule import CONTINUOUS, longest_interval
from mlvitals.core.metric import Metric
from mlvitals.core.objectives import ByPattern
from mlvitals.core.report import Report
from mlvitals.core.selection import MAX_LABEL, Selection, select


def write_server(server: Server, settings: AirflowSettings, report: Report) -> None:
    """Airflow itself."""
    report.add(m.SERVER_INFO, 1, version=server.version, source=server.source)
    for component in server.components:
        _component(component, report)
    if server.import_errors is not None:
        _import_errors(server.import_errors, settings.max_import_errors, report)
    pools = select(sorted(server.pools, key=lambda pool: pool.name), lambda pool: pool.name, settings.max_pools)
    report.drop(m.POOL_OPEN_SLOTS, pools.dropped)
    for pool in pools.shown.values():
        _pool(pool, report)


def _component(component: Component, report: Report) -> None:
    report.add(m.COMPONENT_HEALTHY, component.healthy, component=component.name)
    report.add(m.COMPONENT_LAST_HEARTBEAT, component.heartbeat, component=component.name)


def _import_errors(found: tuple[ImportFailure, ...], limit: int, report: Report) -> None:
    report.add(m.IMPORT_ERRORS, len(found))
    newest = sorted(found, key=lambda error: (-(error.timestamp or 0), error.filename))
    errors = select(newest, lambda error: error.filename, limit)
    report.drop(m.IMPORT_ERROR_TIMESTAMP, errors.dropped)
    for name, error in errors.shown.items():
        report.add(m.IMPORT_ERROR_TIMESTAMP, error.timestamp, filename=name)


def _pool(pool: Pool, report: Report) -> None:
    slots = {
        m.POOL_SLOTS: pool.slots,
        m.POOL_OPEN_SLOTS: pool.open,
        m.POOL_RUNNING_SLOTS: pool.running,
        m.POOL_QUEUED_SLOTS: pool.queued,
        m.POOL_DEFERRED_SLOTS: pool.deferred,
        m.POOL_SCHEDULED_SLOTS: pool.scheduled,
    }
    for metric, value in slots.items():
        report.add(metric, value, pool=pool.name)


@dataclass(frozen=True, slots=True)
class DagReporter:
    """Writes what is known of DAGs and their runs."""

    settings: AirflowSettings
    objectives: Objectives

    def write(self, dags: Selection[Dag], runs: Mapping[str, DagRuns], report: Report) -> None:
        """All DAGs that are shown."""
        report.add(m.DAGS_TOTAL, dags.matched)
        report.drop(m.DAG_PAUSED, dags.dropped)
        for dag in dags.shown.values():
            known = runs.get(dag.dag_id) or DagRuns()
            self._dag(dag, report)
            _counts(dag.dag_id, known, report)
            _last(dag.dag_id, known.last, report)
            for key, values in known.by_conf.items():
                self._by_conf(dag.dag_id, key, values, report)
        for objective in self._objectives().values():
            objective.count([(dag_id,) for dag_id in dags.shown], m.OBJECTIVE_MATCHES, report)

    def _dag(self, dag: Dag, report: Report) -> None:
        dag_id = dag.dag_id
        report.add(m.DAG_PAUSED, dag.paused, dag_id=dag_id)
        # Airflow 2 joins a set, in any order.
        owner = ",".join(sorted({owner.strip() for owner in dag.owners}))
        if len(owner) > MAX_LABEL or len(dag.schedule) > MAX_LABEL:
            report.drop(m.DAG_INFO, {"too_long": 1})
        else:
            report.add(m.DAG_INFO, 1, dag_id=dag_id, dag_owner=owner, schedule=dag.schedule)
        tags = select(sorted(dag.tags), str, self.settings.max_tags)
        report.drop(m.DAG_TAG_INFO, tags.dropped)
        for tag in tags.shown:
            report.add(m.DAG_TAG_INFO, 1, dag_id=dag_id, tag=tag)
        # For a continuous one Airflow 3 shows a time that is past as soon as the run before it begins.
        report.add(m.DAG_NEXT_RUN, None if dag.schedule == CONTINUOUS else dag.next_run, dag_id=dag_id)
        if dag.periodic:
            report.add(m.DAG_SCHEDULE_INTERVAL, longest_interval(dag.schedule), dag_id=dag_id)
        for metric, objective in self._objectives().items():
            report.add(metric, objective.of(dag_id), dag_id=dag_id)

    def _objectives(self) -> dict[Metric, ByPattern[float]]:
        return {
            m.DAG_SUCCESS_OBJECTIVE: self.objectives.success_within,
            m.DAG_DURATION_OBJECTIVE: self.objectives.duration_within,
            m.DAG_START_OBJECTIVE: self.objectives.start_within,
        }

    def _by_conf(self, dag_id: str, key: str, values: Mapping[str, LastRuns], report: Report) -> None:
        newest = sorted(values, key=lambda value: (-_run_after(values[value]), value))
        shown = select(newest, str, self.settings.max_conf_values)
        report.drop(m.DAG_CONF_LAST_RUN_STATE, shown.dropped)
        for value in shown.shown:
            labels, last = {"dag_id": dag_id, "key": key, "value": value}, values[value]
            if last.newest:
                report.add_states(m.DAG_CONF_LAST_RUN_STATE, "state", last.newest.state, **labels)
                report.add(m.DAG_CONF_LAST_RUN_DURATION, last.newest.duration, **labels)
            report.add(m.DAG_CONF_LAST_SUCCESS, last.succeeded.end if last.succeeded else None, **labels)


def _counts(dag_id: str, runs: DagRuns, report: Report) -> None:
    report.add(m.DAG_RUNNING_RUNS, len(runs.running), dag_id=dag_id)
    report.add(m.DAG_QUEUED_RUNS, len(runs.queued) + len(runs.planned), dag_id=dag_id)
    started = (run.start for run in runs.running if run.start is not None)
    report.add(m.DAG_OLDEST_RUNNING_START, min(started, default=None), dag_id=dag_id)
    # All runs of a backfill are queued at once, and wait for each other.
    waiting = (run.waits_since for run in runs.queued if run.run_type != "backfill")
    report.add(m.DAG_OLDEST_QUEUED, min(waiting, default=None), dag_id=dag_id)
    if runs.recent is not None:
        for state in m.ENDED_RUN_STATES:
            report.add(m.DAG_RECENT_RUNS, runs.recent[state], dag_id=dag_id, state=state)


def _last(dag_id: str, last: LastRuns, report: Report) -> None:
    if last.newest:
        _newest(dag_id, last.newest, report)
    if last.ended:
        report.add_states(m.DAG_LAST_ENDED_STATE, "state", last.ended.state, dag_id=dag_id)
    if last.succeeded:
        report.add(m.DAG_LAST_SUCCESS, last.succeeded.end, dag_id=dag_id)
        report.add(m.DAG_LAST_SUCCESS_DURATION, last.succeeded.duration, dag_id=dag_id)


def _newest(dag_id: str, run: DagRun, report: Report) -> None:
    ended = run.state in m.ENDED_RUN_STATES
    report.add_states(m.DAG_LAST_RUN_STATE, "state", run.state, dag_id=dag_id)
    report.add(m.DAG_LAST_RUN_INFO, 1, dag_id=dag_id, run_type=_run_type(run))
    report.add(m.DAG_LAST_RUN_START, run.start, dag_id=dag_id)
    report.add(m.DAG_LAST_RUN_END, run.end if ended else None, dag_id=dag_id)
    report.add(m.DAG_LAST_RUN_DURATION, run.duration, dag_id=dag_id)
    queued = None if run.queued_at is None else max(run.queued_at, run.run_after)
    report.add(m.DAG_LAST_RUN_QUEUED_DURATION, _between(queued, run.start), dag_id=dag_id)
    if run.run_type == "scheduled":
        report.add(m.DAG_LAST_RUN_DELAY, _between(run.run_after, run.start), dag_id=dag_id)


@dataclass(frozen=True, slots=True)
class TaskReporter:
    """Writes what is known of task instances."""

    settings: AirflowSettings

    def write(self, dag_ids: Iterable[str], tasks: TaskReport, report: Report) -> None:
        """All DAGs that are shown, and the tasks of those that are chosen."""
        for dag_id in dag_ids:
            for state in m.ACTIVE_TASK_STATES:
                report.add(m.DAG_TASKS, tasks.active[dag_id, state], dag_id=dag_id, state=state)
            report.add(m.DAG_OLDEST_QUEUED_TASK, tasks.oldest_queued.get(dag_id), dag_id=dag_id)
            if tasks.complete:
                for state in m.ENDED_TASK_STATES:
                    report.add(m.DAG_RECENT_TASKS, tasks.recent[dag_id, state], dag_id=dag_id, state=state)
                report.add(m.DAG_RECENT_RETRIES, tasks.retries[dag_id], dag_id=dag_id)
        if tasks.complete:
            for _, of_dag in groupby(sorted(tasks.of_tasks), lambda key: key.dag_id):
                self._one_by_one(of_dag, tasks, report)

    def _one_by_one(self, of_dag: Iterable[TaskKey], tasks: TaskReport, report: Report) -> None:
        shown = select(of_dag, lambda key: key.task_id, self.settings.max_tasks)
        report.drop(m.TASK_RECENT, shown.dropped)
        for key in shown.shown.values():
            _task(key, tasks.of_tasks[key], tasks, report)


def _task(key: TaskKey, recent: Counter[str], tasks: TaskReport, report: Report) -> None:
    labels = key._asdict()
    for state in m.ENDED_TASK_STATES:
        report.add(m.TASK_RECENT, recent[state], state=state, **labels)
    report.add(m.TASK_RECENT_RETRIES, tasks.task_retries[key], **labels)
    if last := tasks.last.get(key):
        report.add_states(m.TASK_LAST_STATE, "state", last.state, **labels)
        report.add(m.TASK_LAST_END, last.end, **labels)
        report.add(m.TASK_LAST_DURATION, last.duration, **labels)


def write_assets(assets: Selection[Asset], objectives: Objectives, report: Report) -> None:
    """All assets that are shown."""
    report.add(m.ASSETS_TOTAL, assets.matched)
    report.drop(m.ASSET_LAST_EVENT, assets.dropped)
    for uri, asset in assets.shown.items():
        report.add(m.ASSET_LAST_EVENT, asset.last_event, asset=uri)
        report.add(m.ASSET_UPDATE_OBJECTIVE, objectives.updated_within.of(uri), asset=uri)
    objectives.updated_within.count([(uri,) for uri in assets.shown], m.OBJECTIVE_MATCHES, report)


def write_triggered(triggered: Iterable[Triggered], limit: int, report: Report) -> None:
    """The run that each task triggered last."""
    by_link = sorted(triggered, key=lambda each: each.link)
    report.drop(m.TRIGGERED_STATE, {"limit": len(by_link) - limit} if len(by_link) > limit else {})
    for each in by_link[:limit]:
        labels = each.link._asdict()
        report.add_states(m.TRIGGERED_STATE, "state", each.run.state, **labels)
        report.add(m.TRIGGERED_START, each.run.start, **labels)
        report.add(m.TRIGGERED_DURATION, each.run.duration, **labels)


def _run_type(run: DagRun) -> str:
    name = m.RUN_TYPES_OF_AIRFLOW_2.get(run.run_type, run.run_type)
    return name if name in m.RUN_TYPES else "other"


def _between(begin: float | None, end: float | None) -> float | None:
    """Seconds from one to the other; 0 where clocks disagree a little."""
    return None if begin is None or end is None else max(end - begin, 0.0)


def _run_after(last: LastRuns) -> float:
    return last.newest.run_after if last.newest else 0.0
