"""A data set that is computed in a worker, and what of it comes into the configured workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from mlvitals.core.collector import Deadline
from mlvitals.evidently import EXPORTER
from mlvitals.evidently import metrics as of_datasets
from mlvitals.evidently.results import Results
from mlvitals.evidently.workspace import metrics
from mlvitals.evidently.workspace.config import RunStore
from mlvitals.evidently.workspace.snapshot import Run
from mlvitals.evidently.workspace.write import try_to_write
from tests.exporters.evidently.data import frame, settings, write
from tests.exporters.evidently.workspace import configured
from tests.support.exposition import Samples, read, sample, samples
from tests.support.replay import FAULTS, Replay

AGE = {"columns": {"include": ["age"]}, "row_limit": 100}
EMPTY = Run("churn", Results(columns=(), overview={}), 0.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(frame(), tmp_path / "reference.parquet")
    write(frame(shift=20, seed=2), tmp_path / "current.parquet")
    return tmp_path


def computed(folder: Path, **workspace: Any) -> Samples:
    (collector,) = EXPORTER.build(settings(folder, AGE, workspace=workspace))
    return samples(read(collector, 120))


def test_what_is_exported_is_in_the_workspace(folder: Path) -> None:
    workspace = folder / "workspace"
    exported = computed(folder, path=str(workspace))
    watched = samples(read(configured.collector(path=str(workspace))))
    where = {"workspace": "shared", "project": "churn", "label": "", "result": "value"}

    def value(metric: str, parameters: str = "", column: str = "age") -> float:
        return watched[sample(metrics.VALUE, **where, metric=metric, column=column, parameters=parameters)]

    column = {"dataset": "churn", "column": "age"}
    score = exported[sample(of_datasets.COLUMN_DRIFT_SCORE, **column, method="wasserstein")]
    assert value("ValueDrift", "method=wasserstein") == score
    assert value("MeanValue") == exported[sample(of_datasets.COLUMN_MEAN, **column, side="current")]
    assert not any(name == str(metrics.RUN_FAILURE) for name, _ in exported)


def test_what_cannot_be_written_is_told_beside_the_results(folder: Path) -> None:
    (folder / "workspace").write_text("a file")
    with capture_logs() as logs:
        exported = computed(folder, path=str(folder / "workspace"))
    assert [(line["event"], line["reason"]) for line in logs] == [("run not written", "connect")]
    assert exported[sample(metrics.RUN_FAILURE, dataset="churn", reason="connect")] == 1
    assert exported[sample(of_datasets.COLUMN_DRIFTED, dataset="churn", column="age")] == 1


def test_a_server_that_hangs_does_not_take_the_results_with_it() -> None:
    with Replay(FAULTS["hang"]) as server:
        store = RunStore.model_validate({"url": server.url})
        failed = try_to_write(EMPTY, store, configured.settings(url=server.url), Deadline(1))
    assert failed
    assert failed.reason == "timeout"


def test_a_server_that_is_not_evidently_is_told() -> None:
    with Replay(FAULTS["html"]) as server:
        store = RunStore.model_validate({"url": server.url})
        failed = try_to_write(EMPTY, store, configured.settings(url=server.url), Deadline(60))
    assert failed
    assert failed.reason == "http"
