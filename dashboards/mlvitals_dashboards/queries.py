"""The queries of a dashboard, as Grafana would send them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)(?::\w+)?\}")
_LABEL_VALUES = re.compile(r"label_values\((?P<selector>.+), *(?P<label>\w+)\)")


@dataclass(frozen=True)
class Query:
    """One query of one panel. `panel` is its title; a variable's query stands under `variable <name>`."""

    panel: str
    ref: str
    expr: str
    instant: bool
    legend: str = ""


def panels(dashboard: Json) -> Iterator[Json]:
    """Every panel, those inside collapsed rows too, and the rows themselves."""
    for panel in dashboard.get("panels", []):
        yield panel
        yield from panel.get("panels", [])


def queries(dashboard: Json) -> list[Query]:
    """Every query of every panel."""
    return [
        Query(panel.get("title", ""), target["refId"], target["expr"], target["instant"], target["legendFormat"])
        for panel in panels(dashboard)
        for target in panel.get("targets", [])
    ]


def variable_queries(dashboard: Json) -> list[Query]:
    """The selectors that variables take their values from; `legend` shows the label."""
    found = []
    for variable in dashboard["templating"]["list"]:
        query = variable["query"]
        match = _LABEL_VALUES.fullmatch(query["query"]) if isinstance(query, dict) else None
        if match:
            found.append(
                Query(f"variable {variable['name']}", "A", match["selector"], True, f"{{{{{match['label']}}}}}")
            )
    return found


def substituted(expr: str, *, rate_interval: str = "2m", span: str = "1h", value: str = ".+") -> str:
    """The expression with Grafana's and our variables replaced: intervals as given, every other by `value`."""
    known = {"__rate_interval": rate_interval, "__interval": rate_interval, "__range": span}
    return _VARIABLE.sub(lambda match: known.get(match[1] or match[2], value), expr)
