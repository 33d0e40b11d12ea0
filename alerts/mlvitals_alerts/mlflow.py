"""Rules about MLflow."""

from __future__ import annotations

from mlvitals.core import metrics as own
from mlvitals.mlflow import metrics as m
from mlvitals_alerts.parts import KEEP, down, unmatched
from mlvitals_alerts.rules import Alert, Recording, System, label, lookup, number, value

FAILED_RATIO = 0.5
ENOUGH_RUNS = 4

RECENT_RUNS = Recording(
    "experiment:mlflow_experiment_recent_runs:sum",
    "Runs that ended within the configured window, whatever their status",
    f"sum without (status) ({m.EXPERIMENT_RECENT_RUNS})",
    ("experiment",),
)
_FAILED = f'{m.EXPERIMENT_RECENT_RUNS}{{status="FAILED"}} / ignoring (status) {RECENT_RUNS}'

# A bound `metric < bound` is broken by `metric >= bound`, and so on.
_BROKEN_BY = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_OUT_OF_BOUNDS = "\nor\n".join(
    f"{m.MODEL_ALIAS_METRIC} {broken} ignoring (operator) group_right ()"
    f' {m.MODEL_ALIAS_METRIC_OBJECTIVE}{{operator="{operator}"}}'
    for operator, broken in _BROKEN_BY.items()
)

_BOUND = lookup(
    f"{m.MODEL_ALIAS_METRIC_OBJECTIVE}{{%s}}", "model", "alias", "metric", "operator", show='value | printf "%.4g"'
)
_SERVED = f"model {label('model')}, alias {label('alias')}"

SYSTEM = System(
    "mlflow",
    "MLflow",
    "mlvitals-mlflow",
    (
        RECENT_RUNS,
        down("MlflowDown", "mlflow", "MLflow"),
        Alert(
            "MlflowNewVersionLate",
            "warning",
            "A registered model has no new version within its objective.",
            f"{label('exporter')}: model {label('model')} has had no new version for {value()}, objective "
            + lookup(f"{m.MODEL_NEW_VERSION_OBJECTIVE}{{%s}}", "model", show="value | humanizeDuration")
            + ".",
            f"time() - ({m.MODEL_LATEST_VERSION_CREATED} or {m.MODEL_CREATED})\n> {m.MODEL_NEW_VERSION_OBJECTIVE}",
            for_="5m",
            keep_firing_for=KEEP,
        ),
        Alert(
            "MlflowAliasMetricOutOfBounds",
            "critical",
            "A metric of the model version behind an alias is out of its bound.",
            f"{label('exporter')}: {_SERVED}: {label('metric')} is {number()}, expected {label('operator')} {_BOUND}.",
            _OUT_OF_BOUNDS,
            for_="5m",
            keep_firing_for=KEEP,
        ),
        Alert(
            "MlflowAliasMetricMissing",
            "warning",
            "A metric that has a bound has no finite value behind the alias.",
            f"{label('exporter')}: {_SERVED}: {label('metric')} has no finite value,"
            f" expected {label('operator')} {number()}.",
            f"{m.MODEL_ALIAS_METRIC_OBJECTIVE} unless ignoring (operator) {m.MODEL_ALIAS_METRIC}",
            for_="15m",
            keep_firing_for=KEEP,
        ),
        Alert(
            "MlflowAliasGone",
            "warning",
            "An alias that existed within the last hour is gone.",
            f"{label('exporter')}: {_SERVED}: the alias is gone; it named version {number()}.",
            f"last_over_time({m.MODEL_ALIAS_VERSION}[1h])\nunless {m.MODEL_ALIAS_VERSION}\n"
            f'and ignoring (model, alias, target) {own.TARGET_UP}{{target="{m.REGISTRY}"}} == 1',
            for_="2m",
        ),
        Alert(
            "MlflowRunStuck",
            "warning",
            "A run has had the status RUNNING for longer than its objective.",
            f"{label('exporter')}: experiment {label('experiment')}: the oldest run with status RUNNING started "
            f"{value()} ago, objective "
            + lookup(f"{m.EXPERIMENT_RUNNING_RUN_OBJECTIVE}{{%s}}", "experiment", show="value | humanizeDuration")
            + ".",
            f"time() - {m.EXPERIMENT_OLDEST_RUNNING_START}\n> {m.EXPERIMENT_RUNNING_RUN_OBJECTIVE}",
            for_="5m",
            keep_firing_for=KEEP,
        ),
        unmatched("MlflowObjectiveUnmatched", m.OBJECTIVE_MATCHES),
        Alert(
            "MlflowRunsFailing",
            "warning",
            "More than half of the runs that ended recently failed.",
            f"{label('exporter')}: experiment {label('experiment')}: {value('humanizePercentage')} of "
            + lookup(f"{RECENT_RUNS}{{%s}}", "experiment")
            + f" recent runs failed, expected at most {FAILED_RATIO:.0%}.",
            f"{_FAILED} > {FAILED_RATIO}\nand {RECENT_RUNS} >= {ENOUGH_RUNS}",
            for_="15m",
            keep_firing_for=KEEP,
        ),
    ),
)
