"""Data sets through the collectors: computed when they change, shown until then, one failing for itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlvitals.advice import advice
from mlvitals.core.collector import Collector, Deadline, Failure, Snapshot
from mlvitals.core.runner import collect_once
from mlvitals.evidently import EXPORTER, metrics
from mlvitals.evidently.job import Job
from mlvitals.evidently.worker import compute
from mlvitals.evidently.workspace.metrics import RUN_FAILURE
from mlvitals.mlflow import EXPORTER as MLFLOW
from mlvitals.suite import Suite
from tests.exporters.evidently.data import frame, settings, write
from tests.support.exposition import Samples, read, sample, samples
from tests.support.waiting import until


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(frame(), tmp_path / "reference.parquet")
    write(frame(shift=20, seed=2), tmp_path / "current.parquet")
    return tmp_path


def one(found: Samples, metric: object, **labels: str) -> float | None:
    return found.get(sample(metric, dataset="churn", **labels))


def failed(collector: Collector) -> Failure:
    """Why a data set was not read."""
    (result,) = collector.collect(Deadline(100))
    assert isinstance(result, Failure)
    return result


def test_it_is_computed_again_when_a_file_has_changed_and_not_before(folder: Path) -> None:
    (collector,) = EXPORTER.build(settings(folder, {"columns": {"include": ["age"]}}))
    first, again = samples(read(collector, 100)), samples(read(collector, 100))
    assert one(first, metrics.COLUMN_DRIFTED, column="age") == 1
    assert again == first
    write(frame(shift=0.1), folder / "current.parquet")
    changed = samples(read(collector, 100))
    assert one(changed, metrics.COLUMN_DRIFTED, column="age") == 0
    for metric in (metrics.DATASET_COMPUTED, metrics.COLUMN_MEAN):
        side = {} if metric is metrics.DATASET_COMPUTED else {"side": "current", "column": "age"}
        assert one(changed, metric, **side) != one(first, metric, **side)


def test_the_time_of_the_data_is_told_and_never_drifts(folder: Path) -> None:
    configured = settings(folder, {"columns": {"include": ["age", "seen"]}, "time_column": "seen"})
    outcome = compute(Job(configured.datasets[0], configured, 100), Deadline(100), lambda _: None)
    assert outcome.results
    assert outcome.reads["current"].newest
    assert [column.name for column in outcome.results.columns] == ["age"]
    assert outcome.results.overview["current"].columns == 1


def test_after_a_reload_a_data_set_is_computed_again_only_when_it_has_changed(folder: Path) -> None:
    dataset = {"columns": {"include": ["age"]}}
    suite = Suite()

    def computed(more: dict[str, Any], **own: Any) -> float | None:
        suite.apply(suite.prepare([settings(folder, {**dataset, **more}, **own)]))
        (running,) = suite.exporters.values()
        until(lambda: all(target and target.up for target in running.runner.state.targets().values()), 100)
        found = samples(*(Snapshot("", (family,)) for family in running.runner.state.families()))
        return one(found, metrics.DATASET_COMPUTED)

    try:
        first = computed({})
        again = computed({"objectives": {"min_rows": 9}}, interval="1h")
        changed = computed({"quantiles": [0.5]})
    finally:
        suite.stop()
    assert first == again
    assert first != changed


def test_a_computation_depends_on_nothing_else_of_its_exporter(folder: Path) -> None:
    trained = {"reference": "mlflow:registry/churn@champion/r.parquet"}

    def basis(*datasets: dict[str, Any], url: str = "http://a", more: dict[str, Any] | None = None, **own: Any) -> Any:
        mlflow = MLFLOW.settings.model_validate({"name": "registry", "type": "mlflow", "url": url, **(more or {})})
        made = settings(folder, trained, *datasets, **own)
        return made.bound({"registry": mlflow}).behind(made.datasets[0])

    same = basis()
    assert (
        basis({"name": "b"}, more={"interval": "9m", "labels": {"team": "x"}}, workers=4, labels={"team": "y"}) == same
    )
    assert basis(memory_limit="9GiB", workspaces=[{"name": "w", "path": "/w"}]) == same
    for other in (
        basis(url="http://b"),
        basis(more={"auth": {"token": "t"}}),
        basis(more={"tls_config": {"server_name": "s"}}),
        basis(hdfs_user="u"),
        basis(reports=True),
        basis(workspace={"path": "/w"}),
    ):
        assert other != same


def test_one_that_fails_does_not_touch_the_others_and_a_look_writes_nothing(folder: Path) -> None:
    gone = {"name": "gone", "current": str(folder / "nothing.parquet")}
    writing = {"workspace": {"path": str(folder / "workspace")}, "reports": True}
    looking = settings(folder, {"columns": {"include": ["age"]}}, gone, workers=2, **writing).for_a_look()
    targets = collect_once("data", EXPORTER.build(looking)).targets()
    assert {name: target.failure is None for name, target in targets.items() if target} == {
        "churn": True,
        "gone": False,
    }
    assert not (folder / "workspace").exists()


def test_a_failure_after_a_success_is_a_failure_and_a_success_after_it_is_whole(folder: Path) -> None:
    (collector,) = EXPORTER.build(settings(folder, {"columns": {"include": ["age"]}}))
    first = samples(read(collector, 100))
    kept = (folder / "current.parquet").read_bytes()
    (folder / "current.parquet").write_bytes(kept[:500])
    failure = failed(collector)
    assert failure.reason == "parse"
    assert "current.parquet" in failure.message
    assert advice(failure).startswith("Check the files")
    (folder / "current.parquet").write_bytes(kept)
    # The identity, which is a label, has another time in it.
    assert [name for name, _ in samples(read(collector, 100))] == [name for name, _ in first]


def test_a_window_without_data_still_says_how_old_the_newest_is_and_how_old_it_may_be(folder: Path) -> None:
    (folder / "dt=2026-01-01").mkdir()
    newest = (folder / "current.parquet").rename(folder / "dt=2026-01-01/part-0.parquet")
    current = {"path": f"{folder}/dt=*/", "within": "1d"}
    configured = settings(folder, {"current": current, "objectives": {"fresh_within": "26h"}})
    (collector,) = EXPORTER.build(configured)
    failure = failed(collector)
    assert failure.reason == "empty"
    assert failure.known
    assert samples(failure.known) == {
        sample(metrics.DATASET_MODIFIED, dataset="churn", side="current"): newest.stat().st_mtime,
        sample(metrics.DATASET_FRESH_OBJECTIVE, dataset="churn"): 26 * 3600,
    }
    newest.unlink()
    assert failed(collector).known is None


def test_a_reference_without_data_says_nothing_of_the_current(folder: Path) -> None:
    (collector,) = EXPORTER.build(settings(folder, {"reference": f"{folder}/nothing-*.parquet"}))
    failure = failed(collector)
    assert (failure.reason, failure.known) == ("empty", None)


def test_runs_are_written_into_a_workspace_and_one_that_cannot_be_is_told(folder: Path) -> None:
    dataset = {"columns": {"include": ["age"]}}
    for path, failure in ((folder / "workspace", None), (folder / "current.parquet/nowhere", 1)):
        (collector,) = EXPORTER.build(settings(folder, dataset, workspace={"path": str(path)}))
        found = samples(read(collector, 100))
        assert one(found, RUN_FAILURE, reason="connect") == failure
        assert one(found, metrics.COLUMN_DRIFTED, column="age") == 1
    (snapshot,) = (folder / "workspace").glob("*/snapshots/*.json")
    assert "churn" in snapshot.read_text()


def test_a_run_that_could_not_be_written_is_written_later_though_no_file_has_changed(folder: Path) -> None:
    workspace = folder / "workspace"
    workspace.write_text("a file")
    dataset = {"columns": {"include": ["age"]}}
    (collector,) = EXPORTER.build(settings(folder, dataset, workspace={"path": str(workspace)}))
    first = samples(read(collector, 100))
    assert one(first, RUN_FAILURE, reason="connect") == 1
    workspace.unlink()
    then = samples(read(collector, 100))
    assert one(then, RUN_FAILURE, reason="connect") is None
    assert one(then, metrics.DATASET_COMPUTED) == one(first, metrics.DATASET_COMPUTED)
    assert len(list(workspace.glob("*/snapshots/*.json"))) == 1
    assert samples(read(collector, 100)) == then
    assert len(list(workspace.glob("*/snapshots/*.json"))) == 1


def test_a_look_writes_nothing(folder: Path) -> None:
    configured = settings(
        folder, {"columns": {"include": ["age"]}}, workspace={"path": str(folder / "w")}, reports=True
    )
    (collector,) = EXPORTER.build(configured.for_a_look())
    assert read(collector, 100).report is None
    assert not (folder / "w").exists()
