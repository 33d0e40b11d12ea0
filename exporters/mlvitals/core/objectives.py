"""Objectives by pattern of name, as `objectives:` of an exporter says them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import translate
from typing import Generic, TypeVar

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Entry(Generic[V]):
    parts: tuple[Callable[[str], object], ...]
    value: V

    def matches(self, name: tuple[str, ...]) -> bool:
        return all(part(text) for part, text in zip(self.parts, name, strict=True))


class ByPattern(Generic[V]):
    """What one key of `objectives:` expects: of the entries that set it, the first whose pattern matches a name counts.

    `entries` are (patterns, value) in their order; a value of None does not set the key. Patterns are shell-style, case
    counts. A name may have parts, such as a model and its alias; each has its own pattern.
    """

    def __init__(self, entries: Iterable[tuple[tuple[str, ...], V | None]], default: V | None = None) -> None:
        self._default = default
        self._entries = [
            _Entry(tuple(re.compile(translate(pattern)).match for pattern in patterns), value)
            for patterns, value in entries
            if value is not None
        ]

    def of(self, *name: str) -> V | None:
        """What is expected of this name; the default where no entry is about it."""
        return next((entry.value for entry in self._entries if entry.matches(name)), self._default)
