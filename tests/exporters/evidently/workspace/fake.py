"""An Evidently UI in memory, and the same workspace as a folder: for what a real one would not write.

What it knows of Evidently is proven by recorded answers, and on a real UI in tests/live.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.replay import Answer, Request, json_answer

Json = dict[str, Any]
MOMENT = 1_767_312_000
"""2026-01-02 00:00 UTC."""


def uuid7(number: int, moment: float = MOMENT) -> str:
    """A UUID that was made at a moment (Unix time)."""
    time = f"{int(moment * 1000):012x}"
    return f"{time[:8]}-{time[8:]}-7000-8000-{number:012x}"


def metric(name: str, value: Any, **params: Any) -> Json:
    """A metric of a download."""
    return {"config": {"type": f"evidently:metric_v2:{name}", **params}, "value": value}


def test_of(of: Json, test: str, status: str, *, critical: bool = True, **bound: Any) -> Json:
    """A test of a metric."""
    about = {"metric_config": {"params": of["config"]}, "test_config": {"is_critical": critical}}
    return {"id": test, "status": status, **about, "bound_test": bound}


test_of.__test__ = False  # type: ignore[attr-defined]


class FakeEvidently:
    """A responder for `Replay`. Projects by id, in the order in which they were added, and their snapshots by id.

    Snapshots are numbered from `first`; a reader knows them by their ids.
    """

    def __init__(self, first: int = 1000) -> None:
        self._first = first
        self.projects: dict[str, Json] = {}
        self.snapshots: dict[str, dict[str, Json]] = {}
        self.headers: dict[str, str] = {}

    def project(self, name: str) -> str:
        """Add a project; its id."""
        project_id = uuid7(len(self.projects))
        self.projects[project_id] = {"id": project_id, "name": name, "version": "2"}
        self.snapshots[project_id] = {}
        return project_id

    def snapshot(
        self, project_id: str, timestamp: str, *metrics: Json, tests: list[Json] | None = None, **about: Any
    ) -> str:
        """Add a snapshot; its id. Without metrics it has the number of its rows, which is how many there are."""
        number = len(self.snapshots[project_id]) + 1
        snapshot_id = uuid7(self._first + number)
        header = {"name": None, "timestamp": timestamp, "metadata": {}, "tags": []} | about
        content = {"metrics": metrics or (metric("RowCount", number),), "tests": tests or []}
        self.snapshots[project_id][snapshot_id] = {"header": header, "content": content}
        return snapshot_id

    def __call__(self, request: Request) -> Answer:
        match request.path.removeprefix("/api/projects").strip("/").split("/"):
            case [""]:
                return self._answer(list(self.projects.values()))
            case [project, "snapshots"]:
                return self._answer([{"id": key, **each["header"]} for key, each in self.snapshots[project].items()])
            case [project, snapshot, "download"] if request.query == {"report_format": ["json"]}:
                return self._answer(self.snapshots[project][snapshot]["content"])
        return Answer(404, b'{"detail": "Not Found"}')

    def write(self, folder: Path) -> None:
        """The same as a folder."""
        for project_id, project in self.projects.items():
            (folder / project_id / "snapshots").mkdir(parents=True, exist_ok=True)
            (folder / project_id / "metadata.json").write_text(json.dumps(project))
            for snapshot_id, each in self.snapshots[project_id].items():
                path(folder, project_id, snapshot_id).write_text(json.dumps(file_of(each)))

    def _answer(self, value: Any) -> Answer:
        return json_answer(value, headers=self.headers)


def path(folder: Path, project_id: str, snapshot_id: str) -> Path:
    """The file of a snapshot."""
    return folder / project_id / "snapshots" / f"{snapshot_id}.json"


def file_of(snapshot: Json) -> Json:
    """What a snapshot's file holds. Values are numbers only."""
    content = snapshot["content"]
    results = {
        f"{number:032x}": {
            "type": "evidently:metric_result_v2:SingleValue",
            "metric_value_location": {"metric": {"params": each["config"]}, "param": {}},
            "widget": [{"params": {"data": [1, 2, 3]}}],
            "tests": [test for test in content["tests"] if test["metric_config"]["params"] == each["config"]],
            "value": each["value"],
        }
        for number, each in enumerate(content["metrics"])
    }
    header = {"report": {"items": []}, **snapshot["header"]}
    return {
        **header,
        "metric_results": results,
        "top_level_metrics": list(results),
        "widgets": [{}],
        "tests_widgets": [],
    }
