"""What was computed of a data set, as a snapshot of Evidently. Only a worker process may import this.

Nothing is computed again: the snapshot holds the numbers that are exported. What Evidently has no metric for, such as
outliers and correlated columns, is not in it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from evidently.core.metric_types import (
    MetricTestResult,
    get_default_render,
    metric_tests_widget,
)
from evidently.core.report import Snapshot, metric_tests_stats
from evidently.core.serialization import ReportModel, SnapshotModel
from evidently.legacy.tests.base_test import TestStatus
from evidently.metrics import (
    ColumnCount,
    ConstantColumnsCount,
    DatasetMissingValueCount,
    DriftedColumnsCount,
    DuplicatedColumnsCount,
    DuplicatedRowCount,
    EmptyColumnsCount,
    MaxValue,
    MeanValue,
    MinValue,
    MissingValueCount,
    QuantileValue,
    RowCount,
    StdValue,
    ValueDrift,
)

from mlvitals.evidently.plan import TestName
from mlvitals.evidently.results import Column, Overview, Results, TestResult

WRITER = "mlvitals"
"""The value of `written_by` in the metadata of our snapshots."""
_NO_TAGS = frozenset({"written_by", "identity"})


@dataclass(frozen=True, slots=True)
class Run:
    """One computation: of which data set, when (Unix time), and the model whose training data is the reference.

    `identity` is the same for computations of the same files by the same plan; empty when that is not known.
    """

    dataset: str
    results: Results
    timestamp: float
    drift_share: float = 1 / 3
    model: str | None = None
    version: int | None = None
    identity: str | None = None

    def metadata(self) -> dict[str, str]:
        """What the snapshot says of itself; Evidently's UI takes texts only."""
        about = {"dataset": self.dataset, "model": self.model, "version": self.version, "identity": self.identity}
        return {"written_by": WRITER} | {key: str(value) for key, value in about.items() if value is not None}


@dataclass(frozen=True, slots=True)
class _Part:
    """A metric of Evidently's, its value (a number, or count and share) and our tests of it."""

    metric: Any
    value: Sequence[float | None]
    tests: Sequence[TestResult] = ()


_Tests = Mapping[tuple[TestName, str], Sequence[TestResult]]


def snapshot(run: Run) -> Any:
    """The run as an evidently.core.report.Snapshot."""
    found = [result for part in _parts(run) if (result := _result(part))]
    results = {result.metric_value_location.metric.metric_id: result for result in found}
    tests = [test for result in results.values() for test in result.tests]
    model = SnapshotModel(
        report=ReportModel(items=[]),
        name=run.dataset,
        timestamp=datetime.fromtimestamp(run.timestamp, UTC),
        metadata=run.metadata(),
        tags=[f"{key}:{value}" for key, value in run.metadata().items() if key not in _NO_TAGS],
        metric_results=results,
        top_level_metrics=list(results),
        widgets=[widget for result in results.values() for widget in result.widget],
        tests_widgets=[metric_tests_stats(tests), metric_tests_widget(tests)] if tests else [],
    )
    return Snapshot.load_model(model)


def _parts(run: Run) -> Iterator[_Part]:
    tests = defaultdict[tuple[TestName, str], list[TestResult]](list)
    for test in run.results.tests:
        tests[test.test, test.column].append(test)
    drifted = DriftedColumnsCount(drift_share=run.drift_share)
    values = (run.results.drifted, run.results.drifted_ratio)
    yield _Part(drifted, values, tests["TestShareOfDriftedColumns", ""])
    if current := run.results.overview.get("current"):
        yield from _overview(current, tests)
    for column in run.results.columns:
        yield from _column(column, tests)


def _overview(current: Overview, tests: _Tests) -> Iterator[_Part]:
    missing = current.missing_ratio
    cells = None if missing is None else missing * current.rows * current.columns
    yield _Part(RowCount(), [current.rows], tests["TestNumberOfRows", ""])
    yield _Part(ColumnCount(), [current.columns], tests["TestNumberOfColumns", ""])
    yield _Part(DatasetMissingValueCount(), [cells, missing])
    yield _Part(DuplicatedRowCount(), [current.duplicated_rows], tests["TestNumberOfDuplicatedRows", ""])
    yield _Part(DuplicatedColumnsCount(), [current.duplicated_columns], tests["TestNumberOfDuplicatedColumns", ""])
    yield _Part(ConstantColumnsCount(), [current.constant_columns], tests["TestNumberOfConstantColumns", ""])
    yield _Part(EmptyColumnsCount(), [current.empty_columns])


def _column(column: Column, tests: _Tests) -> Iterator[_Part]:
    name = column.name
    if drift := column.drift:
        metric = ValueDrift(column=name, method=drift.method, threshold=drift.threshold)
        yield _Part(metric, [drift.score], tests["TestColumnDrift", name])
    if found := column.statistics.get("current"):
        share = found.missing / found.rows if found.rows else None
        missing = tests["TestColumnShareOfMissingValues", name]
        yield _Part(MissingValueCount(column=name), [found.missing, share], missing)
        yield _Part(MinValue(column=name), [found.min])
        yield _Part(MaxValue(column=name), [found.max])
        yield _Part(MeanValue(column=name), [found.mean], tests["TestMeanInNSigmas", name])
        yield _Part(StdValue(column=name), [found.stddev])
        for q, value in found.quantiles.items():
            of_q = [test for test in tests["TestColumnQuantile", name] if test.q == float(q)]
            yield _Part(QuantileValue(column=name, quantile=float(q)), [value], of_q)


def _result(part: _Part) -> Any:
    """The metric's result with its widgets; None where there is no value."""
    if any(value is None or not math.isfinite(value) for value in part.value):
        return None
    calculation = part.metric.to_calculation()
    result = calculation.result(*part.value)
    config = calculation.to_metric_config()
    result.set_metric_location(config)
    result.widget = get_default_render(calculation.display_name(), result)
    result.set_tests([_test(test, config) for test in part.tests])
    return result


def _test(test: TestResult, config: Any) -> Any:
    bounds = ", ".join(f"{name} {value:g}" for name, value in test.bounds.items())
    told = f"value {test.value:g}, expected {bounds}" if test.value is not None and bounds else test.message
    return MetricTestResult(
        id=test.test,
        name=" ".join(filter(None, (test.test, test.column))),
        description=told or test.status,
        metric_config=config,
        test_config={},
        status=TestStatus(test.status.upper()),
    )
