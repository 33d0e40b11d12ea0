"""What distributions ship beside exporters: rules, dashboards and runbooks, found by the entry-point group.

An entry point of the group `mlvitals.assets` names a package with any of `generated/*.yml` (Prometheus rule files),
`generated/*.json` (Grafana dashboards), `runbooks/<Alert>.md` and `templates/*.tmpl` (texts for Alertmanager). What
cannot be used is left out, so that it takes nothing else down, and `problems` says why: a package that cannot be
imported, a rule file that is none, a file that another package brings too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from typing import Any

import yaml

from mlvitals.core.failures import plain
from mlvitals.registry import owner

GROUP = "mlvitals.assets"


@cache
def rule_files() -> dict[str, dict[str, Any]]:
    """File name -> Prometheus rule file, parsed."""
    parsed = {name: _rule_file(text) for name, text in _files("generated", ".yml").texts.items()}
    return {name: content for name, content in parsed.items() if content is not None}


@cache
def dashboards() -> dict[str, str]:
    """File name -> dashboard JSON."""
    return {name: text for name, text in _files("generated", ".json").texts.items() if _dashboard(text) is not None}


@cache
def alert_names() -> list[str]:
    """Names of all shipped alerts."""
    groups = (group for content in rule_files().values() for group in content["groups"])
    return sorted(rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule)


@cache
def runbooks() -> dict[str, str]:
    """Alert -> its runbook, in Markdown."""
    return {name.removesuffix(".md"): text for name, text in _files("runbooks", ".md").texts.items()}


def problems() -> list[str]:
    """What is wrong with installed packages, one line each."""
    rules, boards = _files("generated", ".yml"), _files("generated", ".json")
    pages, texts = _files("runbooks", ".md"), _files("templates", ".tmpl")
    found = [*rules.problems, *boards.problems, *pages.problems, *texts.problems]
    found += [_no(name, "Prometheus rule file") for name in rules.texts.keys() - rule_files().keys()]
    found += [_no(name, "Grafana dashboard") for name in boards.texts.keys() - dashboards().keys()]
    return sorted(set(found))


@cache
def templates() -> dict[str, str]:
    """File name -> templates of Alertmanager's notifications."""
    return _files("templates", ".tmpl").texts


def alerts_of(exporter_type: str) -> list[str]:
    """Names of the alerts about one type of exporter: those of the rule file with its name."""
    groups = rule_files().get(f"{exporter_type}.yml", {}).get("groups", ())
    return [rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule]


@cache
def dashboards_of(exporter_type: str) -> list[tuple[str, str]]:
    """(uid, title) of the dashboards that carry the type as a tag."""
    parsed = (_dashboard(text) or {} for text in dashboards().values())
    return [(each["uid"], each["title"]) for each in parsed if exporter_type in each.get("tags", ())]


def _no(name: str, kind: str) -> str:
    return f"generated/{name} of an installed package is no {kind}"


def _rule_file(text: str) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = yaml.safe_load(text)
        rules = [rule for group in content["groups"] for rule in group["rules"]]
    except (yaml.YAMLError, KeyError, TypeError):
        return None
    return content if all(isinstance(rule, dict) and {"alert", "record"} & rule.keys() for rule in rules) else None


def _dashboard(text: str) -> dict[str, Any] | None:
    try:
        content = json.loads(text)
    except ValueError:
        return None
    return content if isinstance(content, dict) and content.keys() >= {"uid", "title"} else None


@dataclass
class _Files:
    """File name -> text, and why others were left out."""

    texts: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@cache
def _files(folder: str, suffix: str) -> _Files:
    found = _Files()
    owners: dict[str, str] = {}
    for entry in _entries():
        try:
            texts = _texts(entry, folder, suffix)
        except Exception as error:
            why = plain(f"{type(error).__name__}: {error}")
            found.problems.append(f"the package {entry.value} of {owner(entry)} cannot be read: {why}")
            continue
        for name, text in texts.items():
            if name in owners:
                found.problems.append(f"{owners[name]} and {entry.value} both bring {folder}/{name}")
            else:
                found.texts[name], owners[name] = text, entry.value
    return found


def _entries() -> list[EntryPoint]:
    """Ours first: of two files with the same name the first one stays."""
    return sorted(entry_points(group=GROUP), key=lambda entry: (owner(entry) != "mlvitals", entry.name))


def _texts(entry: EntryPoint, folder: str, suffix: str) -> dict[str, str]:
    place = files(entry.value) / folder
    items = place.iterdir() if place.is_dir() else ()
    return {item.name: item.read_text("utf-8") for item in items if item.name.endswith(suffix)}
