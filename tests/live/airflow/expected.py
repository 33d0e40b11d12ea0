"""What is true of the live world, as data, and what a metrics page must show of it.

`values` are the samples that do not depend on when the world was made, `times` the others. Together they are all
samples, so a page that shows more is wrong too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from compose.airflow import AIRFLOW_2, Release
from mlvitals.airflow import metrics as m
from tests.support.exposition import Samples, sample

SECONDS_OF_LONG = 91800.0
HOUR = 3600.0
DAY = 24 * HOUR

Key = tuple[str, frozenset[tuple[str, str]]]

SETTINGS = {
    "conf_keys": ["model_name", "rows", "note"],
    "tasks": {"include": ["succeeds", "retries", "waits"]},
    "objectives": [
        {"dag": "long*", "success_within": "7d", "duration_within": "20h"},
        {"dag": "runs_on", "start_within": "10m"},
        {"asset": "s3://world/*", "updated_within": "26h"},
    ],
}
"""What an exporter that looks at the world is configured with."""
MATCHES = {
    ("success_within", "long*"): 2,
    ("duration_within", "long*"): 2,
    ("start_within", "runs_on"): 1,
    ("updated_within", "s3://world/*"): 2,
}
"""Key and pattern of an objective -> DAGs or assets that match it."""


@dataclass(frozen=True)
class Expected:
    """A DAG: its runs and task instances by state, and its run with the latest run_after.

    `planned` of its queued runs were asked for tomorrow, and are not the last ones.
    """

    runs: Mapping[str, int] = field(default_factory=dict)
    tasks: Mapping[str, int] = field(default_factory=dict)
    last: str | None = None
    run_type: str = "manual"
    retries: int = 0
    paused: bool = False
    schedule: str = "None"
    interval: float | None = None
    owner: str = "airflow"
    planned: int = 0
    tags: tuple[str, ...] = ()


_OK = {"success": 1}
EXPECTED = {
    "child_bad": Expected({"failed": 1}, {"failed": 1}, "failed", "operator_triggered"),
    "child_good": Expected(_OK, _OK, "success", "operator_triggered"),
    "consumes": Expected(_OK, _OK, "success", "asset_triggered", schedule="Asset"),
    "consumes_in_vain": Expected(schedule="Asset"),
    "fails": Expected({"failed": 1}, {"failed": 1, "upstream_failed": 1}, "failed"),
    "later": Expected({"success": 1, "queued": 1}, _OK, "success", planned=1),
    "long": Expected(_OK, _OK, "success"),
    "long_ago": Expected(_OK, _OK, "success"),
    "never_run": Expected(),
    "once": Expected(_OK, _OK, "success", "scheduled", schedule="@once"),
    "parent": Expected({"failed": 1}, {"success": 1, "failed": 1}, "failed"),
    "paused": Expected(paused=True, schedule="0 6 * * 1-5", interval=3 * DAY),
    "produces": Expected(_OK, _OK, "success"),
    "retries": Expected(_OK, _OK, "success", retries=1),
    "runs_on": Expected({"running": 2, "queued": 1}, {"running": 2}, "queued"),
    "shelved": Expected(paused=True, schedule="1 day, 12:00:00", interval=36 * HOUR),
    "starves": Expected({"running": 1}, {"running": 1, "scheduled": 2}, "running"),
    "succeeds": Expected(
        _OK,
        {"success": 3, "skipped": 1},
        "success",
        schedule="0 0 1 1 *",
        interval=366 * DAY,
        owner="alice,bob",
        tags=("daily", "team: a"),
    ),
    "trains": Expected({"success": 1, "failed": 1}, {"success": 1, "failed": 1}, "failed"),
    "unattended": Expected({"running": 1}, {"queued": 1}, "running"),
    "waits": Expected({"running": 1}, {"deferred": 1, "up_for_reschedule": 1, "up_for_retry": 1}, "running"),
}
"""Every DAG of the folder `dags`."""
BEFORE_THE_WINDOW = ("long_ago",)
SCHEDULES_OF_AIRFLOW_2 = {"Asset": "Dataset", "0 0 1 1 *": "@yearly"}
RUN_TYPES_OF_AIRFLOW_2 = {"operator_triggered": "manual"}

CONF = {
    ("model_name", "alpha", "trains"): "success",
    ("model_name", "beta", "trains"): "failed",
    ("rows", "3", "trains"): "failed",
    ("model_name", "alpha", "child_good"): "success",
    ("model_name", "alpha", "child_bad"): "failed",
}
"""Key, value and DAG of a conf -> state of the last run with it."""
LINKS = {("parent", "run_child_good", "child_good"): "success", ("parent", "run_child_bad", "child_bad"): "failed"}
"""DAG, task and child DAG -> state of the last run that the task triggered."""
TASKS = {
    ("succeeds", "begin"): {"success": 1},
    ("succeeds", "many"): {"success": 2},
    ("succeeds", "none"): {"skipped": 1},
    ("retries", "try_twice"): {"success": 1},
}
"""DAG and task -> instances that have ended, by state, of the DAGs that are shown task by task."""
POOLS = {
    "default_pool": {"slots": 128, "open": 125, "running": 2, "queued": 1, "deferred": 1, "scheduled": 0},
    "narrow": {"slots": 1, "open": 0, "running": 1, "queued": 0, "deferred": 0, "scheduled": 2},
}
ASSETS = {"s3://world/features": True, "s3://world/labels": False}
"""URI -> whether it has had an event."""


Found = Iterator[tuple[Key, float]]

_POOL_SLOTS = {
    m.POOL_SLOTS: "slots",
    m.POOL_OPEN_SLOTS: "open",
    m.POOL_RUNNING_SLOTS: "running",
    m.POOL_QUEUED_SLOTS: "queued",
    m.POOL_DEFERRED_SLOTS: "deferred",
    m.POOL_SCHEDULED_SLOTS: "scheduled",
}


def values(release: Release) -> Samples:
    """The samples that do not depend on time, but for the one that names the version."""
    parts = (_server(), _links_and_assets(), _confs(), _tasks(), _objectives(), _long())
    dags = (found for dag_id, each in EXPECTED.items() for found in _dag(dag_id, each, release))
    return dict([*(found for part in parts for found in part), *dags])


def times() -> set[Key]:
    """The samples that are points in time, or durations, but for the one that names a file."""
    found = set(_times_of_others())
    for dag_id, each in EXPECTED.items():
        found |= {sample(metric, dag_id=dag_id) for metric in _times_of_dag(dag_id, each)}
    return found


def _server() -> Found:
    for component in m.COMPONENTS:
        yield sample(m.COMPONENT_HEALTHY, component=component), 1
    yield sample(m.IMPORT_ERRORS), 1
    yield sample(m.DAGS_TOTAL), len(EXPECTED)
    for pool, slots in POOLS.items():
        for metric, name in _POOL_SLOTS.items():
            yield sample(metric, pool=pool), slots[name]


def _dag(dag_id: str, each: Expected, release: Release) -> Found:
    of_2 = release is AIRFLOW_2
    schedule = SCHEDULES_OF_AIRFLOW_2.get(each.schedule, each.schedule) if of_2 else each.schedule
    yield sample(m.DAG_PAUSED, dag_id=dag_id), each.paused
    yield sample(m.DAG_INFO, dag_id=dag_id, dag_owner=each.owner, schedule=schedule), 1
    for tag in each.tags:
        yield sample(m.DAG_TAG_INFO, dag_id=dag_id, tag=tag), 1
    if each.interval:
        yield sample(m.DAG_SCHEDULE_INTERVAL, dag_id=dag_id), each.interval
    if each.last:
        run_type = RUN_TYPES_OF_AIRFLOW_2.get(each.run_type, each.run_type) if of_2 else each.run_type
        yield sample(m.DAG_LAST_RUN_INFO, dag_id=dag_id, run_type=run_type), 1
        yield from _states(m.DAG_LAST_RUN_STATE, each.last, dag_id=dag_id)
    if each.last in m.ENDED_RUN_STATES:
        for state in m.ENDED_RUN_STATES:
            yield sample(m.DAG_LAST_ENDED_STATE, dag_id=dag_id, state=state), state == each.last
    yield from _counts(dag_id, each)


def _counts(dag_id: str, each: Expected) -> Found:
    recent = dag_id not in BEFORE_THE_WINDOW
    yield sample(m.DAG_RUNNING_RUNS, dag_id=dag_id), each.runs.get("running", 0)
    yield sample(m.DAG_QUEUED_RUNS, dag_id=dag_id), each.runs.get("queued", 0)
    for state in m.ENDED_RUN_STATES:
        yield sample(m.DAG_RECENT_RUNS, dag_id=dag_id, state=state), each.runs.get(state, 0) * recent
    for state in m.ACTIVE_TASK_STATES:
        yield sample(m.DAG_TASKS, dag_id=dag_id, state=state), each.tasks.get(state, 0)
    for state in m.ENDED_TASK_STATES:
        yield sample(m.DAG_RECENT_TASKS, dag_id=dag_id, state=state), each.tasks.get(state, 0) * recent
    yield sample(m.DAG_RECENT_RETRIES, dag_id=dag_id), each.retries


def _confs() -> Found:
    for (key, value, dag_id), state in CONF.items():
        yield from _states(m.DAG_CONF_LAST_RUN_STATE, state, dag_id=dag_id, key=key, value=value)


def _tasks() -> Found:
    for (dag_id, task_id), states in TASKS.items():
        labels = {"dag_id": dag_id, "task_id": task_id}
        for state in m.ENDED_TASK_STATES:
            yield sample(m.TASK_RECENT, state=state, **labels), states.get(state, 0)
            yield sample(m.TASK_LAST_STATE, state=state, **labels), state in states
        yield sample(m.TASK_RECENT_RETRIES, **labels), EXPECTED[dag_id].retries


def _links_and_assets() -> Found:
    for (dag_id, task_id, child), state in LINKS.items():
        yield from _states(m.TRIGGERED_STATE, state, dag_id=dag_id, task_id=task_id, child_dag_id=child)
    yield sample(m.ASSETS_TOTAL), len(ASSETS)


def _long() -> Found:
    for metric in (m.DAG_LAST_RUN_DURATION, m.DAG_LAST_SUCCESS_DURATION):
        yield sample(metric, dag_id="long"), SECONDS_OF_LONG


def _objectives() -> Found:
    for (objective, pattern), matches in MATCHES.items():
        yield sample(m.OBJECTIVE_MATCHES, objective=objective, pattern=pattern), matches
    for asset in ASSETS:
        yield sample(m.ASSET_UPDATE_OBJECTIVE, asset=asset), 26 * HOUR
    yield sample(m.DAG_START_OBJECTIVE, dag_id="runs_on"), HOUR / 6
    for dag_id in ("long", "long_ago"):
        yield sample(m.DAG_SUCCESS_OBJECTIVE, dag_id=dag_id), 7 * DAY
        yield sample(m.DAG_DURATION_OBJECTIVE, dag_id=dag_id), 20 * HOUR


def _states(metric: object, current: str, /, **labels: str) -> Found:
    for state in m.RUN_STATES:
        yield sample(metric, state=state, **labels), state == current


def _times_of_dag(dag_id: str, each: Expected) -> Iterator[object]:
    """The metrics of a DAG that are times, as far as its runs have them."""
    if each.interval:
        yield m.DAG_NEXT_RUN
    if each.last in ("running", "success", "failed"):
        yield from (m.DAG_LAST_RUN_START, m.DAG_LAST_RUN_QUEUED_DURATION)
    if each.last in m.ENDED_RUN_STATES:
        yield from (m.DAG_LAST_RUN_END, m.DAG_LAST_RUN_DURATION)
    if each.run_type == "scheduled":
        yield m.DAG_LAST_RUN_DELAY
    if "success" in each.runs:
        yield from (m.DAG_LAST_SUCCESS, m.DAG_LAST_SUCCESS_DURATION)
    if "running" in each.runs:
        yield m.DAG_OLDEST_RUNNING_START
    if each.runs.get("queued", 0) > each.planned:
        yield m.DAG_OLDEST_QUEUED
    if "queued" in each.tasks:
        yield m.DAG_OLDEST_QUEUED_TASK


def _times_of_others() -> Iterator[Key]:
    for component in m.COMPONENTS:
        if component != "metadatabase":
            yield sample(m.COMPONENT_LAST_HEARTBEAT, component=component)
    for (key, value, dag_id), state in CONF.items():
        yield sample(m.DAG_CONF_LAST_RUN_DURATION, dag_id=dag_id, key=key, value=value)
        if state == "success":
            yield sample(m.DAG_CONF_LAST_SUCCESS, dag_id=dag_id, key=key, value=value)
    for dag_id, task_id in TASKS:
        for metric in (m.TASK_LAST_END, m.TASK_LAST_DURATION):
            yield sample(metric, dag_id=dag_id, task_id=task_id)
    for dag_id, task_id, child in LINKS:
        for metric in (m.TRIGGERED_START, m.TRIGGERED_DURATION):
            yield sample(metric, dag_id=dag_id, task_id=task_id, child_dag_id=child)
    for asset, updated in ASSETS.items():
        if updated:
            yield sample(m.ASSET_LAST_EVENT, asset=asset)
