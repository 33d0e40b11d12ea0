"""Writes the reference pages that follow from the code: metrics.md, metrics.json, configuration-reference.md."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path, PurePath
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ByteSize, SecretStr
from pydantic.fields import FieldInfo

from mlvitals import catalogue, registry
from mlvitals.core.settings import ConfigFile, Duration, ExporterSettings, HttpUrl, Name
from mlvitals.generate.durations import duration
from mlvitals.model import Config
from mlvitals.receivers import AlertmanagerFile

HERE = Path(__file__).parent
_WORDS: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    ByteSize: "size",
}
_ALIASES = {"duration": Duration, "URL": HttpUrl, "name": Name, "file": ConfigFile, "path": AlertmanagerFile}


def pages() -> dict[str, str]:
    """File name -> content."""
    return {
        "metrics.md": catalogue.markdown(),
        "metrics.json": json.dumps(catalogue.rows(), indent=1, ensure_ascii=False) + "\n",
        "configuration-reference.md": "\n".join(_configuration()) + "\n",
    }


def _configuration() -> Iterator[str]:
    yield "# Configuration reference\n"
    yield "Every key of `mlvitals.yml`. Durations are Prometheus's: `30s`, `5m`, `26h`, `1d12h`."
    yield from _section("The file", Config)
    for name in registry.type_names():
        yield from _section(f"An exporter of type `{name}`", registry.exporter_type(name).settings)


def _section(title: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"\n## {title}\n"
    yield f"{(model.__doc__ or '').strip().splitlines()[0]}\n"
    yield "| key | value | default | meaning |"
    yield "|---|---|---|---|"
    yield from _rows(model, "")


def _rows(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        inner, dots = _inner(field.annotation)
        value = "mapping" if inner and not dots else "list of mappings" if dots == "[]." else _value(field)
        if dots == ".NAME.":
            value = "mapping"
        yield f"| `{key}` | {value} | {_default(field) or _of_type(model, name)} | {_meaning(field, inner)} |"
        if inner is ExporterSettings:
            continue
        if inner:
            yield from _rows(inner, key + (dots or "."))


def _meaning(field: FieldInfo, inner: type[BaseModel] | None) -> str:
    text = field.description or (inner.__doc__ or "" if inner else "")
    return text.strip().partition("\n")[0].replace("|", "&#124;")


def _inner(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    """The model inside an annotation and how its keys are reached: `.`, `[].` or `.NAME.`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    dots = {tuple: "[].", dict: ".NAME."}.get(get_origin(annotation), "")
    for part in get_args(annotation):
        found, below = _inner(part)
        if found:
            return found, dots or below
    return None, ""


def _value(field: FieldInfo) -> str:
    for word, alias in _ALIASES.items():
        if field.metadata and field.metadata == [*get_args(alias)[1:]]:
            return word
    return _words(field.annotation)


def _words(annotation: Any) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    for word, alias in _ALIASES.items():
        if annotation == alias:
            return word
    if origin is Literal:
        return " or ".join(f"`{part}`" for part in parts)
    if origin in (Union, UnionType):
        return " or ".join(_words(part) for part in parts if part is not NoneType)
    if origin is tuple:
        return f"list of {_words(parts[0])}"
    if origin is dict:
        return "mapping"
    if origin is not None:
        return _words(parts[0])
    if annotation is SecretStr:
        return "`${VARIABLE}`"
    if isinstance(annotation, type) and issubclass(annotation, PurePath):
        return "path"
    return _WORDS[annotation]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or isinstance(value, (BaseModel, dict)) or value == ():
        return ""
    if isinstance(value, tuple):
        return f"`{json.dumps(value)}`"
    if isinstance(value, ByteSize):
        return f"`{value.human_readable().replace('.0', '')}`"
    if isinstance(value, Enum):
        return f"`{value.value}`"
    return f"`{duration(value)}`" if _value(field) == "duration" else f"`{json.dumps(value)}`"


def _of_type(model: type[BaseModel], name: str) -> str:
    """The default of a key that each type of exporter sets for itself."""
    seconds = getattr(model, f"default_{name}", None)
    return "" if seconds is None else f"`{duration(seconds)}`"


def main() -> int:
    """Write the pages."""
    for name, content in pages().items():
        (HERE / name).write_text(content, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
