"""What distributions ship beside exporters: rules, dashboards and runbooks, found by the entry-point group.

An entry point of the group `mlvitals.assets` names a package with any of `generated/*.yml` (Prometheus rule files),
`generated/*.json` (Grafana dashboards) and `runbooks/<Alert>.md`. Every function raises LookupError, with a message for
people, when such a package cannot be imported, a rule file is none, or two packages bring a file of the same name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

GROUP = "mlvitals.assets"


@cache
def rule_files() -> dict[str, dict[str, Any]]:
    """File name -> Prometheus rule file, parsed."""
    return {name: _rule_file(name, text) for name, text in _texts("generated", ".yml").items()}


@cache
def dashboards() -> dict[str, str]:
    """File name -> dashboard JSON."""
    return _texts("generated", ".json")


@cache
def alert_names() -> list[str]:
    """Names of all shipped alerts."""
    groups = (group for content in rule_files().values() for group in content["groups"])
    return sorted(rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule)


@cache
def runbooks() -> dict[str, str]:
    """Alert -> its runbook, in Markdown."""
    return {name.removesuffix(".md"): text for name, text in _texts("runbooks", ".md").items()}


def alerts_of(exporter_type: str) -> list[str]:
    """Names of the alerts about one type of exporter: those of the rule file with its name."""
    groups = rule_files().get(f"{exporter_type}.yml", {}).get("groups", ())
    return [rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule]


@cache
def dashboards_of(exporter_type: str) -> list[tuple[str, str]]:
    """(uid, title) of the dashboards that carry the type as a tag."""
    parsed = (json.loads(text) for text in dashboards().values())
    return [(each["uid"], each["title"]) for each in parsed if exporter_type in each.get("tags", ())]


def _rule_file(name: str, text: str) -> dict[str, Any]:
    try:
        content: dict[str, Any] = yaml.safe_load(text)
        if all("alert" in rule or "record" in rule for group in content["groups"] for rule in group["rules"]):
            return content
    except (yaml.YAMLError, KeyError, TypeError):
        pass
    raise LookupError(f"generated/{name} of an installed package is no Prometheus rule file")


def _texts(folder: str, suffix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    owners: dict[str, str] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        for item in _items(entry, folder, suffix):
            if item.name in found:
                raise LookupError(f"{owners[item.name]} and {entry.value} both bring {folder}/{item.name}")
            found[item.name], owners[item.name] = item.read_text("utf-8"), entry.value
    return found


def _items(entry: EntryPoint, folder: str, suffix: str) -> Iterator[Traversable]:
    try:
        place = files(entry.value) / folder
    except ImportError as error:
        raise LookupError(f"the package {entry.value} of the entry point {entry.name!r} cannot be imported") from error
    if place.is_dir():
        yield from sorted((item for item in place.iterdir() if item.name.endswith(suffix)), key=lambda item: item.name)
