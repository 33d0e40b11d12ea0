"""Our runs in a workspace, as Evidently itself reads them and as the exporter watches them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from evidently.ui.workspace import Workspace

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.evidently.results import Column, Overview, Results, Score, Statistics, TestResult
from mlvitals.evidently.workspace import metrics
from mlvitals.evidently.workspace.config import RunStore
from mlvitals.evidently.workspace.snapshot import Run
from mlvitals.evidently.workspace.write import write_run
from tests.exporters.evidently.workspace.configured import collector, settings
from tests.exporters.evidently.workspace.scenario import drift
from tests.support.exposition import read, sample, samples

NOW = 1_800_000_000.0
TESTS = (
    TestResult(test="TestShareOfDriftedColumns", status="fail", value=0.5, bounds={"lt": 0.333}),
    TestResult(test="TestColumnDrift", column="age", status="fail", value=1.5, bounds={"lt": 0.1}),
    TestResult(test="TestNumberOfRows", status="success", value=100, bounds={"gte": 90, "lte": 110}),
    TestResult(test="TestMostCommonValueShare", column="age", status="success", value=0.1, bounds={"lt": 0.5}),
    TestResult(test="TestColumnQuantile", column="age", q=0.5, status="skipped", message="no bound"),
)
RESULTS = Results(
    columns=(
        Column(
            name="age",
            kind="numeric",
            drift=Score(method="wasserstein", score=1.5, threshold=0.1, drifted=True, ratio=15),
            statistics={"current": Statistics(rows=100, missing=5, mean=40.5, quantiles={"0.5": 39.0, "0.9": None})},
        ),
        Column(name="plan", kind="categorical", reason="all_null"),
        Column(
            name="city",
            kind="categorical",
            drift=Score(method="jensenshannon", score=0.01, threshold=0.1, drifted=False, ratio=0.1),
        ),
    ),
    overview={"current": Overview(rows=100, columns=3, missing_ratio=0.25, constant_columns=1)},
    tests=TESTS,
)


def run(timestamp: float = NOW, **about: Any) -> Run:
    return Run("churn", RESULTS, timestamp, **about)


def write(path: Path, made: Run, **store: Any) -> None:
    write_run(made, RunStore(path=str(path), **store), settings(path="/nowhere"), Deadline(60))


def headers(path: Path) -> list[dict[str, Any]]:
    files = sorted(path.glob("*/snapshots/*.json"))
    return [json.loads(file.read_text()) for file in files]


def test_evidently_reads_what_was_written(tmp_path: Path) -> None:
    write(tmp_path, run(model="churn", version=7))
    workspace = Workspace(str(tmp_path))
    (project,) = workspace.list_projects()
    (run_id,) = workspace.list_runs(project.id)
    found = workspace.get_run(project.id, run_id)
    assert project.name == found.name == "churn"
    assert found.timestamp.timestamp() == NOW
    assert found.tags == ["dataset:churn", "model:churn", "version:7"]
    assert found.metadata == {"written_by": "mlvitals", "dataset": "churn", "model": "churn", "version": "7"}


def test_it_is_watched_like_any_other(tmp_path: Path) -> None:
    write(tmp_path, run(model="churn", version=7))
    shown = samples(read(collector(path=str(tmp_path))))

    def value(metric: str, result: str = "value", column: str = "", parameters: str = "") -> float | None:
        where = {"workspace": "shared", "project": "churn", "label": ""}
        labels = {"metric": metric, "result": result, "column": column, "parameters": parameters}
        return shown.get(sample(metrics.VALUE, **where, **labels))

    assert value("ValueDrift", column="age", parameters="method=wasserstein") == 1.5
    assert value("ValueDrift", column="city", parameters="method=jensenshannon") == 0.01
    assert value("DriftedColumnsCount", "count") == 1
    assert value("DriftedColumnsCount", "share") == 0.5
    assert value("MissingValueCount", "count", "age") == 5
    assert value("MissingValueCount", "share", "age") == 0.05
    assert value("QuantileValue", column="age", parameters="quantile=0.5") == 39
    assert value("QuantileValue", column="age", parameters="quantile=0.9") is None
    assert value("DatasetMissingValueCount", "share") == 0.25
    assert value("RowCount") == 100
    assert value("DuplicatedRowCount") is None
    where = {"workspace": "shared", "project": "churn"}
    tests = {status: shown[sample(metrics.TESTS, **where, status=status)] for status in metrics.STATUSES}
    assert tests == {"success": 1, "skipped": 1, "warning": 0, "error": 0, "fail": 2}
    assert shown[sample(metrics.MODEL_VERSION, **where, model="churn")] == 7


def test_a_project_of_that_name_is_taken_and_its_other_runs_stay(tmp_path: Path) -> None:
    workspace = Workspace.create(str(tmp_path))
    project = workspace.create_project("churn")
    workspace.add_run(project.id, drift(0))
    for moment in range(4):
        write(tmp_path, run(NOW + moment), keep=2)
    found = headers(tmp_path)
    assert len(list(tmp_path.glob("*/metadata.json"))) == 1
    assert [each["metadata"].get("written_by") for each in found] == [None, "mlvitals", "mlvitals"]
    assert [each["timestamp"][-11:-6] for each in found[1:]] == ["00:02", "00:03"]


def test_a_run_of_the_same_identity_is_not_written_again(tmp_path: Path) -> None:
    for moment, identity in enumerate(["a", "a", "b", "a", None, None]):
        write(tmp_path, run(NOW + moment, identity=identity))
    found = [(each["timestamp"][-8:-6], each["metadata"].get("identity")) for each in headers(tmp_path)]
    assert found == [("00", "a"), ("02", "b"), ("03", "a"), ("04", None), ("05", None)]
    assert {tuple(each["tags"]) for each in headers(tmp_path)} == {("dataset:churn",)}


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UpstreamError, match="cannot write the run into the workspace") as told:
        write(tmp_path / "file", run())
    assert told.value.reason == "connect"


def test_a_server_that_is_not_there_is_told_without_the_secret() -> None:
    store = RunStore.model_validate({"url": "http://127.0.0.1:9", "secret": "open sesame"})
    with pytest.raises(UpstreamError, match="cannot write the run") as told:
        write_run(run(), store, settings(path="/nowhere"), Deadline(60))
    assert told.value.reason == "connect"
    assert "sesame" not in str(told.value)
