"""What is worth knowing about Airflow's DAGs, their runs, tasks, triggered runs, conf values and assets."""

from __future__ import annotations

from mlvitals.airflow import metrics as m
from mlvitals_dashboards.signals import ALERTS, Signal, by, select
from mlvitals_dashboards.suite_signals import age
from mlvitals_dashboards.system_signals import alarm, state_of

_DAG = "exporter, dag_id"
_PAUSED = f"{select(m.DAG_PAUSED)} == 1"
_NO_DAG = "No DAG read"
_NO_OBJECTIVE = "No objective set"
QUEUED_TOO_LONG = 5 * 60
_STATES = {
    "success": (0, ("Success", "green")),
    "running": (1, ("Running", "blue")),
    "queued": (2, ("Queued", "blue")),
    "skipped": (3, ("Skipped", "text")),
    "removed": (4, ("Removed", "text")),
    "upstream_failed": (5, ("Upstream failed", "orange")),
    "failed": (6, ("Failed", "red")),
}
"""A state as a number, the worse the larger, and how it reads."""


_LATE = f"{age(select(m.DAG_LAST_SUCCESS))} > {select(m.DAG_SUCCESS_OBJECTIVE)}"
# Since when a DAG that never succeeded is expected to, the rules know alone.
_NEVER_IN_TIME = (
    f"{select(ALERTS, alertname='AirflowDagLate', alertstate='firing', dag_id='=~$dag_id')}"
    f" unless ignoring (alertname, alertstate, severity) ({_PAUSED} or {select(m.DAG_LAST_SUCCESS)})"
)
_RUNNING_LONG = f"{age(select(m.DAG_OLDEST_RUNNING_START))} > {select(m.DAG_DURATION_OBJECTIVE)}"
_DUE = f"({select(m.DAG_OLDEST_QUEUED)} <= time() or {select(m.DAG_NEXT_RUN)})"
_NOT_STARTED = f"{age(_DUE)} > {select(m.DAG_START_OBJECTIVE)}"
_FAILED = f"sum without (state) ({select(m.DAG_LAST_ENDED_STATE, state='failed')}) == 1"
_CHILD_FAILED = f"{select(m.TRIGGERED_STATE, state='failed')} == 1"
_ASSET_AGE = age(select(m.ASSET_LAST_EVENT))

DAGS_LATE = alarm(
    f"{_LATE} unless {_PAUSED} or {_NEVER_IN_TIME}",
    select(m.DAG_SUCCESS_OBJECTIVE),
    "suffix: late",
    "DAGs, other than paused ones, whose last success is longer ago than the configured success_within, or that never "
    "succeeded and of which AirflowDagLate says so.",
    "All on time",
    _NO_OBJECTIVE,
)
DAGS_FAILED = alarm(
    f"{_FAILED} unless {_PAUSED}",
    select(m.DAG_PAUSED),
    "suffix: failed",
    "DAGs, other than paused ones, whose last run that ended failed.",
    "None",
    _NO_DAG,
)
DAGS_RUNNING_LONG = alarm(
    f"{_RUNNING_LONG} unless {_PAUSED}",
    select(m.DAG_DURATION_OBJECTIVE),
    "suffix: too long",
    "DAGs, other than paused ones, with a run that has been running for longer than the configured duration_within.",
    "None",
    _NO_OBJECTIVE,
)
DAGS_NOT_STARTED = alarm(
    f"{_NOT_STARTED} unless {_PAUSED}",
    select(m.DAG_START_OBJECTIVE),
    "suffix: waiting",
    "DAGs, other than paused ones, with a run that has been due or queued for longer than the configured start_within.",
    "None",
    _NO_OBJECTIVE,
)
CHILDREN_FAILED = alarm(
    _CHILD_FAILED,
    select(m.TRIGGERED_STATE),
    "suffix: failed",
    "Tasks (TriggerDagRunOperator) whose last triggered run failed.",
    "None",
    "No run triggered",
)
OLDEST_QUEUED_TASK = Signal(
    f"max({age(select(m.DAG_OLDEST_QUEUED_TASK))})",
    "s",
    "How long the oldest queued task has waited for a worker. Airflow takes it back after ten minutes.",
    steps=((QUEUED_TOO_LONG, "red"),),
    base="green",
    missing="None queued",
    decimals=0,
)
ASSETS_STALE = alarm(
    f"{_ASSET_AGE} > {select(m.ASSET_UPDATE_OBJECTIVE)}",
    select(m.ASSET_UPDATE_OBJECTIVE),
    "suffix: stale",
    "Assets whose last event is longer ago than the configured updated_within.",
    "All on time",
    _NO_OBJECTIVE,
)

VERDICT = Signal(
    by(
        _DAG,
        f"-1 * ({_PAUSED}) or ({_LATE}) * 0 + 4 or ({_NEVER_IN_TIME}) * 0 + 4 or ({_FAILED}) * 3"
        f" or ({_RUNNING_LONG}) * 0 + 2 or ({_NOT_STARTED}) * 0 + 1 or {select(m.DAG_PAUSED)} * 0",
    ),
    "none",
    "The worst that is true of it: LATE, its last success is too old, or missing; FAILED, its last run that ended; "
    "SLOW, a run takes too long; DUE, a run does not start.",
    words={
        4: ("LATE", "red"),
        3: ("FAILED", "red"),
        2: ("SLOW", "orange"),
        1: ("DUE", "orange"),
        0: ("OK", "green"),
        -1: ("Paused", "text"),
    },
    missing=_NO_DAG,
)
LAST_RUN = state_of(m.DAG_LAST_RUN_STATE, _DAG, _STATES)
SUCCESS_AGE = Signal(
    by(_DAG, age(select(m.DAG_LAST_SUCCESS))), "s", "Time since a run last ended with success.", missing="Never"
)
SUCCESS_OBJECTIVE = Signal(by(_DAG, select(m.DAG_SUCCESS_OBJECTIVE)), "s", "The configured success_within.")
NEXT_RUN = Signal(
    by(_DAG, f"{select(m.DAG_NEXT_RUN)} * 1000"),
    "dateTimeFromNow",
    "When the next scheduled run is created; a time that has passed is a run that is due.",
    missing="None",
)
LAST_DURATION = Signal(
    by(_DAG, select(m.DAG_LAST_RUN_DURATION)),
    "s",
    "How long the last run took; absent until it has ended.",
    missing="None yet",
)
DURATION_OBJECTIVE = Signal(by(_DAG, select(m.DAG_DURATION_OBJECTIVE)), "s", "The configured duration_within.")
RUNNING = Signal(by(_DAG, select(m.DAG_RUNNING_RUNS)), "none", "Runs that run now.", decimals=0)
RUNNING_FOR = Signal(
    by(_DAG, age(select(m.DAG_OLDEST_RUNNING_START))), "s", "How long the oldest running run has been running."
)
QUEUED = Signal(by(_DAG, select(m.DAG_QUEUED_RUNS)), "none", "Runs that are queued now.", decimals=0)
OWNER = Signal(
    by("exporter, dag_id, dag_owner, schedule", select(m.DAG_INFO)), "none", "The DAG's owners and its schedule."
)
TAGS = Signal(by("exporter, dag_id, tag", select(m.DAG_TAG_INFO)), "none", "The DAG's tags.")

ENDED_RUNS = Signal(
    by("exporter, state", select(m.DAG_RECENT_RUNS), "sum"),
    "none",
    "Runs that ended within the exporter's window (24 hours unless configured), by state.",
    missing="Not counted yet",
    decimals=0,
)
START_DELAY = Signal(
    by(_DAG, select(m.DAG_LAST_RUN_DELAY)),
    "s",
    "How much later than planned the last scheduled run started; dashed, how long the last run of any kind was queued.",
    missing="No scheduled run has started",
)
QUEUED_FOR = Signal(by(_DAG, select(m.DAG_LAST_RUN_QUEUED_DURATION)), "s", "How long the last run was queued.")

_TASK = "exporter, dag_id, task_id"
ACTIVE_TASKS = Signal(
    by("exporter, state", select(m.DAG_TASKS), "sum"),
    "none",
    "Task instances that have not ended, by state.",
    missing="No tasks read",
    decimals=0,
)
ENDED_TASKS = Signal(
    by("exporter, state", select(m.DAG_RECENT_TASKS), "sum"),
    "none",
    "Task instances that ended within the exporter's window, by state.",
    missing="Not counted yet",
    decimals=0,
)
RETRIES = Signal(
    by(_DAG, select(m.DAG_RECENT_RETRIES)),
    "none",
    "Tries after the first of the task instances that ended within the window.",
    missing="Not counted yet",
    decimals=0,
)
QUEUED_TASK = Signal(
    by(_DAG, age(select(m.DAG_OLDEST_QUEUED_TASK))),
    "s",
    OLDEST_QUEUED_TASK.description,
    missing="None queued",
)
_NO_TASKS = "No tasks shown one by one (the exporter's key tasks)"
TASK_STATE = state_of(m.TASK_LAST_STATE, _TASK, _STATES, _NO_TASKS)
TASK_ENDED = Signal(by(_TASK, age(select(m.TASK_LAST_END))), "s", "Time since the task last ended.")
TASK_DURATION = Signal(
    by(_TASK, select(m.TASK_LAST_DURATION)), "s", "How long that took.", missing=_NO_TASKS, decimals=1
)
TASK_FAILED = Signal(
    by(_TASK, select(m.TASK_RECENT, state="failed")),
    "none",
    "Instances of the task that failed within the window.",
    steps=((1, "red"),),
    decimals=0,
)
TASK_RETRIES = Signal(
    by(_TASK, select(m.TASK_RECENT_RETRIES)), "none", "Tries after the first within the window.", decimals=0
)

_LINK = f"{_TASK}, child_dag_id"
CHILD_STATE = state_of(m.TRIGGERED_STATE, _LINK, _STATES, "No run triggered")
CHILD_STARTED = Signal(by(_LINK, age(select(m.TRIGGERED_START))), "s", "Time since the triggered run started.")
CHILD_DURATION = Signal(
    by(_LINK, select(m.TRIGGERED_DURATION)),
    "s",
    "How long the triggered run took; absent until it has ended.",
    missing="No run triggered",
)

_CONF = f"{_DAG}, key, value"
_NO_CONF = "No values (the exporter's key conf_keys)"
CONF_STATE = state_of(m.DAG_CONF_LAST_RUN_STATE, _CONF, _STATES, _NO_CONF)
CONF_DURATION = Signal(
    by(_CONF, select(m.DAG_CONF_LAST_RUN_DURATION)),
    "s",
    "How long the last run with this value took.",
    missing=_NO_CONF,
)
CONF_SUCCESS_AGE = Signal(
    by(_CONF, age(select(m.DAG_CONF_LAST_SUCCESS))), "s", "Time since a run with this value last succeeded."
)

_ASSET = "exporter, asset"
ASSET_STATE = Signal(
    by(_ASSET, f"{_ASSET_AGE} > bool {select(m.ASSET_UPDATE_OBJECTIVE)}"),
    "none",
    "Whether the last event is younger than the objective.",
    words={0: ("On time", "green"), 1: ("STALE", "red")},
)
ASSET_AGE = Signal(by(_ASSET, _ASSET_AGE), "s", "Time since the asset's last event.", missing="No event")
ASSET_OBJECTIVE = Signal(by(_ASSET, select(m.ASSET_UPDATE_OBJECTIVE)), "s", "The configured updated_within.")
