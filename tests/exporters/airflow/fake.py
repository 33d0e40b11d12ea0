"""An Airflow in memory that answers the exporter's calls as the real ones were seen to, by v1 or by v2; for orders of
events that a real server would take hours to play. What it knows of Airflow is proven on real servers in tests/live."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any, Literal
from urllib.parse import unquote

from tests.support.replay import Answer, Request, json_answer

Json = dict[str, Any]
NOW = 1_800_000_000.0
VERSIONS = {"v1": "2.11.2", "v2": "3.3.2"}
ACTIVE = ("queued", "running")
_DUE = "data_interval_end"


class FakeAirflow:
    """A responder for `Replay`. `now` is its clock, Unix time. Rows are as v2 answers them, their times Unix time too.

    `passwords` are those of its users: without any, everybody may read everything. `maximum_page_limit` is Airflow's.
    """

    def __init__(self, api: Literal["v1", "v2"] = "v2") -> None:
        self.api = api
        self.now = NOW
        self.version = VERSIONS[api]
        self.passwords: dict[str, str] = {}
        self.tokens: set[str] = set()
        self.maximum_page_limit = 100
        self.dags: dict[str, Json] = {}
        self.runs: dict[tuple[str, str], Json] = {}
        self.instances: dict[tuple[str, str, str, int], Json] = {}
        self.xcoms: dict[tuple[str, str, str, int], str] = {}
        self.assets: dict[int, str] = {}
        self.events: list[Json] = []
        self.pools: list[Json] = [{"name": "default_pool", "slots": 128, "open_slots": 127, "running_slots": 1}]
        self.import_errors: list[Json] = []
        self.health: dict[str, str | None] = dict.fromkeys(("metadatabase", "scheduler", "triggerer"), "healthy")
        self._made = 0
        self._random = random.Random(7)  # noqa: S311

    def __call__(self, request: Request) -> Answer:
        headers = {"Date": formatdate(self.now, usegmt=True)}
        path = request.path
        if path == "/auth/token" and self.api == "v2":
            return self._log_in(request.json)
        below = path.removeprefix(f"/api/{self.api}/")
        if below == path:
            return Answer(404, b"<h1>Airflow 404</h1>", headers)
        if below == "version":
            return json_answer({"version": self.version}, headers=headers)
        if below in ("health", "monitor/health"):
            return json_answer(self._health(), headers=headers)
        if refused := self._refused(request):
            return refused
        found = self._read(below, request.query)
        return Answer(404, b"{}", headers) if found is None else json_answer(found, headers=headers)

    # What there is

    def dag(self, dag_id: str, schedule: str | None = None, *, paused: bool = False, **more: object) -> None:
        """Add or change a DAG; `more` are fields of v2."""
        self.dags[dag_id] = {"dag_id": dag_id, "is_paused": paused, "timetable_summary": schedule, **more}

    def run(self, dag_id: str, run_id: str, state: str, **more: Any) -> None:
        """Add or change a run; `more` are fields of v2, with times in seconds."""
        row = self.runs.setdefault((dag_id, run_id), self._row({"run_after": self.now, "run_type": "scheduled"}))
        row |= {"dag_id": dag_id, "dag_run_id": run_id, "state": state, "updated_at": self.now, **more}

    def task(self, dag_id: str, run_id: str, task_id: str, state: str | None, map_index: int = -1, **more: Any) -> None:
        """Add or change a task instance; `more` are fields of v2, with times in seconds. A new try has a new id."""
        key = dag_id, run_id, task_id, map_index
        row = self.instances.setdefault(key, self._row({"try_number": 1}))
        if more.get("try_number", 1) > row["try_number"]:
            row |= self._row({})
        row |= {"dag_id": dag_id, "dag_run_id": run_id, "task_id": task_id, "map_index": map_index, "state": state}
        row |= {"updated_at": self.now, **more}

    def trigger(self, dag_id: str, run_id: str, task_id: str, child: str, child_run: str, **more: Any) -> None:
        """A task that is at work and has triggered a run."""
        fields = {"trigger_dag_id": child, "trigger_run_id": None}
        more = {"state": "running", "start_date": self.now, "rendered_fields": fields, **more}
        self.task(dag_id, run_id, task_id, more.pop("state"), **more)
        self.xcoms[dag_id, run_id, task_id, more.get("map_index", -1)] = child_run

    def asset(self, number: int, uri: str) -> None:
        """Add an asset."""
        self.assets[number] = uri

    def event(self, asset: int, time: float) -> None:
        """An asset is updated."""
        self.events.append(self._row({"dataset_id": asset, "timestamp": time}))

    def _row(self, row: Json) -> Json:
        self._made += 1
        return {"id": self._made, **row}

    # Answers

    def _log_in(self, body: Json) -> Answer:
        if self.passwords.get(body["username"]) != body["password"]:
            return json_answer({"detail": "Invalid credentials"}, 401)
        self._made += 1
        token = f"token-{self._made:04}"
        self.tokens.add(token)
        return json_answer({"access_token": token}, 201)

    def _refused(self, request: Request) -> Answer | None:
        proof = request.headers.get("Authorization", "")
        if not self.passwords or proof.removeprefix("Bearer ") in self.tokens:
            return None
        if self.api == "v2":
            return json_answer({"detail": "Invalid JWT token"}, 403) if proof else json_answer({}, 401)
        if proof.startswith("Basic ") and _basic(proof) in self.passwords.items():
            return None
        return json_answer({"title": "Forbidden", "detail": None, "status": 403}, 403)

    def _health(self) -> Json:
        beat = _iso(self.now - 3, self.api)
        return {
            name: {"status": status, f"latest_{name}_heartbeat": beat if status else None}
            for name, status in self.health.items()
        }

    def _read(self, path: str, query: Any) -> Json | None:
        if one := re.fullmatch(r"dags/([^/]+)/dagRuns/([^/]+)", path):
            run = self.runs.get((unquote(one[1]), unquote(one[2])))
            return self._run(run) if run else None
        if xcom := re.fullmatch(r"dags/(.+)/dagRuns/(.+)/taskInstances/(.+)/xcomEntries/trigger_run_id", path):
            key = (*map(unquote, xcom.groups()), int(query.get("map_index", ["-1"])[0]))
            return {"value": self.xcoms[key]} if key in self.xcoms else None
        if of_dag := re.fullmatch(r"dags/([^/]+)/dagRuns", path):
            runs = [run for run in self.runs.values() if unquote(of_dag[1]) in ("~", run["dag_id"])]
            return self._page("dag_runs", runs, query, self._run)
        if path == "dags/~/dagRuns/~/taskInstances":
            return self._page("task_instances", self.instances.values(), query, self._told)
        return self._small(path, query)

    def _small(self, path: str, query: Any) -> Json | None:
        lists: dict[str, tuple[str, Iterable[Json], Callable[[Json], Json]]] = {
            "dags": ("dags", self.dags.values(), self._dag),
            "pools": ("pools", self.pools, lambda pool: {**_POOL, **pool}),
            "importErrors": ("import_errors", self.import_errors, self._told),
        }
        if self.api == "v2":
            lists["assets"] = "assets", [{"id": each, "uri": uri} for each, uri in self.assets.items()], self._asset
        else:
            wanted = query.get("dataset_id")
            events = [each for each in self.events if not wanted or str(each["dataset_id"]) == wanted[0]]
            lists["datasets"] = "datasets", [{"id": each, "uri": uri} for each, uri in self.assets.items()], dict
            lists["datasets/events"] = "dataset_events", events, self._told
        return self._page(*lists[path][:2], query, lists[path][2]) if path in lists else None

    def _page(self, key: str, rows: Iterable[Json], query: Any, told: Callable[[Json], Json]) -> Json:
        found = [row for row in rows if _matches(row, query)]
        limit, offset = int(query.get("limit", ["100"])[0]), int(query.get("offset", ["0"])[0])
        if key == "task_instances" and self.api == "v1":
            assert "order_by" not in query, "v1 refuses it"
            self._random.shuffle(found)
        else:
            limit = min(limit, self.maximum_page_limit)
            found = _ordered(found, query["order_by"][0])
        return {key: [told(row) for row in found[offset : offset + limit]], "total_entries": len(found)}

    def _told(self, row: Json) -> Json:
        return {
            name: _iso(value, self.api) if name.endswith(_TIMES) and value is not None else value
            for name, value in row.items()
            if name != "updated_at"
        }

    def _run(self, row: Json) -> Json:
        told = self._told(row)
        if self.api == "v2":
            return told
        when = told.pop("run_after")
        told.pop("queued_at", None)
        return told | {"logical_date": when, _DUE: when}

    def _dag(self, row: Json) -> Json:
        told = self._told(row)
        if self.api == "v2":
            return told
        schedule = told.pop("timetable_summary")
        return told | {"schedule_interval": schedule and {"__type": "CronExpression", "value": schedule}}

    def _asset(self, row: Json) -> Json:
        times = [event["timestamp"] for event in self.events if event["dataset_id"] == row["id"]]
        return row | {"last_asset_event": {"timestamp": _iso(max(times), self.api)} if times else None}


_POOL = {"running_slots": 0, "queued_slots": 0, "scheduled_slots": 0, "deferred_slots": 0}
_TIMES = ("_date", "_at", "_after", "_when", "timestamp", "_end")


def _iso(time: float, api: str) -> str:
    text = datetime.fromtimestamp(time, UTC).isoformat()
    return text.replace("+00:00", "Z") if api == "v2" else text


def _basic(proof: str) -> tuple[str, str]:
    name, _, password = base64.b64decode(proof.removeprefix("Basic ")).decode().partition(":")
    return name, password


def _matches(row: Json, query: Any) -> bool:
    if "state" in query and row["state"] not in query["state"]:
        return False
    gte, lte = (query.get(f"updated_at_{which}") for which in ("gte", "lte"))
    late = gte is None or row["updated_at"] >= datetime.fromisoformat(gte[0]).timestamp()
    return late and (lte is None or row["updated_at"] <= datetime.fromisoformat(lte[0]).timestamp())


def _ordered(rows: list[Json], order: str) -> list[Json]:
    column = order.removeprefix("-")
    column = {"import_error_id": "id", "execution_date": "run_after"}.get(column, column)
    # A database puts what has no value first when it goes down.
    return sorted(rows, key=lambda row: (row.get(column) is None, row.get(column)), reverse=order.startswith("-"))
