"""Size of the page of 20 data sets with 200 columns each, and the memory of the process that serves it.

One data set is computed for real, and shown under 20 names. The process renders the page as Prometheus asks for it, and
imports what the exporter does, no more; three columns of four are numbers.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.evidently_engine import table
from mlvitals import logs
from mlvitals.config import settings_from
from mlvitals.core.collector import Deadline
from mlvitals.core.page import page_of
from mlvitals.core.state import ExporterState
from mlvitals.evidently import EXPORTER
from mlvitals.evidently.config import EvidentlySettings
from mlvitals.evidently.job import Job
from mlvitals.evidently.memory import resident_memory
from mlvitals.evidently.process import run
from mlvitals.evidently.report import Computed, snapshot

DATASETS, COLUMNS, ROWS = 20, 200, 1_000
SECONDS = 3600.0
PROMETHEUS = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5"
MIB = 1 << 20


def prepare(folder: Path) -> None:
    """Write both sides."""
    import pyarrow.parquet as pq

    for seed, side in enumerate(("reference", "current")):
        pq.write_table(table(seed, ROWS, COLUMNS), folder / f"{side}.parquet")


def configured(folder: Path) -> EvidentlySettings:
    """All data sets, which have the same files."""
    sides = {side: str(folder / f"{side}.parquet") for side in ("reference", "current")}
    datasets = [{"name": f"dataset-{number}", **sides} for number in range(DATASETS)]
    made = settings_from("evidently", {"datasets": datasets}, "benchmark")
    assert isinstance(made, EvidentlySettings)
    return made


def serve(folder: Path) -> None:
    """In a process of its own: compute, show and render, and print one row."""
    logs.setup("error")
    settings = configured(folder)
    idle = resident_memory(os.getpid())
    outcome = run(Job(settings.datasets[0], settings, SECONDS), Deadline(SECONDS))
    collectors = EXPORTER.build(settings)
    state = ExporterState("data", collectors)
    for collector, dataset in zip(collectors, settings.datasets, strict=True):
        state.record(collector, snapshot(Computed(outcome, time.time(), 1.0), dataset, settings))
    page = page_of(state)
    started = time.process_time()
    plain, packed = (page.render(PROMETHEUS, gzipped=gzipped).body for gzipped in (False, True))
    seconds = time.process_time() - started
    series = sum(not line.startswith(b"#") for line in plain.splitlines())
    print(
        f"{DATASETS} data sets x {COLUMNS} columns: {series:,} series, {series // DATASETS:,} of each; "
        f"page {len(plain) / MIB:.1f} MiB, gzip {len(packed) / MIB:.1f} MiB, rendered once in {seconds:.1f} s of CPU; "
        f"resident {idle / MIB:.0f} MiB before, {resident_memory(os.getpid()) / MIB:.0f} MiB after"
    )


def main() -> None:
    """Print one row."""
    with TemporaryDirectory() as folder:
        prepare(Path(folder))
        program = f"from pathlib import Path; from benchmarks.evidently_page import serve; serve(Path({folder!r}))"
        subprocess.run([sys.executable, "-c", program], check=True)


if __name__ == "__main__":
    main()
