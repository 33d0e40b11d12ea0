"""Mute times of `notifications:`: when a route tells nobody."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, field_validator

from mlvitals.core.settings import Mistake, Name, Settings
from mlvitals.registry import nearest

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d"


def _hours(value: str) -> str:
    if not re.fullmatch(rf"{_TIME}-(?:{_TIME}|24:00)", value):
        raise ValueError("expected hours such as '18:00-24:00'")
    begin, end = value.split("-")
    if begin >= end:
        rest = "" if end == "00:00" else f" and '00:00-{end}'"
        raise ValueError(f"hours end on the day on which they begin: write '{begin}-24:00'{rest}")
    return value


Hours = Annotated[str, AfterValidator(_hours)]


class MuteTime(Settings):
    """Hours of days in which routes that name it tell nobody."""

    name: Name = Field(description="routes name it")
    days: tuple[Day, ...] = Field((), description="days of the week; default all")
    hours: tuple[Hours, ...] = Field((), description="such as `18:00-24:00`, to the minute; default all")
    time_zone: str = Field("UTC", description="name in the IANA database, such as Europe/Berlin")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        # A small image may have no database; then Alertmanager is the first to know.
        zones = _zones()
        if zones and value not in zones:
            raise ValueError(f"unknown time zone {value!r}; {_near_zone(value, zones)}")
        return value

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """No time at all."""
        if not (data.get("days") or data.get("hours")):
            yield (), "expected days, hours or both"


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _near_zone(value: str, zones: frozenset[str]) -> str:
    near = nearest(value, zones)
    return near if near.startswith("did you mean") else "expected one such as Europe/Berlin"
