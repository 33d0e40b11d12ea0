"""What is worth knowing about Airflow itself: its servers, components, pools and DAG files."""

from __future__ import annotations

from mlvitals.airflow import metrics as m
from mlvitals_dashboards.signals import Signal, by, select
from mlvitals_dashboards.suite_signals import age
from mlvitals_dashboards.system_signals import (
    alarm,
    data_age,
    failure_reason,
    firing_alerts,
    matched,
    server_state,
    servers_down,
    servers_firing,
)

TYPE, TITLE = "airflow", "Airflow"
_NOT_READ = "Not read yet"

_FULL = f"{select(m.POOL_SCHEDULED_SLOTS)} + {select(m.POOL_QUEUED_SLOTS)} > 0 and {select(m.POOL_OPEN_SLOTS)} <= 0"

SERVERS_DOWN = servers_down(TYPE, TITLE)
FIRING = servers_firing(TYPE, TITLE)
COMPONENTS_UNHEALTHY = alarm(
    f"{select(m.COMPONENT_HEALTHY)} == 0",
    select(m.COMPONENT_HEALTHY),
    "suffix: unhealthy",
    "Schedulers, DAG processors, triggerers and metadata databases that Airflow says are not healthy.",
    "All healthy",
    _NOT_READ,
)
POOLS_FULL = alarm(
    _FULL,
    select(m.POOL_OPEN_SLOTS),
    "suffix: full",
    "Pools without an open slot in which tasks are scheduled or queued. For a while that is what a pool is for.",
    "None full",
    _NOT_READ,
)
IMPORT_ERRORS = Signal(
    f"sum({select(m.IMPORT_ERRORS)})",
    "suffix: broken",
    "DAG files that Airflow cannot import.",
    steps=((1, "red"),),
    words={0: ("None", "green")},
    base="green",
    missing=_NOT_READ,
)

SERVER_STATE = server_state(TYPE, TITLE)
DATA_AGE = data_age(TYPE)
FAILURE_REASON = failure_reason(TYPE)
SERVER_VERSION = Signal(
    by("exporter, version, source", select(m.SERVER_INFO)), "none", "Airflow's version and where it was read."
)
DAGS = Signal(by("exporter", select(m.DAGS_TOTAL)), "none", "Active DAGs that match the configured patterns.")
ALERT = firing_alerts(TYPE, "dag_id, pool, asset")

_COMPONENT = "exporter, component"
COMPONENT_STATE = Signal(
    by(_COMPONENT, select(m.COMPONENT_HEALTHY), "min"),
    "none",
    "What Airflow says of it.",
    words={0: ("Unhealthy", "red"), 1: ("Healthy", "green")},
    missing=_NOT_READ,
)
HEARTBEAT_AGE = Signal(
    by(_COMPONENT, age(select(m.COMPONENT_LAST_HEARTBEAT))),
    "s",
    "Time since its last heartbeat; the metadata database has none.",
    steps=((60, "orange"), (300, "red")),
    missing="-",
    decimals=0,
)

_POOL = "exporter, pool"
OPEN_SLOTS = Signal(
    by(_POOL, select(m.POOL_OPEN_SLOTS), "min"),
    "none",
    "Slots that are free.",
    missing="No limit",
    decimals=0,
)
SLOTS = Signal(by(_POOL, select(m.POOL_SLOTS)), "none", "Slots in all.", missing="No limit", decimals=0)
RUNNING_SLOTS = Signal(by(_POOL, select(m.POOL_RUNNING_SLOTS)), "none", "Slots of running tasks.", decimals=0)
QUEUED_SLOTS = Signal(by(_POOL, select(m.POOL_QUEUED_SLOTS)), "none", "Slots of queued tasks.", decimals=0)
SCHEDULED_SLOTS = Signal(
    by(_POOL, select(m.POOL_SCHEDULED_SLOTS)),
    "none",
    "Slots that scheduled tasks wait for.",
    missing="No pool read",
    decimals=0,
)
DEFERRED_SLOTS = Signal(by(_POOL, select(m.POOL_DEFERRED_SLOTS)), "none", "Slots of deferred tasks.", decimals=0)

BROKEN_FOR = Signal(
    by("exporter, filename", age(select(m.IMPORT_ERROR_TIMESTAMP))), "s", "Time since Airflow last failed to import it."
)
BROKEN_FILES = Signal(
    by("exporter", select(m.IMPORT_ERRORS)), "none", IMPORT_ERRORS.description, missing=_NOT_READ, decimals=0
)
OBJECTIVE_MATCHES = matched(m.OBJECTIVE_MATCHES, "DAGs or assets")
