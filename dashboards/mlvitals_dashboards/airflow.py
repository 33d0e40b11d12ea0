"""Airflow: are the servers read, the DAGs on time, their runs well, the platform below them able to work?"""

from __future__ import annotations

from mlvitals.airflow import metrics
from mlvitals_dashboards import airflow_platform_signals as p
from mlvitals_dashboards import airflow_signals as s
from mlvitals_dashboards.layout import dashboard, label_variable
from mlvitals_dashboards.parts import (
    Column,
    alert_table,
    drill_down,
    lines,
    objective_table,
    row,
    runbook,
    stat,
    table,
    timeline,
)
from mlvitals_dashboards.signals import of_exporters

UID = "mlvitals-airflow"

_HEALTH = drill_down("Exporter health", "mlvitals-exporters", exporter="exporter")
_ONLY_DAG = drill_down("Only this DAG", UID, exporter="exporter", dag_id="dag_id")
_ONLY_CHILD = drill_down("Only this DAG", UID, exporter="exporter", dag_id="child_dag_id")
_NAME = 110

_SUMMARY = [
    stat("servers", "Servers", p.SERVERS_DOWN, links=runbook("AirflowDown")),
    stat("firing", "Alerts", p.FIRING),
    stat("late", "Late DAGs", s.DAGS_LATE, links=runbook("AirflowDagLate", "AirflowDagNoSuccess")),
    stat("failed", "Failed DAGs", s.DAGS_FAILED, links=runbook("AirflowDagRunFailed")),
    stat("running-long", "Running too long", s.DAGS_RUNNING_LONG, links=runbook("AirflowDagRunningLong")),
    stat("not-started", "Due, not started", s.DAGS_NOT_STARTED, links=runbook("AirflowDagNotStarted")),
    stat(
        "components",
        "Components",
        p.COMPONENTS_UNHEALTHY,
        links=runbook(
            "AirflowSchedulerUnhealthy",
            "AirflowDagProcessorUnhealthy",
            "AirflowTriggererUnhealthy",
            "AirflowMetadatabaseUnhealthy",
        ),
    ),
    stat("queued-task", "Oldest queued task", s.OLDEST_QUEUED_TASK, links=runbook("AirflowTasksQueued")),
    stat("pools", "Pools", p.POOLS_FULL, links=runbook("AirflowPoolStarved")),
    stat("imports", "Import errors", p.IMPORT_ERRORS, links=runbook("AirflowImportErrors")),
    stat("children", "Triggered runs", s.CHILDREN_FAILED, links=runbook("AirflowTriggeredRunFailed")),
    stat("assets", "Assets", s.ASSETS_STALE, links=runbook("AirflowAssetStale")),
]

_SERVERS = table(
    "server-table",
    "Airflow servers",
    {"exporter": "Server", "reason": "Reason", "version": "Airflow", "source": "Source"},
    [
        Column("State", p.SERVER_STATE),
        Column("Last read", p.DATA_AGE),
        Column("DAGs", p.DAGS),
        Column("failure", p.FAILURE_REASON),
        Column("info", p.SERVER_VERSION),
    ],
    description="One row for each Airflow. The name leads to the health of its exporter.",
    missing="No Airflow exporter: add one to mlvitals.yml",
    sort="State",
    descending=False,
    cell_links={"exporter": _HEALTH},
    hide=("failure", "info"),
    w=10,
    h=6,
)
_ALERTS = alert_table(
    {"exporter": "Server", "dag_id": "DAG", "pool": "Pool", "asset": "Asset"},
    p.ALERT,
    widths={"exporter": 90},
    w=14,
)
_DAGS = table(
    "dag-table",
    "DAGs",
    {"exporter": "Server", "dag_id": "DAG", "dag_owner": "Owner", "schedule": "Schedule"},
    [
        Column("State", s.VERDICT),
        Column("Last run", s.LAST_RUN),
        Column("Last success", s.SUCCESS_AGE),
        Column("Objective", s.SUCCESS_OBJECTIVE),
        Column("Next run due", s.NEXT_RUN),
        Column("Duration", s.LAST_DURATION),
        Column("At most", s.DURATION_OBJECTIVE),
        Column("Running", s.RUNNING),
        Column("Running for", s.RUNNING_FOR),
        Column("info", s.OWNER),
    ],
    order=(
        *("Server", "DAG", "State", "Last run", "Last success", "Objective", "Next run due", "Duration", "At most"),
        *("Running", "Running for", "Owner", "Schedule", "info"),
    ),
    description="Every DAG against its objectives, the worst first. The name narrows the dashboard to it.",
    missing="No DAG read",
    sort="State",
    cell_links={"dag_id": _ONLY_DAG},
    hide=("info",),
    widths={"exporter": _NAME, "dag_owner": 120, "schedule": 120},
    h=12,
    links=runbook("AirflowDagLate", "AirflowDagRunFailed", "AirflowDagRunningLong", "AirflowDagNotStarted"),
)
_COMPONENTS = table(
    "component-table",
    "Component health",
    {"exporter": "Server", "component": "Component"},
    [Column("State", p.COMPONENT_STATE), Column("Heartbeat", p.HEARTBEAT_AGE)],
    description="The parts of each Airflow. One that does not run at all has no row.",
    missing="Not read yet",
    sort="State",
    descending=False,
    widths={"exporter": _NAME},
    w=8,
    h=7,
    links=runbook("AirflowSchedulerUnhealthy"),
)
_POOLS = table(
    "pool-table",
    "Pool slots",
    {"exporter": "Server", "pool": "Pool"},
    [
        Column("Open", p.OPEN_SLOTS),
        Column("Of", p.SLOTS),
        Column("Running", p.RUNNING_SLOTS),
        Column("Queued", p.QUEUED_SLOTS),
        Column("Waiting", p.SCHEDULED_SLOTS),
        Column("Deferred", p.DEFERRED_SLOTS),
    ],
    description="What takes the slots of each pool, and what waits for one.",
    missing="No pool read",
    sort="Waiting",
    widths={"exporter": _NAME},
    w=16,
    h=7,
    links=runbook("AirflowPoolStarved"),
)
_IMPORTS = table(
    "import-table",
    "Files that cannot be imported",
    {"exporter": "Server", "filename": "File"},
    [Column("Since", p.BROKEN_FOR)],
    description="The newest import errors; Airflow has the traceback.",
    missing="Every file can be imported",
    sort="Since",
    descending=False,
    widths={"exporter": _NAME},
    w=10,
    h=7,
    links=runbook("AirflowImportErrors"),
)
_ASSETS = table(
    "asset-table",
    "Assets against objectives",
    {"exporter": "Server", "asset": "Asset"},
    [Column("State", s.ASSET_STATE), Column("Last event", s.ASSET_AGE), Column("Objective", s.ASSET_OBJECTIVE)],
    description="Assets (Airflow 2: datasets) with their last event.",
    missing="No assets",
    sort="State",
    widths={"exporter": _NAME},
    w=14,
    h=7,
    links=runbook("AirflowAssetStale"),
)
_CHILDREN = table(
    "child-table",
    "Runs that tasks triggered",
    {"exporter": "Server", "dag_id": "DAG", "task_id": "Task", "child_dag_id": "Triggered DAG"},
    [Column("State", s.CHILD_STATE), Column("Started", s.CHILD_STARTED), Column("Duration", s.CHILD_DURATION)],
    description="The run that each TriggerDagRunOperator triggered last. The triggered DAG leads to its own view.",
    missing="No run triggered",
    sort="State",
    cell_links={"dag_id": _ONLY_DAG, "child_dag_id": _ONLY_CHILD},
    widths={"exporter": _NAME},
    h=8,
    links=runbook("AirflowTriggeredRunFailed"),
)

_RUN_DETAIL = row(
    "Runs over time",
    [
        timeline("run-states", "State of the last run", s.LAST_RUN, "{{exporter}} {{dag_id}}", h=7),
        lines(
            "durations",
            "Duration of the last run, objective dashed",
            s.LAST_DURATION,
            "{{exporter}} {{dag_id}}",
            more={"{{exporter}} {{dag_id}} at most": s.DURATION_OBJECTIVE},
            steps=True,
        ),
        lines(
            "success-age",
            "Time since the last success, objective dashed",
            s.SUCCESS_AGE,
            "{{exporter}} {{dag_id}}",
            more={"{{exporter}} {{dag_id}} within": s.SUCCESS_OBJECTIVE},
        ),
        lines("ended-runs", "Runs ended within the window", s.ENDED_RUNS, "{{exporter}} {{state}}", steps=True),
        lines(
            "active-runs",
            "Running runs, queued ones dashed",
            s.RUNNING,
            "{{exporter}} {{dag_id}}",
            more={"{{exporter}} {{dag_id}} queued": s.QUEUED},
            steps=True,
        ),
        lines(
            "start-delay",
            "Start delay, time in the queue dashed",
            s.START_DELAY,
            "{{exporter}} {{dag_id}}",
            more={"{{exporter}} {{dag_id}} queued": s.QUEUED_FOR},
            steps=True,
        ),
        table(
            "tag-table",
            "Tags",
            {"exporter": "Server", "dag_id": "DAG", "tag": "Tag"},
            [Column("info", s.TAGS)],
            description="The tags of the DAGs.",
            missing="No tags",
            sort="DAG",
            descending=False,
            hide=("info",),
            w=12,
        ),
    ],
)
_TASK_DETAIL = row(
    "Tasks",
    [
        lines("active-tasks", "Task instances now", s.ACTIVE_TASKS, "{{exporter}} {{state}}", steps=True),
        lines("ended-tasks", "Task instances ended within the window", s.ENDED_TASKS, "{{exporter}} {{state}}"),
        lines("retries", "Retries within the window", s.RETRIES, "{{exporter}} {{dag_id}}", steps=True),
        lines("queued-tasks", "Oldest queued task of each DAG", s.QUEUED_TASK, "{{exporter}} {{dag_id}}"),
        table(
            "task-table",
            "Tasks one by one",
            {"exporter": "Server", "dag_id": "DAG", "task_id": "Task"},
            [
                Column("State", s.TASK_STATE),
                Column("Ended", s.TASK_ENDED),
                Column("Duration", s.TASK_DURATION),
                Column("Failed", s.TASK_FAILED),
                Column("Retries", s.TASK_RETRIES),
            ],
            description="The instance of each task that ended last, for DAGs that the exporter's key tasks names.",
            missing="No tasks shown one by one (the exporter's key tasks)",
            sort="State",
            cell_links={"dag_id": _ONLY_DAG},
            widths={"exporter": _NAME},
            w=14,
        ),
        lines(
            "task-durations",
            "Duration of each task",
            s.TASK_DURATION,
            "{{dag_id}} {{task_id}}",
            steps=True,
            w=10,
        ),
    ],
)
_CHILD_DETAIL = row(
    "Triggered runs over time",
    [
        timeline("child-states", "State of triggered runs", s.CHILD_STATE, "{{dag_id}} {{task_id}} {{child_dag_id}}"),
        lines(
            "child-durations",
            "Duration of triggered runs",
            s.CHILD_DURATION,
            "{{dag_id}} {{task_id}} {{child_dag_id}}",
            steps=True,
            w=24,
        ),
    ],
)
_CONF_DETAIL = row(
    "Conf values",
    [
        table(
            "conf-table",
            "Last run of each conf value",
            {"exporter": "Server", "dag_id": "DAG", "key": "Key", "value": "Value"},
            [
                Column("State", s.CONF_STATE),
                Column("Duration", s.CONF_DURATION),
                Column("Last success", s.CONF_SUCCESS_AGE),
            ],
            description="The last run whose conf has this value, for keys that the exporter's key conf_keys names.",
            missing="No values (the exporter's key conf_keys)",
            sort="State",
            cell_links={"dag_id": _ONLY_DAG},
            widths={"exporter": _NAME},
            w=12,
        ),
        lines(
            "conf-durations",
            "Duration for each conf value",
            s.CONF_DURATION,
            "{{dag_id}} {{key}}={{value}}",
            steps=True,
        ),
        timeline("conf-states", "State for each conf value", s.CONF_STATE, "{{dag_id}} {{key}}={{value}}"),
    ],
)
_PLATFORM_DETAIL = row(
    "Platform over time",
    [
        timeline("component-states", "Components over time", p.COMPONENT_STATE, "{{exporter}} {{component}}", h=6),
        lines("open-slots", "Open slots of each pool", p.OPEN_SLOTS, "{{exporter}} {{pool}}", any_size=True),
        lines("waiting-slots", "Slots that tasks wait for", p.SCHEDULED_SLOTS, "{{exporter}} {{pool}}", steps=True),
        lines("broken-files", "Import errors over time", p.BROKEN_FILES, "{{exporter}}", steps=True),
        lines(
            "asset-age",
            "Time since the last event of each asset, objective dashed",
            s.ASSET_AGE,
            "{{exporter}} {{asset}}",
            more={"{{exporter}} {{asset}} within": s.ASSET_OBJECTIVE},
        ),
    ],
)

DASHBOARD = dashboard(
    UID,
    "Airflow",
    "Airflow servers with their DAGs, runs, tasks, pools and assets, as mlvitals reads them.",
    [
        *_SUMMARY,
        _SERVERS,
        _ALERTS,
        timeline("server-states", "Servers over time", p.SERVER_STATE, "{{exporter}}", h=4),
        row("DAG fleet"),
        _DAGS,
        _CHILDREN,
        row("Platform"),
        _COMPONENTS,
        _POOLS,
        _IMPORTS,
        _ASSETS,
        _RUN_DETAIL,
        _TASK_DETAIL,
        _CHILD_DETAIL,
        _CONF_DETAIL,
        _PLATFORM_DETAIL,
        row("Objectives", [objective_table(p.OBJECTIVE_MATCHES, "AirflowObjectiveUnmatched")]),
    ],
    exporters=p.TYPE,
    variables=[label_variable("dag_id", "DAG", of_exporters(metrics.DAG_PAUSED))],
    tags=["airflow"],
)
