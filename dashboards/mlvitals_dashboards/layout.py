"""Puts panels and variables together to a dashboard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from typing import Any

import attr
from grafanalib import core

from mlvitals_dashboards.panels import DATASOURCE, Dashboard, Row, Variable
from mlvitals_dashboards.parts import EXTERNAL_URL
from mlvitals_dashboards.signals import UP, matcher

WIDTH = 24
TAG = "mlvitals"
DEFAULT_URL = "http://127.0.0.1:10847"


def dashboard(
    uid: str,
    title: str,
    description: str,
    panels: Sequence[Any],
    *,
    exporters: str = "!~mlvitals|",
    variables: Sequence[Variable] = (),
    tags: Sequence[str] = (),
) -> Dashboard:
    """A dashboard with the variables and links that all of ours have. `exporters`: the exporter types it speaks of,
    as `select` takes them; by default all but the process itself.
    """
    return Dashboard(
        uid=uid,
        title=title,
        description=description,
        tags=[TAG, *tags],
        panels=_placed(panels),
        templating=core.Templating([_datasource(), exporter_variable(exporters), *variables, _external_url()]),
        links=[_related(), _status_page()],
    )


def label_variable(label: str, title: str, selector: str) -> Variable:
    """A variable that takes the values of a label; any number of them, or all."""
    return Variable(
        name=label,
        label=title,
        query={
            "qryType": 1,
            "query": f"label_values({selector}, {label})",
            "refId": "PrometheusVariableQueryEditor-VariableQuery",
        },
        dataSource=DATASOURCE,
        refresh=core.REFRESH_ON_TIME_RANGE_CHANGE,
        multi=True,
        includeAll=True,
        allValue=".+",
        current={"selected": True, "text": ["All"], "value": ["$__all"]},
    )


def exporter_variable(types: str) -> Variable:
    """The exporters of these types, from `up`, so that a dead one is still on the list."""
    return label_variable("exporter", "Exporter", f"{UP}{{{matcher('exporter_type', types)}}}")


def _datasource() -> Variable:
    return Variable(name="datasource", label="Data source", type="datasource", query="prometheus", refresh=1)


def _external_url() -> Variable:
    return Variable(
        name="mlvitals_url",
        label="mlvitals",
        type="constant",
        query=DEFAULT_URL,
        current={"text": DEFAULT_URL, "value": DEFAULT_URL},
        hide=core.HIDE_VARIABLE,
        refresh=1,
    )


def _related() -> core.DashboardLink:
    return core.DashboardLink(
        title="mlvitals dashboards", icon="dashboard", tags=[TAG], asDropdown=True, includeVars=True, keepTime=True
    )


def _status_page() -> core.DashboardLink:
    return core.DashboardLink(
        title="Status page", type="link", icon="info", uri=f"{EXTERNAL_URL}/", targetBlank=True, keepTime=False
    )


def _placed(panels: Iterable[Any]) -> list[Any]:
    """Panels from left to right, a new line where the next one does not fit; a row has a line of its own."""
    placed: list[Any] = []
    y = 0
    line: list[Any] = []
    for panel in panels:
        if isinstance(panel, Row):
            y = _flush(line, y, placed)
            placed.append(_row_at(panel, y))
            y += 1
        else:
            if sum(other.gridPos.w for other in line) + panel.gridPos.w > WIDTH:
                y = _flush(line, y, placed)
            line.append(panel)
    _flush(line, y, placed)
    return placed


def _flush(line: list[Any], y: int, placed: list[Any]) -> int:
    x = 0
    for panel in line:
        placed.append(_with(panel, gridPos=attr.evolve(panel.gridPos, x=x, y=y)))
        x += panel.gridPos.w
    bottom = y + max((panel.gridPos.h for panel in line), default=0)
    line.clear()
    return bottom


def _row_at(row: Any, y: int) -> Any:
    inside = [
        _with(panel, gridPos=attr.evolve(panel.gridPos, y=panel.gridPos.y + y + 1)) for panel in _placed(row.panels)
    ]
    return _with(row, gridPos=core.GridPos(h=1, w=WIDTH, x=0, y=y), panels=inside)


def _with(panel: Any, **changes: Any) -> Any:
    """A copy with these attributes. attr.evolve would lose what our own classes add to grafanalib's."""
    changed = copy(panel)
    vars(changed).update(changes)
    return changed
