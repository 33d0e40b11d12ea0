"""Rules about Airflow.

What people set a bound for is held against it; the rest has bounds of its own. Paused DAGs are left alone: whoever
pauses one knows about it.
"""

from __future__ import annotations

from mlvitals.airflow import metrics as m
from mlvitals.core.metric import Metric
from mlvitals_alerts.parts import KEEP, down, unmatched
from mlvitals_alerts.rules import Alert, Recording, Severity, System, each, label, lookup, number, value

QUEUED_MINUTES = 5
# Two whole intervals, and room for the hour that daylight saving time adds and for a run that takes longer than others.
INTERVALS = 2.1
# Airflow itself calls a component unhealthy after 30 s; this is for those that are healthy by a threshold set higher.
HEARTBEAT_MINUTES = 5

_AGE = "value | humanizeDuration"
_DAG = f"{label('exporter')}: DAG {label('dag_id')}"

_EXPECTED = "dag:airflow_dag_success_expected:timestamp_seconds"
_EVENT_EXPECTED = "asset:airflow_asset_event_expected:timestamp_seconds"


def _before(name: str) -> str:
    """What a series was last. The hour bridges what Prometheus and mlvitals miss.

    A rule that goes on from what it recorded itself does so only for what is still there: else it would never end.
    """
    return f"last_over_time({name}[1h])"


_SUCCEEDED = _before(str(m.DAG_LAST_SUCCESS))
EXPECTED = Recording(
    _EXPECTED,
    "Since when a success of the DAG is expected, whatever it did before: when it was last seen paused, or first seen, "
    "if it has never succeeded; else absent",
    f"time() * ({m.DAG_PAUSED} == 1)\n"
    f"or {_before(_EXPECTED)} and {m.DAG_PAUSED}\n"
    # A last success that is old is looked up after the start of mlvitals: an hour leaves time for that.
    f"or {m.DAG_PAUSED} * 0 + time() - 3600 and {m.DAG_PAUSED} offset 1h unless {_SUCCEEDED}",
    ("dag_id",),
)
NO_SUCCESS_SINCE = Recording(
    "dag:airflow_dag_no_success_since:timestamp_seconds",
    "Since when the DAG has not succeeded: its last success or, where that is later, when it was last seen paused, or "
    "first seen, if it has never succeeded",
    f"{_SUCCEEDED} > {_EXPECTED} or {_EXPECTED} or {_SUCCEEDED}",
    ("dag_id",),
)
EVENT_EXPECTED = Recording(
    _EVENT_EXPECTED,
    "When an asset that has an objective was first seen",
    f"({_before(_EVENT_EXPECTED)} or {m.ASSET_UPDATE_OBJECTIVE} * 0 + time()) and {m.ASSET_UPDATE_OBJECTIVE}",
    ("asset",),
)


_NO_SUCCESS = f"time() - {NO_SUCCESS_SINCE}"
_ACTIVE_DAG = f"and {m.DAG_PAUSED} == 0"


def _objective(metric: Metric, *labels: str) -> str:
    return lookup(f"{metric}{{%s}}", *labels, show=_AGE)


# Nothing is expected of a DAG whose end date has passed, or of one whose first run is still to come. Airflow 2 names no
# next run either while as many runs are active as may be.
_SCHEDULED = (
    f"and ({m.DAG_NEXT_RUN} or {m.DAG_RUNNING_RUNS} > 0 or {m.DAG_QUEUED_RUNS} > 0)\n"
    f"unless ({m.DAG_NEXT_RUN} > time() unless ignoring (state) {m.DAG_LAST_RUN_STATE})"
)


def _unhealthy(name: str, component: str, severity: Severity, title: str) -> Alert:
    """One alert for each component, not one for all: they differ in severity, in runbook and in what they mute."""
    said = f'{m.COMPONENT_HEALTHY}{{component="{component}"}} == 0'
    heartbeat = f'time() - {m.COMPONENT_LAST_HEARTBEAT}{{component="{component}"}} > {HEARTBEAT_MINUTES} * 60'
    return Alert(
        name,
        severity,
        f"Airflow's {title} is not healthy.",
        f"{label('exporter')}: the {title} is not healthy, last heartbeat "
        + lookup(f"time() - {m.COMPONENT_LAST_HEARTBEAT}{{%s}}", "component", show=_AGE, text="%s ago")
        + ".",
        f"{said}\nor {heartbeat}",
        for_="5m",
        keep_firing_for=KEEP,
    )


_COMPONENTS = (
    _unhealthy("AirflowSchedulerUnhealthy", "scheduler", "critical", "scheduler"),
    _unhealthy("AirflowDagProcessorUnhealthy", "dag_processor", "warning", "DAG processor"),
    _unhealthy("AirflowTriggererUnhealthy", "triggerer", "warning", "triggerer"),
    Alert(
        "AirflowMetadatabaseUnhealthy",
        "critical",
        "Airflow cannot use its metadata database.",
        f"{label('exporter')}: Airflow says that its metadata database is not healthy.",
        f'{m.COMPONENT_HEALTHY}{{component="metadatabase"}} == 0',
        for_="2m",
        keep_firing_for=KEEP,
    ),
)

_DAGS = (
    Alert(
        "AirflowDagLate",
        "critical",
        "A DAG has not succeeded within its objective.",
        f"{_DAG} has had no success for {value()}, objective {_objective(m.DAG_SUCCESS_OBJECTIVE, 'dag_id')}"
        + lookup(
            f'{m.DAG_LAST_ENDED_STATE}{{state="failed",%s}} == 1', "dag_id", text=" (its last run failed)", otherwise=""
        )
        + ".",
        f"{_NO_SUCCESS} > {m.DAG_SUCCESS_OBJECTIVE}\n{_ACTIVE_DAG}",
        for_="5m",
        keep_firing_for=KEEP,
    ),
    Alert(
        "AirflowDagNotStarted",
        "warning",
        "A run of a DAG is due and does not start within its objective.",
        f"{_DAG} has had a run due for {value()} that has not started ("
        + lookup(f"{m.DAG_QUEUED_RUNS}{{%s}}", "dag_id")
        + f" queued), objective {_objective(m.DAG_START_OBJECTIVE, 'dag_id')}.",
        # While a DAG is paused its next run stays due. After that it has the time that is allowed.
        f"time() - ({m.DAG_OLDEST_QUEUED} <= time() or {m.DAG_NEXT_RUN}) > {m.DAG_START_OBJECTIVE}\n"
        f"unless time() - {EXPECTED} <= {m.DAG_START_OBJECTIVE}",
        for_="5m",
        keep_firing_for=KEEP,
    ),
    Alert(
        "AirflowDagRunFailed",
        "warning",
        "The last run of a DAG failed.",
        f"{_DAG}: the last run that ended failed; last success "
        + lookup(f"time() - {m.DAG_LAST_SUCCESS}{{%s}}", "dag_id", show=_AGE, text="%s ago", otherwise="never seen")
        + ".",
        # Not of the last run: where runs follow each other without a gap, that is never seen to have ended.
        f'sum without (state) ({m.DAG_LAST_ENDED_STATE}{{state="failed"}}) == 1\n{_ACTIVE_DAG}',
        keep_firing_for=KEEP,
    ),
    Alert(
        "AirflowDagRunningLong",
        "warning",
        "A run of a DAG takes longer than its objective.",
        f"{_DAG}: the oldest running run started {value()} ago, "
        f"objective {_objective(m.DAG_DURATION_OBJECTIVE, 'dag_id')}.",
        f"time() - {m.DAG_OLDEST_RUNNING_START} > {m.DAG_DURATION_OBJECTIVE}\n{_ACTIVE_DAG}",
        for_="5m",
        keep_firing_for=KEEP,
    ),
    Alert(
        "AirflowDagNoSuccess",
        "warning",
        "A scheduled DAG without an objective has not succeeded in two of its schedule intervals.",
        f"{_DAG} has had no success for {value()}, its schedule interval is "
        f"{_objective(m.DAG_SCHEDULE_INTERVAL, 'dag_id')}.",
        f"{_NO_SUCCESS} > {INTERVALS} * {m.DAG_SCHEDULE_INTERVAL}\n{_SCHEDULED}\nunless {m.DAG_SUCCESS_OBJECTIVE}",
        for_="30m",
        keep_firing_for=KEEP,
    ),
    Alert(
        "AirflowTriggeredRunFailed",
        "warning",
        "A run that a task of another DAG triggered failed.",
        f"{_DAG}: the run of {label('child_dag_id')} that task {label('task_id')} triggered last failed.",
        f'{m.TRIGGERED_STATE}{{state="failed"}} == 1\n'
        f"unless ignoring (task_id, child_dag_id, state) {m.DAG_PAUSED} == 1",
        keep_firing_for=KEEP,
    ),
)

_WORK = (
    Alert(
        "AirflowTasksQueued",
        "warning",
        f"A task has been queued for more than {QUEUED_MINUTES} minutes.",
        f"{_DAG}: the oldest queued task has waited for {value()}, expected less than {QUEUED_MINUTES}m.",
        # After ten minutes ([scheduler] task_queued_timeout), looked for every two, Airflow takes the task back and
        # queues it anew, twice, and then fails it. A longer bound would never be reached, and the alert has to last
        # from the one time to the next.
        f"time() - {m.DAG_OLDEST_QUEUED_TASK} > {QUEUED_MINUTES} * 60",
        for_="2m",
        keep_firing_for="15m",
    ),
    Alert(
        "AirflowPoolStarved",
        "warning",
        "A pool has had no open slot for a while, and tasks wait.",
        f"{label('exporter')}: pool {label('pool')} has no open slot of "
        + lookup(f"{m.POOL_SLOTS}{{%s}}", "pool")
        + f", and {number()} are scheduled or queued.",
        f"{m.POOL_SCHEDULED_SLOTS} + {m.POOL_QUEUED_SLOTS} > 0\nand {m.POOL_OPEN_SLOTS} <= 0",
        for_="30m",
        keep_firing_for=KEEP,
    ),
    Alert(
        "AirflowImportErrors",
        "warning",
        "DAG files cannot be imported.",
        f"{label('exporter')}: {number()} of the DAG files cannot be imported: "
        + each(f"{m.IMPORT_ERROR_TIMESTAMP}{{%s}}", by="filename", show="{{ .Labels.filename }}")
        + ".",
        f"{m.IMPORT_ERRORS} > 0",
        for_="5m",
        keep_firing_for=KEEP,
    ),
    Alert(
        "AirflowAssetStale",
        "warning",
        "An asset has had no event within its objective.",
        f"{label('exporter')}: asset {label('asset')} has had no event for {value()}, "
        f"objective {_objective(m.ASSET_UPDATE_OBJECTIVE, 'asset')}.",
        f"time() - ({m.ASSET_LAST_EVENT} or {EVENT_EXPECTED}) > {m.ASSET_UPDATE_OBJECTIVE}",
        for_="5m",
        keep_firing_for=KEEP,
    ),
)

SYSTEM = System(
    "airflow",
    "Airflow",
    "mlvitals-airflow",
    (
        EXPECTED,
        NO_SUCCESS_SINCE,
        EVENT_EXPECTED,
        down("AirflowDown", "airflow", "Airflow"),
        *_COMPONENTS,
        *_DAGS,
        *_WORK,
        unmatched("AirflowObjectiveUnmatched", m.OBJECTIVE_MATCHES),
    ),
)
