"""CPU seconds and peak memory of one data set: the engine, against Evidently's presets in one Report.

Three columns of four are numbers, the fourth is a category. The engine gives drift, statistics of both sides, bins, the
overview and all tests; the Report has DataDriftPreset with the same methods and DataSummaryPreset. Each runs in a
process of its own; reading the data and importing are not counted as seconds.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any, NamedTuple

SIZES = ((1_000, 20), (10_000, 20), (100_000, 20), (2_000, 200))
CATEGORIES = 12


class Cost(NamedTuple):
    """Of one run."""

    seconds: float
    mebibytes: float


def table(seed: int, rows: int, columns: int) -> Any:
    """As Arrow."""
    import numpy as np
    import pyarrow as pa

    rng = np.random.default_rng(seed)
    names = np.array([f"category {number}" for number in range(CATEGORIES)])
    return pa.table(
        {
            f"column {number}": rng.choice(names, rows) if number % 4 == 3 else rng.normal(seed / 10, 1, rows)
            for number in range(columns)
        }
    )


def engine(reference: Any, current: Any) -> Callable[[], object]:
    """All that the exporter shows."""
    from mlvitals.evidently.engine.evidently import EvidentlyEngine
    from mlvitals.evidently.plan import Plan

    return lambda: EvidentlyEngine().score(reference, current, Plan(), lambda progress: None)


def report(reference: Any, current: Any) -> Callable[[], object]:
    """What a user of Evidently would write."""
    from evidently import Report
    from evidently.presets import DataDriftPreset, DataSummaryPreset

    before, now = reference.to_pandas(), current.to_pandas()
    presets = [DataDriftPreset(num_method="wasserstein", cat_method="jensenshannon"), DataSummaryPreset()]
    return lambda: Report(presets).run(now, before).dict()


def measure(prepare: Callable[[Any, Any], Callable[[], object]], rows: int, columns: int) -> Cost:
    """One run."""
    run = prepare(table(1, rows, columns), table(2, rows, columns))
    started = time.process_time()
    run()
    seconds = time.process_time() - started
    return Cost(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    """Print a row for each size."""
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for rows, columns in SIZES:
            ours, theirs = (pool.apply(measure, (prepare, rows, columns)) for prepare in (engine, report))
            print(
                f"{rows:>9,} rows x {columns:>3} columns:"
                f"   mlvitals {ours.seconds:>6.2f} s {ours.mebibytes:>6,.0f} MiB"
                f"   Report {theirs.seconds:>6.2f} s {theirs.mebibytes:>6,.0f} MiB"
                f"   {theirs.seconds / ours.seconds:.1f}x the time, {theirs.mebibytes / ours.mebibytes:.1f}x the memory"
            )


if __name__ == "__main__":
    main()
