"""Rule files: the shipped rules with the changes of `alerts:` and with whole links; and the runbooks that they link."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlvitals import assets
from mlvitals.generate.durations import duration
from mlvitals.generate.files import yaml_file
from mlvitals.model import AlertOverride, Config

ABOUT = "Prometheus rules; `promtool check rules` reads this file."


def files(config: Config) -> dict[str, str]:
    """Path below the output folder -> rule file or runbook."""
    changed = {name: _groups(content, config) for name, content in assets.rule_files().items()}
    pages = {f"runbooks/{name}.md": text for name, text in assets.runbooks().items()}
    return pages | {
        f"prometheus/rules/{name}": yaml_file(ABOUT, {"groups": groups}) for name, groups in changed.items() if groups
    }


def _groups(content: dict[str, Any], config: Config) -> list[dict[str, Any]]:
    groups = ({**group, "rules": [*_rules(group["rules"], config)]} for group in content["groups"])
    return [group for group in groups if group["rules"]]


def _rules(rules: list[dict[str, Any]], config: Config) -> Iterator[dict[str, Any]]:
    for rule in rules:
        override = config.alerts.get(rule.get("alert", ""), AlertOverride())
        if "alert" not in rule:
            yield rule
        elif override.enabled:
            linked = {**rule, "annotations": _linked(rule.get("annotations", {}), config)}
            yield _overridden(linked, override)


def _overridden(rule: dict[str, Any], override: AlertOverride) -> dict[str, Any]:
    labels = {**rule.get("labels", {}), **override.labels}
    if override.severity:
        labels["severity"] = override.severity
    if override.for_ is None:
        return {**rule, "labels": labels}
    waits = {"alert": rule["alert"], "expr": rule["expr"], "for": duration(override.for_)}
    return {**waits, **{key: value for key, value in rule.items() if key not in waits}, "labels": labels}


def _linked(annotations: dict[str, str], config: Config) -> dict[str, str]:
    """The annotations with links made whole; a link to something that is nowhere is left out."""
    bases = {"runbook_url": ("/runbooks", config.runbooks), "dashboard": ("", config.links.grafana)}
    linked = {}
    for name, text in annotations.items():
        prefix, base = bases.get(name, ("", None))
        if name not in bases or not text.startswith(f"{prefix}/"):
            linked[name] = text
        elif base:
            linked[name] = base + text.removeprefix(prefix)
    return linked
