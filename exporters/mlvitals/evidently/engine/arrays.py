"""From Arrow arrays to NumPy's: numbers, or codes of categories.

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


def plain(array: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values of a dictionary, one for each row."""
    return array.cast(array.type.value_type) if pa.types.is_dictionary(array.type) else array


def numbers(array: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Integers without nulls as int64, everything else as floats."""
    of, kind = pa.types, array.type
    if of.is_date32(kind):
        return _floats(array.cast(pa.int32())) * 86400
    if of.is_date64(kind):
        return _floats(array.cast(pa.int64())) / 1000
    if of.is_temporal(kind):
        whole = pa.int32() if of.is_time32(kind) else pa.int64()
        return _floats(array.cast(whole)) / _PER_SECOND[kind.unit]
    if of.is_integer(kind) and not of.is_uint64(kind) and not array.null_count:
        return np.asarray(array.cast(pa.int64()).to_numpy())
    return np.asarray(array.to_numpy()) if of.is_float32(kind) and not array.null_count else _floats(array)


def _floats(array: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    # Beyond 2**53 an integer is rounded, as pandas rounds it where a null makes floats of integers.
    floats = array.cast(pa.float64(), safe=False)
    return np.asarray((floats.fill_null(float("nan")) if floats.null_count else floats).to_numpy())


Place = TypeVar("Place", bound=str)


def encoded(arrays: Mapping[Place, pa.ChunkedArray]) -> tuple[dict[Place, npt.NDArray[np.int64]], pa.Array]:
    """Codes of the values of all arrays, -1 where missing, and the value of each code."""
    whole = {place: plain(array) for place, array in arrays.items()}
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
