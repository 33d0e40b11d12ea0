"""Finds exporter types. Built-in and third-party types come the same way, by the entry-point group."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points

from mlvitals.core.exporter import ExporterType

GROUP = "mlvitals.exporters"


def type_names() -> list[str]:
    """Names of all installed types."""
    return sorted(_entries())


def exporter_type(name: str) -> ExporterType:
    """The type of that name. Raises LookupError with a message for people."""
    entries = _entries()
    if name not in entries:
        raise LookupError(f"unknown exporter type {name!r}; {nearest(name, entries)}")
    try:
        loaded = entries[name].load()
    except ModuleNotFoundError as error:
        raise LookupError(
            f"exporter type {name!r} needs the module {error.name}: pip install 'mlvitals[{name}]'"
        ) from error
    if not isinstance(loaded, ExporterType):
        raise LookupError(f"entry point {entries[name].value} is no mlvitals exporter type")  # noqa: TRY004
    return loaded


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?`, or all that is known."""
    names = sorted(known)
    near = get_close_matches(name, names, 1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names) or 'none'}"


def _entries() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}
