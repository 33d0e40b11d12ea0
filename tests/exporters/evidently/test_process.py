"""The worker process: within its time and its memory, and never left behind."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.runner import ExporterRunner
from mlvitals.evidently import EXPORTER
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
    configured: EvidentlySettings,
    seconds: float = SECONDS,
    heard: Callable[[Progress], None] = lambda _: None,
    last: Outcome | None = None,
) -> Outcome:
    job = Job(configured.datasets[0], configured, seconds, last, html=configured.reports)
    return run(job, Deadline(seconds), heard)


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


def test_one_that_has_answered_ends_well_while_the_exporter_goes_on(folder: Path) -> None:
    configured = settings(folder, {"current": str(folder / "nothing.parquet")})
    command = [sys.executable, "-P", "-m", MODULE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as worker:
        assert worker.stdin
        assert worker.stdout
        assert worker.stderr
        worker.stdin.write(pickle.dumps(Job(configured.datasets[0], configured, SECONDS)))
        worker.stdin.flush()
        said = worker.stdout.read()
        assert (worker.wait(), worker.stderr.read()) == (0, b"")
    assert b"nothing.parquet" in said


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


def test_one_over_its_memory_while_it_reads_or_scores_is_ended(folder: Path) -> None:
    small = compute(settings(folder, {"columns": {"include": ["age"]}}))
    assert small.peak_memory
    numbers = pa.array(range(4_000_000), pa.float64())
    pq.write_table(pa.table({f"x{index}": numbers for index in range(8)}), folder / "large.parquet")
    large = {side: str(folder / "large.parquet") for side in ("reference", "current")}
    steps: list[str] = []
    configured = settings(folder, {**large, "row_limit": 10**7}, memory_limit=small.peak_memory + (32 << 20))
    with pytest.raises(UpstreamError, match=r"lower row_limit or raise memory_limit") as failed:
        compute(configured, heard=lambda progress: steps.append(progress.step))
    assert failed.value.reason == "limit"
    assert steps[-1] != "looking for files"
    assert not workers(os.getpid())


def test_one_that_is_cut_off_while_it_scores_is_ended(folder: Path) -> None:
    configured, deadline = settings(folder), Deadline(SECONDS)

    def cut(progress: Progress) -> None:
        if progress.step == "columns":
            assert workers(os.getpid())
            deadline.expire()

    with pytest.raises(UpstreamError, match="cut off before its end") as failed:
        run(Job(configured.datasets[0], configured, SECONDS), deadline, cut)
    assert failed.value.reason == "timeout"
    assert not workers(os.getpid())


def test_a_reload_ends_the_workers_of_the_old_settings(folder: Path) -> None:
    runner = ExporterRunner("data", EXPORTER.build(settings(folder)))
    runner.start()
    until(lambda: workers(os.getpid()))
    runner.cancel()
    runner.join(60)
    assert not workers(os.getpid())
    assert runner.state.targets() == {"churn": None}


def test_no_more_at_once_than_there_are_places(folder: Path) -> None:
    gone = [{"name": name, "current": str(folder / "nothing.parquet")} for name in "abc"]
    runner = ExporterRunner("data", EXPORTER.build(settings(folder, *gone, workers=1)))
    seen: set[int] = set()

    def all_failed() -> bool:
        seen.add(len(workers(os.getpid())))
        return all(target and target.failure for target in runner.state.targets().values())

    runner.start()
    until(all_failed, SECONDS)
    runner.cancel()
    runner.join(60)
    assert max(seen) == 1


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


def test_one_that_is_killed_while_it_draws_the_report_leaves_the_numbers_and_the_run(folder: Path) -> None:
    dataset = {"columns": {"include": ["age"]}}
    configured = settings(folder, dataset, workspace={"path": str(folder / "w")}, reports=True)

    def kill(progress: Progress) -> None:
        if progress.step == "drawing the report":
            (pid,) = workers(os.getpid())
            os.kill(pid, signal.SIGKILL)

    outcome = compute(configured, heard=kill)
    assert outcome.results
    assert outcome.not_drawn
    assert (outcome.not_drawn.reason, outcome.not_written, outcome.html) == ("limit", None, None)
    assert len(list((folder / "w").glob("*/snapshots/*.json"))) == 1

    # The pair is the same, and so are its numbers. Only the report is drawn anew.
    again = compute(configured, last=outcome)
    assert (again.unchanged, again.results, again.not_drawn) == (True, None, None)
    assert again.html
    assert (again.peak_memory or 0) > (100 << 20)
    assert len(list((folder / "w").glob("*/snapshots/*.json"))) == 1


def test_a_worker_gives_way_to_the_exporter(folder: Path) -> None:
    def looks() -> None:
        (pid,) = until(lambda: workers(os.getpid()))
        stat, about = Path(f"/proc/{pid}/stat"), Path(f"/proc/{pid}")
        nice = min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
        until(lambda: int(stat.read_text().rpartition(")")[2].split()[16]) == nice)
        until(lambda: (about / "oom_score_adj").read_text() == "1000\n")
        assert b"\0OMP_NUM_THREADS=1\0" in (about / "environ").read_bytes()
        os.kill(pid, signal.SIGKILL)

    with ThreadPoolExecutor() as pool:
        looked = pool.submit(looks)
        with pytest.raises(UpstreamError, match="the worker was killed"):
            compute(settings(folder))
        looked.result()


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
    # So far it comes with pyarrow, and without what takes long.
    with pytest.raises(UpstreamError, match="there is no"):
        compute(settings(folder, {"current": str(folder / "nothing.parquet")}))


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
