"""Grafana's schema of a dashboard and the ids in its registries; `make schema` makes both from Grafana's code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match

from mlvitals_dashboards.queries import Json, panels

_CUSTOM_UNIT = re.compile(r"(prefix|suffix|time|si|count|currency):.+")


def schema(dashboard: Json) -> list[str]:
    """Where the dashboard, a panel, its options, field configuration or targets are not what Grafana's types say."""
    found = [*_errors("dashboard", "dashboard", {**dashboard, "panels": []})]
    for panel in panels(dashboard):
        found += _panel(panel)
    return found


def _panel(panel: Json) -> Iterator[str]:
    where = f"panel {panel.get('title')!r}"
    if panel.get("type") == "row":
        yield from _errors(where, "row", {**panel, "panels": []})
        return
    yield from _errors(where, "panel", panel)
    kind = str(panel.get("type")).replace("-", "")
    if f"{kind}_Options" not in _kinds():
        yield f"{where}: panel type {panel.get('type')!r} is not in the schema"
        return
    yield from _errors(f"{where} options", f"{kind}_Options", panel.get("options", {}))
    for place, custom in _customs(panel):
        yield from _errors(f"{where} {place}", f"{kind}_FieldConfig", custom)
    for target in panel.get("targets", []):
        yield from _errors(f"{where} target {target.get('refId')}", "target", target)


def _customs(panel: Json) -> Iterator[tuple[str, Json]]:
    config = panel.get("fieldConfig", {})
    if custom := config.get("defaults", {}).get("custom"):
        yield "custom", custom
    for override in config.get("overrides", []):
        custom = {
            item["id"].removeprefix("custom."): item["value"]
            for item in override["properties"]
            if item["id"].startswith("custom.")
        }
        if custom:
            yield f"override {override['matcher'].get('options')!r}", custom


def identifiers(dashboard: Json) -> list[str]:
    """Units, calculations, transformations and override properties that Grafana does not know."""
    found = []
    for panel in panels(dashboard):
        where = f"panel {panel.get('title')!r}"
        for registry, name in _identifiers(panel):
            custom = registry == "units" and _CUSTOM_UNIT.fullmatch(name)
            if name not in _registry(registry) and not custom:
                found.append(f"{where}: {name!r} is none of Grafana's {registry.replace('_', ' ')}")
    return found


def _identifiers(panel: Json) -> Iterator[tuple[str, str]]:
    config, options = panel.get("fieldConfig", {}), panel.get("options", {})
    properties = [item for override in config.get("overrides", []) for item in override["properties"]]
    units = [config.get("defaults", {}).get("unit"), *(item["value"] for item in properties if item["id"] == "unit")]
    calculations = [
        *options.get("reduceOptions", {}).get("calcs", []),
        *options.get("legend", {}).get("calcs", []),
    ]
    yield from (("units", unit) for unit in units if unit is not None)
    yield from (("calculations", name) for name in calculations)
    yield from (("transformations", item["id"]) for item in panel.get("transformations", []))
    yield from (("field_properties", item["id"]) for item in properties if not item["id"].startswith("custom."))


def _errors(where: str, kind: str, value: Any) -> Iterator[str]:
    if kind not in _kinds():
        yield f"{where}: this panel type has no {kind.partition('_')[2]}"
        return
    for error in _validator(kind).iter_errors(value):
        deepest = best_match([error]) or error
        path = "/".join(str(part) for part in deepest.absolute_path)
        yield f"{where}: {path or 'top'}: {deepest.message[:200]}"


@cache
def _document() -> Json:
    text = files("mlvitals_dashboards").joinpath("schema/dashboard.schema.json").read_text()
    document: Json = json.loads(text)
    return document


def _kinds() -> Json:
    kinds: Json = _document()["definitions"]["Kinds"]["properties"]
    return kinds


@cache
def _validator(kind: str) -> Draft7Validator:
    return Draft7Validator({"definitions": _document()["definitions"], **_kinds()[kind]})


@cache
def _registry(name: str) -> frozenset[str]:
    return frozenset(json.loads(files("mlvitals_dashboards").joinpath(f"schema/{name}.json").read_text()))
