"""A thin layer over grafanalib that emits what Grafana's current dashboard schema describes.

grafanalib 0.7.1 writes fields that Grafana dropped years ago and defaults that mislead (a mean instead of the last
value, thresholds that begin at the string "null"). Each class here keeps grafanalib's model and corrects its output.
"""

from __future__ import annotations

import json
from typing import Any

from grafanalib import core
from grafanalib._gen import DashboardEncoder

Json = dict[str, Any]

_ROOM_FOR_A_LABEL = 60

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

_PANEL_KEYS = ("type", "id", "title", "description", "datasource", "gridPos", "links", "targets", "transformations")
_DEFAULT_KEYS = ("unit", "decimals", "min", "max", "noValue", "mappings", "thresholds", "color", "links")
_DASHBOARD_KEYS = (
    *("uid", "title", "description", "tags", "editable", "graphTooltip", "links", "panels", "refresh", "schemaVersion"),
    *("templating", "time", "timepicker", "timezone", "annotations", "version"),
)
_VARIABLE_KEYS = (
    *("name", "type", "label", "query", "datasource", "refresh", "multi", "includeAll", "allValue", "current", "hide"),
    *("sort", "skipUrlSync", "regex"),
)


_DASHBOARD = {
    "editable": False,
    "graphTooltip": core.GRAPH_TOOLTIP_MODE_SHARED_CROSSHAIR,
    "refresh": "30s",
    "schemaVersion": 42,
    "time": core.Time("now-6h", "now"),
    "timezone": "browser",
    "version": 1,
}


def plain(value: Any) -> Any:
    """grafanalib's objects as fresh dicts and lists."""
    return json.loads(json.dumps(value, cls=DashboardEncoder))


def _kept(raw: Json, keys: tuple[str, ...]) -> Json:
    return {key: raw[key] for key in keys if raw.get(key) not in (None, "", [])}


def _modern(raw: Json, custom: Json | None = None, **options: Any) -> Json:
    """A panel of grafanalib with the fields that Grafana knows, and no other."""
    raw = plain(raw)
    config = raw["fieldConfig"]
    defaults = _kept(config["defaults"], _DEFAULT_KEYS) | ({"custom": custom} if custom else {})
    return _kept(raw, _PANEL_KEYS) | {
        "fieldConfig": {"defaults": defaults, "overrides": config.get("overrides", [])},
        "options": plain(options),
    }


class Threshold(core.Threshold):
    """From `value` on, this colour; index 0 has no lower end."""

    def to_json_data(self) -> Json:
        """Grafana's form."""
        return {"color": self.color, "value": None if self.index == 0 else self.value}


class Target(core.Target):
    """One PromQL query: the value now (`instant`) or over the time range."""

    def to_json_data(self) -> Json:
        """Grafana's form."""
        return {
            "datasource": DATASOURCE,
            "editorMode": "code",
            "expr": self.expr,
            "format": self.format,
            "instant": self.instant,
            "legendFormat": self.legendFormat or "__auto",
            "range": not self.instant,
            "refId": self.refId,
        }


class Stat(core.Stat):
    """One value, its background coloured."""

    def to_json_data(self) -> Json:
        """Grafana's form."""
        return _modern(
            super().to_json_data(),
            colorMode="background",
            graphMode="none",
            justifyMode="center",
            orientation="auto",
            percentChangeColorMode="standard",
            reduceOptions={"calcs": ["lastNotNull"], "fields": "", "values": False},
            showPercentChange=False,
            textMode="value",
            wideLayout=True,
        )


class TimeSeries(core.TimeSeries):
    """Lines over time."""

    def __init__(self, *, scale: Json | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.scale = scale or {"type": "linear"}

    def to_json_data(self) -> Json:
        """Grafana's form."""
        custom = {
            "drawStyle": "line",
            "fillOpacity": 0,
            "lineInterpolation": self.lineInterpolation,
            "lineWidth": 2,
            "showPoints": "auto",
            "spanNulls": False,
            "scaleDistribution": self.scale,
            "stacking": {"group": "A", "mode": "none"},
            "thresholdsStyle": {"mode": self.thresholdsStyleMode},
        }
        return _modern(
            super().to_json_data(),
            custom,
            legend={
                "calcs": ["lastNotNull", "max"],
                "displayMode": "table",
                "placement": self.legendPlacement,
                "showLegend": True,
            },
            tooltip={"mode": "multi", "sort": "desc"},
        )


class BarChart(core.BarChart):
    """Bars side by side for each row of a table; `names` is the column that they are named after."""

    def __init__(self, *, names: str, thresholds: list[Threshold], **options: Any) -> None:
        super().__init__(thresholdSteps=thresholds, **options)
        self.names = names

    def to_json_data(self) -> Json:
        """Grafana's form."""
        return _modern(
            super().to_json_data(),
            {"axisSoftMin": 0, "fillOpacity": 80, "gradientMode": "none", "lineWidth": 1},
            barRadius=0,
            barWidth=0.95,
            fullHighlight=False,
            groupWidth=0.8,
            legend={"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
            orientation="auto",
            showValue="never",
            stacking="none",
            tooltip={"mode": "multi", "sort": "none"},
            xField=self.names,
            xTickLabelRotation=0,
            xTickLabelSpacing=_ROOM_FOR_A_LABEL,
        )


class StateTimeline(core.StateTimeline):
    """States over time, one band for each series."""

    def to_json_data(self) -> Json:
        """Grafana's form."""
        return _modern(
            super().to_json_data(),
            {"fillOpacity": self.fillOpacity, "lineWidth": 0},
            alignValue="left",
            legend={"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
            mergeValues=True,
            rowHeight=self.rowHeight,
            showValue="auto",
            tooltip={"mode": "single", "sort": "none"},
        )


class Table(core.Table):
    """Instant queries side by side."""

    def to_json_data(self) -> Json:
        """Grafana's form."""
        return _modern(
            super().to_json_data(),
            # Grafana's 150 pixels would hide columns of a narrow table behind a scroll bar.
            {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": False, "inspect": False, "minWidth": 70},
            cellHeight="sm",
            frameIndex=0,
            showHeader=True,
            sortBy=self.sortBy,
        )


class Row(core.RowPanel):
    """A headline; a collapsed one holds its panels and asks nothing until it is opened."""

    def to_json_data(self) -> Json:
        """Grafana's form."""
        return _kept(plain(super().to_json_data()), ("type", "id", "title", "gridPos", "collapsed")) | {
            "panels": plain(self.panels)
        }


class Variable(core.Template):
    """A variable above the dashboard."""

    def __init__(self, *, current: Json | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.current = current

    def to_json_data(self) -> Json:
        """Grafana's form."""
        raw = super().to_json_data() | {"current": self.current, "skipUrlSync": self.type == "constant"}
        return _kept(plain(raw), _VARIABLE_KEYS)


class Dashboard(core.Dashboard):
    """A dashboard that nobody edits in Grafana, because the next provisioning would undo it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**(_DASHBOARD | options))

    def to_json_data(self) -> Json:
        """Grafana's form."""
        kept = _kept(plain(super().to_json_data()), _DASHBOARD_KEYS)
        return kept | {"timepicker": {"refresh_intervals": ["30s", "1m", "5m", "15m", "1h"]}}
