"""`make preview-check`: every panel of every dashboard, drawn by Grafana's own components from the running demo."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from compose import outcome, preview, stack
from compose.cache import MissingError
from compose.preview import Drawn, Preview, View, findings
from compose.processes import wait_for
from compose.stack import Stack
from mlvitals import assets
from mlvitals_dashboards.queries import Json
from tests.support import live_queries
from tests.support.chromium import chromium

DASHBOARDS: dict[str, Json] = {Path(name).stem: json.loads(text) for name, text in assets.dashboards().items()}
UNTESTED = "NO PANEL LOOKED AT"
# Rates need two scrapes; what is drawn over time has to be there at a multiple of the scrape interval; what a page asks
# for as of now, in whole seconds, has to be there for longer than its clock may be behind.
SETTLED = (
    'rate(process_cpu_seconds_total{exporter="mlvitals"}[1m])',
    "mlflow_model_alias_version offset 30s",
    'ALERTS{alertstate="firing",exporter!=""} offset 15s',
)
VIEW = View("now-5m", opened=True)


@pytest.fixture(scope="module")
def drawing() -> Iterator[Preview]:
    try:
        preview.bundle()
    except MissingError as error:
        pytest.skip(f"{UNTESTED}: {error}")
    with chromium(UNTESTED) as browser, preview.serving(browser) as served:
        yield served


@pytest.fixture(scope="module")
def demo(drawing: Preview, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The demo's stack when all that it shows is there."""

    def ready() -> bool:
        return all(found.holds for found in outcome.findings(running)) and all(map(running.prometheus.query, SETTLED))

    with stack.running(tmp_path_factory.mktemp("demo"), lambda _: nullcontext()) as running:
        assert wait_for(ready, 150, every=1), running.tails()
        yield running


def looked_at(drawing: Preview, demo: Stack, dashboard: Json, name: str = "") -> list[str]:
    """The findings of one dashboard."""
    with drawing.draw(dashboard, demo.prometheus.url, VIEW) as drawn:
        return findings(drawn, live_queries.listed(name))


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_no_panel_is_broken_or_empty_without_a_reason(name: str, drawing: Preview, demo: Stack) -> None:
    assert looked_at(drawing, demo, DASHBOARDS[name], name) == []


def test_what_is_broken_is_found(drawing: Preview, demo: Stack) -> None:
    stat, table, unknown = (copy.deepcopy(DASHBOARDS["suite"]["panels"][0]) for _ in range(3))
    stat |= {"title": "refused"}
    stat["targets"][0]["expr"] = "up +"
    table |= {"title": "silent", "type": "table", "id": 2}
    table["targets"][0]["expr"] = "nothing"
    table["fieldConfig"]["defaults"]["noValue"] = ""
    unknown |= {"title": "unknown", "type": "piechart", "id": 3}
    found = looked_at(drawing, demo, DASHBOARDS["suite"] | {"panels": [stat, table, unknown]})
    assert any(line.startswith("'refused': error:") for line in found), found
    assert "'silent': query A is empty without a reason" in found
    assert any(line.startswith("'unknown': error:") for line in found), found


def described(text: str = "P 1") -> Drawn:
    """A panel P whose query A brought data and B none, as the page describes it."""
    panel: Json = {"title": "P", "refs": ["A", "B"], "filled": ["A"], "errors": [], "alerts": [], "loadError": ""}
    panel |= {"text": text, "noValue": "none", "empty": False, "drawn": True, "finished": True}
    return Drawn(page=None, panels=[panel], complaints=[])  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["P NaN", "P undefined up", "P ${exporter}", "P Loading plugin panel..."])
def test_words_of_a_program_are_found(text: str) -> None:
    found = findings(described(text), {("P", "B"): True})
    assert [line.startswith("'P': shows ") for line in found] == [True]


@pytest.mark.parametrize("ref", ["A", "B"])
def test_a_list_of_empty_queries_is_held_to_what_is_seen(ref: str) -> None:
    found = findings(described(), {("P", ref): True})
    assert found == (
        ["'P': query A brings data now: take it off the list", "'P': query B is empty without a reason"]
        if ref == "A"
        else []
    )
