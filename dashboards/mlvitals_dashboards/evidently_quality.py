"""Data quality: do the tests hold, what is wrong with rows and columns, do the models still fit?"""

from __future__ import annotations

from mlvitals_dashboards import evidently_quality_signals as q
from mlvitals_dashboards import evidently_signals as s
from mlvitals_dashboards.evidently import COLUMN_LINKS, DATASET_LINKS, HEALTH, QUALITY_UID, SERVER, VARIABLES
from mlvitals_dashboards.layout import dashboard
from mlvitals_dashboards.parts import Column, lines, row, runbook, stat, table

_MODEL_RUNBOOKS = runbook("EvidentlyModelQualityOutOfBounds", "EvidentlyModelQualityMissing")

_SUMMARY = [
    stat("tests", "Tests", s.TESTS_FAILING, links=runbook("EvidentlyTestFailing")),
    stat("model-quality", "Model quality", q.QUALITY_BROKEN, links=_MODEL_RUNBOOKS),
    stat("changed", "Schemas", s.DATASETS_CHANGED, links=runbook("EvidentlySchemaChanged")),
    stat("small", "Rows", s.DATASETS_SMALL, links=runbook("EvidentlyRowsFell")),
    stat("late", "Late data", s.DATASETS_LATE, links=runbook("EvidentlyDatasetLate")),
    stat("most-missing", "Most missing", q.WORST_MISSING),
]
_DATASETS = table(
    "dataset-table",
    "Quality of each data set",
    {"exporter": "Exporter", "dataset": "Data set"},
    [
        Column("State", s.VERDICT),
        Column("Rows", s.ROWS),
        Column("Reference", q.REFERENCE_ROWS),
        Column("Columns", q.COLUMNS),
        Column("Missing", q.MISSING),
        Column("Repeated rows", q.DUPLICATED_ROWS),
        Column("Repeated columns", q.DUPLICATED_COLUMNS),
        Column("Constant", q.CONSTANT_COLUMNS),
        Column("Empty", q.EMPTY_COLUMNS),
        Column("Correlated", q.CORRELATED_COLUMNS),
        Column("Outliers", q.OUTLIERS),
        Column("Failed tests", s.FAILED_TESTS),
    ],
    description="The current data of each data set as a whole. The name narrows the dashboard to it.",
    missing=s.NO_DATASET,
    sort="State",
    cell_links={"exporter": HEALTH, "dataset": DATASET_LINKS},
    widths={"exporter": SERVER},
    h=7,
    links=runbook("EvidentlyTestFailing", "EvidentlyRowsFell"),
)
_TESTS = table(
    "test-table",
    "Every test",
    {
        "exporter": "Exporter",
        "dataset": "Data set",
        "preset": "Preset",
        "test": "Test",
        "column": "Column",
        "q": "q",
    },
    [
        Column("State", q.TEST_STATE),
        Column("Value", q.TEST_VALUE),
        *(Column(sign, q.TEST_BOUNDS[name]) for name, sign in (("lt", "<"), ("lte", "≤"), ("gt", ">"), ("gte", "≥"))),
    ],
    description="Every test with what it looks at and its bounds, those that fail first. Tests of a whole data set "
    "have no column.",
    missing="No tests computed yet",
    sort="State",
    cell_links={"dataset": DATASET_LINKS, "column": COLUMN_LINKS},
    widths={"exporter": SERVER, "preset": 130, "test": 260, "q": 60},
    h=11,
    links=runbook("EvidentlyTestFailing"),
)
_STATUSES = lines(
    "test-statuses",
    "Tests by status",
    q.TESTS_BY_STATUS,
    "{{dataset}} {{status}}",
    steps=True,
)
_SCHEMA = table(
    "schema-table",
    "Columns whose schema has changed",
    {"exporter": "Exporter", "dataset": "Data set", "column": "Column", "change": "Change"},
    [Column("changed", q.SCHEMA_CHANGE)],
    description="Columns that are not what they are in the reference. " + q.SCHEMA_CHANGE.description,
    missing="Every column is as it is in the reference",
    sort="Data set",
    descending=False,
    cell_links={"dataset": DATASET_LINKS},
    hide=("changed",),
    widths={"exporter": SERVER},
    w=12,
    links=runbook("EvidentlySchemaChanged"),
)
_MODELS = table(
    "quality-table",
    "Predictions against bounds",
    {
        "exporter": "Exporter",
        "dataset": "Data set",
        "target": "Target",
        "prediction": "Prediction",
        "metric": "Metric",
        "operator": "Should be",
    },
    [
        Column("State", q.QUALITY_STATE),
        Column("Current", q.QUALITY),
        Column("Bound", q.QUALITY_BOUND),
        Column("Reference", q.REFERENCE_QUALITY),
    ],
    order=(
        *("Exporter", "Data set", "Target", "Prediction", "Metric", "State", "Current", "Should be", "Bound"),
        "Reference",
    ),
    description="How well the predictions in the data fit what was true, now and in the reference.",
    missing=q.NO_PREDICTIONS,
    sort="State",
    cell_links={"dataset": DATASET_LINKS},
    widths={"exporter": SERVER},
    h=6,
    links=_MODEL_RUNBOOKS,
)
_COLUMNS = table(
    "column-table",
    "Statistics of each column",
    {"exporter": "Exporter", "dataset": "Data set", "column": "Column"},
    [
        Column("Missing", q.COLUMN_MISSING),
        Column("Before", q.REFERENCE_MISSING),
        Column("Distinct", q.DISTINCT),
        Column("Out of range", q.OUT_OF_RANGE),
        Column("New values", q.OUT_OF_LIST),
        Column("Most common", q.MOST_COMMON),
        Column("IQR outliers", q.IQR_OUTLIERS),
        Column("Z outliers", q.ZSCORE_OUTLIERS),
        Column("Minimum", q.MINIMUM),
        Column("Mean", q.MEAN),
        Column("Maximum", q.MAXIMUM),
    ],
    description="The current data of each column; before: the reference. The name narrows the dashboard to it.",
    missing=s.NOT_COMPUTED,
    sort="Missing",
    cell_links={"dataset": DATASET_LINKS, "column": COLUMN_LINKS},
    widths={"exporter": 80, "dataset": 100, "column": 140},
    h=11,
)
_COLUMN = "{{dataset}} {{column}}"
_COLUMN_DETAIL = row(
    "Columns over time",
    [
        lines(
            "missing",
            "Missing values, those of the reference dashed",
            q.COLUMN_MISSING,
            _COLUMN,
            more={f"{_COLUMN} reference": q.REFERENCE_MISSING},
            steps=True,
        ),
        lines(
            "distinct",
            "Distinct values, those of the reference dashed",
            q.DISTINCT,
            _COLUMN,
            more={f"{_COLUMN} reference": q.REFERENCE_DISTINCT},
            steps=True,
        ),
        lines(
            "out-of-range",
            "Values out of the reference's range, new values dashed",
            q.OUT_OF_RANGE,
            _COLUMN,
            more={f"{_COLUMN} new": q.OUT_OF_LIST},
            steps=True,
        ),
        lines(
            "outliers",
            "Outliers by interquartile range, by Z-score dashed",
            q.IQR_OUTLIERS,
            _COLUMN,
            more={f"{_COLUMN} Z": q.ZSCORE_OUTLIERS},
            steps=True,
        ),
        lines(
            "means",
            "Means, those of the reference dashed",
            q.MEAN,
            _COLUMN,
            more={f"{_COLUMN} reference": q.REFERENCE_MEAN},
            steps=True,
            any_size=True,
        ),
        lines("most-common", "Share of the most common value", q.MOST_COMMON, _COLUMN, steps=True),
    ],
)
_DATASET_DETAIL = row(
    "Data sets over time",
    [
        lines(
            "rows",
            "Rows of the current data, min_rows dashed",
            s.ROWS,
            "{{exporter}} {{dataset}}",
            more={"{{exporter}} {{dataset}} at least": q.ROWS_OBJECTIVE},
            steps=True,
            links=runbook("EvidentlyRowsFell"),
        ),
        lines("missing-cells", "Missing cells", q.MISSING, "{{exporter}} {{dataset}}", steps=True),
        lines("repeated-rows", "Repeated rows", q.DUPLICATED_ROWS, "{{exporter}} {{dataset}}", steps=True),
        lines("all-outliers", "Rows far from the reference", q.OUTLIERS, "{{exporter}} {{dataset}}", steps=True),
        lines(
            "quality",
            "Model quality, bounds dashed",
            q.QUALITY,
            "{{dataset}} {{prediction}} {{metric}}",
            more={"{{dataset}} {{prediction}} {{metric}} {{operator}}": q.QUALITY_BOUND},
            steps=True,
            any_size=True,
            w=24,
            links=_MODEL_RUNBOOKS,
        ),
    ],
)

DASHBOARD = dashboard(
    QUALITY_UID,
    "Data quality",
    "Data sets with their tests, schemas, statistics and the quality of the predictions in them.",
    [
        *_SUMMARY,
        _DATASETS,
        row("Tests and schemas"),
        _TESTS,
        _SCHEMA,
        _STATUSES,
        _MODELS,
        row("Columns now"),
        _COLUMNS,
        _COLUMN_DETAIL,
        _DATASET_DETAIL,
    ],
    exporters=s.TYPE,
    variables=VARIABLES,
    tags=["evidently"],
)
