"""Finds exporter types. Built-in and third-party types come the same way, by the entry-point group."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points

from mlvitals.core.exporter import ExporterType
from mlvitals.core.failures import plain

GROUP = "mlvitals.exporters"


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
        owners = " and ".join(sorted({owner(entry) for entry in entries[name]}))
        raise BrokenTypeError(f"exporter type {name!r} is brought by {owners}: remove all but one")
    try:
        loaded = first.load()
    except ModuleNotFoundError as error:
        raise BrokenTypeError(_missing(first, error)) from error
    except Exception as error:
        text = plain(f"{type(error).__name__}: {error}")
        raise BrokenTypeError(f"exporter type {name!r} of {owner(first)} cannot be loaded: {text}") from error
    if not isinstance(loaded, ExporterType):
        what = f"{first.value} is no mlvitals exporter type"
        raise BrokenTypeError(f"exporter type {name!r} of {owner(first)}: {what}")
    return loaded


def owner(entry: EntryPoint) -> str:
    """The distribution that brings an entry point."""
    return entry.dist.name if entry.dist else "an unknown distribution"


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?`, or all that is known."""
    names = sorted(known)
    near = get_close_matches(name, names, 1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names) or 'none'}"


def _entries() -> dict[str, list[EntryPoint]]:
    """Name -> its entry points, which are more than one when two distributions bring the same type."""
    found: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=GROUP):
        found.setdefault(entry.name, []).append(entry)
    return found


def _missing(entry: EntryPoint, error: ModuleNotFoundError) -> str:
    ours = owner(entry) == "mlvitals"
    remedy = f": pip install 'mlvitals[{entry.name}]'" if ours else ", which is not installed"
    return f"exporter type {entry.name!r} of {owner(entry)} needs the module {error.name}{remedy}"
