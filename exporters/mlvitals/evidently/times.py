"""The newest time in a column of times, however they are written."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

AHEAD = 86400.0
"""Seconds that a time may be ahead. Beyond that it is no time but a way to say `never`, such as 9999-12-31."""
_UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
# Unix times of today have ten digits in seconds, and three more in each smaller unit.
_MAGNITUDES = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))


def newest_time(column: pa.Array, now: float) -> float | None:
    """Unix time in seconds, None when there is none that is past.

    Times without a zone are in UTC. Numbers are Unix times in s, ms, us or ns, by their size; text is ISO 8601.
    Raises ValueError for a column that holds no times.
    """
    seconds = _seconds(column.drop_null())
    past = seconds[seconds <= now + AHEAD]
    return float(past.max()) if len(past) else None


def _seconds(column: pa.Array) -> NDArray[np.float64]:
    kind = column.type
    if pa.types.is_null(kind):
        return np.empty(0)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _seconds(_parsed(column))
    if pa.types.is_timestamp(kind):
        return _numbers(column.cast(pa.int64())) / _UNITS[kind.unit]
    if pa.types.is_date32(kind):
        return _numbers(column.cast(pa.int32())) * 86400.0
    if pa.types.is_date64(kind):
        return _numbers(column.cast(pa.int64())) / 1e3
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _by_size(_numbers(column.cast(pa.float64(), safe=False)))
    raise ValueError(f"a column of {kind} holds no times")


def _parsed(column: pa.Array) -> pa.Array:
    column = pc.utf8_trim_whitespace(column)
    for kind in (pa.timestamp("us", "UTC"), pa.timestamp("us"), pa.float64()):
        try:
            return column.cast(kind)
        except pa.ArrowInvalid:
            continue
    raise ValueError("its text is not in ISO 8601")


def _numbers(column: pa.Array) -> NDArray[np.float64]:
    return np.asarray(column.to_numpy(zero_copy_only=False), np.float64)


def _by_size(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    numbers = numbers[np.isfinite(numbers)]
    divisors = np.select([numbers > least for least, _ in _MAGNITUDES], [by for _, by in _MAGNITUDES], 1.0)
    return np.asarray(numbers / divisors, np.float64)
