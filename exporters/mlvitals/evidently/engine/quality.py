"""How well predictions fit their targets.

By the functions of scikit-learn that Evidently calls for RMSE, MAE, R2Score, F1Score and Accuracy. Its Report computes
more on the way, and fails on it (targets that are all zero, a NaN); it has no MSE. As in Evidently, F1 is that of label
1 (or true) when target and prediction have two labels, else the unweighted mean over the labels ("macro"), which two
other labels have here too. F1 of label 1 is not defined where nothing is 1 and nothing was taken for it: a quiet day is
no bad model. Pairs with a missing or infinite value are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn import metrics

from mlvitals.evidently.engine.arrays import encoded, family, numbers
from mlvitals.evidently.plan import Plan, Prediction, Side
from mlvitals.evidently.results import Quality, QualityMetric

Values = npt.NDArray[Any]
METRICS: Mapping[str, tuple[QualityMetric, ...]] = {
    "regression": ("rmse", "mse", "mae", "r2"),
    "classification": ("f1", "accuracy"),
}


class UnmeasuredError(Exception):
    """There is nothing to measure, or no way to."""


def quality(tables: Mapping[Side, pa.Table], plan: Plan) -> Iterator[Quality]:
    """Each metric of each prediction on each side."""
    for prediction in plan.predictions:
        for side in tables:
            known, message = _measured(tables, side, prediction)
            for metric in METRICS[prediction.kind]:
                yield Quality(
                    target=prediction.target,
                    prediction=prediction.prediction,
                    side=side,
                    metric=metric,
                    value=known.get(metric),
                    message=message or ("" if metric in known else "not defined for these values"),
                )


def _measured(
    tables: Mapping[Side, pa.Table], side: Side, prediction: Prediction
) -> tuple[Mapping[QualityMetric, float], str]:
    measure = _regression if prediction.kind == "regression" else _classification
    try:
        found = measure(tables, side, prediction)
    except UnmeasuredError as reason:
        return {}, str(reason)
    except (ValueError, pa.ArrowException) as error:
        return {}, f"{type(error).__name__} while it was computed"
    return {metric: value for metric, value in found.items() if np.isfinite(value)}, ""


def _regression(tables: Mapping[Side, pa.Table], side: Side, prediction: Prediction) -> dict[QualityMetric, float]:
    target, predicted = _floats(tables[side], prediction.target), _floats(tables[side], prediction.prediction)
    target, predicted = _complete(target, predicted, np.isfinite(target) & np.isfinite(predicted))
    squared = metrics.mean_squared_error(target, predicted)
    measured: dict[QualityMetric, float] = {
        "rmse": math.sqrt(squared),
        "mse": squared,
        "mae": metrics.mean_absolute_error(target, predicted),
    }
    # With one pair it is not defined, and scikit-learn warns.
    return measured | ({"r2": metrics.r2_score(target, predicted)} if len(target) > 1 else {})


def _classification(tables: Mapping[Side, pa.Table], side: Side, prediction: Prediction) -> dict[QualityMetric, float]:
    names = (prediction.target, prediction.prediction)
    arrays = {
        f"{name} {each}": _column(tables[each], name) for each in tables for name in names if _has(tables[each], name)
    }
    for name in names:
        _column(tables[side], name)
    kinds = {family(array.type) for array in arrays.values()} - {"null"}
    if "unsupported" in kinds or ("string" in kinds and len(kinds) > 1):
        raise UnmeasuredError(f"labels of types that do not compare: {', '.join(sorted(kinds))}")
    codes, labels = encoded(arrays)
    target, predicted = (codes[f"{name} {side}"] for name in names)
    target, predicted = _complete(target, predicted, (target >= 0) & (predicted >= 0))
    f1 = _f1(target, predicted, labels.to_pylist())
    accuracy = metrics.accuracy_score(target, predicted)
    return {"accuracy": accuracy} if f1 is None else {"f1": f1, "accuracy": accuracy}


def _f1(target: Values, predicted: Values, labels: Sequence[object]) -> float | None:
    of_one = len(labels) == 2 and 1 in labels
    positive = [labels.index(1)] if of_one else []
    if (of_one or labels == [0]) and not np.isin([target, predicted], positive).any():
        return None
    return float(metrics.f1_score(target, predicted, labels=positive or None, average="macro", zero_division=0))


def _floats(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    column = _column(table, name)
    if family(column.type) != "number":
        raise UnmeasuredError(f"{name!r} is {column.type}, not a number")
    return numbers(column).astype(np.float64)


def _has(table: pa.Table, name: str) -> bool:
    return len(table.schema.get_all_field_indices(name)) == 1


def _column(table: pa.Table, name: str) -> pa.ChunkedArray:
    if not _has(table, name):
        raise UnmeasuredError(f"no column {name!r}, or two")
    return table.column(name)


def _complete(target: Values, predicted: Values, known: npt.NDArray[np.bool_]) -> tuple[Values, Values]:
    if not known.any():
        raise UnmeasuredError("no row has both")
    return target[known], predicted[known]
