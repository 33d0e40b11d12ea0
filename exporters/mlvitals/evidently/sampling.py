"""A uniform sample of rows without replacement, the same for the same rows, in memory that its size bounds.

Every row has a priority that its number and the seed alone decide (SplitMix64, a bijection: no two rows share one), and
the rows with the lowest priorities are the sample. So it depends neither on how rows come in batches, nor on the format
or on the release of a library.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_BLOCK = 1 << 20
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def priorities(seed: int, start: int, count: int) -> NDArray[np.uint64]:
    """Of the rows `start` to `start + count`: the numbers that SplitMix64 gives for this seed, from there on."""
    begin = (int(_mixed(np.array([seed & 0xFFFFFFFFFFFFFFFF], np.uint64))[0]) + start * int(_GOLDEN)) % (1 << 64)
    return _mixed(np.uint64(begin) + np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN)


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


class Rows:
    """The rows that are kept of those that come by, at most `limit`, in their order."""

    def __init__(self, limit: int, seed: int) -> None:
        self._limit = limit
        self._seed = seed
        self._bound: np.uint64 | None = None
        self._kept: list[tuple[NDArray[np.uint64], pa.RecordBatch]] = []
        self._held = 0
        self.seen = 0
        """Rows that came by."""

    def expect(self, total: int) -> None:
        """So many rows will come: from now on it is known which are kept."""
        if total <= self._limit:
            return
        lowest = np.empty(0, np.uint64)
        for start in range(0, total, _BLOCK):
            block = priorities(self._seed, start, min(_BLOCK, total - start))
            lowest = np.concatenate([lowest, block])
            if len(lowest) > self._limit:
                lowest = np.partition(lowest, self._limit - 1)[: self._limit]
        self._bound = lowest.max()

    def wants(self, count: int) -> bool:
        """True when one of the next rows may be kept."""
        # A row group may have many millions of rows.
        starts = range(0, count, _BLOCK)
        return self._bound is None or any(self._any(start, min(_BLOCK, count - start)) for start in starts)

    def skip(self, count: int) -> None:
        """So many rows came by that nobody wants."""
        self.seen += count

    def add(self, batch: pa.RecordBatch) -> None:
        """Rows that come by, whatever columns they have."""
        ranks = priorities(self._seed, self.seen, batch.num_rows)
        self.seen += batch.num_rows
        chosen = self._chosen(ranks)
        if not chosen.any():
            return
        # A copy, so that it does not hold what it was taken from.
        self._kept.append((ranks[chosen], batch.take(pa.array(np.flatnonzero(chosen)))))
        self._held += int(chosen.sum())
        if self._held > 2 * self._limit:
            self._shrink()

    def batches(self) -> list[pa.RecordBatch]:
        """The sample."""
        if self._held > self._limit:
            self._shrink()
        return [batch for _, batch in self._kept]

    def _any(self, start: int, count: int) -> bool:
        return bool(self._chosen(priorities(self._seed, self.seen + start, count)).any())

    def _chosen(self, ranks: NDArray[np.uint64]) -> NDArray[np.bool_]:
        return np.ones(len(ranks), np.bool_) if self._bound is None else ranks <= self._bound

    def _shrink(self) -> None:
        ranks = np.concatenate([each for each, _ in self._kept])
        self._bound = np.partition(ranks, self._limit - 1)[self._limit - 1]
        kept = []
        for each, batch in self._kept:
            chosen = self._chosen(each)
            if chosen.any():
                kept.append((each[chosen], batch.take(pa.array(np.flatnonzero(chosen)))))
        self._kept, self._held = kept, self._limit
