"""The worker process: within its time and its memory, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.evidently.config import EvidentlySettings
from mlvitals.evidently.job import Job
from mlvitals.evidently.process import MODULE, run
from mlvitals.evidently.results import Outcome, Progress
from tests.exporters.evidently.data import frame, settings, write
from tests.support.waiting import until

SECONDS = 120.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(frame(), tmp_path / "reference.parquet")
    write(frame(shift=20, seed=2), tmp_path / "current.parquet")
    return tmp_path


def compute(
    configured: EvidentlySettings, seconds: float = SECONDS, heard: Callable[[Progress], None] = lambda _: None
) -> Outcome:
    return run(Job(configured.datasets[0], configured, seconds), Deadline(seconds), heard)


def workers(parent: int) -> list[int]:
    """Processes of this parent that are workers."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            command = stat.with_name("cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == parent and MODULE.encode() in command:
            found.append(int(stat.parent.name))
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_it_says_what_it_read_and_how_far_it_is(folder: Path) -> None:
    steps: list[str] = []
    outcome = compute(settings(folder), heard=lambda progress: steps.append(progress.step))
    assert outcome.results
    assert {column.name for column in outcome.results.columns} == set(frame().columns)
    assert {side: read.rows for side, read in outcome.reads.items()} == {"reference": 400, "current": 400}
    assert steps
    assert not workers(os.getpid())


def test_one_over_its_memory_is_ended_and_the_next_is_right(folder: Path) -> None:
    # Evidently alone takes more than this.
    with pytest.raises(UpstreamError, match=r"memory_limit is 100 MiB: lower row_limit") as failed:
        compute(settings(folder, memory_limit="100MiB"))
    assert failed.value.reason == "limit"
    assert not workers(os.getpid())
    assert compute(settings(folder)).results


def test_one_over_its_time_is_ended(folder: Path) -> None:
    with pytest.raises(UpstreamError, match="not finished after") as failed:
        compute(settings(folder), seconds=0.3)
    assert failed.value.reason == "timeout"
    assert not workers(os.getpid())


def test_one_that_is_killed_is_told_from_one_that_failed(folder: Path) -> None:
    def kill() -> None:
        (pid,) = until(lambda: workers(os.getpid()))
        os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(UpstreamError, match="the worker was killed") as failed:
        compute(settings(folder))
    killer.join()
    assert failed.value.reason == "limit"


def test_it_ends_when_the_exporter_is_killed(folder: Path) -> None:
    script = f"""if True:
        from pathlib import Path
        from mlvitals.core.collector import Deadline
        from mlvitals.evidently.job import Job
        from mlvitals.evidently.process import run
        from tests.exporters.evidently.data import settings
        configured = settings(Path({str(folder)!r}))
        run(Job(configured.datasets[0], configured, 100.0), Deadline(100.0))
    """
    with subprocess.Popen([sys.executable, "-c", script]) as exporter:
        (worker,) = until(lambda: workers(exporter.pid))
        exporter.kill()
    until(lambda: not alive(worker))


def test_a_module_in_the_current_folder_is_no_library(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "pyarrow.py").write_text("raise SystemExit('not this one')\n")
    monkeypatch.chdir(folder)
    assert compute(settings(folder)).results


def test_what_is_heavy_is_not_in_the_serving_process() -> None:
    script = """if True:
        import sys
        import mlvitals.cli
        from mlvitals import registry
        registry.exporter_type("evidently")
        print(sorted({"evidently", "pandas", "numpy", "pyarrow", "scipy", "hdfs"} & sys.modules.keys()))
    """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
