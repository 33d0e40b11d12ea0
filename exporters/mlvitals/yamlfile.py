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

from mlvitals import steadyfile
from mlvitals.core.failures import plain

Location = tuple[str | int, ...]

MAX_BYTES = 1 << 20
MAX_NODES = 50_000
MAX_MISTAKES = 100
"""Mistakes of one file that are told; there can be as many as it has values."""
_LONGEST = 1000
# A secret that begins with * or ! looks like one of these.
_NAMED = re.compile(r"(alias|anchor|tag|tag handle) ['\"].*", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)\}|\{?)")


class ConfigError(Exception):
    """The configuration cannot be used; `problems` has one line each, as `file:line: key: what is wrong`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class CommandLineError(ConfigError):
    """What is wrong stands on the command line, not in a file."""


@dataclass
class Document:
    """A parsed file: plain data, the line of every key and value, and the text of every scalar as it was written.

    It gathers what is wrong with the file, too. `unset`: where a variable is not set, and its name; who knows what the
    value is for says whether that is a mistake. `expanded`: values that variables have changed; no mistake repeats one.
    """

    source: str
    data: Any = None
    lines: dict[Location, int] = field(default_factory=dict)
    written: dict[Location, str] = field(default_factory=dict)
    unset: list[tuple[Location, str]] = field(default_factory=list)
    expanded: dict[Location, str] = field(default_factory=dict, repr=False)
    _mistakes: dict[str, int] = field(default_factory=dict)
    _unread: set[Location] = field(default_factory=set)

    def mistake(self, location: Location, what: str, line: int = 0) -> None:
        """Note what is wrong there; the line is that of the nearest thing that stands in the file.

        What is said about a value that could not be read, or about its parts, is left out: it follows from that.
        """
        if not any(location[:length] in self._unread for length in range(1, len(location) + 1)):
            self._note(location, what, line)

    def unreadable(self, location: Location, what: str) -> None:
        """Note that the value there cannot be read, and why."""
        self._unread.add(location)
        self._note(location, what)

    def needs(self, location: Location, variable: str) -> None:
        """Note that the value there has a variable that is not set."""
        self._unread.add(location)
        self.unset.append((location, variable))

    def error(self) -> ConfigError | None:
        """All mistakes, each once and in order of lines; of very many the first ones, and how many more there are."""
        told = sorted(self._mistakes, key=self._mistakes.__getitem__)
        more = len(told) - MAX_MISTAKES
        if more > 0:
            told[MAX_MISTAKES:] = [f"{self.source}: … and {more} more mistakes"]
        return ConfigError(told) if told else None

    def told(self, location: Location, what: str, line: int = 0) -> str:
        """The line for people about what stands there: file, line, key and the words, without a variable's value."""
        line = line or self._line(location)
        where = f"{self.source}:{line}:" if line else f"{self.source}:"
        key = f" {shown(location)}:" if location else ""
        if (hidden := self.expanded.get(location, "")).strip():
            what = what.replace(hidden, self.written[location]).replace(repr(hidden)[1:-1], self.written[location])
        return where + plain(f"{key} {what}", _LONGEST)

    def _note(self, location: Location, what: str, line: int = 0) -> None:
        self._mistakes.setdefault(self.told(location, what, line), line or self._line(location))

    def _line(self, location: Location) -> int:
        """Of the nearest thing that stands in the file."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 0)


def shown(location: Location) -> str:
    """`exporters[0].auth.username` for a location."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def read(path: Path, environment: Mapping[str, str] | None = os.environ) -> Document:
    """Parse a file; without an environment a dollar sign is only that. Raises ConfigError when it is no YAML."""
    return parse(_text(path), str(path), environment)


def parse(text: str, source: str, environment: Mapping[str, str] | None = os.environ) -> Document:
    """Parse a text; what is wrong beside its syntax is noted in the document. Raises ConfigError when it is no YAML."""
    document = Document(source)
    try:
        loader = yaml.SafeLoader(text)
    except yaml.reader.ReaderError as error:
        number = text[: error.position].count("\n") + 1
        raise ConfigError([f"{source}:{number}: not YAML: a control character"]) from None
    try:
        root = loader.get_single_node()
        if root is not None:
            document.data = _Reader(loader, document, environment).value(root, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        problem = _NAMED.sub(r"\1", error.problem or error.context or "")
        raise ConfigError([f"{source}{line}: not YAML: {problem}"]) from None
    except yaml.YAMLError as error:
        raise ConfigError([f"{source}: not YAML: {str(error).splitlines()[0]}"]) from None
    except RecursionError:
        raise ConfigError([f"{source}: nested too deeply"]) from None
    finally:
        loader.dispose()
    return document


def _text(path: Path) -> str:
    try:
        raw = steadyfile.read(path, MAX_BYTES + 1)
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
        self._loader = loader
        self._document = document
        self._environment = environment
        self._count = 0
        self._flat: set[int] = set()

    def value(self, node: Node, at: Location) -> Any:
        self._count += 1
        if self._count > MAX_NODES:
            line = node.start_mark.line + 1
            what = f"more than {MAX_NODES} values; do aliases repeat themselves?"
            raise ConfigError([f"{self._document.source}:{line}: {shown(at)}: {what}"])
        self._document.lines.setdefault(at, node.start_mark.line + 1)
        if isinstance(node, MappingNode):
            return dict(self._pairs(node, at))
        if isinstance(node, SequenceNode):
            return [self.value(item, (*at, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, at)

    def _pairs(self, node: MappingNode, at: Location) -> Iterator[tuple[str, Any]]:
        # An alias leads to the same node again, in which by then what it merges may stand beside what overrides that.
        if id(node) not in self._flat:
            self._flat.add(id(node))
            node.value = [*self._words(node, at)]
            self._loader.flatten_mapping(node)
        for key, item in node.value:
            name = str(key.value)
            self._document.lines[(*at, name)] = key.start_mark.line + 1
            yield name, self.value(item, (*at, name))

    def _words(self, node: MappingNode, at: Location) -> Iterator[tuple[ScalarNode, Node]]:
        """The pairs whose keys are words. Of those with one key the first stays; the others are noted, not read."""
        first: dict[str, int] = {}
        for key, item in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                self._document.mistake(at, "a key is a word, not a list or a mapping", line)
            elif key.value in first and key.tag != "tag:yaml.org,2002:merge":
                what = f"duplicate key; it stands in line {first[key.value]} already"
                self._document.mistake((*at, key.value), what, line)
            else:
                first[key.value] = line
                yield key, item

    def _scalar(self, node: Node, at: Location) -> Any:
        self._document.written[at] = str(node.value)
        try:
            value = self._loader.construct_object(node, deep=True)
        except (ValueError, AttributeError, TypeError):
            # PyYAML's constructors let these out: a date in month 13, `!!int abc`.
            self._document.unreadable(at, "not a value of the kind that it looks like; put it in quotes")
            return str(node.value)
        if not isinstance(value, str):
            return value
        text = value if self._environment is None else self._expand(value, at, self._environment)
        if text != value:
            self._document.expanded[at] = text
        if any("\ud800" <= char <= "\udfff" for char in text):
            self._document.unreadable(at, "not Unicode text")
        return text

    def _expand(self, text: str, at: Location, environment: Mapping[str, str]) -> str:
        def replace(match: re.Match[str]) -> str:
            if match[0] in ("$$", "$"):
                return "$"
            if match[1] is None:
                self._document.unreadable(at, "expected ${VARIABLE}; write $$ for a dollar sign")
            elif match[1] in environment:
                return environment[match[1]]
            else:
                self._document.needs(at, match[1])
            return match[0]

        return _VARIABLE.sub(replace, text)
