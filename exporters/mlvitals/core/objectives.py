"""Objectives by pattern of name, as `objectives:` of an exporter says them, and what each of them is about now.

An exporter declares a metric `…_objective_matches` with the labels `objective` and `pattern`, so that an objective that
is about nothing (a name was misspelt, something was renamed) does not go unnoticed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from fnmatch import translate
from typing import Generic, TypeVar

from mlvitals.core.metric import Metric
from mlvitals.core.report import Report

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Entry(Generic[V]):
    pattern: str
    parts: tuple[Callable[[str], object], ...]
    value: V

    def matches(self, name: tuple[str, ...]) -> bool:
        return all(part(text) for part, text in zip(self.parts, name, strict=True))


class ByPattern(Generic[V]):
    """What one key of `objectives:` expects: of the entries that set it, the first whose pattern matches a name counts.

    `entries` are (patterns, value) in their order; a value of None does not set the key. Patterns are shell-style, case
    counts. A name may have parts, such as a model and its alias; each has its own pattern, and `@` joins
    the patterns where they are shown.
    """

    def __init__(self, key: str, entries: Iterable[tuple[tuple[str, ...], V | None]], default: V | None = None) -> None:
        self._key = key
        self._default = default
        self._entries = [
            _Entry("@".join(patterns), tuple(re.compile(translate(pattern)).match for pattern in patterns), value)
            for patterns, value in entries
            if value is not None
        ]

    def of(self, *name: str) -> V | None:
        """What is expected of this name; the default where no entry is about it."""
        return next((entry.value for entry in self._entries if entry.matches(name)), self._default)

    def count(self, names: Collection[tuple[str, ...]], metric: Metric, report: Report) -> None:
        """Report how many of the names each pattern matches; the metric has the labels `objective` and `pattern`.

        Names that an earlier entry decides count too: what is said of all the rest may be about nothing now.
        """
        for pattern, entry in {entry.pattern: entry for entry in self._entries}.items():
            report.add(metric, sum(map(entry.matches, names)), objective=self._key, pattern=pattern)
