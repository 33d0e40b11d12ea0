"""Metrics of a whole data set."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from evidently.core.datasets import Dataset
from evidently.core.metric_types import (
    BoundTest,
    CountCalculation,
    CountMetric,
    CountValue,
    SingleValue,
    SingleValueCalculation,
    SingleValueMetric,
)
from evidently.core.report import Context
from evidently.tests import Reference, eq, lte

from mlvitals.evidently.engine import measures
from mlvitals.evidently.engine.arrays import family


class MahalanobisOutlierCount(CountMetric):
    """Rows whose Mahalanobis distance from the mean of the reference (without one, of the data) is beyond 99.9 %.

    Over the rows that have a finite number in each column of numbers that varies, and that half of the rows have.
    """

    def _default_tests_with_reference(self, context: Context) -> list[BoundTest]:
        return [lte(Reference(relative=0.1)).bind_count(self.get_fingerprint(), is_count=False)]


class MahalanobisOutlierCountCalculation(CountCalculation[MahalanobisOutlierCount]):
    """Count and share of the complete rows."""

    def calculate(
        self, context: Context, current_data: Dataset, reference_data: Dataset | None
    ) -> tuple[CountValue, CountValue | None]:
        """Of both sides."""
        current = _numbers(current_data)
        there = current if reference_data is None else _numbers(reference_data)
        columns = measures.filled(there, current)
        found = self._count(current[columns], there[columns])
        return found, None if reference_data is None else self._count(there[columns], there[columns])

    def _count(self, numbers: pd.DataFrame, there: pd.DataFrame) -> CountValue:
        outside = measures.mahalanobis_outliers(numbers, there)
        if outside is None:
            raise ValueError("needs two columns of numbers, and more than twice as many complete rows in the reference")
        return self.result(int(outside.sum()), float(outside.mean()))

    def display_name(self) -> str:
        """Title in the report."""
        return "Outliers by Mahalanobis distance"


class CorrelatedColumnCount(SingleValueMetric):
    """Columns of numbers whose Pearson correlation with another one is at least `threshold` in absolute value."""

    threshold: float = measures.CORRELATED

    def _default_tests_with_reference(self, context: Context) -> list[BoundTest]:
        return [lte(Reference()).bind_single(self.get_fingerprint())]


class CorrelatedColumnCountCalculation(SingleValueCalculation[CorrelatedColumnCount]):
    """Over the rows in which both columns have a finite number."""

    def calculate(
        self, context: Context, current_data: Dataset, reference_data: Dataset | None
    ) -> tuple[SingleValue, SingleValue | None]:
        """Of both sides."""
        return self._count(current_data), None if reference_data is None else self._count(reference_data)

    def _count(self, dataset: Dataset) -> SingleValue:
        return self.result(measures.correlated_columns(_numbers(dataset), self.metric.threshold))

    def display_name(self) -> str:
        """Title in the report."""
        return f"Columns with a correlation of at least {self.metric.threshold:g}"


class ChangedTypeCount(SingleValueMetric):
    """Columns that are of another type than in the reference.

    Integers, floats and decimals are one type: a missing value makes floats of integers in pandas. Columns of one side
    only do not count.
    """

    def _default_tests_with_reference(self, context: Context) -> list[BoundTest]:
        return [eq(0).bind_single(self.get_fingerprint())]


class ChangedTypeCountCalculation(SingleValueCalculation[ChangedTypeCount]):
    """By the type that Arrow finds; a column without values has any type."""

    def calculate(
        self, context: Context, current_data: Dataset, reference_data: Dataset | None
    ) -> tuple[SingleValue, SingleValue | None]:
        """Of the current data; the reference's own number is 0."""
        if reference_data is None:
            raise ValueError("ChangedTypeCount needs reference data")
        current, reference = current_data.as_dataframe(), reference_data.as_dataframe()
        types = [{_family(current[name]), _family(reference[name])} for name in reference if name in current]
        return self.result(sum(len(pair - {"null"}) > 1 for pair in types)), self.result(0)

    def display_name(self) -> str:
        """Title in the report."""
        return "Columns of another type than in the reference"


def _family(data: pd.Series) -> str:
    try:
        return family(pa.Array.from_pandas(data).type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return "unsupported"


def _numbers(dataset: Dataset) -> pd.DataFrame:
    """Columns of numbers, infinities as missing."""
    numbers = dataset.as_dataframe().select_dtypes("number")
    return numbers.astype("float64").replace([np.inf, -np.inf], np.nan)
