"""A real Evidently UI: what it knows is on the page, a newer snapshot too, and our own runs appear in it."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from compose.evidently import evidently_ui
from compose.processes import wait_for
from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.evidently.results import Column, Overview, Results, Score, TestResult
from mlvitals.evidently.workspace import metrics
from mlvitals.evidently.workspace.config import RunStore
from tests.exporters.evidently.workspace.configured import collector, settings
from tests.support.exposition import Samples, read, sample, samples

with warnings.catch_warnings():
    # They are about what Evidently uses of others.
    warnings.simplefilter("ignore")
    from evidently.ui.workspace import RemoteWorkspace, Workspace

    from mlvitals.evidently.workspace.snapshot import Run
    from mlvitals.evidently.workspace.write import write_run
    from tests.exporters.evidently.workspace.scenario import DAY, drift

pytestmark = [pytest.mark.live, pytest.mark.filterwarnings("ignore::RuntimeWarning")]
SECRET = "open sesame"
RESULTS = Results(
    columns=(
        Column(
            name="age",
            kind="numeric",
            drift=Score(method="psi", score=0.5, threshold=0.2, drifted=True, ratio=2.5),
        ),
    ),
    overview={"current": Overview(rows=100, columns=1)},
    tests=(TestResult(test="TestColumnDrift", column="age", status="fail", value=0.5, bounds={"lt": 0.2}),),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one project and one snapshot."""
    path = tmp_path_factory.mktemp("evidently") / "workspace"
    workspace = Workspace.create(str(path))
    workspace.add_run(workspace.create_project("churn").id, drift(15, tags=["model:churn", "version:7"]))
    return path


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with evidently_ui(folder, SECRET) as url:
        yield url


def score(shown: Samples, project: str) -> float | None:
    labels = {"metric": "ValueDrift", "column": "age", "parameters": "method=psi", "label": "", "result": "value"}
    return shown.get(sample(metrics.VALUE, workspace="shared", project=project, **labels))


def of(metric: Any, shown: Samples, **labels: str) -> float | None:
    return shown.get(sample(metric, workspace="shared", project="churn", **labels))


def test_the_last_snapshot_of_a_project_and_then_a_newer_one(url: str, folder: Path) -> None:
    by_url, by_path = collector(url=url), collector(path=str(folder))
    shown = samples(read(by_url))
    assert shown == samples(read(by_path))
    assert of(metrics.SNAPSHOT_TIMESTAMP, shown) == DAY.timestamp()
    assert of(metrics.MODEL_VERSION, shown, model="churn") == 7
    assert of(metrics.TESTS, shown, status="fail") == 2
    drifted = score(shown, "churn")
    assert drifted is not None
    assert drifted > 0.2

    server = RemoteWorkspace(url, SECRET)
    (project,) = server.search_project("churn")
    server.add_run(project.id, drift(0, DAY - dt.timedelta(days=1)))
    older = samples(read(by_url))
    assert score(older, "churn") == drifted
    assert of(metrics.SNAPSHOTS, older) == 2

    server.add_run(project.id, drift(0, DAY + dt.timedelta(days=1)))
    newer = samples(read(by_url))
    assert newer == samples(read(by_path))
    assert score(newer, "churn") == 0
    assert of(metrics.SNAPSHOT_TIMESTAMP, newer) == DAY.timestamp() + 86400
    assert of(metrics.TESTS, newer, status="fail") == 0
    by_url.close()


def test_a_snapshot_that_is_put_into_the_folder_of_a_running_server(url: str, folder: Path) -> None:
    workspace = Workspace(str(folder))
    reading = collector(url=url)
    read(reading)
    (project,) = [each for each in workspace.list_projects() if each.name == "churn"]
    moment = DAY + dt.timedelta(days=30)
    workspace.add_run(project.id, drift(5, moment))
    assert wait_for(lambda: of(metrics.SNAPSHOT_TIMESTAMP, samples(read(reading))) == moment.timestamp(), 30)
    reading.close()


def test_our_runs_are_shown_by_the_server_and_old_ones_are_forgotten(url: str) -> None:
    store = RunStore.model_validate({"url": url, "secret": SECRET, "keep": 2})
    for moment in range(4):
        write_run(Run("ours", RESULTS, DAY.timestamp() + moment), store, settings(url=url), Deadline(60))
    reading = collector(url=url)
    shown = samples(read(reading))
    assert score(shown, "ours") == 0.5
    assert shown[sample(metrics.SNAPSHOTS, workspace="shared", project="ours")] == 2
    assert shown[sample(metrics.SNAPSHOT_TIMESTAMP, workspace="shared", project="ours")] == DAY.timestamp() + 3
    assert shown[sample(metrics.TESTS, workspace="shared", project="ours", status="fail")] == 1
    reading.close()
    (project,) = RemoteWorkspace(url, SECRET).search_project("ours")
    newest = requests.get(f"{url}/api/projects/{project.id}/snapshots", timeout=30).json()[-1]
    page = requests.get(f"{url}/api/projects/{project.id}/{newest['id']}/download", timeout=30)
    assert page.status_code == 200
    assert "TestColumnDrift age" in page.text


def test_a_wrong_secret_is_told_and_never_shown(url: str) -> None:
    store = RunStore.model_validate({"url": url, "secret": "close sesame"})
    with pytest.raises(UpstreamError) as told:
        write_run(Run("nobody", RESULTS, DAY.timestamp()), store, settings(url=url), Deadline(60))
    assert told.value.reason == "auth"
    assert "sesame" not in str(told.value)
