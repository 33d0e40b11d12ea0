"""When the alerts about data sets fire and when not."""

from __future__ import annotations

from tests.alerts.cases import TARGET, Firing, Silent, lasting, series

MINUTE, HOUR = 60, 3600
DAY = 24 * HOUR
DATA = {**TARGET, "exporter": "data", "exporter_type": "evidently"}
CHURN = {**DATA, "dataset": "churn"}
PREDICTED = {"target": "left", "prediction": "score"}
PATTERN = {"key": "tests", "pattern": "amuont*"}
Value = float | str
Series = dict[str, str]


def of(metric: str, value: Value, /, **labels: str) -> Series:
    """One series of the exporter `data`; a number lasts, a text is promtool's."""
    return series(DATA, metric, value, **labels)


def churn(metric: str, value: Value, /, **labels: str) -> Series:
    """One series of the data set `churn`."""
    return of(f"evidently_{metric}", value, **{"dataset": "churn", **labels})


def drifted(verdict: Value, ratio: Value) -> Series:
    """The share of drifted columns, and whether it is enough."""
    return {
        **churn("dataset_drifted", verdict),
        **churn("dataset_drifted_columns_ratio", ratio),
        **churn("dataset_scored_columns", 12),
        **churn("dataset_drift_threshold_ratio", 0.25),
    }


def column(name: str, ratio: Value, score: Value, threshold: float, method: str, *, drifted: Value) -> Series:
    """A column that has a score."""
    return {
        **churn("column_drift_ratio", ratio, column=name),
        **churn("column_drifted", drifted, column=name),
        **churn("column_drift_score", score, column=name, method=method),
        **churn("column_drift_threshold", threshold, column=name, method=method),
    }


def rows(current: Value, objective: float | None = None) -> Series:
    """Rows of both sides."""
    found = {**churn("dataset_rows", current, side="current"), **churn("dataset_rows", 5, side="reference")}
    return found if objective is None else found | churn("dataset_rows_objective", objective)


def tests(name: str, status: str, preset: str, *columns: str) -> Series:
    """A test of columns that is in one state for all of them."""
    return {
        series: text
        for each in columns
        for state in ("success", "warning", "fail", "error", "skipped")
        for series, text in churn(
            "test_status", int(state == status), preset=preset, test=name, column=each, q="", status=state
        ).items()
    }


def cost(seconds: float, gigabytes: float) -> Series:
    """What the last computation took, of 10 minutes and 4 GB."""
    return {
        **churn("dataset_computation_duration_seconds", seconds),
        **churn("dataset_computation_time_limit_seconds", 600),
        **churn("dataset_computation_peak_memory_bytes", gigabytes * 2**30),
        **churn("dataset_computation_memory_limit_bytes", 4 * 2**30),
    }


def bound(operator: str, limit: float, quality: Value | None = None, side: str = "current") -> Series:
    """A bound on the F1 of a prediction, and what it is."""
    objective = churn("model_quality_objective", limit, **PREDICTED, metric="f1", operator=operator)
    found = {} if quality is None else churn("model_quality", quality, **PREDICTED, metric="f1", side=side)
    return objective | found


def broken(operator: str, quality: float, limit: float) -> Firing:
    """The F1 is not `operator limit`."""
    return Firing(
        "EvidentlyModelQualityOutOfBounds",
        {**bound(operator, limit, quality), **bound(operator, limit, limit, side="reference")},
        {**CHURN, **PREDICTED, "metric": "f1", "operator": operator},
        f"data: data set churn: f1 of score against left is {quality:g}, expected {operator} {limit:g}.",
    )


def kept(operator: str, quality: float, limit: float) -> Silent:
    """The F1 is `operator limit`."""
    why = f"{quality:g} {operator} {limit:g} holds"
    return Silent("EvidentlyModelQualityOutOfBounds", why, bound(operator, limit, quality))


def project(metric: str, value: Value, /, **labels: str) -> Series:
    """One series of the project `fraud` of the workspace `shared`."""
    return of(f"evidently_workspace_{metric}", value, **{"workspace": "shared", "project": "fraud", **labels})


def workspace_tests(failing: Value) -> Series:
    """How many tests of the newest snapshot fail; others are in other states."""
    return {
        **project("tests", failing, status="fail"),
        **project("tests", 3, status="error"),
        **project("tests", 2, status="warning"),
    }


def workspace_test(status: str, metric: str, column: str = "") -> Series:
    """One test of the newest snapshot that has this status."""
    of_test = {"test": "lt", "critical": "true", "label": "", "parameters": "", "result": "value"}
    return project("test_status", 1, **of_test, metric=metric, column=column, status=status)


AGE = {**column("age", 1.5, 0.3, 0.2, "psi", drifted=1)}
INCOME = {**column("income", 1, 0.2, 0.2, "psi", drifted=1)}
CITY = {**column("city", 0.4, 0.62, 0.05, "chisquare", drifted=0)}
UP = of("mlvitals_exporter_up", 1)
FRAUD = {**DATA, "workspace": "shared", "project": "fraud"}
FRAUD_OBJECTIVE = project("fresh_objective_seconds", DAY)
FRESH = churn("dataset_fresh_objective_seconds", DAY)
OLD_FILES = churn("dataset_modified_timestamp_seconds", -2 * DAY, side="current")
YOUNG = churn("dataset_reference_objective_seconds", 30 * DAY)
FAILED = churn("column_failure", 1, column="note", reason="unsupported")
GONE = {
    **churn("column_failure", 1, column="zip", reason="missing"),
    **churn("column_schema_change", 1, column="zip", change="missing"),
}

CASES = (
    Firing(
        "EvidentlyDown",
        {
            **of("mlvitals_exporter_up", 0),
            **of("mlvitals_target_failure", 1, target="churn", reason="connect"),
            **of("mlvitals_exporter_last_success_timestamp_seconds", -HOUR),
        },
        DATA,
        "data: Data sets cannot be read, reason: connect. Last read 1h 15m 0s ago.",
    ),
    Silent("EvidentlyDown", "one of several data sets is read", UP),
    Silent("EvidentlyDown", "the only data set could not be read once", of("mlvitals_exporter_up", "1x9 0x9 1x600")),
    Silent("EvidentlyDown", "another system is down", {"mlvitals_exporter_up": lasting(0)}),
    Firing(
        "EvidentlyDatasetDrifted",
        {**drifted(1, 0.25), **AGE, **INCOME, **CITY},
        CHURN,
        "data: data set churn: 25% of 12 columns have drifted, threshold 25%; the most: age, income.",
    ),
    Firing(
        "EvidentlyDatasetDrifted",
        {
            **drifted("0x9 1x600", "0.1x9 0.5x600"),
            **{
                name: text
                for index, each in enumerate("abcdef")
                for name, text in column(each, 1 + index, 1, 0.1, "psi", drifted=1).items()
            },
        },
        CHURN,
        "data: data set churn: 50% of 12 columns have drifted, threshold 25%; the most: b, c, d, e, f.",
        since="10m",
    ),
    Silent("EvidentlyDatasetDrifted", "some columns have drifted, not enough", {**drifted(0, 0.2), **AGE}),
    Silent("EvidentlyDatasetDrifted", "one look at data that was being written", drifted("0x9 1x9 0x600", 0.5)),
    Firing(
        "EvidentlyColumnDrifted",
        {**AGE, **CITY},
        {**CHURN, "column": "age"},
        "data: data set churn, column age: drift is 1.5 of its threshold, expected less than 1: "
        "psi 0.3, threshold 0.2.",
    ),
    Firing(
        "EvidentlyColumnDrifted",
        column("city", 1.03, 0.02, 0.05, "chisquare", drifted=1),
        {**CHURN, "column": "city"},
        "data: data set churn, column city: drift is 1.03 of its threshold, expected less than 1: "
        "chisquare 0.02, threshold 0.05.",
    ),
    Silent("EvidentlyColumnDrifted", "p is large", CITY),
    Silent(
        "EvidentlyColumnDrifted",
        "one look at data that was being written",
        column("age", "0.1x9 1.5x9 0.1x600", 0.3, 0.2, "psi", drifted="0x9 1x9 0x600"),
    ),
    Firing(
        "EvidentlyReferenceOld",
        {**YOUNG, **churn("dataset_modified_timestamp_seconds", -31 * DAY, side="reference")},
        CHURN,
        "data: data set churn: the reference was changed 31d 0h 5m 0s ago, objective 30d 0h 0m 0s.",
    ),
    Silent(
        "EvidentlyReferenceOld",
        "the current data is old",
        {
            **YOUNG,
            **churn("dataset_modified_timestamp_seconds", -31 * DAY, side="current"),
            **churn("dataset_modified_timestamp_seconds", -29 * DAY, side="reference"),
        },
    ),
    Silent(
        "EvidentlyReferenceOld",
        "there is no objective",
        churn("dataset_modified_timestamp_seconds", -900 * DAY, side="reference"),
    ),
    Firing(
        "EvidentlyColumnUnscored",
        {
            **FAILED,
            **GONE,
            **churn("column_failure", 1, column="id", reason="method"),
            **churn("column_failure", 1, column="code", reason="too_few"),
        },
        CHURN,
        "data: data set churn: 2 columns cannot be scored: code (too_few), id (method).",
    ),
    Firing(
        "EvidentlyColumnUnscored",
        churn("column_failure", 1, column="city", reason="too_many"),
        CHURN,
        "data: data set churn: 1 columns cannot be scored: city (too_many).",
    ),
    Firing(
        "EvidentlyDatasetUnscored",
        {
            **churn("dataset_computed_timestamp_seconds", 0),
            **churn("dataset_scored_columns", 0),
            **churn("column_failure", 1, column="age", reason="error"),
            **churn("column_failure", 1, column="city", reason="error"),
            **FAILED,
        },
        CHURN,
        "data: data set churn: none of its columns has a drift score, reasons: 2 error, 1 unsupported.",
    ),
    Silent(
        "EvidentlyDatasetUnscored",
        "one column has a score",
        {**churn("dataset_computed_timestamp_seconds", 0), **drifted(0, 0), **FAILED},
    ),
    Silent(
        "EvidentlyDatasetUnscored",
        "one look at data that was being written",
        {**churn("dataset_computed_timestamp_seconds", 0), **churn("dataset_drifted", "0x9 _x9 0x600")},
    ),
    Silent("EvidentlyColumnUnscored", "text has no score, and never will", FAILED),
    Silent("EvidentlyColumnUnscored", "the column is missing, which another alert says", GONE),
    Silent("EvidentlyColumnUnscored", "every column has a score", {**AGE, **CITY}),
    Firing(
        "EvidentlyDatasetLate",
        {
            **FRESH,
            **churn("dataset_newest_timestamp_seconds", -2 * DAY, side="current"),
            # Somebody wrote old data anew.
            **churn("dataset_modified_timestamp_seconds", 0, side="current"),
        },
        CHURN,
        "data: data set churn: the newest data is 2d 0h 5m 0s old, objective 1d 0h 0m 0s.",
    ),
    Firing(
        "EvidentlyDatasetLate",
        {**FRESH, **OLD_FILES, **churn("dataset_newest_timestamp_seconds", 0, side="reference")},
        CHURN,
        "data: data set churn: the newest data is 2d 0h 5m 0s old, objective 1d 0h 0m 0s.",
    ),
    Firing(
        "EvidentlyDatasetLate",
        {
            **FRESH,
            **OLD_FILES,
            # There is nothing in `within` any more: only how old the newest is stays on the page.
            **of("mlvitals_target_up", 0, target="churn"),
            **of("mlvitals_target_failure", 1, target="churn", reason="empty"),
            **churn("dataset_computed_timestamp_seconds", "0x5 _x600"),
        },
        CHURN,
        "data: data set churn: the newest data is 2d 0h 5m 0s old, objective 1d 0h 0m 0s.",
    ),
    Silent("EvidentlyDatasetLate", "there is no objective", OLD_FILES),
    Silent(
        "EvidentlyDatasetLate",
        "old files that hold new data",
        {**FRESH, **OLD_FILES, **churn("dataset_newest_timestamp_seconds", -20 * HOUR, side="current")},
    ),
    Silent(
        "EvidentlyDatasetLate",
        "an old file without rows, which another alert says",
        {**FRESH, **OLD_FILES, **rows(0)},
    ),
    Firing(
        "EvidentlyRowsFell",
        # From the first look on: nothing is usual yet.
        rows(0),
        CHURN,
        "data: data set churn: 0 rows, objective not set, median of 7 days 0.",
    ),
    Firing(
        "EvidentlyRowsFell",
        rows(900, objective=1000),
        CHURN,
        "data: data set churn: 900 rows, objective 1k, median of 7 days 900.",
    ),
    Firing(
        "EvidentlyRowsFell",
        rows("1000x75 100x600"),
        CHURN,
        "data: data set churn: 100 rows, objective not set, median of 7 days 1k.",
        since="76m",
    ),
    Silent("EvidentlyRowsFell", "as usual, after a day of ten times the rows", rows("1000x60 10000x20 1000x600")),
    Silent("EvidentlyRowsFell", "as many rows as promised", rows(1000, objective=1000)),
    Silent("EvidentlyRowsFell", "a little more than half of what is usual", rows("1000x60 510x600")),
    Silent("EvidentlyRowsFell", "one look at data that was being written", rows("1000x60 100x9 1000x600")),
    Firing(
        "EvidentlySchemaChanged",
        {
            **churn("dataset_schema_changes", 1, change="missing"),
            **churn("dataset_schema_changes", 1, change="new"),
            **churn("dataset_schema_changes", 0, change="all_null"),
            **GONE,
            **churn("column_schema_change", 1, column="postcode", change="new"),
        },
        CHURN,
        "data: data set churn: 2 changes of columns: postcode (new), zip (missing).",
    ),
    Silent("EvidentlySchemaChanged", "all is as it was", churn("dataset_schema_changes", 0, change="missing")),
    Firing(
        "EvidentlyTestFailing",
        {
            **tests("TestColumnShareOfMissingValues", "fail", "DataQuality", "age", "income"),
            **tests("TestColumnShareOfMissingValues", "success", "DataQuality", "city"),
        },
        {**CHURN, "preset": "DataQuality", "test": "TestColumnShareOfMissingValues"},
        "data: data set churn: TestColumnShareOfMissingValues (DataQuality) fails for 2 columns: age, income.",
    ),
    Firing(
        "EvidentlyTestFailing",
        tests("TestNumberOfRows", "fail", "DataStability", ""),
        {**CHURN, "preset": "DataStability", "test": "TestNumberOfRows"},
        "data: data set churn: TestNumberOfRows (DataStability) fails.",
    ),
    Firing(
        "EvidentlyTestFailing",
        tests("TestColumnQuantile", "fail", "", "age"),
        {**CHURN, "test": "TestColumnQuantile"},
        "data: data set churn: TestColumnQuantile fails for 1 columns: age.",
    ),
    Silent(
        "EvidentlyTestFailing",
        "a warning, an error and a skipped test",
        {
            **tests("TestColumnDrift", "warning", "DataDrift", "age"),
            **tests("TestColumnDrift", "error", "DataDrift", "income"),
            **tests("TestNumberOfRows", "skipped", "DataStability", ""),
        },
    ),
    Firing(
        "EvidentlyComputationFailing",
        {
            **UP,
            **of("mlvitals_target_up", 0, target="churn"),
            **of("mlvitals_target_up", 1, target="fraud"),
            **of("mlvitals_target_failure", 1, target="churn", reason="limit"),
            **of("mlvitals_target_last_success_timestamp_seconds", -HOUR, target="churn"),
        },
        {**DATA, "target": "churn"},
        "data: churn cannot be read or computed, reason: limit. Last read 1h 15m 0s ago.",
    ),
    Silent(
        "EvidentlyComputationFailing",
        "nothing at all is read",
        {**of("mlvitals_exporter_up", 0), **of("mlvitals_target_up", 0, target="churn")},
    ),
    Silent(
        "EvidentlyComputationFailing",
        "one failed read",
        {**UP, **of("mlvitals_target_up", "1x9 0x9 1x600", target="a")},
    ),
    Silent(
        "MlvitalsTargetFailing", "a data set has its own alert", {**UP, **of("mlvitals_target_up", 0, target="churn")}
    ),
    Firing(
        "EvidentlyComputationSlow",
        cost(510, 2),
        CHURN,
        "data: data set churn: the last computation took 8m 30s of 10m 0s and 2GiB of 4GiB, expected at most 80%.",
    ),
    Firing(
        "EvidentlyComputationSlow",
        cost(30, 3.5),
        CHURN,
        "data: data set churn: the last computation took 30s of 10m 0s and 3.5GiB of 4GiB, expected at most 80%.",
    ),
    Silent("EvidentlyComputationSlow", "four fifths of both", cost(480, 3.2)),
    Firing(
        "EvidentlyPatternUnmatched",
        churn("dataset_pattern_matches", "2x59 0x600", **PATTERN),
        {**CHURN, **PATTERN},
        "data: data set churn: the pattern amuont* of tests matches no column.",
        since="1h",
    ),
    Silent("EvidentlyPatternUnmatched", "one column matches", churn("dataset_pattern_matches", 1.0, **PATTERN)),
    Silent(
        "EvidentlyPatternUnmatched",
        "the column was left out of one day's files",
        churn("dataset_pattern_matches", "1x9 0x50 1x600", **PATTERN),
    ),
    *(broken(operator, quality, 0.8) for operator, quality in ((">=", 0.7), (">", 0.8), ("<", 0.8), ("<=", 0.9))),
    *(kept(operator, quality, 0.8) for operator, quality in ((">=", 0.8), (">", 0.9), ("<", 0.7), ("<=", 0.8))),
    Silent("EvidentlyModelQualityOutOfBounds", "the reference is worse", bound(">=", 0.8, 0.5, side="reference")),
    Firing(
        "EvidentlyModelQualityMissing",
        bound(">=", 0.8, 0.9, side="reference"),
        {**CHURN, **PREDICTED, "metric": "f1", "operator": ">="},
        "data: data set churn: f1 of score against left has no finite value, expected >= 0.8.",
    ),
    Silent("EvidentlyModelQualityMissing", "there is a value", bound(">=", 0.8, 0.5)),
    Firing(
        "EvidentlyWorkspaceTestFailing",
        {
            **workspace_tests(2),
            **workspace_test("fail", "MeanValue", "age"),
            **workspace_test("fail", "RowCount"),
            **workspace_test("success", "MinValue", "age"),
        },
        FRAUD,
        "data: workspace shared, project fraud: 2 tests of the newest snapshot fail: MeanValue of age, RowCount.",
    ),
    Silent("EvidentlyWorkspaceTestFailing", "errors and warnings only", workspace_tests(0)),
    Silent(
        "EvidentlyWorkspaceTestFailing", "a snapshot that was followed by a better one", workspace_tests("2x9 0x600")
    ),
    Firing(
        "EvidentlyWorkspaceLate",
        {
            **FRAUD_OBJECTIVE,
            **project("snapshot_added_timestamp_seconds", -2 * DAY),
            # It speaks of a later time than that at which it came.
            **project("snapshot_timestamp_seconds", 0),
        },
        FRAUD,
        "data: workspace shared, project fraud: the newest snapshot came 2d 0h 5m 0s ago, objective 1d 0h 0m 0s.",
    ),
    Firing(
        "EvidentlyWorkspaceLate",
        {**FRAUD_OBJECTIVE, **project("snapshot_timestamp_seconds", -2 * DAY)},
        FRAUD,
        "data: workspace shared, project fraud: the newest snapshot came 2d 0h 5m 0s ago, objective 1d 0h 0m 0s.",
    ),
    Silent(
        "EvidentlyWorkspaceLate",
        "a new snapshot about old data",
        {
            **FRAUD_OBJECTIVE,
            **project("snapshot_added_timestamp_seconds", -20 * HOUR),
            **project("snapshot_timestamp_seconds", -9 * DAY),
        },
    ),
    Silent("EvidentlyWorkspaceLate", "there is no objective", project("snapshot_added_timestamp_seconds", -9 * DAY)),
    Firing(
        "EvidentlyProjectUnreadable",
        project("project_failure", 1, reason="parse"),
        FRAUD,
        "data: workspace shared: the project fraud, or its newest snapshot, cannot be read, reason: parse.",
    ),
    Silent("EvidentlyProjectUnreadable", "one failed read", project("project_failure", "1x9 _x600", reason="http")),
    Silent("EvidentlyProjectUnreadable", "every project is read", project("snapshots", 1)),
    Firing(
        "EvidentlyRunNotWritten",
        churn("dataset_run_failure", 1, reason="auth"),
        CHURN,
        "data: data set churn: the last run was not written into the workspace, reason: auth.",
    ),
    Silent(
        "EvidentlyRunNotWritten",
        "one run that the next one follows",
        churn("dataset_run_failure", "1x9 _x600", reason="http"),
    ),
)
