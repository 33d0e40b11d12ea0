"""The `notifications:` part of the configuration: who is told what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from mlvitals.core.settings import Duration, Mistake, Name, Settings, is_name
from mlvitals.mutes import MuteTime
from mlvitals.receivers import NEWER, Receiver, Release, Smtp
from mlvitals.registry import nearest

Severity = Literal["critical", "warning", "info"]

OLDEST, TESTED = "0.25", "0.31"


def _parsed(version: object) -> Release | None:
    found = re.fullmatch(r"(\d+)\.(\d+)(?:\.\d+)?", version) if isinstance(version, str) else None
    return (int(found[1]), int(found[2])) if found else None


_LEAST = _parsed(OLDEST) or (0, 0)


def _release(value: object) -> object:
    release = _parsed(value)
    if release is None:
        raise ValueError(f'expected a release in quotes, such as "{TESTED}"')
    if release < _LEAST:
        raise ValueError(f"expected {OLDEST} or newer: older ones are not supported")
    return value


class Route(Settings):
    """Alerts with these labels go to this receiver; the first route that matches wins."""

    receiver: Name = Field(description="one of receivers")
    severity: Severity | None = Field(None, description="only alerts of this severity")
    team: str | None = Field(None, min_length=1, description="only alerts whose label team has this value")
    mute_times: tuple[Name, ...] = Field((), description="names of mute_times in which this route tells nobody")

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """A route that takes everything."""
        if not (data.get("severity") or data.get("team")):
            yield (), "expected severity, team or both; what no route takes goes to notifications.receiver"


class Notifications(Settings):
    """Receivers and the routes to them."""

    alertmanager_version: Annotated[str, BeforeValidator(_release)] = Field(
        OLDEST, description="the oldest Alertmanager that has to read the generated file"
    )
    smtp: Smtp | None = Field(None, description="the server that mail is sent through; receivers with email need it")
    receivers: tuple[Receiver, ...] = Field(description="places that notifications go to")
    receiver: Name = Field(description="one of receivers; takes what no route takes")
    mute_times: tuple[MuteTime, ...] = Field((), description="times in which routes tell nobody")
    routes: tuple[Route, ...] = Field((), description="tried in order, the first that matches wins")
    watchdog: Name | None = Field(
        None, description="receiver of the alert that always fires, a dead man's switch; nobody is told without it"
    )
    watchdog_interval: Duration = Field(60.0, description="time between two notifications of the watchdog")
    group_wait: Duration = Field(30.0, description="time that the first alert of a group waits for others")
    group_interval: Duration = Field(300.0, description="time until news of a group is sent")
    repeat_interval: Duration = Field(10800.0, description="time until what still fires is sent again")

    @field_validator("receivers")
    @classmethod
    def _some(cls, value: tuple[Receiver, ...]) -> tuple[Receiver, ...]:
        if not value:
            raise ValueError("expected at least one receiver")
        return value

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """What does not fit together: names, routes, and what Alertmanager and mail server have to be."""
        receivers, mute_times = _mappings(data, "receivers"), _mappings(data, "mute_times")
        routes = _mappings(data, "routes")
        yield from _twice("receivers", receivers, "another receiver has this name already")
        yield from _twice("mute_times", mute_times, "another mute time has this name already")
        for index, receiver in enumerate(receivers):
            for key, what in _impossible(receiver, data):
                yield ("receivers", index, *key), what
        # A list that is missing or no list is told elsewhere.
        if receivers:
            yield from _unknown("receiver", receivers, _receivers_named(data, routes))
        if isinstance(data.get("mute_times", []), list):
            yield from _unknown("mute time", mute_times, _mute_times_named(routes))
        yield from _never_reached(routes)


_Named = Iterator[tuple[tuple[str | int, ...], object]]
"""Where a name stands, and the name."""


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    return value if isinstance(value, list) else []


def _mappings(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The mappings in a list; what stands there instead of one is told elsewhere and counts as an empty one."""
    return [each if isinstance(each, dict) else {} for each in _list(data, key)]


def _twice(key: str, entries: Iterable[Mapping[str, Any]], what: str) -> Iterator[Mistake]:
    names: set[str] = set()
    for index, entry in enumerate(entries):
        name = entry.get("name")
        if isinstance(name, str):
            if name in names:
                yield (key, index, "name"), what
            names.add(name)


def _impossible(receiver: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[Mistake]:
    """What this receiver needs and does not have: a newer Alertmanager, a mail server."""
    version = data.get("alertmanager_version", OLDEST)
    release = _parsed(version)
    for key, since in NEWER.items():
        if release and release < since and _has(receiver, key):
            needed = ".".join(map(str, since))
            yield (
                key,
                f'needs Alertmanager {needed} or newer ({TESTED} was tested); alertmanager_version is "{version}"',
            )
    if _has(receiver, ("email",)) and "smtp" not in data:
        yield ("email",), "needs notifications.smtp: the server that mail is sent through"


def _has(data: Any, key: tuple[str, ...]) -> bool:
    for part in key:
        data = data.get(part) if isinstance(data, dict) else None
    return data is not None


def _receivers_named(data: Mapping[str, Any], routes: Iterable[Mapping[str, Any]]) -> _Named:
    for key in ("receiver", "watchdog"):
        yield (key,), data.get(key)
    for index, route in enumerate(routes):
        yield ("routes", index, "receiver"), route.get("receiver")


def _mute_times_named(routes: Iterable[Mapping[str, Any]]) -> _Named:
    for index, route in enumerate(routes):
        for number, name in enumerate(_list(route, "mute_times")):
            yield ("routes", index, "mute_times", number), name


def _unknown(kind: str, entries: list[Mapping[str, Any]], named: _Named) -> Iterator[Mistake]:
    """Names that none of the entries has, unless an entry's own name is wrong: it may be the one that is meant."""
    known = {name for entry in entries if is_name(name := entry.get("name"))}
    if all(is_name(entry.get("name")) for entry in entries):
        for at, name in named:
            if is_name(name) and name not in known:
                yield at, f"unknown {kind} {name!r}; {nearest(name, known)}"


def _never_reached(routes: Iterable[Mapping[str, Any]]) -> Iterator[Mistake]:
    """Routes that come after one that takes all of their alerts."""
    first: dict[tuple[str | None, str | None], int] = {}
    for index, route in enumerate(routes):
        severity, team = (
            value if isinstance(value, str) else None for value in (route.get("severity"), route.get("team"))
        )
        if not (severity or team):
            continue
        earlier = [first[wanted] for wanted in ((severity, team), (severity, None), (None, team)) if wanted in first]
        if earlier:
            yield ("routes", index), f"never reached: route {min(earlier) + 1} takes the same alerts before it"
        first.setdefault((severity, team), index)
