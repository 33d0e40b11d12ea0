"""Metrics of one column."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar

import numpy as np
import pandas as pd
from evidently.core.datasets import Dataset
from evidently.core.metric_types import (
    BoundTest,
    ColumnMetric,
    CountCalculation,
    CountMetric,
    CountValue,
    SingleValue,
    SingleValueCalculation,
    SingleValueMetric,
)
from evidently.core.report import Context
from evidently.tests import Reference, lte

from mlvitals.evidently.engine import measures


class _OutlierCount(ColumnMetric, CountMetric):
    def _default_tests_with_reference(self, context: Context) -> list[BoundTest]:
        return [lte(Reference(relative=0.1)).bind_count(self.get_fingerprint(), is_count=False)]


class IqrOutlierCount(_OutlierCount):
    """Values further than 1.5 interquartile ranges from the quartiles of the reference; without one, of the data."""


class ZScoreOutlierCount(_OutlierCount):
    """Values further than 3 standard deviations from the mean of the reference; without one, of the data."""


Outliers = TypeVar("Outliers", bound=_OutlierCount)


class _OutlierCountCalculation(CountCalculation[Outliers], Generic[Outliers], ABC):
    method: ClassVar[str]
    range_of: ClassVar[Callable[[measures.Numbers], tuple[float, float]]]

    def calculate(
        self, context: Context, current_data: Dataset, reference_data: Dataset | None
    ) -> tuple[CountValue, CountValue | None]:
        """Count and share of the values that are there and finite, on both sides."""
        current = _numbers(current_data, self.metric.column)
        reference = None if reference_data is None else _numbers(reference_data, self.metric.column)
        limits = type(self).range_of(current if reference is None else reference)
        return self._count(current, limits), None if reference is None else self._count(reference, limits)

    def _count(self, numbers: measures.Numbers, limits: tuple[float, float]) -> CountValue:
        outside = measures.outside(numbers, *limits)
        return self.result(int(outside.sum()), float(outside.mean()))

    def display_name(self) -> str:
        """Title in the report."""
        return f"Outliers of '{self.metric.column}' by {self.method}"


class IqrOutlierCountCalculation(_OutlierCountCalculation[IqrOutlierCount]):
    """By the interquartile range."""

    method = "interquartile range"
    range_of = measures.iqr_range


class ZScoreOutlierCountCalculation(_OutlierCountCalculation[ZScoreOutlierCount]):
    """By the standard deviation."""

    method = "Z-score"
    range_of = measures.zscore_range


class MostCommonValueShare(ColumnMetric, SingleValueMetric):
    """Share of the most common value among the values that are there."""

    def _default_tests_with_reference(self, context: Context) -> list[BoundTest]:
        return [lte(Reference(relative=0.1)).bind_single(self.get_fingerprint())]


class MostCommonValueShareCalculation(SingleValueCalculation[MostCommonValueShare]):
    """Of any kind of column; NaN without values."""

    def calculate(
        self, context: Context, current_data: Dataset, reference_data: Dataset | None
    ) -> tuple[SingleValue, SingleValue | None]:
        """Of both sides."""
        return self._share(current_data), None if reference_data is None else self._share(reference_data)

    def _share(self, dataset: Dataset) -> SingleValue:
        share = measures.most_common_share(_data(dataset, self.metric.column))
        return self.result(math.nan if share is None else share)

    def display_name(self) -> str:
        """Title in the report."""
        return f"Share of the most common value of '{self.metric.column}'"


class MeanInSigmas(ColumnMetric, SingleValueMetric):
    """How many standard deviations of the reference its mean and that of the current data are apart.

    `tests=[lte(2)]` is the TestMeanInNSigmas of Evidently until 0.6. Needs a reference. Infinite when the reference is
    constant and the means differ.
    """

    def _default_tests_with_reference(self, context: Context) -> list[BoundTest]:
        return [lte(2).bind_single(self.get_fingerprint())]


class MeanInSigmasCalculation(SingleValueCalculation[MeanInSigmas]):
    """Over the values that are there and finite."""

    def calculate(
        self, context: Context, current_data: Dataset, reference_data: Dataset | None
    ) -> tuple[SingleValue, SingleValue | None]:
        """Of the current data; the reference's own distance is 0."""
        if reference_data is None:
            raise ValueError("MeanInSigmas needs reference data")
        current, reference = (
            measures.moments(_numbers(each, self.metric.column)) for each in (current_data, reference_data)
        )
        distance = measures.mean_distance(current[0], *reference)
        return self.result(distance), self.result(0.0)

    def display_name(self) -> str:
        """Title in the report."""
        return f"Mean of '{self.metric.column}' in standard deviations from the reference's"


def _data(dataset: Dataset, column: str) -> pd.Series:
    try:
        return dataset.column(column).data
    except KeyError:
        raise ValueError(f"there is no column '{column}'") from None


def _numbers(dataset: Dataset, column: str) -> measures.Numbers:
    """Finite values of a column of numbers."""
    data = _data(dataset, column)
    if not pd.api.types.is_numeric_dtype(data) or pd.api.types.is_bool_dtype(data):
        raise ValueError(f"column '{column}' holds {data.dtype}, not numbers")
    numbers: measures.Numbers = data.to_numpy(dtype="float64", na_value=np.nan)
    values = numbers[np.isfinite(numbers)]
    if not values.size:
        raise ValueError(f"column '{column}' has no finite value")
    return values
