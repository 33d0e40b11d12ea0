"""What the fault suite has to know of an exporter type: `tests/exporters/<type>/faults.py` says it in `SUBJECT`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlvitals.core.collector import Reason
from tests.support.replay import Answer, Request, Responder

INTERVAL, DEADLINE, STALE_AFTER = 2, 20, 22
"""Seconds; every collector of a subject keeps to them."""

REASONS: Mapping[str, Reason] = {
    "401": "auth",
    "403": "auth",
    "404": "http",
    "429": "http",
    "500": "http",
    "503": "http",
    "html": "parse",
    "null": "parse",
    "wrong types": "parse",
    "truncated JSON": "parse",
    "cut": "parse",
    "empty": "parse",
    "hang": "timeout",
    "drip": "timeout",
    "dripping headers": "timeout",
    "hang up": "connect",
    "not HTTP": "http",
    "redirect loop": "http",
    "redirect to another host": "http",
    "gigabyte": "limit",
    "gzip bomb": "limit",
    "very many values": "limit",
    "not gzip": "parse",
}
"""How each of `replay.FAULTS` ends, for every exporter that reads JSON over HTTP."""


@dataclass(frozen=True)
class Subject:
    """An exporter type under test.

    `settings` gives the keys, beside those of every exporter, of one that reads all from the server at a URL.
    `well` makes an upstream in good health, always with the same content; `shows` are series that its page then has.
    `empty` says what an upstream means that answers `{}` to everything: a failure, or values of these metrics.
    `nan` is a well one with a value that is no number: this (metric, reason) is counted as dropped.
    `ahead` is a well one whose clock and whose newest things are years ahead.
    `also` are faults of this type alone, and what they end in.
    `ends` are ends of its URL by which it sends credentials in different ways; `open` is what anybody is told.
    """

    settings: Callable[[str], Mapping[str, Any]]
    well: Callable[[], Responder]
    shows: tuple[str, ...]
    empty: Reason | Mapping[str, float]
    nan: Callable[[], Responder]
    nan_counted: tuple[str, str]
    ahead: Callable[[], Responder]
    also: Mapping[str, tuple[Responder, Reason]] = field(default_factory=dict)
    ends: tuple[str, ...] = ("",)
    open: Callable[[Request], Answer | None] = lambda _: None


def subject(type_name: str) -> Subject:
    """The declaration of this type. Raises LookupError where there is none."""
    name = f"tests.exporters.{type_name}.faults"
    try:
        found = importlib.import_module(name).SUBJECT
    except ModuleNotFoundError as error:
        raise LookupError(f"{name} does not say how {type_name} meets faults; see tests/support/faults.py") from error
    assert isinstance(found, Subject)
    return found
