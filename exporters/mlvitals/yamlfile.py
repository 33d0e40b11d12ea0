"""Reads YAML so that every value knows its line, and `${VARIABLE}` is expanded after parsing, never into structure."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Location = tuple[str | int, ...]

MAX_BYTES = 1 << 20
MAX_NODES = 50_000
_VARIABLE = re.compile(r"\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)\}|\{?)")


class ConfigError(Exception):
    """The configuration cannot be used; `problems` has one line each, as `file:line: key: what is wrong`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass
class Document:
    """A parsed file: plain data, the line of every key and value, and the text of every scalar as it was written."""

    source: str
    data: Any = None
    lines: dict[Location, int] = field(default_factory=dict)
    written: dict[Location, str] = field(default_factory=dict)

    def problem(self, location: Location, what: str) -> str:
        """One line that says where and what; the line is that of the nearest thing that stands in the file."""
        near = location
        while near and near not in self.lines:
            near = near[:-1]
        line = f":{self.lines[near]}" if near in self.lines else ""
        key = f" {shown(location)}:" if location else ""
        return f"{self.source}{line}:{key} {what}"


def shown(location: Location) -> str:
    """`exporters[0].auth.username` for a location."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def read(path: Path, environment: Mapping[str, str] | None = os.environ) -> Document:
    """Parse a file; without an environment a dollar sign is only that. Raises ConfigError."""
    return parse(_text(path), str(path), environment)


def parse(text: str, source: str, environment: Mapping[str, str] | None = os.environ) -> Document:
    """Parse a text. Raises ConfigError with every unset variable and duplicate key, or the first syntax error."""
    document = Document(source)
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is not None:
            reader = _Reader(loader, document, environment)
            document.data = reader.value(root, ())
            if reader.problems:
                raise ConfigError(reader.problems)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigError([f"{source}{line}: not YAML: {error.problem or error.context}"]) from None
    except yaml.YAMLError as error:
        raise ConfigError([f"{source}: not YAML: {str(error).splitlines()[0]}"]) from None
    except RecursionError:
        raise ConfigError([f"{source}: nested too deeply"]) from None
    finally:
        loader.dispose()
    return document


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise ConfigError([f"{path}: larger than {MAX_BYTES >> 20} MiB; is this the right file?"])
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror or error}"]) from None
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError([f"{path}:{line}: not UTF-8 text"]) from None


class _Reader:
    """Turns nodes into data. Aliases are followed, but only so far: ten lines of them can name a billion values."""

    def __init__(self, loader: yaml.SafeLoader, document: Document, environment: Mapping[str, str] | None) -> None:
        self.problems: list[str] = []
        self._loader = loader
        self._document = document
        self._environment = environment
        self._count = 0

    def value(self, node: Node, at: Location) -> Any:
        self._count += 1
        if self._count > MAX_NODES:
            raise ConfigError(
                [self._document.problem(at, f"more than {MAX_NODES} values; do aliases repeat themselves?")]
            )
        self._document.lines.setdefault(at, node.start_mark.line + 1)
        if isinstance(node, MappingNode):
            return dict(self._pairs(node, at))
        if isinstance(node, SequenceNode):
            return [self.value(item, (*at, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, at)

    def _pairs(self, node: MappingNode, at: Location) -> Iterator[tuple[str, Any]]:
        self._refuse_duplicates(node, at)
        self._loader.flatten_mapping(node)
        for key, item in node.value:
            name = str(key.value)
            self._document.lines[(*at, name)] = key.start_mark.line + 1
            yield name, self.value(item, (*at, name))

    def _refuse_duplicates(self, node: MappingNode, at: Location) -> None:
        first: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                raise ConfigError([f"{self._document.source}:{line}: a key is a word, not a list or a mapping"])
            if key.value in first and key.tag != "tag:yaml.org,2002:merge":
                what = f"duplicate key; it stands in line {first[key.value]} already"
                self.problems.append(f"{self._document.source}:{line}: {shown((*at, key.value))}: {what}")
            first[key.value] = line

    def _scalar(self, node: Node, at: Location) -> Any:
        self._document.written[at] = str(node.value)
        value = self._loader.construct_object(node, deep=True)
        return (
            self._expand(value, at, self._environment)
            if isinstance(value, str) and self._environment is not None
            else value
        )

    def _expand(self, text: str, at: Location, environment: Mapping[str, str]) -> str:
        def replace(match: re.Match[str]) -> str:
            if match[0] == "$$":
                return "$"
            name = match[1]
            if name is None:
                if match[0] == "$":
                    return "$"
                self.problems.append(self._document.problem(at, "expected ${VARIABLE}; write $$ for a dollar sign"))
                return ""
            if name not in environment:
                self.problems.append(self._document.problem(at, f"environment variable {name} is not set"))
                return ""
            return environment[name]

        return _VARIABLE.sub(replace, text)
