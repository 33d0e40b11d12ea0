"""What is read of a workspace and what is not, from a folder and from a server alike."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.evidently.workspace import metrics
from mlvitals.evidently.workspace.collector import WorkspaceCollector
from tests.exporters.evidently.workspace.configured import collector
from tests.exporters.evidently.workspace.fake import MOMENT, FakeEvidently, metric, path
from tests.support.exposition import Samples, read, sample, samples
from tests.support.replay import FAULTS, Answer, Replay, Request, json_answer

FIRST, SECOND, THIRD = (f"2026-01-0{day}T00:00:00Z" for day in (2, 3, 4))
Made = Callable[..., WorkspaceCollector]


@pytest.fixture
def evidently() -> FakeEvidently:
    return FakeEvidently()


@pytest.fixture
def server(evidently: FakeEvidently) -> Iterator[Replay]:
    with Replay(evidently) as replay:
        yield replay


@pytest.fixture(params=["folder", "server"])
def reading(request: pytest.FixtureRequest, evidently: FakeEvidently, tmp_path: Path) -> Iterator[Made]:
    """Makes the collector of the workspace as it is then."""
    made = []

    def make(**keys: Any) -> WorkspaceCollector:
        if request.param == "folder":
            evidently.write(tmp_path)
            made.append(collector(path=str(tmp_path), **keys))
        else:
            made.append(collector(url=request.getfixturevalue("server").url, **keys))
        return made[-1]

    yield make
    for each in made:
        each.close()


def of(project: str, shown: Samples) -> dict[str, float]:
    """Metric -> value, of what a project has one series of."""
    return {name: value for (name, labels), value in shown.items() if labels >= {("project", project)}}


def rows(shown: Samples) -> dict[str, float]:
    """Project -> its RowCount."""
    return {
        dict(labels)["project"]: value
        for (name, labels), value in shown.items()
        if name == str(metrics.VALUE) and ("metric", "RowCount") in labels
    }


def test_the_newest_by_its_time_is_shown(evidently: FakeEvidently, reading: Made) -> None:
    project = evidently.project("churn")
    evidently.snapshot(project, SECOND, metric("RowCount", 22))
    evidently.snapshot(project, THIRD, metric("RowCount", 33))
    evidently.snapshot(project, FIRST, metric("RowCount", 11))
    shown = samples(read(reading()))
    assert rows(shown) == {"churn": 33}
    assert of("churn", shown)[str(metrics.SNAPSHOTS)] == 3
    assert of("churn", shown)[str(metrics.SNAPSHOT_TIMESTAMP)] == MOMENT + 2 * 86400
    assert of("churn", shown)[str(metrics.SNAPSHOT_ADDED)] == MOMENT


def test_of_the_same_time_the_one_that_was_added_last_is_shown(evidently: FakeEvidently, reading: Made) -> None:
    project = evidently.project("churn")
    for number in (1, 2):
        evidently.snapshot(project, FIRST, metric("RowCount", number))
    assert rows(samples(read(reading()))) == {"churn": 2}


def test_a_time_without_a_zone_is_local(
    evidently: FakeEvidently, reading: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        evidently.snapshot(evidently.project("churn"), "2026-01-02T05:30:00.25")
        shown = samples(read(reading()))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert of("churn", shown)[str(metrics.SNAPSHOT_TIMESTAMP)] == MOMENT + 0.25


def test_a_project_without_snapshots(evidently: FakeEvidently, reading: Made) -> None:
    evidently.project("churn")
    assert of("churn", samples(read(reading()))) == {str(metrics.SNAPSHOTS): 0}


def test_an_empty_workspace(reading: Made) -> None:
    assert samples(read(reading())) == {sample(metrics.PROJECTS, workspace="shared"): 0}


def test_projects_are_chosen_by_pattern_and_limit(evidently: FakeEvidently, reading: Made) -> None:
    for name in ("c", "a", "b", "tmp"):
        evidently.snapshot(evidently.project(name), FIRST)
    found = read(reading(projects={"exclude": ["tmp"]}, max_projects=2))
    assert rows(samples(found)) == {"a": 1, "b": 1}
    assert samples(found)[sample(metrics.PROJECTS, workspace="shared")] == 3
    assert dict(found.dropped) == {(metrics.SNAPSHOTS, "limit"): 1}


def test_of_two_projects_of_one_name_the_older_is_shown(evidently: FakeEvidently, reading: Made) -> None:
    for number in (1, 2):
        evidently.snapshot(evidently.project("churn"), FIRST, metric("RowCount", number))
    found = read(reading())
    assert rows(samples(found)) == {"churn": 1}
    assert dict(found.dropped) == {(metrics.SNAPSHOTS, "duplicate"): 1}


def test_tags_and_metadata(evidently: FakeEvidently, reading: Made) -> None:
    about: Any = {
        "tags": ["nightly", "team: growth", "model:of the tag", "x:y"],
        "metadata": {"model": "churn", "version": "12"},
    }
    evidently.snapshot(evidently.project("churn"), FIRST, **about)
    shown = samples(read(reading(tags=["nightly", "team", "model"])))
    tags = [dict(labels) for name, labels in shown if name == str(metrics.TAG_INFO)]
    assert {each["key"]: each["value"] for each in tags} == {"nightly": "", "team": "growth", "model": "churn"}
    assert shown[sample(metrics.MODEL_VERSION, workspace="shared", project="churn", model="churn")] == 12


@pytest.mark.parametrize(
    "about",
    [
        {"metadata": {"version": "12"}},
        {"metadata": {"model": "churn"}},
        {"metadata": {"model": "churn", "version": "twelve"}},
        {"metadata": {"model": "churn", "version": "1" * 400}},
        {"metadata": {"model": {"name": "churn"}, "version": ["1"]}},
        {"metadata": {"model": "c" * 300, "version": "12"}},
    ],
)
def test_what_names_no_version_of_a_model(evidently: FakeEvidently, reading: Made, about: Any) -> None:
    evidently.snapshot(evidently.project("churn"), FIRST, **about)
    assert str(metrics.MODEL_VERSION) not in of("churn", samples(read(reading())))


def test_evidentlys_own_name_of_a_model(evidently: FakeEvidently, reading: Made) -> None:
    evidently.snapshot(evidently.project("churn"), FIRST, metadata={"model_id": "churn"}, tags=["version:3"])
    assert of("churn", samples(read(reading())))[str(metrics.MODEL_VERSION)] == 3


def test_an_unchanged_snapshot_is_not_read_again(evidently: FakeEvidently, server: Replay) -> None:
    project = evidently.project("churn")
    evidently.snapshot(project, FIRST)
    reading = collector(url=server.url)
    assert rows(samples(read(reading))) == rows(samples(read(reading))) == {"churn": 1}
    evidently.snapshot(project, SECOND)
    assert rows(samples(read(reading))) == {"churn": 2}
    downloads = [request.path for request in server.requests if request.path.endswith("download")]
    assert len(downloads) == 2
    reading.close()


def test_a_file_that_is_written_again_is_read_again(evidently: FakeEvidently, tmp_path: Path) -> None:
    project = evidently.project("churn")
    snapshot = evidently.snapshot(project, FIRST)
    evidently.write(tmp_path)
    file, reading = path(tmp_path, project, snapshot), collector(path=str(tmp_path))
    whole = file.read_text()
    file.write_text(whole[:-20])
    with pytest.raises(UpstreamError, match="cut short"):
        read(reading)
    file.write_text(whole)
    os.utime(file, (1, 1))
    assert rows(samples(read(reading))) == {"churn": 1}


def test_a_snapshot_that_is_gone_is_not_shown(evidently: FakeEvidently, tmp_path: Path) -> None:
    project = evidently.project("churn")
    newer = [evidently.snapshot(project, each) for each in (FIRST, SECOND)][1]
    evidently.write(tmp_path)
    reading = collector(path=str(tmp_path))
    assert rows(samples(read(reading))) == {"churn": 2}
    path(tmp_path, project, newer).unlink()
    assert rows(samples(read(reading))) == {"churn": 1}


def test_a_project_that_cannot_be_read_leaves_the_others(evidently: FakeEvidently, server: Replay) -> None:
    good, bad = evidently.project("good"), evidently.project("bad")
    for project in (good, bad):
        evidently.snapshot(project, FIRST)
    server.respond = lambda request: Answer(500) if bad in request.path else evidently(request)
    reading = collector(url=server.url)
    shown = samples(read(reading))
    assert rows(shown) == {"good": 1}
    assert of("bad", shown) == {str(metrics.PROJECT_FAILURE): 1}
    server.respond = evidently
    assert of("bad", samples(read(reading))).keys() == of("good", samples(read(reading))).keys()
    reading.close()


def test_a_workspace_of_which_nothing_can_be_read_has_failed(evidently: FakeEvidently, server: Replay) -> None:
    for name in ("a", "b"):
        evidently.snapshot(evidently.project(name), FIRST)
    server.respond = lambda request: evidently(request) if request.path == "/api/projects" else Answer(500)
    with pytest.raises(UpstreamError, match="500"):
        read(collector(url=server.url))


def test_what_is_broken_is_told_and_the_one_before_is_shown(evidently: FakeEvidently, server: Replay) -> None:
    project = evidently.project("churn")
    evidently.snapshot(project, FIRST)
    broken = evidently.snapshot(project, SECOND)
    server.respond = lambda request: FAULTS["truncated JSON"](request) if broken in request.path else evidently(request)
    shown = samples(read(collector(url=server.url)))
    assert rows(shown) == {"churn": 1}
    assert of("churn", shown)[str(metrics.SNAPSHOT_TIMESTAMP)] == MOMENT
    assert shown[sample(metrics.PROJECT_FAILURE, workspace="shared", project="churn", reason="parse")] == 1


def test_only_some_broken_snapshots_are_tried(evidently: FakeEvidently, server: Replay) -> None:
    good, bad = evidently.project("good"), evidently.project("bad")
    evidently.snapshot(good, FIRST)
    for day in range(1, 8):
        evidently.snapshot(bad, f"2026-01-0{day}T00:00:00Z")

    def respond(request: Request) -> Answer:
        return json_answer(None) if bad in request.path and "download" in request.path else evidently(request)

    server.respond = respond
    shown = samples(read(collector(url=server.url)))
    assert shown[sample(metrics.SNAPSHOTS, workspace="shared", project="bad")] == 7
    assert sum("download" in request.path for request in server.requests) == 4


def test_a_server_that_hangs_is_given_up_at_the_deadline(evidently: FakeEvidently, server: Replay) -> None:
    evidently.snapshot(evidently.project("churn"), FIRST)
    server.respond = lambda request: FAULTS["hang"](request) if "download" in request.path else evidently(request)
    reading = collector(url=server.url)
    with pytest.raises(UpstreamError) as told:
        list(reading.collect(Deadline(0.5)))
    assert told.value.reason == "timeout"
