"""`--set key=value`: one exporter's settings from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_origin

import yaml
from pydantic import BaseModel

from mlvitals import registry
from mlvitals.config import settings_from
from mlvitals.core.settings import ExporterSettings, secret_keys
from mlvitals.yamlfile import CommandLineError, ConfigError

SOURCE = "--set"


def settings_from_sets(type_name: str, sets: Sequence[str]) -> ExporterSettings:
    """Settings of a type from `a.b=value` texts; the value is a YAML scalar, a repeated key makes a list.

    Raises CommandLineError, also for a secret: the command line shows in `ps`. Raises BrokenTypeError for a type that
    is installed and cannot be used.
    """
    data = data_from_sets(_model(type_name), sets)
    if "type" in data:
        raise CommandLineError([f"{SOURCE} type: the type is {type_name}, as named before"])
    try:
        return settings_from(type_name, data, SOURCE)
    except ConfigError as error:
        raise CommandLineError(error.problems) from None


def data_from_sets(model: type[BaseModel], sets: Sequence[str]) -> dict[str, Any]:
    """What `a.b=value` texts say, as data for this model. Raises CommandLineError."""
    data: dict[str, Any] = {}
    for text in sets:
        key, equals, value = text.partition("=")
        path = key.split(".")
        if not equals or not all(path):
            raise CommandLineError(
                [f"{SOURCE}: expected KEY=VALUE, got {text!r}" if equals else f"{SOURCE}: expected KEY=VALUE"]
            )
        if path[-1] in secret_keys(model):
            raise CommandLineError([f"{SOURCE} {key}: a secret would show in ps: use {path[-1]}_file"])
        _put(data, path, _scalar(key, value), sequence=_is_sequence(model, path))
    return data


def _model(type_name: str) -> type[ExporterSettings]:
    try:
        return registry.exporter_type(type_name).settings
    except registry.BrokenTypeError:
        raise
    except LookupError as error:
        raise CommandLineError([str(error)]) from None


def _put(data: dict[str, Any], path: Sequence[str], value: object, *, sequence: bool) -> None:
    for part in path[:-1]:
        inner = data.setdefault(part, {})
        if not isinstance(inner, dict):
            raise CommandLineError([f"{SOURCE} {'.'.join(path)}: {part} has a value of its own already"])
        data = inner
    name = path[-1]
    if sequence:
        data.setdefault(name, []).append(value)
    elif name in data:
        raise CommandLineError([f"{SOURCE} {'.'.join(path)}: given twice, and it is no list"])
    else:
        data[name] = value


def _scalar(key: str, text: str) -> object:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    if isinstance(value, (dict, list)):
        raise CommandLineError([f"{SOURCE} {key}: expected a plain value; lists are made by repeating the key"])
    return value


def _is_sequence(model: type[Any], path: Sequence[str]) -> bool:
    annotation: Any = model
    for part in path:
        field = getattr(annotation, "model_fields", {}).get(part)
        if field is None:
            return False
        annotation = field.annotation
    return get_origin(annotation) in (tuple, list)
