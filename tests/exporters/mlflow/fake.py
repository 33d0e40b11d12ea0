"""An MLflow in memory that answers the exporter's calls as the real one was seen to; for orders of events that a
real server would take minutes to play. What it knows of MLflow is proven on real servers in tests/live."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.support.replay import Answer, Request, json_answer

Json = dict[str, Any]


class FakeMlflow:
    """A responder for `Replay`. `clock` is Unix time in seconds, sent as the Date header when it is set."""

    def __init__(self) -> None:
        self.models: list[Json] = []
        self.versions: list[Json] = []
        self.experiments: list[Json] = []
        self.runs: dict[str, Json] = {}
        self.page_size = 1000
        self.headers: dict[str, str] = {}

    def __call__(self, request: Request) -> Answer:
        ask = request.json or {key: values[-1] for key, values in request.query.items()}
        if request.path.endswith("/version"):
            return Answer(200, b"3.17.2")
        return json_answer(self._search(request.path.rpartition("mlflow/")[2], ask), headers=self.headers)

    def experiment(self, experiment_id: str, name: str | None = None) -> None:
        """Add an active experiment."""
        self.experiments.append({"experiment_id": experiment_id, "name": name or f"exp-{experiment_id}"})

    def run(self, run_id: str, experiment_id: str, status: str, start: int, end: int | None = None) -> None:
        """Add or change a run."""
        info: Json = {"run_id": run_id, "experiment_id": experiment_id, "status": status, "start_time": start}
        if end is not None:
            info["end_time"] = end
        self.runs[run_id] = info

    def model(self, name: str, versions: int, updated: int = 1, **aliases: str) -> None:
        """Add a model with its versions 1, 2, …; replaces the one with that name."""
        self.models = [model for model in self.models if model["name"] != name]
        self.versions = [version for version in self.versions if version["name"] != name]
        made = [{"name": name, "version": str(number + 1), "creation_timestamp": 1000} for number in range(versions)]
        self.versions += made
        model: Json = {"name": name, "creation_timestamp": 1, "last_updated_timestamp": updated}
        model["latest_versions"] = made[-1:]
        model["aliases"] = [{"alias": alias, "version": version} for alias, version in aliases.items()]
        self.models.append(model)

    def _search(self, what: str, ask: Json) -> Json:
        if what == "registered-models/search":
            return self._page("registered_models", sorted(self.models, key=lambda model: str(model["name"])), ask)
        if what == "model-versions/search":
            names = re.findall(r"'([^']*)'", ask["filter"])
            return self._page("model_versions", [each for each in self.versions if each["name"] in names], ask)
        if what == "experiments/search":
            return self._page("experiments", self.experiments, ask)
        keeps = _condition(ask.get("filter", ""))
        runs = [run for run in self.runs.values() if run["experiment_id"] in ask["experiment_ids"] and keeps(run)]
        return self._page("runs", [{"info": run} for run in _ordered(runs, ask)], ask)

    def _page(self, key: str, items: list[Json], ask: Json) -> Json:
        start = int(ask.get("page_token") or 0)
        end = start + min(int(ask["max_results"]), self.page_size)
        # Like MLflow, leave an empty list out.
        page: Json = {key: items[start:end]} if items[start:end] else {}
        return page | {"next_page_token": str(end)} if end < len(items) else page


def _condition(text: str) -> Callable[[Json], bool]:
    if not text:
        return lambda run: True
    if status := re.fullmatch(r"attributes\.status (!?=) '(\w+)'", text):
        return lambda run: (run["status"] == status[2]) == (status[1] == "=")
    if running := re.fullmatch(r"(attributes\.status = 'RUNNING') AND attributes\.start_time >= (\d+)", text):
        is_running, start = _condition(running[1]), int(running[2])
        return lambda run: is_running(run) and run["start_time"] >= start
    if since := re.fullmatch(r"attributes\.end_time > (-?\d+)", text):
        return lambda run: run.get("end_time") is not None and run["end_time"] > int(since[1])
    ids = re.fullmatch(r"attributes\.run_id IN \((.*)\)", text)
    assert ids, f"a filter that nothing was measured for: {text}"
    return lambda run: f"'{run['run_id']}'" in ids[1].split(",")


def _ordered(runs: list[Json], ask: Json) -> list[Json]:
    for order in ask.get("order_by", ()):
        key, _, way = order.removeprefix("attributes.").partition(" ")
        there = [run for run in runs if run.get(key) is not None]
        there.sort(key=lambda run: int(run[key]), reverse=way == "DESC")
        # MLflow puts what has no value last, both ways.
        runs = there + [run for run in runs if run.get(key) is None]
    return runs
