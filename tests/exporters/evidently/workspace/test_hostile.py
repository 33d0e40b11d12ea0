"""Workspaces that nobody would wish for: what is bad is told and counted, and takes nothing else with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from pydantic import ValidationError

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.evidently.workspace import answers, folder, metrics
from mlvitals.evidently.workspace.config import Workspace
from mlvitals.evidently.workspace.content import choose
from tests.exporters.evidently.workspace.configured import collector
from tests.exporters.evidently.workspace.fake import FakeEvidently, file_of, metric, path
from tests.support.exposition import read, sample, samples

DAY = "2026-01-02T00:00:00Z"
WORKSPACE = Workspace.model_validate({"name": "shared", "path": "/nowhere", "by_label": ["*"]})
Place = tuple[FakeEvidently, Path, Path]


@pytest.fixture
def evidently() -> FakeEvidently:
    return FakeEvidently()


@pytest.fixture
def place(evidently: FakeEvidently, tmp_path: Path) -> Place:
    """A workspace with a good project, and the file of the only snapshot of a bad one."""
    evidently.snapshot(evidently.project("good"), DAY)
    bad = evidently.project("bad")
    snapshot = evidently.snapshot(bad, DAY)
    evidently.write(tmp_path)
    return evidently, tmp_path, path(tmp_path, bad, snapshot)


def failure(place: Place) -> str:
    """Why the bad project has no values, while the good one has them."""
    reading = collector(path=str(place[1]))
    shown = samples(read(reading))
    assert samples(read(reading)) == shown
    assert shown[sample(metrics.SNAPSHOT_TIMESTAMP, workspace="shared", project="good")]
    assert shown[sample(metrics.SNAPSHOTS, workspace="shared", project="bad")] == 1
    assert sample(metrics.SNAPSHOT_TIMESTAMP, workspace="shared", project="bad") not in shown
    (labels,) = [dict(labels) for name, labels in shown if name == str(metrics.PROJECT_FAILURE)]
    assert labels["project"] == "bad"
    return labels["reason"]


def whole() -> dict[str, Any]:
    header: dict[str, Any] = {"name": None, "timestamp": DAY, "metadata": {}, "tags": []}
    return file_of({"header": header, "content": {"metrics": [metric("RowCount", 1)], "tests": []}})


def changed(**keys: Any) -> bytes:
    return json.dumps({**whole(), **keys}).encode()


def result(**keys: Any) -> bytes:
    made = whole()
    key = made["top_level_metrics"][0]
    return json.dumps({**made, "metric_results": {key: {**made["metric_results"][key], **keys}}}).encode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"{}", id="nothing in it"),
        pytest.param(b"\xff\xfe\x00", id="not UTF-8"),
        pytest.param(b"<html>", id="HTML"),
        pytest.param(b'{"report": {"items": []}', id="cut before its header ends"),
        pytest.param(json.dumps(whole()).encode()[:-2], id="cut at its end"),
        pytest.param(json.dumps(whole()).encode()[:-90], id="cut in its widgets"),
        pytest.param(json.dumps(whole()).encode() + b"x", id="more behind it"),
        pytest.param(changed(timestamp="yesterday"), id="no time"),
        pytest.param(changed(timestamp=None), id="time is null"),
        pytest.param(changed(timestamp=1e300), id="no time of this world"),
        pytest.param(changed(timestamp="0001-01-01T00:00:00+14:00"), id="before all times"),
        pytest.param(changed(metadata=[1]), id="metadata is a list"),
        pytest.param(changed(tags={"a": 1}), id="tags are an object"),
        pytest.param(changed(metric_results=[]), id="results are a list"),
        pytest.param(changed(metric_results=None), id="no results"),
        pytest.param(changed(top_level_metrics=7), id="no list of metrics"),
        pytest.param(result(metric_value_location=None), id="a result without a place"),
        pytest.param(result(metric_value_location={"metric": {"params": 1}}), id="parameters are a number"),
        pytest.param(result(tests=[{"id": 1}]), id="a test is no test"),
        pytest.param(result(values=[1]), id="labels are a list"),
        pytest.param(b'{"timestamp": ' + b"[" * 5000, id="very deep"),
    ],
)
def test_a_broken_file(place: Place, text: bytes) -> None:
    place[2].write_bytes(text)
    assert failure(place) == "parse"


def test_a_file_larger_than_is_read(place: Place) -> None:
    with place[2].open("r+b") as file:
        file.truncate(folder.MAX_FILE + 1)
        file.write(json.dumps(whole()).encode()[:-1])
    assert failure(place) == "limit"


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({"name": "x" * (folder.MAX_KEPT + 1)}, id="bytes"),
        pytest.param({"more": [0] * 500_000}, id="values"),
    ],
)
def test_more_than_is_kept_beside_widgets(place: Place, keys: dict[str, Any]) -> None:
    made = whole()
    place[2].write_text(json.dumps({"timestamp": made.pop("timestamp"), **made, **keys}))
    assert failure(place) == "limit"


READ = """
import pathlib, re, sys
from mlvitals.core.collector import Deadline
from mlvitals.evidently.config import EvidentlySettings
from mlvitals.evidently.workspace.collector import WorkspaceCollector
settings = {"name": "x", "type": "evidently", "workspaces": [{"name": "shared", "path": sys.argv[1]}]}
made = EvidentlySettings.model_validate(settings)
(found,) = WorkspaceCollector(made, made.workspaces[0]).collect(Deadline(120))
# Not ru_maxrss: a child begins with the peak of its parent.
peak = re.search("VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]
heavy = {"evidently", "pandas", "pyarrow", "numpy"} & sys.modules.keys()
print(int(peak) >> 10, sum(map(len, found.families)), *heavy)
"""


def memory(root: Path) -> tuple[int, int]:
    """The peak in MiB of a process that reads the workspace, and the series that it made."""
    done = subprocess.run([sys.executable, "-c", READ, str(root)], capture_output=True, text=True, check=True)
    peak, series = done.stdout.split()
    return int(peak), int(series)


def test_fifty_megabytes_of_widgets_are_not_held(place: Place) -> None:
    small, series = memory(place[1])
    widget = json.dumps({"params": {"data": [{"x": ["a", 0.25]}] * 10_000}}) + ","
    with place[2].open("w") as file:
        file.write(json.dumps(whole())[:-1])
        file.write(', "widgets": [')
        while file.tell() < 50 << 20:
            file.write(widget)
        file.write("null]}")
    large, same = memory(place[1])
    assert same == series
    assert large - small < 30


def _folder_instead(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _pipe_instead(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _loop_instead(file: Path) -> None:
    file.unlink()
    file.symlink_to(file)


@pytest.mark.parametrize("instead", [_folder_instead, _pipe_instead, Path.unlink])
def test_what_is_no_file_is_no_snapshot(place: Place, instead: Callable[[Path], None]) -> None:
    instead(place[2])
    shown = samples(read(collector(path=str(place[1]))))
    assert shown[sample(metrics.SNAPSHOTS, workspace="shared", project="bad")] == 0


def test_a_link_to_itself_is_told(place: Place) -> None:
    _loop_instead(place[2])
    shown = samples(read(collector(path=str(place[1]))))
    assert shown[sample(metrics.PROJECT_FAILURE, workspace="shared", project="bad", reason="connect")] == 1


def test_other_files_are_not_looked_at(place: Place) -> None:
    _, root, file = place
    for name in (file.stem + ".links.json", "notes.json", file.stem, file.stem + ".json~"):
        (file.parent / name).write_text("odd")
    (root / "README").write_text("odd")
    (root / "artifacts").mkdir()
    (root / str(file.stem)).mkdir()
    shown = samples(read(collector(path=str(root))))
    assert shown[sample(metrics.PROJECTS, workspace="shared")] == 2
    assert shown[sample(metrics.SNAPSHOTS, workspace="shared", project="bad")] == 1


@pytest.mark.parametrize("text", ["", "null", "[]", '{"name": 1}', '{"id": "x", "name": ""}', '{"id": "x"'])
def test_a_project_whose_name_cannot_be_read_goes_by_its_id(place: Place, text: str) -> None:
    project = place[2].parents[1]
    (project / "metadata.json").write_text(text)
    shown = samples(read(collector(path=str(place[1]))))
    assert shown[sample(metrics.SNAPSHOTS, workspace="shared", project=project.name)] == 1


def test_odd_names(evidently: FakeEvidently, tmp_path: Path) -> None:
    names = ['a"b\\c\n', "ünï 数 🙂", "../../etc", " ", "{}"]
    for name in (*names, "n" * 1000):
        evidently.snapshot(evidently.project(name), DAY)
    evidently.write(tmp_path)
    found = read(collector(path=str(tmp_path)))
    shown = {dict(labels).get("project") for _, labels in samples(found)} - {None}
    assert shown == set(names)
    assert dict(found.dropped) == {(metrics.SNAPSHOTS, "too_long"): 1}


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UpstreamError, match="there is no folder") as told:
        read(collector(path=str(tmp_path / "nowhere")))
    assert told.value.reason == "connect"


def test_the_time_is_over_while_files_are_read(place: Place) -> None:
    deadline = Deadline(60)
    deadline.expire()
    with pytest.raises(UpstreamError) as told:
        list(collector(path=str(place[1])).collect(deadline))
    assert told.value.reason == "timeout"


def test_files_that_change_while_they_are_read(place: Place) -> None:
    """A writer that cuts and writes the file again and again gives a whole snapshot, or a failure."""
    text, ended = place[2].read_text(), threading.Event()

    def write() -> None:
        while not ended.is_set():
            place[2].write_text(text[: len(text) // 2])
            place[2].write_text(text)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(50):
            shown = samples(read(collector(path=str(place[1]))))
            assert shown[sample(metrics.SNAPSHOTS, workspace="shared", project="bad")] == 1
    finally:
        ended.set()
        writer.join()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["count", "share", "mean", "std", "counts", "shares", "a"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
PARAMS = st.dictionaries(st.sampled_from(["type", "column", "label", "metric", "k", "tests", "values"]), VALUES)
TESTS = st.fixed_dictionaries(
    {"id": st.text(max_size=3), "status": st.sampled_from(["SUCCESS", "FAIL", "odd"]) | st.text(max_size=3)},
    optional={"test_config": PARAMS, "bound_test": PARAMS, "metric_config": st.fixed_dictionaries({"params": PARAMS})},
)


@given(st.lists(st.fixed_dictionaries({"config": PARAMS, "value": VALUES}), max_size=5), st.lists(TESTS, max_size=3))
@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_content_is_shown_or_refused(found: list[Any], tests: list[Any]) -> None:
    text = json.dumps({"metrics": found, "tests": tests})
    try:
        download = answers.DOWNLOAD.validate_json(text)
    except ValidationError:
        return
    content = choose(download, WORKSPACE)
    assert all(all(isinstance(label, str) for label in identity) for identity in content.values)
    assert all(value == value and abs(value) != float("inf") for value in content.values.values())
