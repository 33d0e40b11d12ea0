"""What is known of a data set, as samples."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mlvitals.core.bounds import parse_bound
from mlvitals.core.collector import Snapshot
from mlvitals.core.metric import Metric
from mlvitals.core.report import Report
from mlvitals.core.selection import MAX_LABEL, select
from mlvitals.evidently import metrics
from mlvitals.evidently.config import MLFLOW, Dataset, EvidentlySettings
from mlvitals.evidently.plan import PRESETS, Side
from mlvitals.evidently.results import Column, Matches, Outcome, Overview, Read, Results, Statistics, TestResult
from mlvitals.evidently.workspace.metrics import RUN_FAILURE

_LEVEL = 6
"""Of four megabytes of Evidently's report, most of them its scripts, one is left."""
_STATISTICS: Mapping[str, Metric] = {
    "distinct": metrics.COLUMN_DISTINCT_VALUES,
    "min": metrics.COLUMN_MIN,
    "max": metrics.COLUMN_MAX,
    "mean": metrics.COLUMN_MEAN,
    "stddev": metrics.COLUMN_STDDEV,
    "most_common_ratio": metrics.COLUMN_MOST_COMMON_RATIO,
}
_OVERVIEW: Mapping[str, Metric] = {
    "columns": metrics.DATASET_COLUMNS,
    "missing_ratio": metrics.DATASET_MISSING_RATIO,
    "duplicated_rows": metrics.DATASET_DUPLICATED_ROWS,
    "duplicated_columns": metrics.DATASET_DUPLICATED_COLUMNS,
    "constant_columns": metrics.DATASET_CONSTANT_COLUMNS,
    "empty_columns": metrics.DATASET_EMPTY_COLUMNS,
    "correlated_columns": metrics.DATASET_CORRELATED_COLUMNS,
    "multivariate_outliers_ratio": metrics.DATASET_OUTLIERS_RATIO,
}
_READ: Mapping[str, Metric] = {
    "rows": metrics.DATASET_ROWS,
    "rows_read": metrics.DATASET_SAMPLED_ROWS,
    "files": metrics.DATASET_FILES,
    "size": metrics.DATASET_SIZE,
    "modified": metrics.DATASET_MODIFIED,
    "newest": metrics.DATASET_NEWEST,
}


@dataclass(frozen=True, slots=True)
class Computed:
    """A computation that gave results: when it ended (Unix time), how many seconds it took, its report (gzip)."""

    outcome: Outcome
    ended: float
    seconds: float
    document: bytes | None = None

    @property
    def known(self) -> Outcome:
        """What the next worker needs of it: its numbers only where something has still to be done with them."""
        left = self.outcome.not_written or self.outcome.not_drawn
        return self.outcome if left else self.outcome.model_copy(update={"results": None})

    def made_up(self, outcome: Outcome) -> Computed:
        """With what was done later with its numbers: a run that is written now, a report that is drawn."""
        steps = {"not_written": outcome.not_written, "not_drawn": outcome.not_drawn}
        return replace(self, outcome=self.outcome.model_copy(update=steps), document=packed(outcome) or self.document)


def packed(outcome: Outcome) -> bytes | None:
    """The report, gzip-compressed."""
    return gzip.compress(outcome.html.encode(), _LEVEL) if outcome.html else None


def snapshot(computed: Computed, dataset: Dataset, settings: EvidentlySettings) -> Snapshot:
    """Everything that is known of the data set, as one read of the target of its name."""
    report = _DatasetReport(dataset)
    report.computation(computed, settings)
    for side, read in computed.outcome.reads.items():
        report.read(side, read)
    report.objectives()
    report.matches(computed.outcome.matches)
    if computed.outcome.results:
        report.results(computed.outcome.results)
    return report.made.snapshot(dataset.name, computed.document)


def without_data(dataset: Dataset, last: Read | None, modified: float | None) -> Snapshot | None:
    """How old the newest data is, and how old it may be, while there is none to read; None when nobody knows.

    `last` is what was read of it last; `modified` is when the newest that lies there was changed.
    """
    known = [moment for moment in (last.modified if last else None, modified) if moment is not None]
    if not known:
        return None
    report = _DatasetReport(dataset)
    report.age(last.newest if last else None, max(known))
    return report.made.snapshot(dataset.name)


class _DatasetReport:
    def __init__(self, dataset: Dataset) -> None:
        self.made = Report()
        self._dataset = dataset

    def computation(self, computed: Computed, settings: EvidentlySettings) -> None:
        self._add(metrics.DATASET_COMPUTED, computed.ended)
        self._add(metrics.DATASET_DURATION, computed.seconds)
        self._add(metrics.DATASET_PEAK_MEMORY, computed.outcome.peak_memory)
        self._add(metrics.DATASET_TIME_LIMIT, settings.budget)
        self._add(metrics.DATASET_MEMORY_LIMIT, settings.memory_limit)
        if computed.outcome.not_written:
            self._add(RUN_FAILURE, 1, reason=computed.outcome.not_written.reason)
        if computed.outcome.not_drawn:
            self._add(metrics.DATASET_REPORT_FAILURE, 1, reason=computed.outcome.not_drawn.reason)

    def read(self, side: Side, read: Read) -> None:
        for field, metric in _READ.items():
            self._add(metric, getattr(read, field), side=side)
        if len(read.location) <= MAX_LABEL:
            self._add(metrics.DATASET_INFO, 1, side=side, location=read.location, identity=read.identity)
        else:
            self.made.drop(metrics.DATASET_INFO, {"too_long": 1})
        named = MLFLOW.fullmatch(self._dataset.reference.path) if side == "reference" else None
        if named:
            model = named.groupdict()
            del model["artifact"]
            self._add(metrics.DATASET_MODEL_VERSION, read.model_version, **model)

    def age(self, newest: float | None, modified: float) -> None:
        self._add(metrics.DATASET_NEWEST, newest, side="current")
        self._add(metrics.DATASET_MODIFIED, modified, side="current")
        self._add(metrics.DATASET_FRESH_OBJECTIVE, self._dataset.objectives.fresh_within)

    def objectives(self) -> None:
        expected = self._dataset.objectives
        self._add(metrics.DATASET_FRESH_OBJECTIVE, expected.fresh_within)
        self._add(metrics.DATASET_REFERENCE_OBJECTIVE, expected.reference_within)
        self._add(metrics.DATASET_ROWS_OBJECTIVE, expected.min_rows)
        self._add(metrics.DATASET_DRIFT_THRESHOLD, self._dataset.drift.share)
        for each in self._dataset.predictions:
            for metric, operator, value in map(parse_bound, each.bounds):
                labels = {"target": each.target, "prediction": each.prediction, "operator": operator}
                self._add(metrics.MODEL_QUALITY_OBJECTIVE, value, metric=metric, **labels)

    def matches(self, found: Sequence[Matches]) -> None:
        for each in found:
            self._add(metrics.DATASET_PATTERN_MATCHES, each.columns, key=each.key, pattern=each.pattern)

    def results(self, results: Results) -> None:
        self._drift_of_all(results)
        for side, overview in results.overview.items():
            self._overview(side, overview)
        chosen = select(results.columns, lambda column: column.name, len(results.columns))
        self.made.drop(metrics.COLUMN_DRIFTED, chosen.dropped)
        self.made.drop(metrics.COLUMN_DRIFTED, {"limit": results.dropped_columns})
        for column in chosen.shown.values():
            self._column(column)
        for test in results.tests:
            if not test.column or test.column in chosen.shown:
                self._test(test)
        for quality in results.quality:
            labels = {"target": quality.target, "prediction": quality.prediction, "side": quality.side}
            self._add(metrics.MODEL_QUALITY, quality.value, metric=quality.metric, **labels)

    def _drift_of_all(self, results: Results) -> None:
        ratio = results.drifted_ratio
        self._add(metrics.DATASET_SCORED_COLUMNS, results.scored)
        self._add(metrics.DATASET_DRIFTED_COLUMNS, results.drifted)
        self._add(metrics.DATASET_DRIFTED_COLUMNS_RATIO, ratio)
        if ratio is not None:
            self._add(metrics.DATASET_DRIFTED, ratio >= self._dataset.drift.share)
        changes = Counter[str](change for column in results.columns for change in column.changes)
        for change in metrics.CHANGES:
            self._add(metrics.DATASET_SCHEMA_CHANGES, changes[change], change=change)

    def _overview(self, side: Side, overview: Overview) -> None:
        for field, metric in _OVERVIEW.items():
            self._add(metric, getattr(overview, field), side=side)

    def _column(self, column: Column) -> None:
        labels = {"column": column.name}
        self._score(column, labels)
        for side, statistics in column.statistics.items():
            self._statistics(statistics, {**labels, "side": side})
        self._add(metrics.COLUMN_OUT_OF_RANGE_RATIO, column.out_of_range_ratio, **labels)
        self._add(metrics.COLUMN_OUT_OF_LIST_RATIO, column.out_of_list_ratio, **labels)
        for change in column.changes:
            self._add(metrics.COLUMN_SCHEMA_CHANGE, 1, change=change, **labels)
        self._distribution(column, labels)

    def _score(self, column: Column, labels: Mapping[str, str]) -> None:
        if column.reason:
            self._add(metrics.COLUMN_FAILURE, 1, reason=column.reason, **labels)
        if not column.drift:
            return
        drift = column.drift
        self._add(metrics.COLUMN_DRIFT_SCORE, drift.score, method=drift.method, **labels)
        self._add(metrics.COLUMN_DRIFT_THRESHOLD, drift.threshold, method=drift.method, **labels)
        self._add(metrics.COLUMN_DRIFT_P_VALUE, drift.p_value, method=drift.method, **labels)
        self._add(metrics.COLUMN_DRIFT_RATIO, drift.ratio, **labels)
        self._add(metrics.COLUMN_DRIFTED, drift.drifted, **labels)

    def _statistics(self, found: Statistics, labels: Mapping[str, str]) -> None:
        for field, metric in _STATISTICS.items():
            self._add(metric, getattr(found, field), **labels)
        if found.rows:
            self._add(metrics.COLUMN_MISSING_RATIO, found.missing / found.rows, **labels)
            infinite = None if found.infinite is None else found.infinite / found.rows
            self._add(metrics.COLUMN_INFINITE_RATIO, infinite, **labels)
        for q, value in found.quantiles.items():
            self._add(metrics.COLUMN_QUANTILE, value, q=q, **labels)
        self._add(metrics.COLUMN_OUTLIERS_RATIO, found.iqr_outliers_ratio, method="iqr", **labels)
        self._add(metrics.COLUMN_OUTLIERS_RATIO, found.zscore_outliers_ratio, method="zscore", **labels)

    def _distribution(self, column: Column, labels: Mapping[str, str]) -> None:
        if column.bins:
            for index, lower in enumerate(column.bins.edges[:-1]):
                self._add(metrics.COLUMN_BIN_LOWER, lower, bin=str(index), **labels)
            for side, bins in column.bins.shares.items():
                for index, share in enumerate(bins):
                    self._add(metrics.COLUMN_BIN_RATIO, share, side=side, bin=str(index), **labels)
        for side, shares in column.categories.items():
            short = {value: share for value, share in shares.items() if len(value) <= MAX_LABEL}
            self.made.drop(metrics.COLUMN_CATEGORY_RATIO, {"too_long": len(shares) - len(short)})
            for category, share in short.items():
                self._add(metrics.COLUMN_CATEGORY_RATIO, share, category=category, side=side, **labels)

    def _test(self, test: TestResult) -> None:
        for preset in _presets(test):
            labels = {"preset": preset, "test": test.test, "column": test.column}
            labels["q"] = "" if test.q is None else str(test.q)
            self.made.add_states(metrics.TEST_STATUS, "status", test.status, dataset=self._dataset.name, **labels)
            self._add(metrics.TEST_VALUE, test.value, **labels)
            for metric, bounds in ((metrics.TEST_BOUND, test.bounds), (metrics.TEST_WARNING_BOUND, test.warning)):
                for bound, value in bounds.items():
                    self._add(metric, value, bound=bound, **labels)

    def _add(self, metric: Metric, value: float | None, /, **labels: str) -> None:
        self.made.add(metric, value, dataset=self._dataset.name, **labels)


def _presets(test: TestResult) -> Iterator[str]:
    return (preset for preset, tests in PRESETS.items() if test.test in tests)
