"""What Evidently has no metric for, over plain arrays. The engine and `mlvitals.evidently.custom` both use it.

In frames a missing value is NaN; arrays have none, and no infinity.
"""

from __future__ import annotations

import math
from collections.abc import Hashable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

Numbers = npt.NDArray[np.float64]
IQR_FACTOR = 1.5
Z_FACTOR = 3.0
CORRELATED = 0.95
MAHALANOBIS_QUANTILE = 0.999
LEAST_FILLED = 0.5
LEAST_PAIRS = 30
"""Rows in which two columns have a value: of fewer a correlation may be chance, and of two it always is 1."""


def finite(value: float) -> float | None:
    """The number, or None when it is none: NaN, infinite."""
    value = float(value)
    return value if math.isfinite(value) else None


def outside(values: Numbers, low: float, high: float) -> npt.NDArray[np.bool_]:
    """Which of the values are below `low` or above `high`."""
    return (values < low) | (values > high)


def share(which: npt.NDArray[np.bool_] | None) -> float | None:
    """Share of those that are; None of none."""
    return float(which.mean()) if which is not None and which.size else None


def moments(values: Numbers) -> tuple[float, float]:
    """Mean and standard deviation (ddof=1). Those of a constant are exact, which a sum of many is not."""
    if values.size > 1 and values.min() == values.max():
        return float(values[0]), 0.0
    known = pd.Series(values)
    return float(known.mean()), float(known.std())


def iqr_range(reference: Numbers) -> tuple[float, float]:
    """1.5 interquartile ranges below the first and above the third quartile."""
    low, high = np.quantile(reference, (0.25, 0.75))
    reach = IQR_FACTOR * (high - low)
    return float(low - reach), float(high + reach)


def zscore_range(reference: Numbers) -> tuple[float, float]:
    """Three standard deviations (ddof=1) around the mean."""
    mean, deviation = moments(reference)
    return mean - Z_FACTOR * deviation, mean + Z_FACTOR * deviation


def most_common_share(values: pd.Series) -> float | None:
    """Share of the most common value among those that are there and finite; None without any."""
    counts = values[~values.isin([math.inf, -math.inf])].value_counts()
    return float(counts.iloc[0] / counts.sum()) if len(counts) else None


def mean_distance(mean: float, reference_mean: float, reference_deviation: float) -> float:
    """How many standard deviations of the reference the means are apart; infinite from a constant reference."""
    apart = abs(mean - reference_mean)
    if reference_deviation == 0:
        return 0.0 if apart == 0 else math.inf
    return apart / reference_deviation


def correlated_columns(numbers: pd.DataFrame, threshold: float = CORRELATED) -> int:
    """Columns whose Pearson correlation with another column is at least the threshold in absolute value.

    Over the rows in which both have a value, 30 at least. Constant columns correlate with none.
    """
    varying = numbers.loc[:, numbers.min() < numbers.max()]
    strength = np.array(varying.corr(min_periods=LEAST_PAIRS).abs())
    np.fill_diagonal(strength, 0)
    # A correlation of 1 may come out as 0.9999999999999998.
    return int((strength >= threshold - 1e-12).any(axis=1).sum())


def filled(*sides: pd.DataFrame) -> list[Hashable]:
    """Columns of all sides that have a number in at least half of the rows of each.

    Others would leave hardly a complete row to what is computed over several columns.
    """
    first, *others = sides
    common = [column for column in first if all(column in other for other in others)]
    return [column for column in common if all(side[column].notna().mean() >= LEAST_FILLED for side in sides)]


def mahalanobis_outliers(numbers: pd.DataFrame, reference: pd.DataFrame) -> npt.NDArray[np.bool_] | None:
    """Which complete rows are further from the reference's mean than the 99.9 % quantile of chi-square.

    Over the columns that vary in the reference. A covariance without an inverse (columns that follow from others) has a
    pseudo-inverse, and its rank is the degrees of freedom. None with fewer than two columns, no more complete reference
    rows than twice the columns, or no complete row.
    """
    known = reference.dropna()
    spread = known.std()
    varies = (known.min() < known.max()) & np.isfinite(spread) & (spread > 0)
    columns = [column for column in reference if varies[column]]
    rows = numbers[columns].dropna()
    if len(columns) < 2 or len(known) <= 2 * len(columns) or rows.empty:
        return None
    centre, spread = known[columns].mean(), spread[columns]
    shape = np.cov(np.array((known[columns] - centre) / spread), rowvar=False)
    away = np.array((rows - centre) / spread)
    squares = np.einsum("ij,jk,ik->i", away, np.linalg.pinv(shape, hermitian=True), away, optimize=True)
    limit = stats.chi2.ppf(MAHALANOBIS_QUANTILE, np.linalg.matrix_rank(shape, hermitian=True))
    return np.asarray(squares > limit)
