"""What is worth knowing about MLflow servers, models, aliases and experiments."""

from __future__ import annotations

from mlvitals.mlflow import metrics as m
from mlvitals_dashboards.signals import Signal, by, select
from mlvitals_dashboards.suite_signals import age
from mlvitals_dashboards.system_signals import (
    data_age,
    failure_reason,
    firing_alerts,
    matched,
    server_state,
    servers_down,
    servers_firing,
)

TYPE, TITLE = "mlflow", "MLflow"


def _held(operator: str) -> str:
    """1 where a bound with this operator holds, 0 where it is broken or the metric is NaN."""
    bound = select(m.MODEL_ALIAS_METRIC_OBJECTIVE, operator=operator)
    return f"{select(m.MODEL_ALIAS_METRIC)} {operator} bool ignoring (operator) group_right {bound}"


_HELD = " or ".join(f"({_held(operator)})" for operator in m.OPERATORS)
# 0 in bounds, 1 broken, 2 where a bound has no metric to hold against.
_BOUNDS = f"1 - ({_HELD}) or 2 * group without () ({select(m.MODEL_ALIAS_METRIC_OBJECTIVE)})"
_NEWEST = f"({select(m.MODEL_LATEST_VERSION_CREATED)} or {select(m.MODEL_CREATED)})"
_LATE = f"{age(_NEWEST)} > bool {select(m.MODEL_NEW_VERSION_OBJECTIVE)}"
_ENDED = select(m.EXPERIMENT_RECENT_RUNS)
_FAILED = select(m.EXPERIMENT_RECENT_RUNS, status="FAILED")
_RUNNING_FOR = age(select(m.EXPERIMENT_OLDEST_RUNNING_START))
_STUCK = f"{_RUNNING_FOR} > bool {select(m.EXPERIMENT_RUNNING_RUN_OBJECTIVE)}"
ENOUGH_RUNS = 4
"""A ratio of fewer runs says nothing."""


def _experiment_ratio() -> str:
    return f"{by('exporter, experiment', _FAILED, 'sum')} / ({by('exporter, experiment', _ENDED, 'sum')} > 0)"


SERVERS_DOWN = servers_down(TYPE, TITLE)
FIRING = servers_firing(TYPE, TITLE)
MODELS_LATE = Signal(
    f"sum({_LATE})",
    "suffix: late",
    "Models whose latest version is older than the configured new_version_within.",
    steps=((1, "red"),),
    words={0: ("All on time", "green")},
    base="green",
    missing="No objective set",
)
BOUNDS_BROKEN = Signal(
    f"count(({_BOUNDS}) > 0) or count({_BOUNDS}) * 0",
    "suffix: out of bounds",
    "Metrics behind an alias that are outside a configured bound or have no finite value.",
    steps=((1, "red"),),
    words={0: ("All in bounds", "green")},
    base="green",
    missing="No bounds set",
)
STUCK = Signal(
    f"sum({_STUCK})",
    "suffix: stuck",
    "Experiments in which a run has had the status RUNNING for longer than the configured stuck_after (6 hours unless "
    "set). A run whose process died stays RUNNING for ever.",
    steps=((1, "red"),),
    words={0: ("None stuck", "green")},
    base="green",
    missing="None running",
)
FAILED_RATIO = Signal(
    f"max({_experiment_ratio()} and {by('exporter, experiment', _ENDED, 'sum')} >= {ENOUGH_RUNS})",
    "percentunit",
    "The highest part of failed runs among experiments in which enough runs ended within the exporter's window "
    "(24 hours unless configured).",
    steps=((0.2, "orange"), (0.5, "red")),
    base="green",
    missing=f"Fewer than {ENOUGH_RUNS} runs",
    decimals=0,
)

SERVER_STATE = server_state(TYPE, TITLE)
FAILURE_REASON = failure_reason(TYPE)
DATA_AGE = data_age(TYPE)
SERVER_VERSION = Signal(by("exporter, version", select(m.SERVER_INFO)), "none", "MLflow's version.")
MODELS = Signal(by("exporter", select(m.MODELS)), "none", "Registered models that match the configured patterns.")
EXPERIMENTS = Signal(by("exporter", select(m.EXPERIMENTS)), "none", "Experiments that match the configured patterns.")

_MODEL = "exporter, model"
MODEL_STATE = Signal(
    by(_MODEL, _LATE),
    "none",
    "Whether the latest version is younger than the objective.",
    words={0: ("On time", "green"), 1: ("LATE", "red")},
    missing="No objective",
)
LATEST_VERSION = Signal(by(_MODEL, select(m.MODEL_LATEST_VERSION)), "none", "The highest version number.", decimals=0)
VERSIONS = Signal(by(_MODEL, select(m.MODEL_VERSIONS)), "none", "Versions that exist; deleted ones are not counted.")
VERSION_AGE = Signal(
    by(_MODEL, age(_NEWEST)), "s", "Time since the latest version was made, or the model if it has none.", decimals=1
)
VERSION_OBJECTIVE = Signal(by(_MODEL, select(m.MODEL_NEW_VERSION_OBJECTIVE)), "s", "The configured new_version_within.")

_ALIAS = "exporter, model, alias"
ALIAS_VERSION = Signal(
    by(_ALIAS, select(m.MODEL_ALIAS_VERSION)), "none", "The version that the alias names.", decimals=0
)
ALIAS_BEHIND = Signal(
    f"{by(_MODEL, select(m.MODEL_LATEST_VERSION))} "
    f"- on ({_MODEL}) group_right {by(_ALIAS, select(m.MODEL_ALIAS_VERSION))}",
    "none",
    "How many version numbers the alias is behind the latest version.",
    steps=((1, "blue"),),
    words={0: ("Latest", "green")},
)
ALIAS_AGE = Signal(
    by(_ALIAS, age(select(m.MODEL_ALIAS_VERSION_CREATED))), "s", "Time since that version was made.", decimals=1
)

_METRIC = f"{_ALIAS}, metric"
_BOUND = f"{_METRIC}, operator"
_BOUNDED_METRIC = (
    f"{select(m.MODEL_ALIAS_METRIC)} * ignoring (operator) group_right "
    f"group without () ({select(m.MODEL_ALIAS_METRIC_OBJECTIVE)})"
)
METRIC_VALUE = Signal(
    by(_BOUND, f"({_BOUNDED_METRIC}) or ignoring (operator) {select(m.MODEL_ALIAS_METRIC)}"),
    "none",
    "Last value of the metric in the run behind the alias.",
)
METRIC_BOUND = Signal(by(_BOUND, select(m.MODEL_ALIAS_METRIC_OBJECTIVE)), "none", "The configured bound.")
METRIC_STATE = Signal(
    by(_BOUND, _BOUNDS),
    "none",
    "Whether metric, operator and bound hold.",
    words={0: ("In bounds", "green"), 1: ("BROKEN", "red"), 2: ("NO VALUE", "red")},
    missing="No bound",
)

_EXPERIMENT = "exporter, experiment"
RUNNING = Signal(
    by(_EXPERIMENT, select(m.EXPERIMENT_RUNNING_RUNS)), "none", "Runs with status RUNNING now.", decimals=0
)
RUN_STATE = Signal(
    by(_EXPERIMENT, _STUCK),
    "none",
    "Whether the oldest running run has been running for longer than the objective.",
    words={0: ("Running", "green"), 1: ("STUCK", "red")},
    missing="Idle",
)
RUNNING_FOR = Signal(
    by(_EXPERIMENT, _RUNNING_FOR), "s", "How long the oldest run with status RUNNING has been running.", decimals=1
)
RUN_OBJECTIVE = Signal(by(_EXPERIMENT, select(m.EXPERIMENT_RUNNING_RUN_OBJECTIVE)), "s", "The configured stuck_after.")
ENDED = Signal(by(_EXPERIMENT, _ENDED, "sum"), "none", "Runs that ended within the exporter's window.")
EXPERIMENT_FAILED_RATIO = Signal(
    _experiment_ratio(),
    "percentunit",
    "Failed runs as part of all runs that ended within the window.",
    steps=FAILED_RATIO.steps,
    decimals=0,
)
LAST_DURATION = Signal(
    by(_EXPERIMENT, select(m.EXPERIMENT_LAST_FINISHED_DURATION)),
    "s",
    "How long the last run with status FINISHED took.",
    decimals=1,
)
LAST_END = Signal(
    by(_EXPERIMENT, age(select(m.EXPERIMENT_LAST_RUN_END))),
    "s",
    "Time since a run last ended.",
    decimals=1,
)
ALERT = firing_alerts(TYPE, "model, alias, experiment")
ENDED_BY_STATUS = Signal(
    by("exporter, status", _ENDED, "sum"), "none", ENDED.description, missing="No runs ended", decimals=0
)
RUNS = Signal(
    by("exporter, status", select(m.EXPERIMENT_RUNS), "sum"),
    "none",
    "All runs by status. Counted when mlvitals starts and hourly; absent until the first count has finished.",
    missing="Not counted yet",
    decimals=0,
)
OBJECTIVE_MATCHES = matched(m.OBJECTIVE_MATCHES, "Models, aliases or experiments")
TAGS = Signal(by("exporter, model, key, value", select(m.MODEL_TAG_INFO)), "none", "Chosen tags of the models.")
STAGES = Signal(
    by("exporter, model, stage", f"{select(m.MODEL_STAGE_VERSION, stage='!=None')} > 0"),
    "none",
    "Latest version in each stage.",
)
