"""The metrics of data sets. Scores are Evidently's; the rest is read from the data itself.

`side` is the reference or the current data. What is not known (a side that has no such column, a kind of column that
has no mean) has no series.
"""

from __future__ import annotations

from mlvitals.core.metric import gauge, info

SIDES = ("reference", "current")
METHODS = ("ks", "psi", "kl_div", "jensenshannon", "wasserstein", "chisquare")
REASONS = ("all_null", "too_few", "type", "method", "missing", "too_many", "unsupported", "unreadable", "error")
CHANGES = ("missing", "new", "type_changed", "all_null")
STATUSES = ("success", "warning", "fail", "error", "skipped")
PATTERN_KEYS = ("columns.include", "columns.exclude", "categorical", "categories", "drift.columns", "tests")
BOUNDS = ("lt", "lte", "gt", "gte")
OPERATORS = ("<", "<=", ">", ">=")
OUTLIER_METHODS = ("iqr", "zscore")
QUALITY = ("rmse", "mse", "mae", "r2", "f1", "accuracy")

COLUMN_DRIFT_SCORE = gauge(
    "evidently_column_drift_score",
    "Drift of the column as Evidently's ValueDrift gives it: a p-value for ks and chisquare, else a distance",
    "dataset",
    "column",
    method=METHODS,
)
COLUMN_DRIFT_THRESHOLD = gauge(
    "evidently_column_drift_threshold",
    "Configured threshold: drifted below it for ks and chisquare, from it on for the other methods",
    "dataset",
    "column",
    method=METHODS,
)
COLUMN_DRIFT_P_VALUE = gauge(
    "evidently_column_drift_p_value",
    "p-value of the methods that have one",
    "dataset",
    "column",
    method=METHODS[:1] + METHODS[-1:],
)
COLUMN_DRIFT_RATIO = gauge(
    "evidently_column_drift_ratio",
    "At least 1 when the column has drifted, whatever the method: score / threshold, or (1 - p) / (1 - threshold)",
    "dataset",
    "column",
)
COLUMN_DRIFTED = gauge("evidently_column_drifted", "1 when the column has drifted, else 0", "dataset", "column")
COLUMN_FAILURE = gauge(
    "evidently_column_failure", "1 while the column has no drift score, by reason", "dataset", "column", reason=REASONS
)

COLUMN_MISSING_RATIO = gauge(
    "evidently_column_missing_ratio", "Share of the rows without a value (null, NaN)", "dataset", "column", side=SIDES
)
COLUMN_INFINITE_RATIO = gauge(
    "evidently_column_infinite_ratio",
    "Share of the rows whose number is infinite: not missing, and left out of scores and other statistics",
    "dataset",
    "column",
    side=SIDES,
)
COLUMN_DISTINCT_VALUES = gauge("evidently_column_distinct_values", "Distinct values", "dataset", "column", side=SIDES)
COLUMN_MIN = gauge("evidently_column_min", "Smallest value; of times, as Unix time", "dataset", "column", side=SIDES)
COLUMN_MAX = gauge("evidently_column_max", "Largest value; of times, as Unix time", "dataset", "column", side=SIDES)
COLUMN_MEAN = gauge("evidently_column_mean", "Mean", "dataset", "column", side=SIDES)
COLUMN_STDDEV = gauge(
    "evidently_column_stddev", "Standard deviation of the sample (ddof=1)", "dataset", "column", side=SIDES
)
COLUMN_QUANTILE = gauge("evidently_column_quantile", "Configured quantiles", "dataset", "column", "q", side=SIDES)
COLUMN_MOST_COMMON_RATIO = gauge(
    "evidently_column_most_common_ratio",
    "Share of the most common value among the rows that have a finite one",
    "dataset",
    "column",
    side=SIDES,
)
COLUMN_OUT_OF_RANGE_RATIO = gauge(
    "evidently_column_out_of_range_ratio",
    "Share of the current values outside of the reference's minimum and maximum; of columns of numbers",
    "dataset",
    "column",
)
COLUMN_OUT_OF_LIST_RATIO = gauge(
    "evidently_column_out_of_list_ratio",
    "Share of the current values that the reference does not have; of columns of categories",
    "dataset",
    "column",
)
COLUMN_OUTLIERS_RATIO = gauge(
    "evidently_column_outliers_ratio",
    "Share of the values beyond 1.5 interquartile ranges (iqr) or 3 standard deviations (zscore) of the reference",
    "dataset",
    "column",
    method=OUTLIER_METHODS,
    side=SIDES,
)
COLUMN_BIN_RATIO = gauge(
    "evidently_column_bin_ratio",
    "Share of the values in each bin of equal width over the reference's range; the ends hold what is outside",
    "dataset",
    "column",
    "bin",
    side=SIDES,
)
COLUMN_BIN_LOWER = gauge(
    "evidently_column_bin_lower_edge",
    "Lower edge of the bin, which ends where the next one begins; the last one at the reference's maximum",
    "dataset",
    "column",
    "bin",
)
COLUMN_CATEGORY_RATIO = gauge(
    "evidently_column_category_ratio",
    "Share of a value, only of columns that `categories` names",
    "dataset",
    "column",
    "category",
    side=SIDES,
)
COLUMN_SCHEMA_CHANGE = gauge(
    "evidently_column_schema_change",
    "1 for a column that is missing, new, of another type or without any value in the current data",
    "dataset",
    "column",
    change=CHANGES,
)

DATASET_SCHEMA_CHANGES = gauge(
    "evidently_dataset_schema_changes", "Columns whose schema has changed, by change", "dataset", change=CHANGES
)
DATASET_ROWS = gauge("evidently_dataset_rows", "Rows in the files", "dataset", side=SIDES)
DATASET_SAMPLED_ROWS = gauge(
    "evidently_dataset_sampled_rows", "Rows computed on: all, or a sample of row_limit", "dataset", side=SIDES
)
DATASET_COLUMNS = gauge(
    "evidently_dataset_columns",
    "Columns that are looked at: those that match the patterns, up to max_columns",
    "dataset",
    side=SIDES,
)
DATASET_PATTERN_MATCHES = gauge(
    "evidently_dataset_pattern_matches",
    "Columns of either side that a configured pattern matches, by the key that has it; the pattern * is not counted",
    "dataset",
    "pattern",
    key=PATTERN_KEYS,
)
DATASET_DRIFTED = gauge(
    "evidently_dataset_drifted", "1 when the share of drifted columns reaches its threshold", "dataset"
)
DATASET_DRIFTED_COLUMNS = gauge("evidently_dataset_drifted_columns", "Columns that have drifted", "dataset")
DATASET_SCORED_COLUMNS = gauge("evidently_dataset_scored_columns", "Columns that have a drift score", "dataset")
DATASET_DRIFTED_COLUMNS_RATIO = gauge(
    "evidently_dataset_drifted_columns_ratio", "Drifted columns / scored columns", "dataset"
)
DATASET_DRIFT_THRESHOLD = gauge(
    "evidently_dataset_drift_threshold_ratio", "Configured drift.share from which the data set has drifted", "dataset"
)
DATASET_MISSING_RATIO = gauge(
    "evidently_dataset_missing_ratio", "Share of all cells without a value", "dataset", side=SIDES
)
DATASET_DUPLICATED_ROWS = gauge(
    "evidently_dataset_duplicated_rows", "Sampled rows that repeat an earlier one", "dataset", side=SIDES
)
DATASET_DUPLICATED_COLUMNS = gauge(
    "evidently_dataset_duplicated_columns", "Columns that repeat another one", "dataset", side=SIDES
)
DATASET_CONSTANT_COLUMNS = gauge(
    "evidently_dataset_constant_columns", "Columns with one value at most", "dataset", side=SIDES
)
DATASET_EMPTY_COLUMNS = gauge("evidently_dataset_empty_columns", "Columns without a value", "dataset", side=SIDES)
DATASET_CORRELATED_COLUMNS = gauge(
    "evidently_dataset_correlated_columns",
    "Columns of numbers whose correlation with another one is at least 0.95, or at most -0.95, in 30 rows or more",
    "dataset",
    side=SIDES,
)
DATASET_OUTLIERS_RATIO = gauge(
    "evidently_dataset_multivariate_outliers_ratio",
    "Share of the rows whose Mahalanobis distance from the reference's mean is beyond its 99.9 % quantile, "
    "over the columns of numbers with a value in half of the rows or more",
    "dataset",
    side=SIDES,
)

DATASET_FILES = gauge("evidently_dataset_files", "Files read", "dataset", side=SIDES)
DATASET_SIZE = gauge("evidently_dataset_size_bytes", "Bytes of the files", "dataset", side=SIDES)
DATASET_MODIFIED = gauge(
    "evidently_dataset_modified_timestamp_seconds", "Newest modification of the files", "dataset", side=SIDES
)
DATASET_NEWEST = gauge(
    "evidently_dataset_newest_timestamp_seconds", "Newest value of the configured time_column", "dataset", side=SIDES
)
DATASET_INFO = info(
    "evidently_dataset_source_info",
    "Where the data was read from; identity is a hash of the files' paths, sizes and times",
    "dataset",
    "side",
    "location",
    "identity",
)
DATASET_MODEL_VERSION = gauge(
    "evidently_dataset_model_version",
    "Version of the model whose training data is the reference, behind the alias",
    "dataset",
    "registry",
    "model",
    "alias",
)
DATASET_COMPUTED = gauge(
    "evidently_dataset_computed_timestamp_seconds", "End of the last computation, which new data brings", "dataset"
)
DATASET_DURATION = gauge(
    "evidently_dataset_computation_duration_seconds", "How long the last computation took", "dataset"
)
DATASET_PEAK_MEMORY = gauge(
    "evidently_dataset_computation_peak_memory_bytes",
    "Peak resident memory of the last computation, with writing the run and drawing the report",
    "dataset",
)
DATASET_TIME_LIMIT = gauge(
    "evidently_dataset_computation_time_limit_seconds", "Configured deadline of one computation", "dataset"
)
DATASET_MEMORY_LIMIT = gauge(
    "evidently_dataset_computation_memory_limit_bytes", "Configured memory_limit of one computation", "dataset"
)
DATASET_REPORT_FAILURE = gauge(
    "evidently_dataset_report_failure",
    "1 while Evidently's report of the last computation is wanted and could not be drawn, with the reason; else absent",
    "dataset",
    reason=("timeout", "limit", "internal"),
)

TEST_STATUS = gauge(
    "evidently_test_status",
    "State of a test, by the name that it had in Evidently's presets; tests of the data set have no column",
    "dataset",
    "preset",
    "test",
    "column",
    "q",
    status=STATUSES,
)
TEST_VALUE = gauge("evidently_test_value", "What the test looks at", "dataset", "preset", "test", "column", "q")
TEST_BOUND = gauge(
    "evidently_test_bound",
    "The test is right while its value is below (lt), at most (lte), above (gt) or at least (gte) this",
    "dataset",
    "preset",
    "test",
    "column",
    "q",
    bound=BOUNDS,
)
TEST_WARNING_BOUND = gauge(
    "evidently_test_warning_bound",
    "As evidently_test_bound, of a second band: beyond it the test is a warning",
    "dataset",
    "preset",
    "test",
    "column",
    "q",
    bound=BOUNDS,
)

MODEL_QUALITY = gauge(
    "evidently_model_quality",
    "How well a prediction column fits its target column",
    "dataset",
    "target",
    "prediction",
    metric=QUALITY,
    side=SIDES,
)
MODEL_QUALITY_OBJECTIVE = gauge(
    "evidently_model_quality_objective",
    "Configured bound; the quality is right while `value operator bound` holds",
    "dataset",
    "target",
    "prediction",
    metric=QUALITY,
    operator=OPERATORS,
)
DATASET_FRESH_OBJECTIVE = gauge(
    "evidently_dataset_fresh_objective_seconds",
    "Configured fresh_within: the newest current data is at most this old",
    "dataset",
)
DATASET_REFERENCE_OBJECTIVE = gauge(
    "evidently_dataset_reference_objective_seconds",
    "Configured reference_within: the reference's files are at most this old",
    "dataset",
)
DATASET_ROWS_OBJECTIVE = gauge(
    "evidently_dataset_rows_objective", "Configured min_rows: the current data has at least so many rows", "dataset"
)
