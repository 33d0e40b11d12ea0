"""What is worth knowing about the quality of data sets: statistics, tests, schemas, and the models judged on them."""

from __future__ import annotations

from mlvitals.core.metric import Metric
from mlvitals.evidently import metrics as m
from mlvitals_dashboards.evidently_signals import COLUMN, DATASET, NO_OBJECTIVE, NOT_COMPUTED, current, side
from mlvitals_dashboards.signals import ANYTHING, Signal, by, select
from mlvitals_dashboards.system_signals import alarm

NO_PREDICTIONS = "No predictions (the data set's key predictions)"


def _held(operator: str) -> str:
    """1 where a bound with this operator holds, 0 where it is broken."""
    bound = select(m.MODEL_QUALITY_OBJECTIVE, operator=operator)
    return f"{current(m.MODEL_QUALITY)} {operator} bool ignoring (operator) group_right {bound}"


_HELD = " or ".join(f"({_held(operator)})" for operator in m.OPERATORS)
# 0 in bounds, 1 broken, 2 where a bound has no value to hold against.
_BOUNDS = f"1 - ({_HELD}) or 2 * group without () ({select(m.MODEL_QUALITY_OBJECTIVE)})"

QUALITY_BROKEN = alarm(
    f"({_BOUNDS}) > 0",
    _BOUNDS,
    "suffix: out of bounds",
    "Predictions whose quality on the current data is outside a configured bound, or cannot be computed.",
    "All in bounds",
    "No bounds set",
)
WORST_MISSING = Signal(
    f"max({select(m.COLUMN_MISSING_RATIO, side='current')})",
    "percentunit",
    "Of all columns: the largest share of rows without a value in the current data. Evidently's test allows 10 %.",
    steps=((0.1, "orange"), (1.0, "red")),
    base="green",
    missing=NOT_COMPUTED,
    decimals=1,
)


def of_dataset(metric: Metric, unit: str, description: str, *, name: str = "current", decimals: int = 0) -> Signal:
    """What the metric says of one side of each data set."""
    return Signal(by(DATASET, side(metric, name)), unit, description, missing=NOT_COMPUTED, decimals=decimals)


REFERENCE_ROWS = of_dataset(m.DATASET_ROWS, "locale", "Rows of the reference.", name="reference")
COLUMNS = of_dataset(m.DATASET_COLUMNS, "none", "Columns that match the patterns.")
MISSING = of_dataset(m.DATASET_MISSING_RATIO, "percentunit", "Share of all cells without a value.", decimals=2)
DUPLICATED_ROWS = of_dataset(m.DATASET_DUPLICATED_ROWS, "locale", "Rows that repeat an earlier one.")
DUPLICATED_COLUMNS = of_dataset(m.DATASET_DUPLICATED_COLUMNS, "none", "Columns that repeat another one.")
CONSTANT_COLUMNS = of_dataset(m.DATASET_CONSTANT_COLUMNS, "none", "Columns with one value at most.")
EMPTY_COLUMNS = of_dataset(m.DATASET_EMPTY_COLUMNS, "none", "Columns without a value.")
CORRELATED_COLUMNS = of_dataset(
    m.DATASET_CORRELATED_COLUMNS,
    "none",
    "Columns of numbers whose correlation with another one is at least 0.95, or at most -0.95.",
)
OUTLIERS = of_dataset(
    m.DATASET_OUTLIERS_RATIO,
    "percentunit",
    "Share of the rows that are far from the reference in all columns of numbers together (Mahalanobis distance); of "
    "data like the reference it is about 0.1 %.",
    decimals=2,
)

_CHANGE = f"{COLUMN}, change"
SCHEMA_CHANGE = Signal(
    by(_CHANGE, select(m.COLUMN_SCHEMA_CHANGE)),
    "none",
    "missing: only the reference has the column. new: only the current data has it. type_changed: both have it, as "
    "different types. all_null: it has no value.",
)

_TEST = f"{COLUMN}, preset, test, q"
_STATUSES = {
    "success": (0, ("Success", "green")),
    "skipped": (1, ("Skipped", "text")),
    "warning": (2, ("Warning", "orange")),
    "error": (3, ("Error", "red")),
    "fail": (4, ("FAIL", "red")),
}
# A test of the whole data set has no column; a variable that is set to All matches that too.
_OF_COLUMN = "=~$column|"
TEST_STATE = Signal(
    by(
        _TEST,
        " or ".join(
            f"({select(m.TEST_STATUS, status=status, column=_OF_COLUMN)} == 1) * {number}"
            for status, (number, _) in _STATUSES.items()
        ),
    ),
    "none",
    "What became of it. Error: it could not be computed.",
    words=dict(_STATUSES.values()),
    missing="No tests computed yet",
)
TEST_VALUE = Signal(by(_TEST, select(m.TEST_VALUE, column=_OF_COLUMN)), "none", "What it looks at.")
TEST_BOUNDS = {
    bound: Signal(
        by(_TEST, select(m.TEST_BOUND, bound=bound, column=_OF_COLUMN)), "none", f"Right while the value is {meaning}."
    )
    for bound, meaning in {
        "lt": "below this",
        "lte": "at most this",
        "gt": "above this",
        "gte": "at least this",
    }.items()
}
TESTS_BY_STATUS = Signal(
    by("exporter, dataset, status", select(m.TEST_STATUS, column=ANYTHING), "sum"),
    "none",
    "Tests of each data set by status, those of its columns included.",
    missing="No tests computed yet",
    decimals=0,
)

_PREDICTION = "exporter, dataset, target, prediction, metric"
_BOUND = f"{_PREDICTION}, operator"


def _bounded(name: str) -> str:
    """The quality on one side, once for each bound, and once where there is none."""
    found = side(m.MODEL_QUALITY, name)
    bounds = f"group without () ({select(m.MODEL_QUALITY_OBJECTIVE)})"
    return f"({found} * ignoring (operator) group_right {bounds}) or ignoring (operator) {found}"


QUALITY_STATE = Signal(
    by(_BOUND, _BOUNDS),
    "none",
    "Whether the quality on the current data, operator and bound hold.",
    words={0: ("In bounds", "green"), 1: ("BROKEN", "red"), 2: ("NO VALUE", "red")},
    missing="No bound",
)
QUALITY = Signal(by(_BOUND, _bounded("current")), "none", "On the current data.", missing=NO_PREDICTIONS, decimals=4)
REFERENCE_QUALITY = Signal(by(_BOUND, _bounded("reference")), "none", "On the reference.", decimals=4)
QUALITY_BOUND = Signal(by(_BOUND, select(m.MODEL_QUALITY_OBJECTIVE)), "none", "The configured bound.")


def of_column(
    metric: Metric, unit: str, description: str, *, name: str = "current", decimals: int | None = None
) -> Signal:
    """What the metric says of one side of each column."""
    return Signal(by(COLUMN, side(metric, name)), unit, description, missing=NOT_COMPUTED, decimals=decimals)


def share(metric: Metric, description: str, **labels: str) -> Signal:
    """A share of each column's values in the current data."""
    found = by(COLUMN, select(metric, **labels))
    return Signal(found, "percentunit", description, missing="None of these columns has it", decimals=2)


COLUMN_MISSING = share(m.COLUMN_MISSING_RATIO, "Share of the rows without a value.", side="current")
REFERENCE_MISSING = share(m.COLUMN_MISSING_RATIO, "The same in the reference.", side="reference")
OUT_OF_RANGE = share(m.COLUMN_OUT_OF_RANGE_RATIO, "Share of the values outside of the reference's range.")
OUT_OF_LIST = share(m.COLUMN_OUT_OF_LIST_RATIO, "Share of the values that the reference does not have.")
MOST_COMMON = share(m.COLUMN_MOST_COMMON_RATIO, "Share of the most common value.", side="current")
IQR_OUTLIERS = share(
    m.COLUMN_OUTLIERS_RATIO,
    "Share of the values beyond 1.5 interquartile ranges of the reference.",
    side="current",
    method="iqr",
)
ZSCORE_OUTLIERS = share(
    m.COLUMN_OUTLIERS_RATIO,
    "Share of the values beyond 3 standard deviations of the reference.",
    side="current",
    method="zscore",
)
DISTINCT = of_column(m.COLUMN_DISTINCT_VALUES, "locale", "Distinct values.", decimals=0)
REFERENCE_DISTINCT = of_column(
    m.COLUMN_DISTINCT_VALUES, "locale", "The same in the reference.", name="reference", decimals=0
)
MEAN = of_column(m.COLUMN_MEAN, "none", "Mean of the current data.")
REFERENCE_MEAN = of_column(m.COLUMN_MEAN, "none", "The same in the reference.", name="reference")
MINIMUM = of_column(m.COLUMN_MIN, "none", "Smallest value of the current data.")
MAXIMUM = of_column(m.COLUMN_MAX, "none", "Largest value of the current data.")
ROWS_OBJECTIVE = Signal(
    by(DATASET, select(m.DATASET_ROWS_OBJECTIVE)),
    "locale",
    "The configured min_rows.",
    missing=NO_OBJECTIVE,
    decimals=0,
)
