"""Every query of every dashboard against a live Prometheus, as the demo's test and the tests of the dashboards run it.

A query must return data, or be listed with the reason in `tests/dashboards/no_data/<dashboard>.yml`:

    - {panel: Failing targets, ref: A, reason: every target of the demo can be read}

A listed query that returns data is a finding too, unless its item says `sometimes: true`, and so is any warning or info
in Prometheus' answer.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from mlvitals import assets
from mlvitals_dashboards.queries import Json, Query, queries, substituted, variable_queries

NO_DATA = Path(__file__).parents[1] / "dashboards" / "no_data"
SPAN = 300


@dataclass(frozen=True)
class Prometheus:
    """A Prometheus, asked as of `at` (Unix time; None: now) for rates over `rate_interval`."""

    url: str
    at: float | None = None
    rate_interval: str = "2m"

    def ask(self, query: Query) -> Any:
        """Prometheus' answer, JSON: at one moment for an instant query, else over the last five minutes."""
        now = self.at or time.time()
        expr = substituted(query.expr, rate_interval=self.rate_interval)
        path, parameters = ("query", {"time": now}) if query.instant else ("query_range", _range(now))
        answer = requests.post(f"{self.url}/api/v1/{path}", data={"query": expr, **parameters}, timeout=30)
        return answer.json()


def check(
    prometheus: Prometheus, dashboards: Mapping[str, Json] | None = None, no_data: Path | None = NO_DATA
) -> list[str]:
    """What is wrong, one line each; none when every query is as it should be. Default: all installed dashboards."""
    shown = dashboards or {name: json.loads(text) for name, text in assets.dashboards().items()}
    found = []
    for name, dashboard in shown.items():
        stem = name.removesuffix(".json")
        found += [f"{stem}: {text}" for text in _dashboard(prometheus, dashboard, listed(stem, no_data))]
    return found


def _dashboard(prometheus: Prometheus, dashboard: Json, empty: Mapping[tuple[str, str], bool]) -> Iterator[str]:
    every = [*queries(dashboard), *variable_queries(dashboard)]
    for query in every:
        where = f"{query.panel!r} {query.ref}"
        yield from (f"{where}: {text}" for text in _query(prometheus.ask(query), empty.get((query.panel, query.ref))))
    for panel, ref in empty.keys() - {(query.panel, query.ref) for query in every}:
        yield f"{panel!r} {ref}: listed as empty, but there is no such query"


def _query(answer: Json, never: bool | None) -> Iterator[str]:
    if answer["status"] != "success":
        yield f"Prometheus says: {answer['error']}"
        return
    yield from (f"Prometheus says: {note}" for kind in ("warnings", "infos") for note in answer.get(kind, ()))
    there = bool(answer["data"]["result"])
    if there and never:
        yield "returns data now: take it off the list"
    if not there and never is None:
        yield "returns no data"


def listed(name: str, folder: Path | None = NO_DATA) -> dict[tuple[str, str], bool]:
    """(panel, query) of a dashboard that may bring no data in the demo, and whether it never does."""
    path = folder / f"{name}.yml" if folder else None
    if path is None or not path.exists():
        return {}
    items = yaml.safe_load(path.read_text())
    assert all(item["reason"] for item in items), path
    return {(item["panel"], item["ref"]): not item.get("sometimes", False) for item in items}


def _range(end: float) -> dict[str, float]:
    return {"start": end - SPAN, "end": end, "step": 15}
