"""Objectives by pattern of name, as `objectives:` of an exporter says them, and what each of them is about now.

An exporter declares a metric `…_objective_matches` with the labels `objective` and `pattern`, so that an objective that
is about nothing (a name was misspelt, something was renamed) does not go unnoticed. Other patterns of a configuration
are counted likewise, in a metric `…_pattern_matches` whose label `key` says where they stand, rules in one with a label
`rule`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import translate
from typing import Any, Generic, TypeVar

from mlvitals.core.metric import Metric
from mlvitals.core.report import Report
from mlvitals.core.settings import Mistake

MATCHES = "_matches"
"""What the names of such metrics end in."""

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


def about_one_thing(
    data: Mapping[str, Any], expected: Mapping[str, tuple[str, ...]], **narrowed: str
) -> Iterator[Mistake]:
    """What is wrong with an entry that should be about one thing, such as a model, and expect something of it.

    `expected`: thing -> the keys that say what is expected of it; `narrowed`: another key -> the thing it belongs to.
    """
    things = [thing for thing in expected if thing in data]
    if len(things) != 1:
        yield tuple(things[1:]), f"expected one of {' and '.join(expected)}"
        return
    about = narrowed | {key: thing for thing, keys in expected.items() for key in keys}
    wrong = [key for key, thing in about.items() if key in data and thing != things[0]]
    for key in wrong:
        yield (key,), f"speaks of {about[key]}s, and the entry is about {things[0]}s"
    if not wrong and not any(data.get(key) for key in expected[things[0]]):
        yield (), f"expected {' or '.join(expected[things[0]])}"
