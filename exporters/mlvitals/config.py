"""Loads mlvitals.yml: each mistake is one line with file, line, key, what was expected and the nearest valid key."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from mlvitals import assets, registry
from mlvitals.core import metrics as own
from mlvitals.core.metric import Metric, declared
from mlvitals.core.settings import ExporterSettings, Mistake, Reference, UnusableSettings, file_keys, secret_keys
from mlvitals.core.webconfig import WebConfig
from mlvitals.model import Config, unknown_teams
from mlvitals.opening import unusable
from mlvitals.yamlfile import MAX_MISTAKES, CommandLineError, ConfigError, Document, Location, read

__all__ = ["CommandLineError", "ConfigError", "load", "load_web", "model_from", "settings_from"]

M = TypeVar("M", bound=BaseModel)

_NO_EXPORTERS = "write exporters: [] when there are none"
_ONE_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
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
    "byte_size": "expected a size such as 4GiB",
    "byte_size_unit": "expected a size such as 4GiB",
    "dict_type": "expected a mapping",
    "model_type": "expected a mapping",
    "model_attributes_type": "expected a mapping",
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "path_type": "expected a path",
    "path_not_file": "no such file",
    "string_pattern_mismatch": "expected letters, digits, '.', '_' or '-', beginning with a letter or a digit",
}


def load(
    path: Path,
    environment: Mapping[str, str] = os.environ,
    *,
    strict: bool = True,
    secrets: bool = True,
    opened: bool = False,
    warn: Callable[[str], None] = lambda _: None,
) -> Config:
    """Read and check a configuration file. Raises ConfigError with every problem found.

    Relative paths in the file start at the file's folder. Unless `strict`, an exporter whose type is installed and
    broken has UnusableSettings: it must not take the others down. Without `secrets`, for those who read none, files of
    secrets and certificates need not be there, and variables for them and for secrets need not be set. With `opened`
    these files are opened, and one that cannot be used is a mistake. `warn` gets what may be one, line by line.
    """
    document = read(path, environment)
    if document.data is None:
        # Cut while it was written, perhaps: taken for a file without exporters, it would end all monitoring.
        raise ConfigError([f"{path}: the file is empty; {_NO_EXPORTERS}"])
    if not isinstance(document.data, dict):
        document.mistake((), "expected a mapping with the key exporters")
        document.data = {}
    with registry.few_searches():
        context = {"folder": path.parent, "secrets": secrets, "opened": opened}
        loaded = _Loader(document, context, strict=strict).config()
        for location, what in islice(unknown_teams(loaded), MAX_MISTAKES):
            warn(document.told(location, what))
    return loaded


def load_web(path: Path, *, opened: bool = False) -> WebConfig:
    """Read and check a web configuration file; with `opened` the files that it names, too. Raises ConfigError."""
    document = read(path, environment=None)
    if document.data is None:
        # It is being written, perhaps; taken as it is, it would open the server to everybody.
        raise ConfigError([f"{path}: the file is empty; write {{}} for neither TLS nor users"])
    return _whole(document, WebConfig, document.data or {}, {"folder": path.parent, "opened": opened})


def settings_from(type_name: str, data: Mapping[str, Any], source: str) -> ExporterSettings:
    """One exporter's settings from data that stands in no file. Raises ConfigError or LookupError."""
    return model_from(
        registry.exporter_type(type_name).settings, {"name": type_name, "type": type_name, **data}, source
    )


def model_from(model: type[M], data: Mapping[str, Any], source: str) -> M:
    """A model from data that stands in no file; relative paths start here. Raises ConfigError."""
    return _whole(Document(source), model, data, {"folder": Path()})


class _Loader:
    def __init__(self, document: Document, context: Mapping[str, Any], *, strict: bool) -> None:
        self._document = document
        self._context = context
        self._strict = strict
        self._models: dict[Location, type[ExporterSettings]] = {}
        self._types: dict[str | None, tuple[type[ExporterSettings], str]] = {}

    def config(self) -> Config:
        data = dict(self._document.data)
        entries = data.pop("exporters", [])
        if entries is None:
            self._document.mistake(("exporters",), f"expected a list; {_NO_EXPORTERS}")
            entries = []
        exporters = self._bound([*self._exporters(entries)]) if isinstance(entries, list) else entries
        self._odd_secrets()
        self._unset_variables()
        self._note(_alert_mistakes(data.get("alerts")), ("alerts",))
        return _whole(self._document, Config, {**data, "exporters": exporters}, self._context)

    def _exporters(self, entries: list[Any]) -> Iterator[tuple[int, ExporterSettings]]:
        names: set[str] = set()
        for index, entry in enumerate(entries):
            at = ("exporters", index)
            if not isinstance(entry, dict):
                self._document.mistake(at, "expected a mapping with name, type and url")
                continue
            name = entry.get("name")
            if isinstance(name, str):
                if name in names:
                    self._document.mistake((*at, "name"), "another exporter has this name already")
                names.add(name)
            if exporter := self._exporter(entry, at):
                yield index, exporter

    def _bound(self, exporters: list[tuple[int, ExporterSettings]]) -> list[ExporterSettings]:
        """The exporters, each with those that it refers to."""
        known = {exporter.name: exporter for _, exporter in exporters}
        made = []
        for index, exporter in exporters:
            references = [*exporter.refers()]
            self._note(_broken_references(references, known), ("exporters", index))
            made.append(exporter.bound({each.name: known[each.name] for each in references if each.name in known}))
        return made

    def _exporter(self, entry: dict[str, Any], at: Location) -> ExporterSettings | None:
        type_name = str(entry["type"]) if "type" in entry else None
        if type_name not in self._types:
            self._types[type_name] = self._model(type_name)
        model, problem = self._types[type_name]
        if problem:
            self._document.mistake((*at, "type"), problem)
        self._models[at] = model
        if labels := entry.get("labels"):
            self._note(_taken_labels(labels, _metrics_of(str(type_name))), (*at, "labels"))
        return _validated(self._document, model, {"type": "", **entry}, self._context, at)

    def _model(self, type_name: str | None) -> tuple[type[ExporterSettings], str]:
        """The settings of this type, or those that all types share, and what is wrong with it."""
        if type_name is None:
            return UnusableSettings, f"required key is missing; installed types: {', '.join(registry.type_names())}"
        try:
            return registry.exporter_type(type_name).settings, ""
        except registry.BrokenTypeError as error:
            return UnusableSettings, str(error) if self._strict else ""
        except LookupError as error:
            return UnusableSettings, str(error)

    def _note(self, mistakes: Iterable[Mistake], below: Location) -> None:
        for location, what in mistakes:
            self._document.mistake((*below, *location), what)

    def _odd_secrets(self) -> None:
        for at, text in self._document.written.items():
            if not at or at[-1] not in secret_keys(self._model_at(at)):
                continue
            variable = _ONE_VARIABLE.fullmatch(text)
            if variable is None:
                what = f"a secret does not stand in this file: use ${{VARIABLE}} or {at[-1]}_file"
                self._document.mistake(at, what)
            elif self._context["secrets"] and not self._document.expanded.get(at, text).strip():
                self._document.mistake(at, f"environment variable {variable[1]} is empty")

    def _unset_variables(self) -> None:
        for at, name in self._document.unset:
            model = self._model_at(at)
            if self._context["secrets"] or at[-1] not in secret_keys(model) | file_keys(model):
                self._document.unreadable(at, f"environment variable {name} is not set")

    def _model_at(self, location: Location) -> type[BaseModel]:
        return self._models.get(location[:2], Config)


def _broken_references(references: Iterable[Reference], known: Mapping[str, ExporterSettings]) -> Iterator[Mistake]:
    for at, name, kind in references:
        found = known.get(name)
        if found is None:
            of_kind = [name for name, each in known.items() if each.type == kind]
            yield at, f"unknown exporter {name!r} of this file; {registry.nearest(name, of_kind)}"
        elif found.type != kind:
            yield at, f"{name} is an exporter of type {found.type}; expected one of type {kind}"


def _whole(document: Document, model: type[M], data: Any, context: Mapping[str, Any]) -> M:
    made = _validated(document, model, data, context)
    error = document.error()
    if error or made is None:
        raise error or ConfigError([])
    return made


def _validated(
    document: Document, model: type[M], data: Any, context: Mapping[str, Any], at: Location = ()
) -> M | None:
    """The model; None when something is wrong, which is noted in the document."""
    try:
        made = model.model_validate(data, context=dict(context))
    except ValidationError as error:
        for found in error.errors(include_url=False, include_input=False):
            location = found["loc"]
            document.mistake((*at, *location), _explained(found, model, location))
        return None
    for location, what in unusable(made) if context.get("opened") else ():
        document.mistake((*at, *location), what)
    return made


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


def _taken_labels(labels: Any, metrics: Iterable[Metric]) -> Iterator[Mistake]:
    """Labels that metrics have already: Prometheus would rename the metric's, or an alert's series would be one."""
    known = [*declared(own), *metrics]
    for label in labels if isinstance(labels, dict) else ():
        taken = next((metric for metric in known if label in metric.labels), None)
        if taken:
            yield (label,), f"{taken} has a label of this name: choose another"


def _metrics_of(type_name: str) -> tuple[Metric, ...]:
    try:
        return registry.exporter_type(type_name).metrics
    except LookupError:
        # A plug-in that is installed and cannot be loaded; who uses it is told elsewhere.
        return ()


def _alert_mistakes(alerts: Any) -> Iterator[Mistake]:
    if not isinstance(alerts, dict):
        return
    metrics = [metric for type_name in registry.type_names() for metric in _metrics_of(type_name)]
    # The alerts of a package that cannot be read are not known; that package is what is wrong then.
    known = None if assets.problems() else assets.alert_names()
    for name, override in alerts.items():
        if isinstance(override, dict):
            for label, what in _taken_labels(override.get("labels"), metrics):
                yield (name, "labels", *label), what
        if known is not None and name not in known:
            yield (name,), f"unknown alert; {registry.nearest(name, known)}"
