"""The `notifications:` part of the configuration: who is told what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from mlvitals.core.settings import Duration, Name, Settings
from mlvitals.mutes import MuteTime
from mlvitals.receivers import Receiver, Smtp
from mlvitals.registry import nearest

Severity = Literal["critical", "warning", "info"]

OLDEST, TESTED = "0.25", "0.31"
_LEAST = tuple(map(int, OLDEST.split(".")))


def _release(value: object) -> str:
    found = re.fullmatch(r"(\d+)\.(\d+)(?:\.\d+)?", value) if isinstance(value, str) else None
    if not found:
        raise ValueError(f'expected a release in quotes, such as "{TESTED}"')
    if (int(found[1]), int(found[2])) < _LEAST:
        raise ValueError(f"expected {OLDEST} or newer: older ones are not supported")
    return found[0]


class Route(Settings):
    """Alerts with these labels go to this receiver; the first route that matches wins."""

    receiver: Name = Field(description="one of receivers")
    severity: Severity | None = Field(None, description="only alerts of this severity")
    team: str | None = Field(None, min_length=1, description="only alerts whose label team has this value")
    mute_times: tuple[Name, ...] = Field((), description="names of mute_times in which this route tells nobody")

    @model_validator(mode="after")
    def _narrow(self) -> Route:
        if not (self.severity or self.team):
            raise ValueError("expected severity, team or both; what no route takes goes to notifications.receiver")
        return self

    def takes_all_of(self, other: Route) -> bool:
        """Whatever the other would take matches this one already."""
        return self.severity in (None, other.severity) and self.team in (None, other.team)


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
    def _possible(cls, value: tuple[Receiver, ...], info: ValidationInfo) -> tuple[Receiver, ...]:
        if not value:
            raise ValueError("expected at least one receiver")
        problems = [*_twice(value, "another receiver has this name already")]
        for index, receiver in enumerate(value):
            problems += (((index, *key), what) for key, what in _impossible(receiver, info))
        if problems:
            raise _located(*problems)
        return value

    @field_validator("mute_times")
    @classmethod
    def _unique(cls, value: tuple[MuteTime, ...]) -> tuple[MuteTime, ...]:
        if problems := [*_twice(value, "another mute time has this name already")]:
            raise _located(*problems)
        return value

    @field_validator("receiver", "watchdog")
    @classmethod
    def _known(cls, value: str | None, info: ValidationInfo) -> str | None:
        for problem in _unknown("receiver", value, info):
            raise ValueError(problem)
        return value

    @field_validator("routes")
    @classmethod
    def _reachable(cls, value: tuple[Route, ...], info: ValidationInfo) -> tuple[Route, ...]:
        problems: list[_Problem] = []
        for index, route in enumerate(value):
            problems += (((index, "receiver"), what) for what in _unknown("receiver", route.receiver, info))
            for number, name in enumerate(route.mute_times):
                problems += (((index, "mute_times", number), what) for what in _unknown("mute time", name, info))
            for earlier in [*_positions(value[:index], route)][:1]:
                problems.append(((index,), f"never reached: route {earlier} takes the same alerts before it"))
        if problems:
            raise _located(*problems)
        return value


_Location = tuple[int | str, ...]
_Problem = tuple[_Location, str]


def _positions(earlier: Sequence[Route], route: Route) -> Iterator[int]:
    return (number for number, other in enumerate(earlier, 1) if other.takes_all_of(route))


def _twice(named: Sequence[Receiver] | Sequence[MuteTime], what: str) -> Iterator[_Problem]:
    names = [each.name for each in named]
    return (((index, "name"), what) for index, name in enumerate(names) if name in names[:index])


def _impossible(receiver: Receiver, info: ValidationInfo) -> Iterator[_Problem]:
    """What this receiver needs and does not have: a newer Alertmanager, a mail server."""
    # A key that is wrong itself is missing here; that is reported already.
    if version := info.data.get("alertmanager_version"):
        major, minor, *_ = map(int, version.split("."))
        for key, since in receiver.newer():
            if (major, minor) < since:
                needed = ".".join(map(str, since))
                yield (
                    key,
                    f'needs Alertmanager {needed} or newer ({TESTED} was tested); alertmanager_version is "{version}"',
                )
    if receiver.email and info.data.get("smtp", ...) is None:
        yield ("email",), "needs notifications.smtp: the server that mail is sent through"


def _unknown(what: str, name: str | None, info: ValidationInfo) -> Iterator[str]:
    # The list is missing here when it is wrong itself; that is reported already.
    field = what.replace(" ", "_") + "s"
    known = [each.name for each in info.data.get(field, ())]
    if name is not None and field in info.data and name not in known:
        yield f"unknown {what} {name!r}; {nearest(name, known)}"


def _located(*problems: _Problem) -> ValidationError:
    """Errors about places inside a field's value: pydantic puts the field's own place before them."""
    return ValidationError.from_exception_data("Notifications", [*_details(problems)])


def _details(problems: Iterable[_Problem]) -> Iterator[InitErrorDetails]:
    for at, message in problems:
        # The message is a value, not the template, so that braces in a name stay braces.
        kind: Any = PydanticCustomError("value_error", "{message}", {"message": message})
        yield InitErrorDetails(type=kind, loc=at, input=None)
