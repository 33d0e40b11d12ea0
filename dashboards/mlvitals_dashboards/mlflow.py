"""The MLflow registry: are the servers read, the models new enough, the served aliases in bounds, the runs moving?"""

from __future__ import annotations

from mlvitals.mlflow import metrics
from mlvitals_dashboards import mlflow_signals as s
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

UID = "mlvitals-mlflow"

_HEALTH = {"exporter": drill_down("Exporter health", "mlvitals-exporters", exporter="exporter")}
_MODEL_LINK = {"model": drill_down("Only this model", UID, exporter="exporter", model="model")}
_EXPERIMENT_LINK = {"experiment": drill_down("Only this experiment", UID, exporter="exporter", experiment="experiment")}

_SUMMARY = [
    stat("servers", "Servers", s.SERVERS_DOWN, links=runbook("MlflowDown")),
    stat("firing", "Alerts", s.FIRING),
    stat("late", "New versions", s.MODELS_LATE, links=runbook("MlflowNewVersionLate")),
    stat(
        "bounds",
        "Served metrics",
        s.BOUNDS_BROKEN,
        links=runbook("MlflowAliasMetricOutOfBounds", "MlflowAliasMetricMissing"),
    ),
    stat("stuck", "Oldest runs", s.STUCK, links=runbook("MlflowRunStuck")),
    stat("failed-ratio", "Failed runs", s.FAILED_RATIO, links=runbook("MlflowRunsFailing")),
]

_SERVERS = table(
    "server-table",
    "MLflow servers",
    {"exporter": "Server", "reason": "Reason", "version": "MLflow"},
    [
        Column("State", s.SERVER_STATE),
        Column("Last read", s.DATA_AGE),
        Column("Models", s.MODELS),
        Column("Experiments", s.EXPERIMENTS),
        Column("failure", s.FAILURE_REASON),
        Column("info", s.SERVER_VERSION),
    ],
    description="One row for each MLflow server. The name leads to the health of its exporter.",
    missing="No MLflow exporter: add one to mlvitals.yml",
    sort="State",
    descending=False,
    cell_links=_HEALTH,
    hide=("failure", "info"),
    w=12,
    h=6,
)
_ALERTS = alert_table(
    {"exporter": "Server", "model": "Model", "alias": "Alias", "experiment": "Experiment"},
    s.ALERT,
    widths={"exporter": 120},
    w=12,
)
_MODELS = table(
    "model-table",
    "Registered models",
    {"exporter": "Server", "model": "Model"},
    [
        Column("State", s.MODEL_STATE),
        Column("Latest", s.LATEST_VERSION),
        Column("Age", s.VERSION_AGE),
        Column("Objective", s.VERSION_OBJECTIVE),
        Column("Versions", s.VERSIONS),
    ],
    description="Every model with its latest version against the objective. The name narrows the dashboard to it.",
    missing="No registered models",
    sort="State",
    cell_links=_MODEL_LINK,
    widths={"exporter": 120},
    w=13,
    h=9,
    links=runbook("MlflowNewVersionLate"),
)
_ALIASES = table(
    "alias-table",
    "Aliases",
    {"exporter": "Server", "model": "Model", "alias": "Alias"},
    [
        Column("Version", s.ALIAS_VERSION),
        Column("Behind", s.ALIAS_BEHIND),
        Column("Age", s.ALIAS_AGE),
    ],
    description="What each alias names now. Compare with what is served.",
    missing="No model has an alias",
    sort="Behind",
    cell_links=_MODEL_LINK,
    widths={"exporter": 120, "alias": 120},
    w=11,
    h=9,
    links=runbook("MlflowAliasGone"),
)
_METRICS = table(
    "metric-table",
    "Metrics behind aliases against bounds",
    {"exporter": "Server", "model": "Model", "alias": "Alias", "metric": "Metric", "operator": "Should be"},
    [Column("State", s.METRIC_STATE), Column("Value", s.METRIC_VALUE), Column("Bound", s.METRIC_BOUND)],
    order=("Server", "Model", "Alias", "Metric", "State", "Value", "Should be", "Bound"),
    widths={"operator": 120},
    description="Metrics of the run that made the version behind each alias, with the configured bounds.",
    missing="No run metrics behind an alias",
    sort="State",
    cell_links=_MODEL_LINK,
    h=8,
    links=runbook("MlflowAliasMetricOutOfBounds", "MlflowAliasMetricMissing"),
)
_EXPERIMENTS = table(
    "experiment-table",
    "Experiments",
    {"exporter": "Server", "experiment": "Experiment"},
    [
        Column("State", s.RUN_STATE),
        Column("Running", s.RUNNING),
        Column("Oldest for", s.RUNNING_FOR),
        Column("Objective", s.RUN_OBJECTIVE),
        Column("Ended recently", s.ENDED),
        Column("Failed", s.EXPERIMENT_FAILED_RATIO),
        Column("Last duration", s.LAST_DURATION),
        Column("Last ended", s.LAST_END),
    ],
    description="Every experiment: what runs, what ended within the window and how it went.",
    missing="No experiments",
    sort="State",
    cell_links=_EXPERIMENT_LINK,
    h=9,
    links=runbook("MlflowRunStuck", "MlflowRunsFailing"),
)

_MODEL_DETAIL = row(
    "Models and aliases over time",
    [
        lines(
            "alias-versions",
            "Version behind each alias",
            s.ALIAS_VERSION,
            "{{exporter}} {{model}} @{{alias}}",
            steps=True,
        ),
        lines("latest-versions", "Latest version", s.LATEST_VERSION, "{{exporter}} {{model}}", steps=True),
        lines(
            "alias-metrics",
            "Metrics behind aliases, bounds dashed",
            s.METRIC_VALUE,
            "{{model}} @{{alias}} {{metric}}",
            more={"{{model}} @{{alias}} {{metric}} {{operator}}": s.METRIC_BOUND},
            steps=True,
            any_size=True,
            w=24,
        ),
        table(
            "tag-table",
            "Tags",
            {"exporter": "Server", "model": "Model", "key": "Tag", "value": "Value"},
            [Column("info", s.TAGS)],
            description="Chosen tags of the models (the exporter's key tags).",
            missing="No tags chosen",
            sort="Model",
            descending=False,
            hide=("info",),
            w=12,
            h=6,
        ),
        table(
            "stage-table",
            "Stages",
            {"exporter": "Server", "model": "Model", "stage": "Stage"},
            [Column("Version", s.STAGES)],
            description="The latest version in each stage, for registries that still use stages.",
            missing="No stages used",
            sort="Model",
            descending=False,
            w=12,
            h=6,
        ),
    ],
)
_RUN_DETAIL = row(
    "Runs over time",
    [
        lines("running-runs", "Running runs", s.RUNNING, "{{exporter}} {{experiment}}", steps=True),
        lines("ended-runs", "Runs ended within the window", s.ENDED_BY_STATUS, "{{exporter}} {{status}}", steps=True),
        lines(
            "durations", "Duration of the last finished run", s.LAST_DURATION, "{{exporter}} {{experiment}}", steps=True
        ),
        lines("all-runs", "All runs by status", s.RUNS, "{{exporter}} {{status}}", steps=True),
    ],
)

_OBJECTIVES = row(
    "Objectives",
    [objective_table(s.OBJECTIVE_MATCHES, "MlflowObjectiveUnmatched")],
)

DASHBOARD = dashboard(
    UID,
    "MLflow registry",
    "MLflow servers with their registered models, aliases and experiments, as mlvitals reads them.",
    [
        *_SUMMARY,
        _SERVERS,
        _ALERTS,
        timeline("server-states", "Servers over time", s.SERVER_STATE, "{{exporter}}", h=4),
        row("Registry"),
        _MODELS,
        _ALIASES,
        _METRICS,
        row("Runs"),
        _EXPERIMENTS,
        _MODEL_DETAIL,
        _RUN_DETAIL,
        _OBJECTIVES,
    ],
    exporters=s.TYPE,
    variables=[
        label_variable("model", "Model", of_exporters(metrics.MODEL_VERSIONS)),
        label_variable("experiment", "Experiment", of_exporters(metrics.EXPERIMENT_RUNNING_RUNS)),
    ],
    tags=["mlflow"],
)
