"""What is worth knowing about mlvitals itself: its exporters, their targets, its process."""

from __future__ import annotations

from mlvitals.core import metrics as m
from mlvitals_dashboards.signals import (
    ALERTS,
    PROCESS_CPU,
    PROCESS_MEMORY,
    PROCESS_START,
    PROCESS_TYPE,
    UP,
    Signal,
    by,
    of_process,
    select,
)

STATES = {
    1: ("Up", "green"),
    0: ("Down", "red"),
    -1: ("Starting", "blue"),
    -2: ("Not scraped", "red"),
}
"""How `state` reads; the worse, the smaller."""


def state(scraped: str, read: str) -> str:
    """0 or 1 as the exporter says; where it says nothing, -2 when its page cannot be scraped and -1 when it can."""
    return f"{read} or ({scraped} - 2)"


def age(selector: str) -> str:
    """Seconds since a point in time."""
    return f"time() - {selector}"


_UP = select(UP, exporter_type=f"!={PROCESS_TYPE}")
_STATE = state(_UP, select(m.EXPORTER_UP))
_DOWN = f"{select(m.TARGET_UP)} == 0"
_NONE = "No exporter: add one to mlvitals.yml"

EXPORTERS_DOWN = Signal(
    f"count(({_STATE}) != 1) or count({_UP}) * 0",
    "suffix: down",
    "Exporters that read nothing last time, that Prometheus cannot scrape, or that have not read anything yet.",
    steps=((1, "red"),),
    words={0: ("All up", "green")},
    base="green",
    missing=_NONE,
)
TARGETS_FAILING = Signal(
    f"count({_DOWN}) or count({select(m.TARGET_UP)}) * 0",
    "suffix: failing",
    "Targets that the last collection could not read. The others of the same exporter are not affected.",
    steps=((1, "red"),),
    words={0: ("All read", "green")},
    base="green",
    missing="No target read yet",
)
LONGEST_OUTAGE = Signal(
    f"max({age(select(m.TARGET_LAST_SUCCESS))} and {_DOWN}) "
    f"or count({_DOWN}) * 0 - 1 or count({select(m.TARGET_UP)}) * 0",
    "s",
    "Of the targets that cannot be read now: time since the one that fails for longest was last read.",
    steps=((1, "red"),),
    words={0: ("None", "green"), -1: ("Never read", "red")},
    base="green",
    missing="No target read yet",
    decimals=0,
)
DROPPED = Signal(
    f"sum({select(m.SERIES_DROPPED)}) or count({_UP}) * 0",
    "suffix: dropped",
    "Series that limits (or values that are no numbers) kept off the pages in the last collections.",
    steps=((1, "orange"),),
    words={0: ("None", "green")},
    base="green",
    missing=_NONE,
)
CONFIGURATION = Signal(
    f"min({of_process(m.CONFIG_LAST_RELOAD_SUCCESSFUL)})",
    "none",
    "Whether the configuration file was loaded without error. Refused: the one before it is still in force.",
    words={1: ("Loaded", "green"), 0: ("Refused", "red")},
    missing="No mlvitals process",
)
FIRING = Signal(
    f"count({select(ALERTS, alertstate='firing')}) or count({_UP}) * 0",
    "suffix: firing",
    "Alerts that fire now for the exporters chosen above.",
    steps=((1, "red"),),
    words={0: ("None", "green")},
    base="green",
    missing=_NONE,
)

_EXPORTER = "exporter, exporter_type"
EXPORTER_STATE = Signal(
    by(_EXPORTER, _STATE, "min"),
    "none",
    "Up: the last collection read a target. Down: it read none. Not scraped: Prometheus cannot reach the page.",
    words=STATES,
    missing=_NONE,
)
LAST_READ = Signal(
    by(_EXPORTER, age(select(m.EXPORTER_LAST_SUCCESS))),
    "s",
    "Time since a collection last read something.",
    missing="Never",
)
DURATION = Signal(
    by(_EXPORTER, select(m.COLLECTION_DURATION)),
    "s",
    "How long the exporter's slowest collector took last time; its deadline is the limit.",
    decimals=1,
)
SERIES = Signal(by(_EXPORTER, select(m.EXPORTER_SERIES)), "none", "Series of the upstream system on the page.")
EXPORTER_DROPPED = Signal(
    f"{by(_EXPORTER, select(m.SERIES_DROPPED), 'sum')} or {by(_EXPORTER, select(m.EXPORTER_SERIES))} * 0",
    "none",
    DROPPED.description,
    steps=DROPPED.steps,
)
ERRORS = Signal(
    by(_EXPORTER, f"increase({select(m.COLLECTION_ERRORS)}[1h])", "sum"),
    "none",
    "Times that a target could not be read in the last hour.",
    steps=((1, "orange"), (20, "red")),
    missing="0",
    decimals=0,
)

_TARGET = "exporter, target"
FAILURE = Signal(by("exporter, target, reason", select(m.TARGET_FAILURE)), "none", "Why the target cannot be read.")
FAILING_SINCE = Signal(
    f"{by(_TARGET, age(select(m.TARGET_LAST_SUCCESS)))} and on ({_TARGET}) {select(m.TARGET_FAILURE)}",
    "s",
    "Time since the target was last read.",
    missing="Never read",
)
ALERT = Signal(
    by("alertname, severity, exporter", select(ALERTS, alertstate="firing"), "count"), "none", "How many fire now."
)

DURATIONS = Signal(
    by("exporter, collector", select(m.COLLECTION_DURATION)), "s", "How long the last run of each collector took."
)
ERROR_RATE = Signal(
    f"{by('exporter, reason', f'rate({select(m.COLLECTION_ERRORS)}[$__rate_interval])', 'sum')} > 0",
    "cps",
    "Targets that could not be read, per second and by reason.",
    missing="No errors",
)
SERIES_OVER_TIME = Signal(by("exporter", SERIES.expr), "none", SERIES.description)
DROPPED_BY_METRIC = Signal(
    by("exporter, metric, reason", select(m.SERIES_DROPPED), "sum"),
    "none",
    DROPPED.description,
    missing="Nothing dropped",
)

MEMORY = Signal(
    by("instance", of_process(PROCESS_MEMORY)),
    "bytes",
    "Resident memory of each mlvitals process.",
    missing="No mlvitals process",
)
CPU = Signal(
    by("instance", f"rate({of_process(PROCESS_CPU)}[$__rate_interval])"),
    "percentunit",
    "CPU of each mlvitals process; 100 % is one core.",
    missing="No mlvitals process",
)
BUILD = Signal(
    by("instance, version, python_version", of_process(m.BUILD_INFO)),
    "none",
    "What runs.",
    missing="No mlvitals process",
)
UPTIME = Signal(by("instance", age(of_process(PROCESS_START))), "s", "Time since the process started.", decimals=1)
RELOAD = Signal(
    by("instance", of_process(m.CONFIG_LAST_RELOAD_SUCCESSFUL)),
    "none",
    CONFIGURATION.description,
    words=CONFIGURATION.words,
)
LOADED = Signal(
    by("instance", age(of_process(m.CONFIG_LAST_RELOAD_SUCCESS))),
    "s",
    "Time since the configuration that is in force was loaded.",
    decimals=1,
)
