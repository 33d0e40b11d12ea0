"""The sample: always the same, uniform, and small while it is drawn."""

from __future__ import annotations

import tracemalloc

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from mlvitals.evidently.sampling import Rows, priorities

THESE = [254, 366, 410, 503, 821]
"""Changing what stands here gives everybody's data sets another sample."""


def drawn(total: int, limit: int, seed: int, sizes: list[int], *, expected: bool) -> list[int]:
    """The numbers of the rows that are kept of `total`, which come in batches of these sizes, again and again."""
    rows = Rows(limit, seed)
    if expected:
        rows.expect(total)
    start = index = 0
    while start < total:
        count = min(sizes[index % len(sizes)], total - start)
        if expected and not rows.wants(count):
            rows.skip(count)
        else:
            rows.add(pa.record_batch({"n": np.arange(start, start + count)}))
        start, index = start + count, index + 1
    assert rows.seen == total
    return [number for batch in rows.batches() for number in batch.column("n").to_pylist()]


@given(
    total=st.integers(0, 2000),
    limit=st.integers(1, 300),
    seed=st.integers(0, 2**70),
    sizes=st.lists(st.integers(1, 700), min_size=1, max_size=5),
    expected=st.booleans(),
)
@settings(deadline=None, max_examples=200)
def test_the_sample_does_not_depend_on_the_batches(
    total: int, limit: int, seed: int, sizes: list[int], expected: bool
) -> None:
    sample = drawn(total, limit, seed, sizes, expected=expected)
    assert sample == drawn(total, limit, seed, [total or 1], expected=False)
    assert len(sample) == len(set(sample)) == min(total, limit)
    assert sample == sorted(sample)


def test_the_sample_of_a_seed_is_this_one_for_good() -> None:
    assert drawn(1000, 5, 0, [1000], expected=True) == THESE
    assert drawn(1000, 5, 1, [1000], expected=True) != THESE


def test_the_numbers_are_those_of_splitmix64() -> None:
    # https://prng.di.unimi.it/splitmix64.c, whose state is the mixed seed: that of 0 is 0.
    assert [int(each) for each in priorities(0, 0, 3)] == [
        0xE220A8397B1DCDAF,
        0x6E789E6AA1B965F4,
        0x06C45D188009454F,
    ]
    assert priorities(7, 5, 10).tolist() == priorities(7, 0, 15)[5:].tolist()


@pytest.mark.parametrize("seed", range(3))
def test_the_sample_is_uniform(seed: int) -> None:
    sample = np.array(drawn(100_000, 10_000, seed, [4096], expected=False))
    counts = np.histogram(sample, bins=50, range=(0, 100_000))[0]
    # Chi-square with 49 degrees of freedom; the 99.99 % quantile is 98.
    assert ((counts - 200) ** 2 / 200).sum() < 98
    assert abs((sample % 2).mean() - 0.5) < 0.02


def test_no_more_is_held_than_twice_the_limit() -> None:
    rows = Rows(100, 0)
    for start in range(0, 100_000, 1000):
        rows.add(pa.record_batch({"n": np.arange(start, start + 1000)}))
        held = rows.batches()
        assert sum(batch.num_rows for batch in held) <= 100
        # Each is a copy, and holds nothing of the batch that it comes from.
        assert sum(batch.get_total_buffer_size() for batch in held) < 100 * 64


def test_a_row_group_of_very_many_rows_is_looked_through_in_parts() -> None:
    rows = Rows(3, 0)
    rows.expect(5_000_000)
    tracemalloc.start()
    assert rows.wants(5_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000 * 8
