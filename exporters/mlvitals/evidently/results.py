"""What is known of a data set once it was computed. It travels from the worker to the exporter as JSON.

Numbers that are not finite travel as null. Shares are between 0 and 1; times are Unix times in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from mlvitals.core.collector import Reason
from mlvitals.evidently.plan import Method, PatternKey, Side, TestName

ColumnKind = Literal["numeric", "categorical", "datetime", "text", "unsupported"]
"""What a column is computed as. `text` has statistics only; of `unsupported` ones only missing values are counted."""
ColumnReason = Literal[
    "all_null", "too_few", "type", "method", "missing", "too_many", "unsupported", "unreadable", "error"
]
"""Why a column has no drift score: no values on a side, fewer than two (for chisquare: categories), other types on both
sides, a method that its kind has not, absent on a side, too many categories, a type that is not looked at, it could not
be read on a side, Evidently failed (the message says how, and why)."""
SchemaChange = Literal["missing", "new", "type_changed", "all_null"]
Bound = Literal["lt", "lte", "gt", "gte"]
Status = Literal["success", "warning", "fail", "error", "skipped"]


class Result(BaseModel):
    """Base of what is told: frozen, and strict about unknown fields."""

    # A field may be named after a model.
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="null", protected_namespaces=())


class Score(Result):
    """Drift of one column."""

    method: Method
    score: float
    """As Evidently gives it: the p-value for ks and chisquare, the distance for the others."""
    threshold: float
    drifted: bool
    ratio: float
    """At least 1 when drifted: score / threshold for distances, (1 - p) / (1 - threshold) for p-values."""
    p_value: float | None = None


class Statistics(Result):
    """One column on one side. What a kind of column has not is None."""

    rows: int
    missing: int
    infinite: int | None = None
    """Of numbers: they are neither missing nor in any other statistic but `distinct`."""
    distinct: int | None = None
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    stddev: float | None = None
    """With ddof=1."""
    quantiles: Mapping[str, float | None] = {}
    """`0.25` -> value."""
    most_common_ratio: float | None = None
    iqr_outliers_ratio: float | None = None
    zscore_outliers_ratio: float | None = None


class Bins(Result):
    """Shares of both sides over bins of equal width of the reference's range; what is outside counts to the ends."""

    edges: tuple[float, ...]
    """One more than bins."""
    shares: Mapping[Side, tuple[float, ...]]


class Column(Result):
    """One column of either side."""

    name: str
    kind: ColumnKind
    drift: Score | None = None
    reason: ColumnReason | None = None
    """Why there is no score."""
    message: str = ""
    statistics: Mapping[Side, Statistics] = {}
    out_of_range_ratio: float | None = None
    """Share of the current values outside of the reference's range."""
    out_of_list_ratio: float | None = None
    """Share of the current values that the reference does not have."""
    bins: Bins | None = None
    categories: Mapping[Side, Mapping[str, float]] = {}
    """Value -> share, only where it was asked for."""
    changes: tuple[SchemaChange, ...] = ()


class Overview(Result):
    """One side of the data set as a whole, over the columns that are looked at."""

    rows: int
    columns: int
    missing_ratio: float | None = None
    duplicated_rows: int | None = None
    duplicated_columns: int | None = None
    constant_columns: int | None = None
    empty_columns: int | None = None
    correlated_columns: int | None = None
    """Columns of numbers whose correlation with another one is at least 0.95 in absolute value."""
    multivariate_outliers_ratio: float | None = None
    """Share of the rows whose Mahalanobis distance from the reference's mean is beyond the 99.9 % quantile."""


class TestResult(Result):
    """One test. Tests of the whole data set have no column."""

    __test__ = False

    test: TestName
    column: str = ""
    q: float | None = None
    status: Status
    value: float | None = None
    bounds: Mapping[Bound, float] = {}
    warning: Mapping[Bound, float] = {}
    """A second band: beyond it the test is a warning."""
    message: str = ""


QualityMetric = Literal["rmse", "mse", "mae", "r2", "f1", "accuracy"]


class Quality(Result):
    """How well one prediction fits its target."""

    target: str
    prediction: str
    side: Side
    metric: QualityMetric
    value: float | None
    message: str = ""
    """Why there is no value."""


class Results(Result):
    """What an engine gives."""

    columns: tuple[Column, ...]
    """Every column of either side that is looked at, by name."""
    dropped_columns: int = 0
    """Columns beyond the limit."""
    overview: Mapping[Side, Overview]
    tests: tuple[TestResult, ...] = ()
    quality: tuple[Quality, ...] = ()

    @property
    def scored(self) -> int:
        """Columns that have a score."""
        return sum(column.drift is not None for column in self.columns)

    @property
    def drifted(self) -> int:
        """Columns that have drifted."""
        return sum(column.drift is not None and column.drift.drifted for column in self.columns)

    @property
    def drifted_ratio(self) -> float | None:
        """Of the columns that have a score; None when none has."""
        return self.drifted / self.scored if self.scored else None


class Read(Result):
    """What one side was read from."""

    location: str
    """As configured, without user info and query."""
    identity: str
    """Hash of the files: paths, sizes, times. The same as long as nothing has changed."""
    files: int
    size: int
    """Bytes of the files."""
    modified: float | None = None
    """Newest modification of the files."""
    rows: int
    """In the files."""
    rows_read: int
    """After sampling."""
    newest: float | None = None
    """Newest value of the configured time column."""
    model_version: int | None = None
    """Version behind the alias, where the location is a model's."""


class Matches(Result):
    """How many columns a configured pattern is about."""

    key: PatternKey
    pattern: str
    columns: int


class Failed(Result):
    """A computation, or what was to be done with its numbers, that failed."""

    reason: Reason
    message: str
    no_current: bool = False
    """There is no current data."""
    modified: float | None = None
    """Then: when the newest that lies there was changed, Unix time."""


class Outcome(Result):
    """A computation that ended well. `unchanged`: both identities are those that were known; nothing was computed."""

    unchanged: bool = False
    reads: Mapping[Side, Read] = {}
    matches: tuple[Matches, ...] = ()
    results: Results | None = None
    peak_memory: int | None = None
    """Most resident bytes of the worker."""
    html: str | None = None
    """Evidently's report, where it was asked for."""
    not_written: Failed | None = None
    """Why the run is not in the configured workspace, if it is not."""
    not_drawn: Failed | None = None
    """Why there is no report, if one was asked for."""


Step = Literal["not_written", "not_drawn"]
"""What is done with the numbers, by the field of Outcome that says why it was not: a run written, a report drawn."""


class Handed(Result):
    """One step with the numbers, and the most resident bytes of the worker so far."""

    step: Step
    failed: Failed | None = None
    html: str | None = None
    peak_memory: int | None = None


class Progress(Result):
    """How far a computation has come."""

    step: str
    done: int = 0
    of: int = 0
