"""Data drift: are the data sets read and computed, which of them and which columns have drifted, how and since when?"""

from __future__ import annotations

from mlvitals.evidently import metrics
from mlvitals_dashboards import evidently_column_signals as c
from mlvitals_dashboards import evidently_signals as s
from mlvitals_dashboards import evidently_workspace_signals as w
from mlvitals_dashboards.layout import dashboard, label_variable
from mlvitals_dashboards.parts import Column, alert_table, bars, drill_down, lines, row, runbook, stat, table, timeline
from mlvitals_dashboards.signals import of_exporters

UID = "mlvitals-evidently"
QUALITY_UID = "mlvitals-evidently-quality"

VARIABLES = [
    label_variable("dataset", "Data set", of_exporters(metrics.DATASET_COMPUTED)),
    label_variable("column", "Column", of_exporters(metrics.COLUMN_MISSING_RATIO, "dataset")),
]
HEALTH = drill_down("Exporter health", "mlvitals-exporters", exporter="exporter")
DATASET_LINKS = [
    *drill_down("Drift of this data set", UID, exporter="exporter", dataset="dataset"),
    *drill_down("Quality of this data set", QUALITY_UID, exporter="exporter", dataset="dataset"),
]
COLUMN_LINKS = [
    *drill_down("Drift of this column", UID, exporter="exporter", dataset="dataset", column="column"),
    *drill_down("Quality of this column", QUALITY_UID, exporter="exporter", dataset="dataset", column="column"),
]
SERVER = 110
"""Pixels for the name of an exporter."""

_SUMMARY = [
    stat(
        "datasets",
        "Data sets",
        s.DATASETS_FAILING,
        links=runbook("EvidentlyDown", "EvidentlyComputationFailing"),
    ),
    stat("firing", "Alerts", s.FIRING),
    stat("drifted-datasets", "Drifted data sets", s.DATASETS_DRIFTED, links=runbook("EvidentlyDatasetDrifted")),
    stat("drifted-columns", "Drifted columns", s.COLUMNS_DRIFTED, links=runbook("EvidentlyColumnDrifted")),
    stat("unscored-columns", "Columns without a score", s.COLUMNS_UNSCORED, links=runbook("EvidentlyColumnUnscored")),
    stat("changed", "Schemas", s.DATASETS_CHANGED, links=runbook("EvidentlySchemaChanged")),
    stat("late", "Late data", s.DATASETS_LATE, links=runbook("EvidentlyDatasetLate")),
    stat("old", "References", s.REFERENCES_OLD, links=runbook("EvidentlyReferenceOld")),
    stat("small", "Rows", s.DATASETS_SMALL, links=runbook("EvidentlyRowsFell")),
    stat("tests", "Tests", s.TESTS_FAILING, links=runbook("EvidentlyTestFailing")),
    stat("budget", "Nearest to a limit", s.NEAREST_LIMIT, w=8, links=runbook("EvidentlyComputationSlow")),
]
_DATASETS = table(
    "dataset-table",
    "Every data set",
    {"exporter": "Exporter", "dataset": "Data set", "reason": "Reason"},
    [
        Column("State", s.VERDICT),
        Column("Drifted", s.DRIFTED_RATIO),
        Column("At", s.DRIFT_SHARE),
        Column("Columns", s.SCORED),
        Column("Rows", s.ROWS),
        Column("Newest data", s.NEWEST_AGE),
        Column("Objective", s.FRESH_OBJECTIVE),
        Column("Changes", s.CHANGES),
        Column("Failed tests", s.FAILED_TESTS),
        Column("Computed", s.COMPUTED_AGE),
        Column("failure", s.FAILURE_REASON),
    ],
    order=(
        *("Exporter", "Data set", "State", "Drifted", "At", "Columns", "Rows", "Newest data", "Objective", "Changes"),
        *("Failed tests", "Computed", "Reason", "failure"),
    ),
    description="Every data set, the worst first. The name narrows the dashboard to it, or leads to its quality.",
    missing=s.NO_DATASET,
    sort="State",
    cell_links={"exporter": HEALTH, "dataset": DATASET_LINKS},
    hide=("failure",),
    widths={"exporter": SERVER},
    h=9,
    links=runbook("EvidentlyDatasetDrifted", "EvidentlyDatasetLate", "EvidentlyComputationFailing"),
)
_ALERTS = alert_table(
    {
        "exporter": "Exporter",
        "dataset": "Data set",
        "column": "Column",
        "workspace": "Workspace",
        "project": "Project",
        "target": "Target",
    },
    s.ALERT,
    widths={"exporter": SERVER},
    w=24,
)
_SHARE = lines(
    "drifted-share",
    "Share of drifted columns, threshold dashed",
    s.DRIFTED_RATIO,
    "{{exporter}} {{dataset}}",
    more={"{{exporter}} {{dataset}} at": s.DRIFT_SHARE},
    steps=True,
    h=7,
    links=runbook("EvidentlyDatasetDrifted"),
)
_COLUMNS = table(
    "column-table",
    "Every column",
    {"exporter": "Exporter", "dataset": "Data set", "column": "Column", "method": "Method", "reason": "Reason"},
    [
        Column("State", s.COLUMN_STATE),
        Column("Ratio", s.RATIO),
        Column("Score", s.SCORE),
        Column("Threshold", s.THRESHOLD),
        Column("failure", s.COLUMN_REASON),
    ],
    order=(*("Exporter", "Data set", "Column", "State", "Ratio", "Method", "Score", "Threshold", "Reason", "failure"),),
    description="Every column, the one that has drifted most first. The name narrows the dashboard to it.",
    missing=s.NOT_COMPUTED,
    sort="Ratio",
    cell_links={"dataset": DATASET_LINKS, "column": COLUMN_LINKS},
    hide=("failure",),
    widths={"exporter": SERVER, "method": 125, "reason": 110},
    w=15,
    h=10,
    links=runbook("EvidentlyColumnDrifted", "EvidentlyColumnUnscored"),
)
_RATIOS = lines(
    "ratios",
    "Drift of each column: drifted from 1 on",
    s.RATIOS,
    "{{dataset}} {{column}}",
    steps=True,
    bounded=True,
    w=9,
    h=10,
    links=runbook("EvidentlyColumnDrifted"),
)
_ONE_COLUMN = [
    table(
        "shown-column",
        "The column below",
        {"exporter": "Exporter", "dataset": "Data set", "column": "Column"},
        [Column("Ratio", c.NAME)],
        description="Of the columns chosen above, the one that has drifted most: what the panels below are about.",
        missing=s.NOT_COMPUTED,
        sort="Ratio",
        cell_links={"column": COLUMN_LINKS},
        h=4,
    ),
    bars("bins", "Distribution now and in the reference", "bin", c.BINS, names=c.BIN_LOWER, description=c.DISTRIBUTION),
    lines(
        "quantiles",
        "Quantiles, those of the reference dashed",
        c.QUANTILES,
        "q {{q}}",
        more={"q {{q}} reference": c.REFERENCE_QUANTILES},
        steps=True,
        any_size=True,
        h=9,
    ),
    bars("categories", "Values now and in the reference", "category", c.CATEGORIES, description=c.SHARES, w=24, h=7),
]
_ORIGIN = row(
    "Where the data came from",
    [
        table(
            "source-table",
            "Sources",
            {
                "exporter": "Exporter",
                "dataset": "Data set",
                "side": "Side",
                "location": "Location",
                "identity": "Identity",
            },
            [
                Column("Files", s.FILES),
                Column("Size", s.SIZE),
                Column("Rows", s.SIDE_ROWS),
                Column("Computed on", s.SAMPLED_ROWS),
                Column("Changed", s.MODIFIED_AGE),
                Column("info", s.SOURCE),
            ],
            order=(
                *("Exporter", "Data set", "Side", "Location", "Files", "Size", "Rows", "Computed on", "Changed"),
                *("Identity", "info"),
            ),
            description="What each side was read from. It is computed again when the identity of one side changes.",
            missing=s.NOT_COMPUTED,
            sort="Data set",
            descending=False,
            cell_links={"dataset": DATASET_LINKS},
            hide=("info",),
            widths={"exporter": SERVER, "dataset": 150, "side": 90, "identity": 150},
        ),
        table(
            "model-table",
            "Models whose training data is the reference",
            {
                "exporter": "Exporter",
                "dataset": "Data set",
                "registry": "Registry",
                "model": "Model",
                "alias": "Alias",
            },
            [Column("Version", s.MODEL_VERSION)],
            description="References of the form mlflow:REGISTRY/MODEL@ALIAS/…; the model leads to the registry.",
            missing="No reference is that of a model",
            sort="Data set",
            descending=False,
            cell_links={"model": drill_down("MLflow registry", "mlvitals-mlflow", exporter="registry", model="model")},
            widths={"exporter": SERVER},
            h=5,
        ),
        table(
            "pattern-table",
            "What each pattern of columns is about",
            {"exporter": "Exporter", "dataset": "Data set", "key": "Key", "pattern": "Pattern"},
            [Column("Matches", s.PATTERN_MATCHES)],
            description="The patterns in the configuration of data sets. One that matches nothing does nothing.",
            missing="No pattern set",
            sort="Matches",
            descending=False,
            cell_links={"dataset": DATASET_LINKS},
            widths={"exporter": SERVER},
            h=6,
            links=runbook("EvidentlyPatternUnmatched"),
        ),
    ],
)
_COST = row(
    "What computing takes",
    [
        lines(
            "duration",
            "Duration of the last computation, deadline dashed",
            s.DURATION,
            "{{exporter}} {{dataset}}",
            more={"{{exporter}} {{dataset}} at most": s.TIME_LIMIT},
            steps=True,
            links=runbook("EvidentlyComputationSlow"),
        ),
        lines(
            "memory",
            "Memory of the last computation, limit dashed",
            s.PEAK_MEMORY,
            "{{exporter}} {{dataset}}",
            more={"{{exporter}} {{dataset}} at most": s.MEMORY_LIMIT},
            steps=True,
            links=runbook("EvidentlyComputationSlow"),
        ),
    ],
)
_WORKSPACES = row(
    "Evidently workspaces",
    [
        table(
            "project-table",
            "Projects of Evidently's workspaces",
            {
                "exporter": "Exporter",
                "workspace": "Workspace",
                "project": "Project",
                "model": "Model",
                "reason": "Reason",
            },
            [
                Column("State", w.STATE),
                Column("Failed tests", w.FAILED),
                Column("Warnings", w.WARNED),
                Column("Newest", w.ADDED_AGE),
                Column("Objective", w.OBJECTIVE),
                Column("Snapshots", w.SNAPSHOTS),
                Column("Version", w.VERSION),
                Column("failure", w.REASON),
            ],
            order=(
                *("Exporter", "Workspace", "Project", "State", "Failed tests", "Warnings", "Newest", "Objective"),
                *("Snapshots", "Model", "Version", "Reason", "failure"),
            ),
            description="Every project of the workspaces that are watched, by its newest snapshot; the worst first.",
            missing=w.NO_WORKSPACE,
            sort="State",
            cell_links={"exporter": HEALTH},
            hide=("failure",),
            widths={"exporter": SERVER},
            links=runbook("EvidentlyWorkspaceLate", "EvidentlyProjectUnreadable"),
        ),
        table(
            "project-test-table",
            "Tests of Evidently's workspaces that do not hold",
            {
                "exporter": "Exporter",
                "workspace": "Workspace",
                "project": "Project",
                "metric": "Metric",
                "column": "Column",
                "parameters": "Parameters",
                "test": "Test",
            },
            [Column("State", w.TEST_STATE)],
            description="The tests of the newest snapshots that fail, warn, or could not be computed.",
            missing=w.TEST_STATE.missing,
            sort="State",
            widths={"exporter": SERVER},
            w=12,
            links=runbook("EvidentlyWorkspaceTestFailing"),
        ),
        lines(
            "project-tests",
            "Tests of Evidently's workspaces by status",
            w.TESTS_BY_STATUS,
            "{{workspace}} {{project}} {{status}}",
            steps=True,
        ),
    ],
)

DASHBOARD = dashboard(
    UID,
    "Data drift",
    "Data sets against their references: what has drifted, what is late, what cannot be computed.",
    [
        *_SUMMARY,
        _DATASETS,
        _ALERTS,
        _SHARE,
        timeline("verdicts", "Data sets over time", s.VERDICT, "{{exporter}} {{dataset}}", w=12, h=7),
        row("Columns"),
        _COLUMNS,
        _RATIOS,
        row("One column"),
        *_ONE_COLUMN,
        _ORIGIN,
        _COST,
        _WORKSPACES,
    ],
    exporters=s.TYPE,
    variables=VARIABLES,
    tags=["evidently"],
)
