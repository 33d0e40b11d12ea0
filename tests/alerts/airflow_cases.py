"""When the alerts about Airflow fire and when not."""

from __future__ import annotations

from collections.abc import Iterator

from tests.alerts.cases import TARGET, Firing, Silent, Spans, lasting

MINUTE, HOUR = 60, 3600
DAY = 24 * HOUR
PROD = {**TARGET, "exporter": "prod", "exporter_type": "airflow"}
ETL = {**PROD, "dag_id": "etl"}
CHILD = {"dag_id": "overall", "task_id": "train", "child_dag_id": "training"}
OF_DAG = {
    "paused": "airflow_dag_paused",
    "success": "airflow_dag_last_success_timestamp_seconds",
    "success_within": "airflow_dag_success_objective_seconds",
    "started": "airflow_dag_oldest_running_run_start_timestamp_seconds",
    "duration_within": "airflow_dag_duration_objective_seconds",
    "next_run": "airflow_dag_next_run_timestamp_seconds",
    "queued": "airflow_dag_oldest_queued_run_timestamp_seconds",
    "queued_runs": "airflow_dag_queued_runs",
    "running_runs": "airflow_dag_running_runs",
    "start_within": "airflow_dag_start_objective_seconds",
    "interval": "airflow_dag_schedule_interval_seconds",
    "queued_task": "airflow_dag_oldest_queued_task_timestamp_seconds",
}
Value = float | str
Series = dict[str, str]


def of(metric: str, value: Value, **labels: str) -> Series:
    """One series of the exporter `prod`; a number lasts, a text is promtool's."""
    written = {"exporter": "prod", "exporter_type": "airflow", **labels}
    selector = ",".join(f'{name}="{text}"' for name, text in written.items())
    return {f"{metric}{{{selector}}}": value if isinstance(value, str) else lasting(value)}


def dag(**values: Value) -> Series:
    """Series of the DAG `etl`, which is not paused unless it says so."""
    every = ({"paused": 0.0} | values).items()
    return {name: text for key, value in every for name, text in of(OF_DAG[key], value, dag_id="etl").items()}


ACTIVE, ENDED = ("queued", "running"), ("success", "failed")


def states(metric: str, current: str, every: tuple[str, ...] = (*ACTIVE, *ENDED), /, **labels: str) -> Series:
    """A state set: `queued running failed success` are the states of as many times ten minutes, the last one lasts."""
    phases = current.split()
    return {
        name: text
        for state in every
        for name, text in of(metric, " ".join(_phases(phases, state)), **labels, state=state).items()
    }


def _phases(phases: list[str], state: str) -> Iterator[str]:
    for phase in phases[:-1]:
        yield f"{int(phase == state)}x9"
    yield f"{int(phases[-1] == state)}x600"


def last_run(current: str) -> Series:
    """States of the last run of `etl`."""
    return states("airflow_dag_last_run_state", current, dag_id="etl")


def last_ended(current: str) -> Series:
    """States of the run of `etl` that ended last."""
    return states("airflow_dag_last_ended_run_state", current, ENDED, dag_id="etl")


def triggered(current: str) -> Series:
    """States of the run of `training` that the task `train` of `overall` triggered last."""
    return states("airflow_triggered_run_state", current, **CHILD)


def component(name: str, healthy: Value, heartbeat: Value | None = None) -> Series:
    """What Airflow says of a component."""
    beat = "airflow_component_last_heartbeat_timestamp_seconds"
    said = of("airflow_component_healthy", healthy, component=name)
    return said if heartbeat is None else {**said, **of(beat, heartbeat, component=name)}


def pool(open_slots: Value, scheduled: Value, queued: Value = 0.0) -> Series:
    """The pool `default_pool` of 16 slots."""
    slots = {"": 16.0, "open_": open_slots, "scheduled_": scheduled, "queued_": queued}
    return {
        name: text
        for kind, value in slots.items()
        for name, text in of(f"airflow_pool_{kind}slots", value, pool="default_pool").items()
    }


def asset(last_event: Value | None, within: Value | None) -> Series:
    """The asset `s3://data/train`."""
    written = {"last_event_timestamp": last_event, "update_objective": within}
    return {
        name: text
        for kind, value in written.items()
        if value is not None
        for name, text in of(f"airflow_asset_{kind}_seconds", value, asset="s3://data/train").items()
    }


def unhealthy(alert: str, name: str, title: str) -> tuple[Firing | Silent | Spans, ...]:
    """The cases of a component that has a heartbeat."""
    labels = {**PROD, "component": name}
    return (
        Firing(
            alert,
            component(name, 0.0, -90.0),
            labels,
            f"prod: the {title} is not healthy, last heartbeat 6m 30s ago.",
        ),
        Firing(
            alert,
            # Airflow was told to wait long before it calls this unhealthy.
            component(name, 1.0, 0.0),
            labels,
            f"prod: the {title} is not healthy, last heartbeat 11m 0s ago.",
            since="6m",
        ),
        Firing(alert, component(name, 0.0), labels, f"prod: the {title} is not healthy, last heartbeat unknown."),
        Silent(alert, "it beats", component(name, 1.0, "0+60x600")),
        Silent(alert, "it does not run here", component("metadatabase", 1.0)),
        Silent(alert, "another component is not healthy", component("metadatabase", 0.0)),
        Spans(alert, "four minutes are a restart", component(name, "1x9 0x3 1x600", "0+60x600"), ()),
    )


LATE = (
    Firing(
        "AirflowDagLate",
        dag(success=-float(HOUR), success_within=2 * HOUR - 1.0),
        ETL,
        "prod: DAG etl has had no success for 2h 5m 0s, objective 1h 59m 59s.",
        since="1h",
    ),
    Firing(
        "AirflowDagLate",
        # Exactly the objective, after an hour, is in time.
        {**dag(success=-float(HOUR), success_within=2.0 * HOUR), **last_ended("failed")},
        ETL,
        "prod: DAG etl has had no success for 2h 6m 0s, objective 2h 0m 0s (its last run failed).",
        since="61m",
    ),
    Firing(
        "AirflowDagLate",
        # Never a success: it counts from the time when it was first seen.
        dag(success_within=90 * MINUTE - 1.0),
        ETL,
        "prod: DAG etl has had no success for 1h 35m 0s, objective 1h 29m 59s.",
        since="90m",
    ),
    Firing(
        "AirflowDagLate",
        # After a pause it has the whole objective to succeed in, and no more.
        dag(paused="1x59 0x600", success=-90.0 * DAY, success_within=HOUR - 1.0),
        ETL,
        "prod: DAG etl has had no success for 1h 5m 0s, objective 59m 59s.",
        since="119m",
    ),
    Silent(
        "AirflowDagLate",
        "paused for months, then it succeeds in time",
        dag(paused="1x29 0x600", success=f"{-90 * DAY}x59 {HOUR}x600", success_within=2.0 * HOUR),
    ),
    Silent(
        "AirflowDagLate",
        "deleted, and one of the same name is made later",
        dag(paused="1x9 stale _x70 0x600", success_within=20.0 * MINUTE),
    ),
    Silent("AirflowDagLate", "it is paused", dag(paused=1.0, success=-90.0 * DAY, success_within=float(DAY))),
    Silent("AirflowDagLate", "no objective", dag(success=-90.0 * DAY)),
    Silent("AirflowDagLate", "it succeeds in time", dag(success="0x59 3600x600", success_within=1.5 * HOUR)),
    Silent("AirflowDagLate", "the objective is another DAG's", {
        **dag(success=-90.0 * DAY),
        **of(OF_DAG["success_within"], float(DAY), dag_id="other"),
    }),
    Spans(
        "AirflowDagLate",
        "mlvitals starts anew: its page is empty for a moment",
        dag(paused="0x29 stale _x3 0x600", success="-9e4x29 stale _x3 -9e4x600", success_within=float(DAY)),
        (("5m", "119m"),),
    ),
    Spans(
        "AirflowDagLate",
        "mlvitals starts anew, and an old success is looked up again half an hour later",
        dag(paused="1x4 0x600", success="1800x34 stale _x30 1800x600", success_within=40.0 * MINUTE),
        (("76m", "119m"),),
    ),
    Spans(
        "AirflowDagLate",
        "the DAG is paused, then gone",
        dag(paused="0x29 1x29 stale", success=-2.0 * DAY, success_within=float(DAY)),
        (("5m", "34m"),),
    ),
)  # fmt: skip

NOT_STARTED = (
    Firing(
        "AirflowDagNotStarted",
        dag(next_run=0.0, queued_runs=0.0, start_within=10.0 * MINUTE),
        ETL,
        "prod: DAG etl has had a run due for 16m 0s that has not started (0 queued), objective 10m 0s.",
        since="11m",
    ),
    Firing(
        "AirflowDagNotStarted",
        dag(next_run=float(HOUR), queued=0.0, queued_runs=3.0, start_within=10 * MINUTE - 1.0),
        ETL,
        "prod: DAG etl has had a run due for 15m 0s that has not started (3 queued), objective 9m 59s.",
        since="10m",
    ),
    Firing(
        "AirflowDagNotStarted",
        # Unpaused after months, and the scheduler does not take it up.
        dag(paused="1x29 0x600", next_run=-90.0 * DAY, queued_runs=0.0, start_within=10 * MINUTE - 1.0),
        ETL,
        "prod: DAG etl has had a run due for 90d 0h 44m 0s that has not started (0 queued), objective 9m 59s.",
        since="39m",
    ),
    Firing(
        "AirflowDagNotStarted",
        # Somebody has queued a run for tomorrow; the scheduled one is due now.
        dag(next_run=0.0, queued=float(DAY), queued_runs=1.0, start_within=10 * MINUTE - 1.0),
        ETL,
        "prod: DAG etl has had a run due for 15m 0s that has not started (1 queued), objective 9m 59s.",
        since="10m",
    ),
    Silent(
        "AirflowDagNotStarted",
        "a run is queued for tomorrow",
        dag(next_run=float(DAY), queued=float(DAY), queued_runs=1.0, start_within=600.0),
    ),
    Silent(
        "AirflowDagNotStarted",
        "unpaused after months, and taken up",
        dag(paused="1x29 0x600", next_run=f"{-90 * DAY}x34 {3 * HOUR}x600", start_within=10.0 * MINUTE),
    ),
    Silent(
        "AirflowDagNotStarted",
        "each run starts in time",
        dag(next_run=f"0x8 {HOUR}x59 {3 * HOUR}x600", start_within=10.0 * MINUTE),
    ),
    Silent("AirflowDagNotStarted", "it is paused", dag(paused=1.0, next_run=-90.0 * DAY, start_within=600.0)),
    Silent("AirflowDagNotStarted", "no objective", dag(next_run=-90.0 * DAY, queued=-90.0 * DAY)),
    Silent("AirflowDagNotStarted", "nothing is due", dag(start_within=600.0)),
)

FAILED = (
    Firing(
        "AirflowDagRunFailed",
        {**dag(success=-float(HOUR)), **last_ended("success failed")},
        ETL,
        "prod: DAG etl: the last run that ended failed; last success 1h 10m 0s ago.",
        since="10m",
    ),
    Firing(
        "AirflowDagRunFailed",
        # A run waits or runs at each moment, as with @continuous, with a queue, or with runs that overlap.
        {**dag(), **last_run("running queued"), **last_ended("success failed")},
        ETL,
        "prod: DAG etl: the last run that ended failed; last success never seen.",
        since="10m",
        until="60m",
    ),
    Firing(
        "AirflowDagRunFailed",
        # mlvitals starts anew while the next run runs.
        {**dag(paused="0x22 stale _x2 0x600"), **last_run("failed running"), **last_ended("failed")},
        ETL,
        "prod: DAG etl: the last run that ended failed; last success never seen.",
        until="60m",
    ),
    Spans("AirflowDagRunFailed", "the next run succeeds", {
        **dag(), **last_run("running"), **last_ended("failed failed success failed failed success")
    }, (("0m", "24m"), ("30m", "54m"))),
    Spans("AirflowDagRunFailed", "the failed run is the only one, and is deleted", {
        **dag(), **of("airflow_dag_last_ended_run_state", "1x9 stale", dag_id="etl", state="failed")
    }, (("0m", "14m"),)),
    Silent("AirflowDagRunFailed", "the last run succeeded", {**dag(), **last_run("success"), **last_ended("success")}),
    Silent("AirflowDagRunFailed", "the first run that is seen runs", {**dag(), **last_run("queued running")}),
    Silent("AirflowDagRunFailed", "it never ran", dag()),
    Silent("AirflowDagRunFailed", "it is paused", {**dag(paused=1.0), **last_ended("failed")}),
)  # fmt: skip

RUNNING_LONG = (
    Firing(
        "AirflowDagRunningLong",
        dag(started=-25.5 * HOUR, duration_within=2.0 * HOUR),
        ETL,
        "prod: DAG etl: the oldest running run started 1d 1h 35m 0s ago, objective 2h 0m 0s.",
    ),
    Firing(
        "AirflowDagRunningLong",
        dag(started=-float(HOUR), duration_within=2.0 * HOUR),
        ETL,
        "prod: DAG etl: the oldest running run started 2h 6m 0s ago, objective 2h 0m 0s.",
        since="61m",
    ),
    Silent(
        "AirflowDagRunningLong",
        "a run of an hour ends and the next begins",
        dag(started=f"0x59 {HOUR}x600", duration_within=float(HOUR)),
    ),
    Silent("AirflowDagRunningLong", "nothing runs", dag(duration_within=float(HOUR))),
    Silent("AirflowDagRunningLong", "no objective", dag(started=-90.0 * DAY)),
    Silent("AirflowDagRunningLong", "it is paused", dag(paused=1.0, started=-90.0 * DAY, duration_within=60.0)),
)

SCHEDULED = {"interval": float(DAY), "next_run": 10.0 * HOUR}
LONG_AGO = {**dag(**SCHEDULED, success=-90.0 * DAY), **last_run("failed")}
NO_SUCCESS = (
    Firing(
        "AirflowDagNoSuccess",
        {**dag(**SCHEDULED, success=HOUR - 2.1 * DAY - 1), **last_run("failed")},
        ETL,
        "prod: DAG etl has had no success for 2d 2h 54m 1s, its schedule interval is 1d 0h 0m 0s.",
        since="1h",
    ),
    Firing(
        "AirflowDagNoSuccess",
        # Airflow 2 names no next run while as many runs are active as may be.
        {**dag(interval=float(DAY), running_runs=1.0, success=-3.0 * DAY), **last_run("running")},
        ETL,
        "prod: DAG etl has had no success for 3d 0h 30m 0s, its schedule interval is 1d 0h 0m 0s.",
    ),
    Firing(
        "AirflowDagNoSuccess",
        {**dag(interval=30.0 * MINUTE, next_run=-90.0 * DAY), **last_run("failed")},
        ETL,
        "prod: DAG etl has had no success for 1h 34m 0s, its schedule interval is 30m 0s.",
        since="64m",
    ),
    Silent("AirflowDagNoSuccess", "the objective says it", {**LONG_AGO, **dag(success_within=900.0 * DAY)}),
    Silent("AirflowDagNoSuccess", "it is paused", {**LONG_AGO, **dag(paused=1.0)}),
    Silent("AirflowDagNoSuccess", "unpaused after months", {**LONG_AGO, **dag(paused="1x9 0x600")}),
    Silent("AirflowDagNoSuccess", "no schedule", {**dag(success=-90.0 * DAY), **last_run("failed")}),
    Silent("AirflowDagNoSuccess", "its end date has passed", {
        **dag(interval=float(DAY), running_runs=0.0, queued_runs=0.0, success=-90.0 * DAY), **last_run("success")
    }),
    Silent("AirflowDagNoSuccess", "its first run is to come", dag(interval=10.0 * MINUTE, next_run=90.0 * DAY)),
    Silent(
        "AirflowDagNoSuccess",
        "one run failed, and the day had 25 hours",
        {**dag(**SCHEDULED, success=-48.0 * HOUR), **last_run("failed")},
    ),
)  # fmt: skip

TRIGGERED = (
    Firing(
        "AirflowTriggeredRunFailed",
        {**triggered("running failed"), **of("airflow_dag_paused", 0.0, dag_id="overall")},
        {**PROD, **CHILD, "state": "failed"},
        "prod: DAG overall: the run of training that task train triggered last failed.",
        since="10m",
        until="60m",
    ),
    Silent("AirflowTriggeredRunFailed", "the child succeeded", triggered("queued running success")),
    Silent(
        "AirflowTriggeredRunFailed",
        "the parent is paused",
        {**triggered("failed"), **of("airflow_dag_paused", 1.0, dag_id="overall")},
    ),
    Silent("AirflowTriggeredRunFailed", "a run that nobody triggered failed", {**dag(), **last_run("failed")}),
)

QUEUED = (
    Firing(
        "AirflowTasksQueued",
        dag(queued_task=0.0),
        ETL,
        "prod: DAG etl: the oldest queued task has waited for 8m 0s, expected less than 5m.",
        since="6m",
    ),
    Spans(
        "AirflowTasksQueued",
        "Airflow takes the task back and queues it anew, twice, and then fails it",
        dag(queued_task="0x11 720x11 1440x11 stale"),
        (("8m", "50m"),),
    ),
    Silent("AirflowTasksQueued", "tasks wait for five minutes, one after the other", dag(queued_task="0x4 300x5 600")),
    Silent("AirflowTasksQueued", "nothing is queued", dag()),
)

POOLS = (
    Firing(
        "AirflowPoolStarved",
        pool(0.0, 4.0, 1.0),
        {**PROD, "pool": "default_pool"},
        "prod: pool default_pool has no open slot of 16, and 5 are scheduled or queued.",
        until="60m",
    ),
    Firing(
        "AirflowPoolStarved",
        # Made smaller while its tasks run.
        pool(-2.0, 0.0, 1.0),
        {**PROD, "pool": "default_pool"},
        "prod: pool default_pool has no open slot of 16, and 1 are scheduled or queued.",
    ),
    Silent("AirflowPoolStarved", "full, and nothing waits", pool(0.0, 0.0)),
    Silent("AirflowPoolStarved", "tasks wait for a worker, not for the pool", pool(1.0, 0.0, 15.0)),
    Silent("AirflowPoolStarved", "a slot is open after 29 minutes", pool("0x28 1 0x28 1 0x28 1 0x28 1", 4.0)),
)

IMPORTS = (
    Firing(
        "AirflowImportErrors",
        {
            **of("airflow_import_errors", 2.0),
            **of("airflow_import_error_timestamp_seconds", 0.0, filename="dags/b.py"),
            **of("airflow_import_error_timestamp_seconds", 0.0, filename="dags/a.py"),
        },
        PROD,
        "prod: 2 of the DAG files cannot be imported: dags/a.py, dags/b.py.",
        until="60m",
    ),
    Silent("AirflowImportErrors", "none", of("airflow_import_errors", 0.0)),
    Silent("AirflowImportErrors", "a file that is being copied", of("airflow_import_errors", "0x9 1x3 0x600")),
)

ASSETS = (
    Firing(
        "AirflowAssetStale",
        asset(-float(HOUR), 2.0 * HOUR),
        {**PROD, "asset": "s3://data/train"},
        "prod: asset s3://data/train has had no event for 2h 6m 0s, objective 2h 0m 0s.",
        since="61m",
    ),
    Firing(
        "AirflowAssetStale",
        # Never an event: it counts from the time when it was first seen; mlvitals starts anew in between.
        asset(None, f"_x10 {HOUR - 1}x29 stale _x10 {HOUR - 1}x600"),
        {**PROD, "asset": "s3://data/train"},
        "prod: asset s3://data/train has had no event for 1h 5m 0s, objective 59m 59s.",
        since="70m",
    ),
    Silent("AirflowAssetStale", "its first event comes in time", asset("_x49 2940x600", 1.5 * HOUR)),
    Silent("AirflowAssetStale", "no objective", asset(-90.0 * DAY, None)),
    Silent("AirflowAssetStale", "gone for long, then there again", asset(None, "3000x9 stale _x80 3000x600")),
)

MATCHES = {"objective": "success_within", "pattern": "etl*"}
UNMATCHED = (
    Firing(
        "AirflowObjectiveUnmatched",
        of("airflow_objective_matches", "2x59 0x600", **MATCHES),
        {**PROD, **MATCHES},
        "prod: the objective success_within for etl* matches nothing that is shown.",
        since="1h",
    ),
    Silent("AirflowObjectiveUnmatched", "one DAG matches", of("airflow_objective_matches", 1.0, **MATCHES)),
    Silent(
        "AirflowObjectiveUnmatched", "Airflow cannot be read", of("airflow_objective_matches", "1x9 stale", **MATCHES)
    ),
)

CASES = (
    Firing(
        "AirflowDown",
        {
            **of("mlvitals_exporter_up", 0.0),
            **of("mlvitals_target_failure", 1.0, target="server", reason="auth"),
            **of("mlvitals_target_failure", 1.0, target="dags", reason="auth"),
            **of("mlvitals_exporter_last_success_timestamp_seconds", -float(HOUR)),
        },
        PROD,
        "prod: Airflow cannot be read, reason: auth. Last read 1h 5m 0s ago.",
    ),
    Silent("AirflowDown", "DAGs are read, tasks are not", {
        **of("mlvitals_exporter_up", 1.0), **of("mlvitals_target_failure", 1.0, target="tasks", reason="timeout")
    }),
    Silent("AirflowDown", "four minutes are a restart", of("mlvitals_exporter_up", "1x9 0x3 1x600")),
    Silent("AirflowDown", "another system is down", {"mlvitals_exporter_up": lasting(0)}),
    *unhealthy("AirflowSchedulerUnhealthy", "scheduler", "scheduler"),
    *unhealthy("AirflowDagProcessorUnhealthy", "dag_processor", "DAG processor"),
    *unhealthy("AirflowTriggererUnhealthy", "triggerer", "triggerer"),
    Firing(
        "AirflowMetadatabaseUnhealthy",
        component("metadatabase", 0.0),
        {**PROD, "component": "metadatabase"},
        "prod: Airflow says that its metadata database is not healthy.",
        until="60m",
    ),
    Silent("AirflowMetadatabaseUnhealthy", "it is healthy", component("metadatabase", 1.0)),
    Silent("AirflowMetadatabaseUnhealthy", "the scheduler is not", component("scheduler", 0.0)),
    *LATE,
    *NOT_STARTED,
    *FAILED,
    *RUNNING_LONG,
    *NO_SUCCESS,
    *TRIGGERED,
    *QUEUED,
    *POOLS,
    *IMPORTS,
    *ASSETS,
    *UNMATCHED,
)  # fmt: skip
