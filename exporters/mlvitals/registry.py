"""Finds exporter types. Built-in and third-party types come the same way, by the entry-point group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from mlvitals.core.exporter import ExporterType
from mlvitals.core.failures import plain

GROUP = "mlvitals.exporters"
MAX_SEARCHES = 20
"""Mistakes of one file for which the nearest name is looked for: each costs a comparison with all names there are."""
_searches: ContextVar[Iterator[int] | None] = ContextVar("searches", default=None)


class BrokenTypeError(LookupError):
    """An exporter type that is installed and cannot be used; the message is one line for people."""


def type_names() -> list[str]:
    """Names of all installed types."""
    return sorted(_entries())


def exporter_type(name: str) -> ExporterType:
    """The type of that name. Raises LookupError with a message for people, BrokenTypeError when it is installed."""
    entries = _entries()
    if name not in entries:
        raise LookupError(f"unknown exporter type {name!r}; {nearest(name, entries)}")
    first, *others = entries[name]
    if others:
        raise BrokenTypeError(f"exporter type {name!r} is brought by {_owners(entries[name])}: remove all but one")
    about = f"exporter type {name!r} of {owner(first)}"
    try:
        loaded = first.load()
    except ModuleNotFoundError as error:
        remedy = f": pip install 'mlvitals[{name}]'" if owner(first) == "mlvitals" else ""
        raise BrokenTypeError(f"{about}: the module {error.name} is missing{remedy}") from error
    except Exception as error:
        raise BrokenTypeError(plain(f"{about}: {type(error).__name__}: {error}")) from error
    if not isinstance(loaded, ExporterType):
        raise BrokenTypeError(f"{about}: {first.value} is no ExporterType")
    return loaded


def owner(entry: EntryPoint) -> str:
    """The distribution that brings an entry point."""
    return entry.dist.name if entry.dist else "an unknown distribution"


@contextmanager
def few_searches() -> Iterator[None]:
    """Within it `nearest` looks for the first MAX_SEARCHES names only."""
    before = _searches.set(iter(range(MAX_SEARCHES)))
    try:
        yield
    finally:
        _searches.reset(before)


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?`, or all that is known."""
    left = _searches.get()
    if left is not None and next(left, None) is None:
        return "is it spelt right?"
    names = sorted(known)
    near = get_close_matches(name, names, 1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names) or 'none'}"


@cache
def _entries() -> dict[str, list[EntryPoint]]:
    """Name -> its entry points, which are more than one when two distributions bring the same type."""
    found: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=GROUP):
        found.setdefault(entry.name, []).append(entry)
    return found


def _owners(entries: Iterable[EntryPoint]) -> str:
    return " and ".join(sorted(map(owner, entries)))
