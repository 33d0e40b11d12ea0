"""Panels made from signals, so that unit, description, colours and no-data text never stand in a dashboard twice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grafanalib import core

from mlvitals_dashboards.panels import (
    DATASOURCE,
    BarChart,
    Row,
    Stat,
    StateTimeline,
    Table,
    Target,
    Threshold,
    TimeSeries,
)
from mlvitals_dashboards.signals import NO_DATA, Signal

EXTERNAL_URL = "${mlvitals_url:raw}"
"""Where mlvitals is reached: a constant of the dashboard that `mlvitals generate` sets."""

EMPTY_CELL = "-"
_FITS_A_CELL = 12
"""Letters of a text that says why there is no value; a longer one would be cut."""
NEUTRAL = "#6e7079"
"""Behind a text that says why there is no value: neither good nor bad."""
MANY_SIZES = {"type": "symlog", "log": 10, "linearThreshold": 0.1}
"""A scale for values of any sign and size side by side: an accuracy and a squared error."""
_LABEL_COLORS = {"severity": {"critical": "red", "warning": "orange", "info": "blue"}}
HALF = 12
"""Half the width of the page; a narrower graph has no room for a legend beside it."""

Json = dict[str, Any]


def panel_id(key: str) -> int:
    """An id that depends on the key alone: a panel that is inserted or renamed renumbers no other."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % 1_000_000 + 1


def runbook(*alerts: str) -> list[Json]:
    """Links from a panel to the runbooks of the alerts that watch the same thing."""
    return [
        core.DashboardLink(
            title=f"Runbook {alert}",
            type="link",
            icon="doc",
            uri=f"{EXTERNAL_URL}/runbooks/{alert}",
            targetBlank=True,
            keepTime=False,
        ).to_json_data()
        for alert in alerts
    ]


def runbook_link(column: str = "alertname") -> list[Json]:
    """A link from a cell to the runbook of the alert named in that column."""
    url = f"{EXTERNAL_URL}/runbooks/${{__data.fields.{column}:percentencode}}"
    return [core.DataLink("Runbook", url, isNewTab=True).to_json_data()]


def drill_down(title: str, uid: str, **variables: str) -> list[Json]:
    """A link from a cell to a dashboard; `exporter="exporter"` sets its variable from that column of the row."""
    query = "".join(f"&var-{name}=${{__data.fields.{column}:percentencode}}" for name, column in variables.items())
    url = f"/d/{uid}?${{datasource:queryparam}}&${{__url_time_range}}{query}"
    return [core.DataLink(title, url).to_json_data()]


def stat(key: str, title: str, signal: Signal, *, w: int = 4, links: Sequence[Json] = ()) -> Stat:
    """The signal's value now, in words and colour."""
    targets = [Target(signal.expr, instant=True, refId="A")]
    return Stat(**_common(key, title, signal, w, 4, links), targets=targets, format=signal.unit, **_look(signal))


def lines(
    key: str,
    title: str,
    signal: Signal,
    legend: str,
    *,
    more: Mapping[str, Signal] | None = None,
    steps: bool = False,
    any_size: bool = False,
    bounded: bool = False,
    w: int = 12,
    h: int = 8,
    links: Sequence[Json] = (),
) -> TimeSeries:
    """The signal over time; `more` adds dashed lines (legend -> signal), `steps` draws values that jump, `any_size`
    those that differ by orders of magnitude or may be negative, `bounded` a line at each of the signal's bounds.
    """
    queries = {legend: signal, **(more or {})}
    targets = [
        Target(asked.expr, legendFormat=name, refId=_ref(index)) for index, (name, asked) in enumerate(queries.items())
    ]
    defaults = {"noValue": signal.missing} | ({} if any_size else {"min": 0}) | _decimals(signal)
    dashed = [
        _override("byFrameRefID", target.refId, {"custom.lineStyle": {"dash": [8, 8], "fill": "dash"}})
        for target in targets[1:]
    ]
    return TimeSeries(
        **_common(key, title, signal, w, h, links),
        targets=targets,
        unit=signal.unit,
        overrides=dashed,
        legendPlacement="right" if w >= HALF else "bottom",
        lineInterpolation="stepAfter" if steps else "linear",
        scale=MANY_SIZES if any_size else None,
        thresholdsStyleMode="line" if bounded else "off",
        extraJson={"fieldConfig": {"defaults": defaults}},
    )


def timeline(key: str, title: str, signal: Signal, legend: str, *, w: int = 24, h: int = 5) -> StateTimeline:
    """The states that the signal went through, one band a series."""
    return StateTimeline(
        **_common(key, title, signal, w, h, ()),
        targets=[Target(signal.expr, legendFormat=legend, refId="A")],
        mappings=_words(signal),
        extraJson={"fieldConfig": {"defaults": {"noValue": signal.missing, "unit": signal.unit}}},
    )


def bars(
    key: str,
    title: str,
    label: str,
    sides: Mapping[str, Signal],
    *,
    names: Signal | None = None,
    description: str,
    w: int = 12,
    h: int = 9,
) -> BarChart:
    """For each value of `label` a bar of each side (headline -> signal); `names`: numbers that are shown for the
    values, and that the bars are ordered by.
    """
    columns = [Column("From", names)] if names else []
    columns += [Column(headline, signal) for headline, signal in sides.items()]
    renamed = {f"Value #{_ref(index)}": column.title for index, column in enumerate(columns)}
    hidden = {"Time": True} | ({label: True} if names else {})
    by = "From" if names else label
    shown = columns[-1].signal
    return BarChart(
        **_common(key, title, Signal("", shown.unit, description), w, h, ()),
        targets=_instant(columns),
        transformations=[
            {"id": "merge", "options": {}},
            {"id": "organize", "options": {"excludeByName": hidden, "renameByName": renamed}},
            {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": by}]}},
        ],
        overrides=[_override("byName", "From", {"unit": names.unit})] if names else [],
        names=by,
        extraJson={"fieldConfig": {"defaults": {"noValue": shown.missing, "unit": shown.unit}}},
    )


@dataclass(frozen=True)
class Column:
    """A column of values: one query of a table."""

    title: str
    signal: Signal

    @property
    def width(self) -> int:
        """Pixels: room for the headline with the arrow of its order, so that the columns of labels share the rest."""
        return max(80, 8 * len(self.title) + 32)


def table(
    key: str,
    title: str,
    labels: Mapping[str, str],
    columns: Sequence[Column],
    *,
    description: str,
    missing: str,
    sort: str,
    descending: bool = True,
    cell_links: Mapping[str, Sequence[Json]] | None = None,
    hide: Sequence[str] = (),
    widths: Mapping[str, int] | None = None,
    order: Sequence[str] = (),
    w: int = 24,
    h: int = 8,
    links: Sequence[Json] = (),
) -> Table:
    """A row for each combination of labels (label -> headline), merged from one instant query a column.

    A query may lack a label that others have, its cells are then empty in that label's column. `hide` names columns
    that are queried for their labels only. `order` lists all headlines, by default the labels come first.
    """
    fields = ["Value"] if len(columns) == 1 else [f"Value #{_ref(index)}" for index in range(len(columns))]
    renamed = dict(labels) | dict(zip(fields, (column.title for column in columns), strict=True))
    ordered = sorted(renamed, key=lambda field: order.index(renamed[field]) if order else 0)
    hidden = {"Time": True} | {field: True for field in fields if renamed[field] in hide}
    organize = {
        "excludeByName": hidden,
        "indexByName": {field: index for index, field in enumerate(ordered)},
        "renameByName": renamed,
    }
    shown = [column for column in columns if column.title not in hide]
    meanings = "\n".join(f"- {column.title}: {column.signal.description}" for column in shown)
    signal = Signal("", "none", f"{description}\n\n{meanings}".strip(), missing=missing)
    overrides = [_column(column) for column in shown]
    overrides += [
        _override("byName", headline, _label(label, (cell_links or {}).get(label), (widths or {}).get(label)))
        for label, headline in labels.items()
    ]
    return Table(
        **_common(key, title, signal, w, h, links),
        targets=_instant(columns),
        transformations=[{"id": "merge", "options": {}}, {"id": "organize", "options": organize}],
        overrides=overrides,
        unit="none",
        sortBy=[core.TableSortByField(displayName=sort, desc=descending)],
        extraJson={"fieldConfig": {"defaults": {"noValue": missing}}},
    )


def alert_table(
    objects: Mapping[str, str], signal: Signal, *, widths: Mapping[str, int] | None = None, w: int
) -> Table:
    """The alerts that fire now, the worst first; `objects`: the labels that say what each is about -> headline."""
    return table(
        "alert-table",
        "Firing alerts",
        {"severity": "Severity", "alertname": "Alert", **objects},
        [Column("Count", signal)],
        description="Alerts that fire now. The name leads to the runbook.",
        missing="No alert fires",
        sort="Severity",
        descending=False,
        cell_links={"alertname": runbook_link()},
        widths={"severity": 100, "alertname": 230, **(widths or {})},
        w=w,
        h=6,
    )


def objective_table(signal: Signal, alert: str) -> Table:
    """The patterns of the configured objectives, and how much each is about; `alert` fires where that is nothing."""
    return table(
        "objective-table",
        "What each objective is about",
        {"exporter": "Server", "objective": "Objective", "pattern": "Pattern"},
        [Column("Matches", signal)],
        description="The patterns of the exporters' objectives. One that matches nothing watches nothing.",
        missing="No objective set",
        sort="Matches",
        descending=False,
        h=6,
        links=runbook(alert),
    )


def row(title: str, panels: Sequence[Any] = ()) -> Row:
    """A headline; with panels it is collapsed."""
    return Row(id=panel_id("row " + title), title=title, collapsed=bool(panels), panels=list(panels))


def _instant(columns: Sequence[Column]) -> list[Target]:
    return [
        Target(column.signal.expr, instant=True, format="table", refId=_ref(index))
        for index, column in enumerate(columns)
    ]


def _common(key: str, title: str, signal: Signal, w: int, h: int, links: Sequence[Json]) -> Json:
    return {
        "id": panel_id(key),
        "title": title,
        "description": signal.description,
        "dataSource": DATASOURCE,
        "gridPos": core.GridPos(h=h, w=w, x=0, y=0),
        "links": list(links),
        "thresholds": _thresholds(signal),
    }


def _thresholds(signal: Signal) -> list[Threshold]:
    steps = [(0.0, signal.base), *signal.steps]
    return [Threshold(color, index, float(value)) for index, (value, color) in enumerate(steps)]


def _look(signal: Signal) -> Json:
    nothing = {"match": "null+nan", "result": {"text": signal.missing, "color": NEUTRAL, "index": len(signal.words)}}
    mappings = [*_words(signal), {"type": "special", "options": nothing}]
    look: Json = {"mappings": mappings, "noValue": signal.missing, "color": {"mode": "thresholds"}}
    return look | _decimals(signal)


def _decimals(signal: Signal) -> Json:
    return {} if signal.decimals is None else {"decimals": signal.decimals}


def _words(signal: Signal) -> list[Json]:
    return _mapping({f"{value:g}": word for value, word in signal.words.items()})


def _mapping(words: Mapping[str, tuple[str, str]]) -> list[Json]:
    """Value -> its text and colour, as Grafana's value mapping."""
    options = {
        value: {"text": text, "color": color, "index": index}
        for index, (value, (text, color)) in enumerate(words.items())
    }
    return [{"type": "value", "options": options}] if options else []


def _label(label: str, links: Sequence[Json] | None, width: int | None) -> Json:
    properties: Json = {"noValue": EMPTY_CELL, "custom.filterable": True}
    if links:
        properties["links"] = list(links)
    if width:
        properties["custom.width"] = width
    if colors := _LABEL_COLORS.get(label):
        properties["mappings"] = _mapping({value: (value, color) for value, color in colors.items()})
        properties["custom.cellOptions"] = {"type": "color-text"}
    return properties


def _column(column: Column) -> Json:
    signal = column.signal
    says_why = signal.missing != NO_DATA and len(signal.missing) <= _FITS_A_CELL
    properties: Json = {"unit": signal.unit, "noValue": signal.missing if says_why else EMPTY_CELL}
    properties |= _decimals(signal)
    if signal.words:
        properties["mappings"] = _words(signal)
    if signal.words or signal.steps:
        properties["custom.cellOptions"] = {"type": "color-text"}
        properties["thresholds"] = {"mode": "absolute", "steps": [t.to_json_data() for t in _thresholds(signal)]}
    return _override("byName", column.title, properties | {"custom.width": column.width})


def _override(matcher: str, options: str, properties: Json) -> Json:
    return {
        "matcher": {"id": matcher, "options": options},
        "properties": [{"id": name, "value": value} for name, value in properties.items()],
    }


def _ref(index: int) -> str:
    return chr(ord("A") + index)
