"""Each check finds what it is for: a sound dashboard is broken in one place, and the finding names the place."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mlvitals_dashboards
from mlvitals import registry
from mlvitals_dashboards import lint
from mlvitals_dashboards.queries import Json

SOUND: Json = json.loads((Path(mlvitals_dashboards.__path__[0]) / "generated" / "mlflow.json").read_bytes())
METRICS = registry.exporter_type("mlflow").metrics


def by_title(dashboard: Json, title: str) -> Json:
    panel: Json = next(panel for panel in dashboard["panels"] if panel["title"] == title)
    return panel


def changed(change: Callable[[Json], Any]) -> list[str]:
    """The findings once `change` was applied to the sound dashboard."""
    dashboard = copy.deepcopy(SOUND)
    change(dashboard)
    return lint.findings(dashboard, METRICS)


def in_panel(change: Callable[[Json], Any], title: str = "Servers") -> list[str]:
    return changed(lambda dashboard: change(by_title(dashboard, title)))


def with_expr(expr: str, *, instant: bool = True, legend: str = "") -> list[str]:
    def change(panel: Json) -> None:
        panel["targets"][0] |= {"expr": expr, "instant": instant, "legendFormat": legend}

    return in_panel(change)


def variable(dashboard: Json, name: str) -> Json:
    found: Json = next(v for v in dashboard["templating"]["list"] if v["name"] == name)
    return found


def test_the_sound_dashboard_is_sound() -> None:
    assert changed(lambda dashboard: None) == []


BROKEN_PANEL = {
    "options: colorMode: 'rainbow'": lambda p: p["options"].update(colorMode="rainbow"),
    "options: top: Additional properties": lambda p: p["options"].update(displayMode="lcd"),
    "top: Additional properties are not allowed ('span'": lambda p: p.update(span=4),
    "fieldConfig/defaults/thresholds/steps/0/value: 'null'": lambda p: p["fieldConfig"]["defaults"]["thresholds"][
        "steps"
    ][0].update(value="null"),
    "target A: top: Additional properties are not allowed ('intervalFactor'": lambda p: p["targets"][0].update(
        intervalFactor=2
    ),
    "'bytes/sec' is none of Grafana's units": lambda p: p["fieldConfig"]["defaults"].update(unit="bytes/sec"),
    "'avg' is none of Grafana's calculations": lambda p: p["options"]["reduceOptions"].update(calcs=["avg"]),
    "'join' is none of Grafana's transformations": lambda p: p.update(transformations=[{"id": "join", "options": {}}]),
    "no description": lambda p: p.pop("description"),
    "no unit": lambda p: p["fieldConfig"]["defaults"].pop("unit"),
    "no text for missing data": lambda p: p["fieldConfig"]["defaults"].pop("noValue"),
    "no thresholds": lambda p: p["fieldConfig"]["defaults"].pop("thresholds"),
    "no queries": lambda p: p.update(targets=[]),
    "the data source is not the variable": lambda p: p.update(datasource={"type": "prometheus", "uid": "abc"}),
    "two queries share a refId": lambda p: p["targets"].append(p["targets"][0]),
    "panel type 'graph' is not in the schema": lambda p: p.update(type="graph"),
    "outside the grid": lambda p: p["gridPos"].update(x=22),
    "overlap": lambda p: p["gridPos"].update(w=5),
}


@pytest.mark.parametrize("finding", BROKEN_PANEL)
def test_a_broken_panel_is_found(finding: str) -> None:
    found = in_panel(BROKEN_PANEL[finding])
    assert any(finding in line and "'Servers'" in line for line in found), found


BROKEN_DASHBOARD = {
    "is editable": lambda d: d.update(editable=True),
    "has no shared crosshair": lambda d: d.update(graphTooltip=0),
    "is not of schema version 42": lambda d: d.update(schemaVersion=12),
    "does not use the browser's time zone": lambda d: d.update(timezone="utc"),
    "has no uid": lambda d: d.pop("uid"),
    "is not tagged mlvitals": lambda d: d.update(tags=[]),
    "dashboard: top: Additional properties are not allowed ('rows'": lambda d: d.update(rows=[]),
    "stands on two panels": lambda d: d["panels"][0].update(id=d["panels"][1]["id"]),
    "variable 'exporter' is missing": lambda d: d["templating"]["list"].remove(variable(d, "exporter")),
    "variable 'datasource' is not a choice": lambda d: variable(d, "datasource").update(label="DS"),
    "'model' is not refreshed": lambda d: variable(d, "model").update(refresh=1),
    "'model' is not multi": lambda d: variable(d, "model").update(allValue=".*"),
    "'model' refers to itself": lambda d: variable(d, "model")["query"].update(
        query='label_values(mlflow_model_versions{exporter=~"$exporter", model=~"$model"}, model)'
    ),
    "'model' does not use the data source": lambda d: variable(d, "model").update(datasource={}),
    "metric 'mlflow_modles' is not declared": lambda d: variable(d, "model")["query"].update(
        query="label_values(mlflow_modles, model)"
    ),
    "label 'modle' is not there": lambda d: variable(d, "model")["query"].update(
        query='label_values(mlflow_model_versions{exporter=~"$exporter"}, modle)'
    ),
}


@pytest.mark.parametrize("finding", BROKEN_DASHBOARD)
def test_a_broken_dashboard_is_found(finding: str) -> None:
    found = changed(BROKEN_DASHBOARD[finding])
    assert any(finding in line for line in found), found


BROKEN_QUERY = {
    "is no PromQL": "sum(",
    "metric 'mlflow_modles' is not declared": 'mlflow_modles{exporter=~"$exporter"}',
    "mlflow_models has no label 'model'": 'mlflow_models{exporter=~"$exporter",model="m"}',
    "mlflow_experiment_recent_runs never has status='RUNNING'": (
        'mlflow_experiment_recent_runs{exporter=~"$exporter",status="RUNNING"}'
    ),
    'mlflow_models is not narrowed by exporter=~"$exporter"': "mlflow_models",
    'mlflow_experiments is not narrowed by exporter=~"$exporter"': 'mlflow_experiments{exporter="one"}',
    "mlflow_experiment_recent_runs never has status='RUN.*'": (
        'mlflow_experiment_recent_runs{exporter=~"$exporter",status=~"RUN.*"}'
    ),
    "counter mlvitals_exporter_collection_errors_total is used without rate": (
        'mlvitals_exporter_collection_errors_total{exporter=~"$exporter"}'
    ),
    "label 'modle' is not there": 'sum by (modle) (mlflow_model_versions{exporter=~"$exporter"})',
    "label 'alias' is not there": (
        'mlflow_model_versions{exporter=~"$exporter"} / on (alias) mlflow_model_latest_version{exporter=~"$exporter"}'
    ),
}


@pytest.mark.parametrize("finding", BROKEN_QUERY)
def test_a_broken_query_is_found(finding: str) -> None:
    found = with_expr(BROKEN_QUERY[finding])
    assert any(finding in line for line in found), found


def test_a_fixed_range_in_a_graph_is_found() -> None:
    expr = 'rate(mlvitals_exporter_collection_errors_total{exporter=~"$exporter"}[5m])'
    assert any("not $__rate_interval" in line for line in with_expr(expr, instant=False))
    assert with_expr(expr) == []


def test_a_legend_may_not_name_a_label_that_the_aggregation_dropped() -> None:
    expr = 'max by (exporter) (mlflow_model_versions{exporter=~"$exporter"})'
    assert any("label 'model' is not there" in line for line in with_expr(expr, legend="{{model}}"))
    assert with_expr(expr, legend="{{exporter}}") == []


def test_a_table_may_not_name_a_column_that_no_query_has() -> None:
    def change(panel: Json) -> None:
        panel["transformations"][1]["options"]["renameByName"]["stage"] = "Stage"

    assert any("column 'stage' is in no query" in line for line in in_panel(change, "Registered models"))


def test_an_override_of_an_unknown_property_is_found() -> None:
    def change(panel: Json) -> None:
        panel["fieldConfig"]["overrides"][0]["properties"] += [
            {"id": "colour", "value": 1},
            {"id": "custom.displayMode", "value": "rainbow"},
        ]

    found = in_panel(change, "Registered models")
    assert any("'colour' is none of Grafana's field properties" in line for line in found)
    assert any("override 'State': displayMode: 'rainbow'" in line for line in found)
