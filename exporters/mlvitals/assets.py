"""What distributions ship beside exporters: rules, dashboards and runbooks, found by the entry-point group.

An entry point of the group `mlvitals.assets` names a package with any of `generated/*.yml` (Prometheus rule files),
`generated/*.json` (Grafana dashboards) and `runbooks/<Alert>.md`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

GROUP = "mlvitals.assets"


@cache
def rule_files() -> dict[str, dict[str, Any]]:
    """File name -> Prometheus rule file, parsed."""
    return {item.name: yaml.safe_load(item.read_text("utf-8")) for item in _items("generated", ".yml")}


@cache
def dashboards() -> dict[str, str]:
    """File name -> dashboard JSON."""
    return {item.name: item.read_text("utf-8") for item in _items("generated", ".json")}


@cache
def alert_names() -> list[str]:
    """Names of all shipped alerts."""
    groups = (group for content in rule_files().values() for group in content["groups"])
    return sorted(rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule)


@cache
def runbooks() -> dict[str, str]:
    """Alert -> its runbook, in Markdown."""
    return {item.name.removesuffix(".md"): item.read_text("utf-8") for item in _items("runbooks", ".md")}


def alerts_of(exporter_type: str) -> list[str]:
    """Names of the alerts about one type of exporter: those of the rule file with its name."""
    groups = rule_files().get(f"{exporter_type}.yml", {}).get("groups", ())
    return [rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule]


@cache
def dashboards_of(exporter_type: str) -> list[tuple[str, str]]:
    """(uid, title) of the dashboards that carry the type as a tag."""
    parsed = (json.loads(text) for text in dashboards().values())
    return [(each["uid"], each["title"]) for each in parsed if exporter_type in each.get("tags", ())]


def _items(folder: str, suffix: str) -> Iterator[Traversable]:
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        place = files(entry.value) / folder
        if place.is_dir():
            yield from sorted(
                (item for item in place.iterdir() if item.name.endswith(suffix)), key=lambda item: item.name
            )
