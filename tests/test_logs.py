"""What a real process says at its most talkative."""

from __future__ import annotations

from pathlib import Path

import requests

from tests.support.faults import subject
from tests.support.hdfs import FakeHdfs, running
from tests.support.replay import Replay
from tests.support.vitals import mlvitals
from tests.support.waiting import until


def test_debug_shows_each_collection_call_and_answer_and_nothing_of_libraries(tmp_path: Path) -> None:
    with Replay(subject("mlflow").well()) as upstream:
        arguments = ("mlflow", "--set", f"url={upstream.url}", "--log-level", "debug")
        with mlvitals(tmp_path, *arguments) as vitals:
            until(lambda: vitals.value("mlflow", "mlvitals_target_up", target="server") == 1)
            requests.get(f"{vitals.url}/runbooks/MlflowDown?token=secret", timeout=10).raise_for_status()
            log = vitals.server.log
            until(lambda: "path=/runbooks/MlflowDown" in log.read_text())
            until(lambda: "collector=server" in log.read_text())
            lines = log.read_text().splitlines()
    debug = [line.partition(" event=")[2] for line in lines if "level=debug" in line]
    ours = ('"collection ended" ', '"upstream called" ', '"request answered" ')
    assert [line for line in debug if not line.startswith(ours)] == []
    assert {event for event in ours if any(line.startswith(event) for line in debug)} == set(ours)
    assert "token" not in "".join(lines)


def test_the_library_of_webhdfs_does_not_tell_every_folder(tmp_path: Path) -> None:
    with running(FakeHdfs({"/data/train/part-0": b"x"})) as (name_node, _):
        exporter = f"{{name: hdfs, type: hdfs, namenodes: ['{name_node.url}'], paths: [{{path: /data/train}}]}}"
        (tmp_path / "mlvitals.yml").write_text(f"exporters: [{exporter}]\n")
        with mlvitals(tmp_path) as vitals:
            until(lambda: vitals.value("hdfs", "hdfs_path_exists", path="/data/train") == 1)
            log = vitals.server.log.read_text()
    assert "target=/data/train" in log
    assert "Listing" not in log
