"""What the signals about data sets say."""

from __future__ import annotations

from mlvitals.core import metrics as own
from mlvitals.core.metric import Metric
from mlvitals.evidently import metrics as m
from mlvitals.evidently.workspace import metrics as wm
from mlvitals_dashboards import evidently_column_signals as c
from mlvitals_dashboards import evidently_quality_signals as q
from mlvitals_dashboards import evidently_signals as s
from mlvitals_dashboards import evidently_workspace_signals as w
from tests.dashboards.cases import Case, Series, series

HOUR = 3600
CHURN = '{exporter="data",dataset="churn"}'
PREDICTED = {"target": "left", "prediction": "score", "metric": "f1"}


def of(metric: Metric, value: float | str, /, **labels: str) -> Series:
    """One series of the exporter `data`, whose labels may be changed."""
    return series(metric, value, **{"exporter": "data", "exporter_type": "evidently", **labels})


def churn(metric: Metric, value: float, /, **labels: str) -> Series:
    """One series of the data set `churn`."""
    return of(metric, value, **{"dataset": "churn", **labels})


def status(name: str, column: str = "") -> Series:
    """A test with this status."""
    labels = {"preset": "DataQuality", "test": "T", "column": column, "q": ""}
    every = (churn(m.TEST_STATUS, int(state == name), **labels, status=state) for state in m.STATUSES)
    return {series: value for each in every for series, value in each.items()}


def ratio(column: str, value: float, dataset: str = "churn") -> Series:
    """How far a column has drifted."""
    return churn(m.COLUMN_DRIFT_RATIO, value, dataset=dataset, column=column)


def verdict(why: str, said: int, series: Series) -> Case:
    """What the table of data sets says of `churn`."""
    return Case(why, s.VERDICT, series, {CHURN: said})


def bins(column: str, *shares: float) -> Series:
    """Shares of the current data."""
    every = (
        churn(m.COLUMN_BIN_RATIO, share, column=column, bin=str(index), side="current")
        for index, share in enumerate(shares)
    )
    return {series: value for each in every for series, value in each.items()}


def held(operator: str, quality: float | None, state: int) -> Case:
    """What is said of a bound of 0.8 when that is the quality."""
    found = churn(m.MODEL_QUALITY_OBJECTIVE, 0.8, **PREDICTED, operator=operator)
    found |= churn(m.MODEL_QUALITY, 0.8, **PREDICTED, side="reference")
    if quality is not None:
        found |= churn(m.MODEL_QUALITY, quality, **PREDICTED, side="current")
    labels = f'exporter="data",dataset="churn",target="left",prediction="score",metric="f1",operator="{operator}"'
    return Case(f"{quality} {operator} 0.8", q.QUALITY_STATE, found, {f"{{{labels}}}": state})


WELL = {
    **of(own.TARGET_UP, 1, target="churn"),
    **churn(m.DATASET_COMPUTED, -60),
    **churn(m.DATASET_DRIFTED, 0),
    **churn(m.DATASET_SCHEMA_CHANGES, 0, change="new"),
    **status("success"),
}
FAILS = {**WELL, **of(own.TARGET_UP, 0, target="churn")}
DRIFTED = {**WELL, **churn(m.DATASET_DRIFTED, 1)}
WITHIN = churn(m.DATASET_FRESH_OBJECTIVE, HOUR)
OLD_FILES = churn(m.DATASET_MODIFIED, -2 * HOUR, side="current")
LATE = {**WELL, **WITHIN, **OLD_FILES}
CHANGED = {**WELL, **churn(m.DATASET_SCHEMA_CHANGES, 1, change="missing")}
SMALL = {**WELL, **churn(m.DATASET_ROWS, 9, side="current"), **churn(m.DATASET_ROWS_OBJECTIVE, 10)}
FAILED = {**WELL, **status("fail", "age"), **status("fail", "city")}
COST = {
    **churn(m.DATASET_DURATION, 60),
    **churn(m.DATASET_TIME_LIMIT, 600),
    **churn(m.DATASET_PEAK_MEMORY, 3),
    **churn(m.DATASET_MEMORY_LIMIT, 4),
}
AGE = '{exporter="data",dataset="churn",column="age"}'
OF_AGE = '{exporter="data",dataset="churn",column="age",preset="DataQuality",test="T"}'
OF_ALL = '{exporter="data",dataset="churn",preset="DataQuality",test="T"}'
FRAUD = '{exporter="data",workspace="shared",project="fraud"}'


def fraud(metric: Metric, value: float, /, **labels: str) -> Series:
    """One series of the project `fraud`."""
    return of(metric, value, workspace="shared", project="fraud", **labels)


READ = {
    **fraud(wm.SNAPSHOTS, 1),
    **fraud(wm.SNAPSHOT_ADDED, -60),
    **fraud(wm.TESTS, 0, status="fail"),
    **fraud(wm.FRESH_OBJECTIVE, HOUR),
}
FAILING = {**READ, **fraud(wm.TESTS, 1, status="fail")}

CASES = [
    verdict("failing outweighs all", 6, {**FAILS, **DRIFTED, **of(own.TARGET_UP, 0, target="churn")}),
    verdict("a data set that was never computed", 6, of(own.TARGET_UP, 0, target="churn")),
    verdict("drifted", 5, {**DRIFTED, **LATE, **churn(m.DATASET_DRIFTED, 1)}),
    verdict("late", 4, {**LATE, **CHANGED}),
    verdict("another schema", 3, {**SMALL, **CHANGED}),
    verdict("too few rows", 2, {**SMALL, **status("fail")}),
    verdict("tests fail", 1, FAILED),
    verdict("all is well", 0, WELL),
    verdict("exactly in time, and exactly enough rows", 0, {
        **WELL, **WITHIN, **churn(m.DATASET_MODIFIED, -HOUR, side="current"),
        **churn(m.DATASET_ROWS, 10, side="current"), **churn(m.DATASET_ROWS_OBJECTIVE, 10),
    }),
    Case("one data set of two fails", s.DATASETS_FAILING, {**FAILS, **of(own.TARGET_UP, 1, target="b")}, {"{}": 1}),
    Case("another exporter's target fails", s.DATASETS_FAILING, {
        **WELL, **of(own.TARGET_UP, 0, target="x", exporter="r", exporter_type="mlflow")
    }, {"{}": 0}),
    Case("why it fails", s.FAILURE_REASON, of(own.TARGET_FAILURE, 1, target="churn", reason="limit"), {
        '{exporter="data",dataset="churn",reason="limit"}': 1
    }),
    Case("new data in old files", s.DATASETS_LATE, {
        **LATE, **churn(m.DATASET_NEWEST, -60, side="current")
    }, {"{}": 0}),
    Case("old data in new files", s.DATASETS_LATE, {
        **WITHIN, **churn(m.DATASET_MODIFIED, 0, side="current"), **churn(m.DATASET_NEWEST, -2 * HOUR, side="current")
    }, {"{}": 1}),
    Case("an old reference is not late", s.DATASETS_LATE, {
        **WITHIN, **churn(m.DATASET_MODIFIED, -9 * HOUR, side="reference"),
        **churn(m.DATASET_MODIFIED, 0, side="current"),
    }, {"{}": 0}),
    Case("no objective", s.DATASETS_LATE, OLD_FILES, {}),
    Case("a new file without rows is no new data", s.NEWEST_AGE, {
        **churn(m.DATASET_MODIFIED, 0, side="current"), **churn(m.DATASET_ROWS, 0, side="current"),
    }, {}),
    verdict("no rows", 2, {**WELL, **churn(m.DATASET_ROWS, 0, side="current")}),
    Case("failed tests", s.FAILED_TESTS, FAILED, {CHURN: 2}),
    Case("no failed tests", s.FAILED_TESTS, {**WELL, **status("warning", "age")}, {CHURN: 0}),
    Case("two columns without a score", s.COLUMNS_UNSCORED, {
        **churn(m.DATASET_SCORED_COLUMNS, 5),
        **churn(m.COLUMN_FAILURE, 1, column="a", reason="error"),
        **churn(m.COLUMN_FAILURE, 1, column="b", reason="too_few"),
    }, {"{}": 2}),
    Case("every column has a score", s.COLUMNS_UNSCORED, churn(m.DATASET_SCORED_COLUMNS, 5), {"{}": 0}),
    Case("memory is nearer to its limit than time", s.NEAREST_LIMIT, COST, {"{}": 0.75}),
    Case("time is nearer to its limit", s.NEAREST_LIMIT, {**COST, **churn(m.DATASET_DURATION, 540)}, {"{}": 0.9}),
    Case("memory is not known", s.NEAREST_LIMIT, {
        **churn(m.DATASET_DURATION, 60), **churn(m.DATASET_TIME_LIMIT, 600)
    }, {"{}": 0.1}),
    Case("a column without a score", s.COLUMN_STATE, churn(m.COLUMN_FAILURE, 1, column="age", reason="error"), {
        AGE: -1
    }),
    Case("the column that has drifted most is shown", c.BINS["Current"], {
        **ratio("age", 1.2), **ratio("city", 0.3), **bins("age", 0.4, 0.6), **bins("city", 0.1, 0.9)
    }, {'{bin="0"}': 0.4, '{bin="1"}': 0.6}),
    Case("a column without a score is shown when there is no other", c.BINS["Current"], {
        **churn(m.COLUMN_MISSING_RATIO, 0, column="age", side="current"), **bins("age", 1)
    }, {'{bin="0"}': 1}),
    Case("its name", c.NAME, {**ratio("age", 1.2), **ratio("age", 1.1, dataset="fraud")}, {AGE: 1.2}),
    Case("tests of columns and of the whole data set", q.TEST_STATE, {**status("warning"), **status("fail", "age")}, {
        OF_ALL: 2, OF_AGE: 4
    }),
    *(held(operator, quality, 0) for operator, quality in ((">=", 0.8), (">", 0.9), ("<=", 0.8), ("<", 0.7))),
    *(held(operator, quality, 1) for operator, quality in ((">=", 0.7), (">", 0.8), ("<=", 0.9), ("<", 0.8))),
    held(">=", None, 2),
    Case("quality without a bound", q.QUALITY, churn(m.MODEL_QUALITY, 0.9, **PREDICTED, side="current"), {
        '{exporter="data",dataset="churn",target="left",prediction="score",metric="f1"}': 0.9
    }),
    Case("a project in which all holds", w.STATE, READ, {FRAUD: 0}),
    Case("a project without snapshots", w.STATE, fraud(wm.SNAPSHOTS, 0), {FRAUD: 0}),
    Case("a project in which a test fails", w.STATE, FAILING, {FRAUD: 1}),
    Case("a late project", w.STATE, {**FAILING, **fraud(wm.SNAPSHOT_ADDED, -2 * HOUR)}, {FRAUD: 2}),
    Case("a project that cannot be read", w.STATE, fraud(wm.PROJECT_FAILURE, 1, reason="http"), {FRAUD: 3}),
]  # fmt: skip
