"""Loads mlvitals.yml: each mistake is one line with file, line, key, what was expected and the nearest valid key."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from mlvitals import assets, registry
from mlvitals.core import metrics as own
from mlvitals.core.metric import Metric, declared
from mlvitals.core.settings import ExporterSettings, secret_keys
from mlvitals.core.webconfig import WebConfig
from mlvitals.model import Config
from mlvitals.yamlfile import ConfigError, Document, Location, read

__all__ = ["ConfigError", "load", "load_web", "settings_from"]

M = TypeVar("M", bound=BaseModel)

_ONE_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_EXPECTED = {
    "missing": "required key is missing",
    "string_type": "expected text",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "dict_type": "expected a mapping",
    "model_type": "expected a mapping",
    "model_attributes_type": "expected a mapping",
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "path_type": "expected a path",
    "path_not_file": "no such file",
    "string_pattern_mismatch": "expected letters, digits, '.', '_' or '-', beginning with a letter or a digit",
}


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read and check a configuration file. Raises ConfigError with every problem found.

    Relative paths in the file start at the file's folder.
    """
    document = read(path, environment)
    if document.data is None:
        document.data = {}
    if not isinstance(document.data, dict):
        raise ConfigError([document.problem((), "expected a mapping with the key exporters")])
    return _Loader(document, path.parent).config()


def load_web(path: Path) -> WebConfig:
    """Read and check a web configuration file. Raises ConfigError."""
    document = read(path, environment=None)
    return _validated(document, WebConfig, document.data or {}, (), path.parent)


def settings_from(type_name: str, data: Mapping[str, Any], source: str) -> ExporterSettings:
    """One exporter's settings from data that stands in no file. Raises ConfigError or LookupError."""
    model = registry.exporter_type(type_name).settings
    document = Document(source, data={"name": type_name, "type": type_name, **data})
    return _validated(document, model, document.data, (), Path())


class _Loader:
    def __init__(self, document: Document, folder: Path) -> None:
        self._document = document
        self._folder = folder
        self._problems: list[str] = []

    def config(self) -> Config:
        data = dict(self._document.data)
        entries = data.pop("exporters", None) or []
        exporters = [*self._exporters(entries)] if isinstance(entries, list) else entries
        self._problems += _literal_secrets(self._document, Config, ())
        self._problems += _alert_problems(self._document, data.get("alerts"))
        try:
            config = _validated(self._document, Config, {**data, "exporters": exporters}, (), self._folder)
        except ConfigError as error:
            raise ConfigError(_in_order([*self._problems, *error.problems])) from None
        if self._problems:
            raise ConfigError(_in_order(self._problems))
        return config

    def _exporters(self, entries: list[Any]) -> Iterator[ExporterSettings]:
        names: set[str] = set()
        for index, entry in enumerate(entries):
            at = ("exporters", index)
            try:
                exporter = self._exporter(entry, at)
            except ConfigError as error:
                self._problems += error.problems
                continue
            if exporter.name in names:
                self._problems.append(self._document.problem((*at, "name"), "another exporter has this name already"))
            names.add(exporter.name)
            yield exporter

    def _exporter(self, entry: Any, at: Location) -> ExporterSettings:
        if not isinstance(entry, dict):
            raise ConfigError([self._document.problem(at, "expected a mapping with name, type and url")])
        if "type" not in entry:
            names = ", ".join(registry.type_names())
            raise ConfigError(
                [self._document.problem((*at, "type"), f"required key is missing; installed types: {names}")]
            )
        try:
            model = registry.exporter_type(str(entry["type"])).settings
        except LookupError as error:
            raise ConfigError([self._document.problem((*at, "type"), str(error))]) from None
        self._problems += _literal_secrets(self._document, model, at)
        self._problems += _taken_labels(self._document, entry.get("labels"), (*at, "labels"), {str(entry["type"])})
        return _validated(self._document, model, entry, at, self._folder)


def _validated(document: Document, model: type[M], data: Any, at: Location, folder: Path) -> M:
    try:
        return model.model_validate(data, context={"folder": folder})
    except ValidationError as error:
        raise ConfigError([*_problems(document, model, error, at)]) from None


def _problems(document: Document, model: type[BaseModel], error: ValidationError, at: Location) -> Iterator[str]:
    for found in error.errors(include_url=False, include_input=False):
        location = found["loc"]
        yield document.problem((*at, *location), _explained(found, model, location))


def _explained(found: Any, model: type[BaseModel], location: Location) -> str:
    kind, message = found["type"], str(found["msg"])
    if kind == "extra_forbidden":
        return _unknown(str(location[-1]), _keys(model, location[:-1]))
    if kind == "literal_error":
        return f"expected {found['ctx']['expected']}"
    if kind.startswith(("greater_than", "less_than")):
        return message.replace("Input should be", "expected a number")
    return _EXPECTED.get(kind) or message.removeprefix("Value error, ").removeprefix("Input should be ")


def _unknown(key: str, known: list[str]) -> str:
    return f"unknown key; {registry.nearest(key, known)}"


def _keys(model: type[BaseModel], location: Location) -> list[str]:
    """The keys that the mapping at this location of the model takes."""
    for part in location:
        if isinstance(part, str) and part in (fields := _by_key(model)):
            inner = next(_models(fields[part]), None)
            model = inner or model
    return list(_by_key(model))


def _by_key(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _literal_secrets(document: Document, model: type[BaseModel], below: Location) -> Iterator[str]:
    secrets = secret_keys(model)
    for at, text in document.written.items():
        if at[: len(below)] == below and at[-1:] and at[-1] in secrets and not _ONE_VARIABLE.fullmatch(text):
            yield document.problem(at, f"a secret does not stand in this file: use ${{VARIABLE}} or {at[-1]}_file")


def _taken_labels(document: Document, labels: Any, at: Location, types: Iterable[str]) -> Iterator[str]:
    """Labels that metrics have already: Prometheus would rename the metric's, or an alert's series would be one."""
    metrics = [*declared(own), *(metric for name in types for metric in _metrics_of(name))]
    for label in labels if isinstance(labels, dict) else ():
        taken = next((metric for metric in metrics if label in metric.labels), None)
        if taken:
            yield document.problem((*at, label), f"{taken} has a label of this name: choose another")


def _metrics_of(type_name: str) -> tuple[Metric, ...]:
    try:
        return registry.exporter_type(type_name).metrics
    except LookupError:
        # A plug-in that is installed and cannot be loaded; who uses it is told elsewhere.
        return ()


def _alert_problems(document: Document, alerts: Any) -> Iterator[str]:
    known = assets.alert_names()
    for name, override in alerts.items() if isinstance(alerts, dict) else ():
        if isinstance(override, dict):
            yield from _taken_labels(
                document, override.get("labels"), ("alerts", name, "labels"), registry.type_names()
            )
        if name not in known:
            yield document.problem(("alerts", name), f"unknown alert; {registry.nearest(name, known)}")


def _in_order(problems: list[str]) -> list[str]:
    """By line, each once."""

    def line(problem: str) -> int:
        match = re.match(r".*?:(\d+):", problem)
        return int(match[1]) if match else 0

    return sorted(dict.fromkeys(problems), key=line)
