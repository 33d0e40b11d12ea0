"""The rules of dashboard-linter, and those of an even page: unique ids, no overlaps, words where there is no data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations

from mlvitals_dashboards.queries import Json, panels

WIDTH = 24


def rules(dashboard: Json) -> list[str]:
    """What breaks a rule, over the whole dashboard."""
    found = [*_dashboard(dashboard), *_variables(dashboard), *_unique(dashboard), *_layout(dashboard)]
    for panel in panels(dashboard):
        if panel.get("type") != "row":
            found += [f"panel {panel.get('title')!r}: {text}" for text in _panel(panel)]
    return found


_DASHBOARD: tuple[tuple[str, Callable[[Json], object]], ...] = (
    ("is editable", lambda d: d.get("editable") is not False),
    ("has no shared crosshair", lambda d: d.get("graphTooltip") != 1),
    ("is not of schema version 42", lambda d: d.get("schemaVersion") != 42),
    ("does not use the browser's time zone", lambda d: d.get("timezone") != "browser"),
    ("has no uid of 8 to 40 characters", lambda d: not 8 <= len(d.get("uid") or "") <= 40),
    ("has no title or description", lambda d: not d.get("title") or not d.get("description")),
    ("is not tagged mlvitals", lambda d: "mlvitals" not in d.get("tags", [])),
)

_PANEL: tuple[tuple[str, Callable[[Json], object]], ...] = (
    ("no title", lambda p: not p.get("title")),
    ("no description", lambda p: not p.get("description")),
    ("no unit", lambda p: not _defaults(p).get("unit")),
    ("no text for missing data", lambda p: not _defaults(p).get("noValue")),
    ("no thresholds", lambda p: not _defaults(p).get("thresholds", {}).get("steps")),
    ("no queries", lambda p: not p.get("targets")),
    ("the data source is not the variable", lambda p: not _on_variable(p)),
    ("two queries share a refId", lambda p: _twice(t.get("refId") for t in p.get("targets", []))),
)


def _dashboard(dashboard: Json) -> Iterator[str]:
    yield from (f"the dashboard {text}" for text, broken in _DASHBOARD if broken(dashboard))


def _panel(panel: Json) -> Iterator[str]:
    yield from (text for text, broken in _PANEL if broken(panel))


def _defaults(panel: Json) -> Json:
    defaults: Json = panel.get("fieldConfig", {}).get("defaults", {})
    return defaults


def _on_variable(panel: Json) -> bool:
    sources = [panel.get("datasource"), *(target.get("datasource") for target in panel.get("targets", []))]
    return all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)


def _variables(dashboard: Json) -> Iterator[str]:
    variables = {variable["name"]: variable for variable in dashboard.get("templating", {}).get("list", [])}
    source = variables.get("datasource", {})
    if (source.get("type"), source.get("query"), source.get("label")) != ("datasource", "prometheus", "Data source"):
        yield "variable 'datasource' is not a choice of Prometheus data sources labelled 'Data source'"
    if "exporter" not in variables:
        yield "variable 'exporter' is missing"
    for name, variable in variables.items():
        if variable["type"] == "query":
            yield from (f"variable {name!r} {text}" for text in _query_variable(variable))
            if re.search(rf"\$\{{?{name}\b", str(variable["query"])):
                yield f"variable {name!r} refers to itself: what is chosen would hide the other choices"


def _query_variable(variable: Json) -> Iterator[str]:
    if variable.get("refresh") != 2:
        yield "is not refreshed when the time range changes"
    if not variable.get("multi") or not variable.get("includeAll") or variable.get("allValue") != ".+":
        yield "is not multi with an All of '.+'"
    if variable.get("datasource") != {"type": "prometheus", "uid": "${datasource}"}:
        yield "does not use the data source variable"


def _unique(dashboard: Json) -> Iterator[str]:
    for name in ("id", "title"):
        if twice := _twice(panel.get(name) for panel in panels(dashboard)):
            yield f"{name} {twice} stands on two panels"


def _twice(values: Iterator[object]) -> str:
    return ", ".join(repr(value) for value, count in Counter(values).items() if count > 1)


def _layout(dashboard: Json) -> Iterator[str]:
    boxes = [panel for panel in panels(dashboard) if "gridPos" in panel]
    for panel in panels(dashboard):
        at = panel.get("gridPos")
        if not at or at["x"] < 0 or at["y"] < 0 or at["w"] < 1 or at["h"] < 1 or at["x"] + at["w"] > WIDTH:
            yield f"panel {panel.get('title')!r}: outside the grid of {WIDTH} columns"
    for one, other in combinations(boxes, 2):
        if _overlap(one["gridPos"], other["gridPos"]) and not _nested_apart(dashboard, one, other):
            yield f"panels {one.get('title')!r} and {other.get('title')!r} overlap"


def _overlap(one: Json, other: Json) -> bool:
    return bool(
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )


def _nested_apart(dashboard: Json, one: Json, other: Json) -> bool:
    """Panels of a collapsed row take no room until it is opened, which moves all below it: only siblings can clash."""
    groups = [dashboard["panels"], *(panel["panels"] for panel in dashboard["panels"] if panel.get("panels"))]
    return not any(any(p is one for p in group) and any(p is other for p in group) for group in groups)
