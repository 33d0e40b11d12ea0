"""Grafana's provisioning: data sources where they are known, the dashboards and the provider that loads them.

The shipped dashboards are read as data; grafanalib is not needed. What the configuration changes in them are the values
of two variables, where mlvitals is reached and the data source that is chosen first, and where runbooks are kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlvitals.generate.files import yaml_file
from mlvitals.generate.prometheus import SCRAPE_INTERVAL
from mlvitals.model import Config

Json = dict[str, Any]

PROMETHEUS = {"name": "mlvitals Prometheus", "uid": "mlvitals-prometheus"}
ALERTMANAGER = {"name": "mlvitals Alertmanager", "uid": "mlvitals-alertmanager"}
RUNBOOKS = "${mlvitals_url:raw}/runbooks/"
"""What links to runbooks begin with in the shipped dashboards."""
FOLDER = {"folder": "mlvitals", "folderUid": "mlvitals"}

ABOUT_SOURCES = "Data sources of Grafana; belongs into its folder provisioning/datasources."
ABOUT_DASHBOARDS = """\
Tells Grafana where the dashboards are; belongs into its folder provisioning/dashboards.
`path` is the folder that was written here: change it when Grafana sees that folder elsewhere."""


def files(config: Config, dashboards: Mapping[str, str], output: Path) -> dict[str, str]:
    """Path below `output` -> file. `dashboards`: file name -> JSON, as shipped."""
    made = {f"grafana/dashboards/{name}": _applied(text, config) for name, text in dashboards.items()}
    provider = _provider((output / "grafana" / "dashboards").resolve())
    made["grafana/provisioning/dashboards/mlvitals.yaml"] = yaml_file(ABOUT_DASHBOARDS, provider)
    if sources := [*_sources(config)]:
        about = {"apiVersion": 1, "prune": True, "datasources": sources}
        made["grafana/provisioning/datasources/mlvitals.yaml"] = yaml_file(ABOUT_SOURCES, about)
    return made


def _sources(config: Config) -> Iterator[Json]:
    links = config.links
    if links.prometheus:
        options = {"httpMethod": "POST", "prometheusType": "Prometheus", "timeInterval": SCRAPE_INTERVAL}
        if links.alertmanager:
            options["alertmanagerUid"] = ALERTMANAGER["uid"]
        yield _source(PROMETHEUS, "prometheus", links.prometheus, options)
    if links.alertmanager:
        yield _source(ALERTMANAGER, "alertmanager", links.alertmanager, {"implementation": "prometheus"})


def _source(identity: Mapping[str, str], kind: str, url: str, options: Json) -> Json:
    return {**identity, "type": kind, "access": "proxy", "url": _literal(url), "editable": False, "jsonData": options}


def _provider(folder: Path) -> Json:
    provider = {
        "name": "mlvitals",
        **FOLDER,
        "type": "file",
        "allowUiUpdates": False,
        "disableDeletion": False,
        "updateIntervalSeconds": 30,
        "options": {"path": _literal(str(folder))},
    }
    return {"apiVersion": 1, "providers": [provider]}


def _literal(text: str) -> str:
    """Grafana expands `$NAME` in provisioning files; `$$` is a dollar sign."""
    return text.replace("$", "$$")


def _applied(text: str, config: Config) -> str:
    if config.links.runbooks:
        text = text.replace(RUNBOOKS, json.dumps(f"{config.links.runbooks}/")[1:-1])
    dashboard = json.loads(text)
    for variable in dashboard.get("templating", {}).get("list", []):
        if variable["name"] == "mlvitals_url":
            variable |= {"query": config.web.url, "current": {"text": config.web.url, "value": config.web.url}}
        elif variable["name"] == "datasource" and config.links.prometheus:
            variable["current"] = {"text": PROMETHEUS["name"], "value": PROMETHEUS["uid"]}
    return json.dumps(dashboard, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
