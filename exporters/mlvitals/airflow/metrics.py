"""The metrics of the Airflow exporter.

Each help names the field of the stable REST API (v1 of Airflow 2, v2 of Airflow 3) and, where it differs, the table of
the metadata database.
"""

from __future__ import annotations

from mlvitals.core.metric import gauge, info

SERVER = "server"
"""The target that version, components, import errors and pools are read from."""
DAGS = "dags"
"""The target that DAGs and their runs are read from."""
TASKS = "tasks"
"""The target that task instances are read from."""
ASSETS = "assets"
"""The target that assets (Airflow 2: datasets) are read from."""
TRIGGERED = "triggered-runs"
"""The target that says which runs were triggered by tasks of other DAGs."""

SOURCES = ("rest_v1", "rest_v2", "sql")
COMPONENTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")
RUN_STATES = ("queued", "running", "success", "failed")
ENDED_RUN_STATES = ("success", "failed")
ACTIVE_TASK_STATES = (
    "scheduled",
    "queued",
    "running",
    "deferred",
    "up_for_retry",
    "up_for_reschedule",
    "awaiting_input",
    "restarting",
)
ENDED_TASK_STATES = ("success", "failed", "skipped", "upstream_failed", "removed")
TASK_STATES = (*ACTIVE_TASK_STATES, *ENDED_TASK_STATES)
RUN_TYPES = (
    "scheduled",
    "manual",
    "backfill",
    "asset_triggered",
    "asset_materialization",
    "operator_triggered",
    "other",
)
"""What is not listed counts as other."""
RUN_TYPES_OF_AIRFLOW_2 = {"dataset_triggered": "asset_triggered"}

# --- server -----------------------------------------------------------------------------------------------------------

SERVER_INFO = info("airflow_server_info", "Airflow's version (GET version) and where it was read", "version", "source")
COMPONENT_HEALTHY = gauge(
    "airflow_component_healthy",
    "1 when health says that the component is healthy; absent for a component that does not run",
    component=COMPONENTS,
)
COMPONENT_LAST_HEARTBEAT = gauge(
    "airflow_component_last_heartbeat_timestamp_seconds",
    "Latest heartbeat of the component (health latest_…_heartbeat; table job latest_heartbeat)",
    component=COMPONENTS,
)
IMPORT_ERRORS = gauge("airflow_import_errors", "Files that cannot be imported (importErrors; table import_error)")
IMPORT_ERROR_TIMESTAMP = gauge(
    "airflow_import_error_timestamp_seconds", "timestamp of the import error of this file", "filename"
)
POOL_SLOTS = gauge("airflow_pool_slots", "slots of the pool; absent for a pool without limit (-1)", "pool")
POOL_OPEN_SLOTS = gauge("airflow_pool_open_slots", "Free slots (pools open_slots)", "pool")
POOL_RUNNING_SLOTS = gauge("airflow_pool_running_slots", "Slots taken by running tasks (pools running_slots)", "pool")
POOL_QUEUED_SLOTS = gauge("airflow_pool_queued_slots", "Slots taken by queued tasks (pools queued_slots)", "pool")
POOL_DEFERRED_SLOTS = gauge("airflow_pool_deferred_slots", "Slots of deferred tasks (pools deferred_slots)", "pool")
POOL_SCHEDULED_SLOTS = gauge(
    "airflow_pool_scheduled_slots", "Slots that scheduled tasks wait for (pools scheduled_slots)", "pool"
)

# --- DAGs and their runs ----------------------------------------------------------------------------------------------

DAGS_TOTAL = gauge("airflow_dags", "Active DAGs that match the configured patterns (dags)")
DAG_PAUSED = gauge("airflow_dag_paused", "1 when the DAG is paused (dags is_paused)", "dag_id")
DAG_INFO = info(
    "airflow_dag_info",
    "Owners, joined by commas, and schedule of the DAG (dags owners, timetable_summary or schedule_interval)",
    "dag_id",
    "dag_owner",
    "schedule",
)
DAG_TAG_INFO = info("airflow_dag_tag_info", "Tags of the DAG (dags tags)", "dag_id", "tag")
DAG_NEXT_RUN = gauge(
    "airflow_dag_next_run_timestamp_seconds",
    "When the next scheduled run is created (dags next_dagrun_run_after or next_dagrun_create_after); absent for "
    "@continuous",
    "dag_id",
)
DAG_SCHEDULE_INTERVAL = gauge(
    "airflow_dag_schedule_interval_seconds",
    "The longest time between two scheduled runs that follow each other, from the schedule; absent when there is none "
    "and when assets trigger the DAG",
    "dag_id",
)
DAG_LAST_RUN_STATE = gauge(
    "airflow_dag_last_run_state",
    "state of the run with the latest run_after, unless that is yet to come",
    "dag_id",
    state=RUN_STATES,
)
DAG_LAST_ENDED_STATE = gauge(
    "airflow_dag_last_ended_run_state",
    "state of the run with the latest run_after of those that have ended; one that was cleared counts as it ended "
    "until it ends anew",
    "dag_id",
    state=ENDED_RUN_STATES,
)
DAG_LAST_RUN_INFO = info("airflow_dag_last_run_info", "run_type of that run", "dag_id", "run_type")
DAG_LAST_RUN_START = gauge(
    "airflow_dag_last_run_start_timestamp_seconds", "start_date of that run; absent while it is queued", "dag_id"
)
DAG_LAST_RUN_END = gauge(
    "airflow_dag_last_run_end_timestamp_seconds", "end_date of that run; absent until it has ended", "dag_id"
)
DAG_LAST_RUN_DURATION = gauge(
    "airflow_dag_last_run_duration_seconds", "end_date - start_date of that run; absent until it has ended", "dag_id"
)
DAG_LAST_RUN_QUEUED_DURATION = gauge(
    "airflow_dag_last_run_queued_duration_seconds",
    "start_date - queued_at of that run, or - run_after where that is later; absent from REST v1, which does not tell",
    "dag_id",
)
DAG_LAST_RUN_DELAY = gauge(
    "airflow_dag_last_run_schedule_delay_seconds",
    "start_date - run_after (Airflow 2: data_interval_end, or logical_date when that is later) of that run, when it is "
    "a scheduled one",
    "dag_id",
)
DAG_LAST_SUCCESS = gauge(
    "airflow_dag_last_success_timestamp_seconds", "end_date of the run that ended last with state success", "dag_id"
)
DAG_LAST_SUCCESS_DURATION = gauge(
    "airflow_dag_last_success_duration_seconds",
    "end_date - start_date of the run that ended last with success",
    "dag_id",
)
DAG_RECENT_RUNS = gauge(
    "airflow_dag_recent_runs",
    "Runs that ended within the configured window, by state",
    "dag_id",
    state=ENDED_RUN_STATES,
)
DAG_RUNNING_RUNS = gauge("airflow_dag_running_runs", "Runs with state running now", "dag_id")
DAG_OLDEST_RUNNING_START = gauge(
    "airflow_dag_oldest_running_run_start_timestamp_seconds",
    "start_date of the oldest run with state running; absent when none is",
    "dag_id",
)
DAG_QUEUED_RUNS = gauge("airflow_dag_queued_runs", "Runs with state queued now", "dag_id")
DAG_OLDEST_QUEUED = gauge(
    "airflow_dag_oldest_queued_run_timestamp_seconds",
    "queued_at (REST v1, which does not tell: data_interval_end or logical_date) of the oldest run with state queued "
    "whose run_after is past, other than those of a backfill; absent when there is none",
    "dag_id",
)
DAG_CONF_LAST_RUN_STATE = gauge(
    "airflow_dag_conf_last_run_state",
    "state of the last run whose conf has this value under a configured key",
    "dag_id",
    "key",
    "value",
    state=RUN_STATES,
)
DAG_CONF_LAST_RUN_DURATION = gauge(
    "airflow_dag_conf_last_run_duration_seconds",
    "end_date - start_date of that run; absent until it has ended",
    "dag_id",
    "key",
    "value",
)
DAG_CONF_LAST_SUCCESS = gauge(
    "airflow_dag_conf_last_success_timestamp_seconds",
    "end_date of the run with this value that ended last with state success",
    "dag_id",
    "key",
    "value",
)

# --- objectives -------------------------------------------------------------------------------------------------------

DAG_SUCCESS_OBJECTIVE = gauge(
    "airflow_dag_success_objective_seconds", "Configured success_within: a run succeeds at least this often", "dag_id"
)
DAG_DURATION_OBJECTIVE = gauge(
    "airflow_dag_duration_objective_seconds", "Configured duration_within: a run takes at most this long", "dag_id"
)
DAG_START_OBJECTIVE = gauge(
    "airflow_dag_start_objective_seconds",
    "Configured start_within: a run that is due or queued starts at most this much later",
    "dag_id",
)
ASSET_UPDATE_OBJECTIVE = gauge(
    "airflow_asset_update_objective_seconds",
    "Configured updated_within: the asset has an event at least this often",
    "asset",
)

OBJECTIVE_MATCHES = gauge(
    "airflow_objective_matches",
    "DAGs or assets that match the pattern of a configured objective",
    "pattern",
    objective=("success_within", "duration_within", "start_within", "updated_within"),
)

# --- tasks ------------------------------------------------------------------------------------------------------------

DAG_TASKS = gauge(
    "airflow_dag_task_instances",
    "Task instances of the DAG that have not ended, by state, now (taskInstances)",
    "dag_id",
    state=ACTIVE_TASK_STATES,
)
DAG_OLDEST_QUEUED_TASK = gauge(
    "airflow_dag_oldest_queued_task_timestamp_seconds",
    "queued_when (table task_instance: queued_dttm) of the oldest task instance with state queued; absent when none is",
    "dag_id",
)
DAG_RECENT_TASKS = gauge(
    "airflow_dag_recent_task_instances",
    "Task instances that ended within the configured window, by state",
    "dag_id",
    state=ENDED_TASK_STATES,
)
DAG_RECENT_RETRIES = gauge(
    "airflow_dag_recent_task_retries",
    "Tries after the first (try_number - 1) of the task instances that ended within the window",
    "dag_id",
)
TASK_RECENT = gauge(
    "airflow_task_recent_instances",
    "Instances of a chosen task that ended within the window, by state",
    "dag_id",
    "task_id",
    state=ENDED_TASK_STATES,
)
TASK_RECENT_RETRIES = gauge(
    "airflow_task_recent_retries", "Tries after the first of those instances", "dag_id", "task_id"
)
TASK_LAST_STATE = gauge(
    "airflow_task_last_state",
    "state of the instance of a chosen task that ended last within the window",
    "dag_id",
    "task_id",
    state=ENDED_TASK_STATES,
)
TASK_LAST_END = gauge("airflow_task_last_end_timestamp_seconds", "end_date of that instance", "dag_id", "task_id")
TASK_LAST_DURATION = gauge(
    "airflow_task_last_duration_seconds", "end_date - start_date of that instance", "dag_id", "task_id"
)

# --- assets -----------------------------------------------------------------------------------------------------------

ASSETS_TOTAL = gauge("airflow_assets", "Assets that match the configured patterns (assets; Airflow 2: datasets)")
ASSET_LAST_EVENT = gauge(
    "airflow_asset_last_event_timestamp_seconds",
    "timestamp of the last event of the asset, by its URI; absent when there was none",
    "asset",
)

# --- triggered runs ---------------------------------------------------------------------------------------------------

TRIGGERED_STATE = gauge(
    "airflow_triggered_run_state",
    "state of the run of child_dag_id that the task (TriggerDagRunOperator) triggered last",
    "dag_id",
    "task_id",
    "child_dag_id",
    state=RUN_STATES,
)
TRIGGERED_START = gauge(
    "airflow_triggered_run_start_timestamp_seconds",
    "start_date of that run; absent while it is queued",
    "dag_id",
    "task_id",
    "child_dag_id",
)
TRIGGERED_DURATION = gauge(
    "airflow_triggered_run_duration_seconds",
    "end_date - start_date of that run; absent until it has ended",
    "dag_id",
    "task_id",
    "child_dag_id",
)
