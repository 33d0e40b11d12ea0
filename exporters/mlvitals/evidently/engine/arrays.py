"""From Arrow arrays to NumPy's: numbers, or codes of categories.

The same number is the same in every type. A decimal is the float that its digits are read as (Arrow's own cast is often
off by the last bit), and where a side has single or half precision the others are rounded to it: with few distinct
values Evidently compares them for equality, and 0.1 of one precision is none of the other.

Categories become codes, in the order in which they first appear. Evidently sums over a set of them, whose order for
strings changes with each start of Python; with codes the same data always gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Place = TypeVar("Place", bound=str)
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def family(kind: pa.DataType) -> str:
    """What a type is to us: number, boolean, string, datetime, duration, null or unsupported."""
    of = pa.types
    if of.is_dictionary(kind):
        return family(kind.value_type)
    tests = {
        "null": of.is_null,
        "boolean": of.is_boolean,
        "number": lambda kind: of.is_integer(kind) or of.is_floating(kind) or of.is_decimal(kind),
        "string": lambda kind: of.is_string(kind) or of.is_large_string(kind) or of.is_string_view(kind),
        "datetime": lambda kind: of.is_timestamp(kind) or of.is_date(kind),
        "duration": lambda kind: of.is_duration(kind) or of.is_time(kind),
    }
    return next((name for name, test in tests.items() if test(kind)), "unsupported")


def _plain(array: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values of a dictionary, one for each row; decimals as floats."""
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    return array.cast(pa.string()).cast(pa.float64()) if pa.types.is_decimal(array.type) else array


def alike(arrays: Mapping[Place, pa.ChunkedArray]) -> dict[Place, pa.ChunkedArray]:
    """Arrays that may be compared: numbers at the coarsest precision of a float among them."""
    whole = {place: _plain(array) for place, array in arrays.items()}
    types = {array.type for array in whole.values()}
    coarsest = next((kind for kind in (pa.float16(), pa.float32()) if kind in types), None)
    if coarsest is None or types == {coarsest}:
        return whole
    return {place: _rounded(array, coarsest) for place, array in whole.items()}


def _rounded(array: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    exact = array.cast(pa.float64(), safe=False)
    rounded = exact.cast(kind, safe=False).cast(pa.float64())
    # What is beyond all numbers of the coarser type stays what it is.
    return pc.if_else(pc.is_inf(rounded), exact, rounded)


def numbers(array: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Integers without nulls as int64, everything else as floats."""
    array = _plain(array)
    of, kind = pa.types, array.type
    if of.is_date32(kind):
        return _floats(array.cast(pa.int32())) * 86400
    if of.is_date64(kind):
        return _floats(array.cast(pa.int64())) / 1000
    if of.is_temporal(kind):
        return _seconds(array.cast(pa.int32() if of.is_time32(kind) else pa.int64()), _PER_SECOND[kind.unit])
    if of.is_integer(kind) and not of.is_uint64(kind) and not array.null_count:
        return np.asarray(array.cast(pa.int64()).to_numpy())
    return np.asarray(array.to_numpy()) if of.is_float32(kind) and not array.null_count else _floats(array)


def _seconds(array: pa.ChunkedArray, per_second: int) -> npt.NDArray[np.float64]:
    # By parts: nanoseconds of today are beyond 2**53, and would not be rounded as microseconds are.
    whole, part = np.divmod(array.fill_null(0).to_numpy(), per_second)
    return np.where(array.is_valid().to_numpy(), whole + part / per_second, np.nan)


def _floats(array: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    # Beyond 2**53 an integer is rounded, as pandas rounds it where a null makes floats of integers.
    floats = array.cast(pa.float64(), safe=False)
    return np.asarray((floats.fill_null(float("nan")) if floats.null_count else floats).to_numpy())


def encoded(arrays: Mapping[Place, pa.ChunkedArray]) -> tuple[dict[Place, npt.NDArray[np.int64]], pa.Array]:
    """Codes of the values of all arrays, -1 where missing, and the value of each code."""
    whole = alike(arrays)
    common = _common({array.type for array in whole.values()})
    chunks = [chunk for array in whole.values() for chunk in array.cast(common, safe=False).chunks]
    together = pa.chunked_array(chunks, common)
    if pa.types.is_floating(common):
        # -0 is 0, and NaN is missing.
        together = pc.add(pc.if_else(pc.is_nan(together), pa.scalar(None, common), together), pa.scalar(0, common))
    dictionary = pa.concat_arrays(together.chunks or [pa.array([], common)]).dictionary_encode()
    codes = np.asarray(dictionary.indices.fill_null(-1)).astype(np.int64)
    starts = np.cumsum([len(array) for array in whole.values()])[:-1]
    return dict(zip(whole, np.split(codes, starts), strict=True)), dictionary.dictionary


def _common(types: set[pa.DataType]) -> pa.DataType:
    """A type for both sides, in which strings may take more than 2 GiB."""
    known = {kind for kind in types if not pa.types.is_null(kind)}
    if all(family(kind) == "string" for kind in known):
        return pa.large_string()
    return known.pop() if len(known) == 1 else pa.float64()
