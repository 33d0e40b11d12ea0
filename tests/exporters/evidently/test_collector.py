"""Data sets through the collectors: computed when they change, shown until then, one failing for itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlvitals.core.collector import Snapshot, UpstreamError
from mlvitals.core.runner import collect_once
from mlvitals.evidently import EXPORTER, metrics
from mlvitals.evidently.job import Job
from mlvitals.evidently.worker import compute
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
    outcome = compute(Job(configured.datasets[0], configured, 100), lambda _: None)
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
    (folder / "current.parquet").rename(folder / "kept")
    (folder / "current.parquet").write_bytes((folder / "kept").read_bytes()[:500])
    with pytest.raises(UpstreamError, match=r"current\.parquet"):
        read(collector, 100)
    (folder / "kept").replace(folder / "current.parquet")
    assert samples(read(collector, 100)) == first
