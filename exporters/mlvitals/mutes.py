"""Mute times of `notifications:`: when a route tells nobody."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, field_validator, model_validator

from mlvitals.core.settings import Name, Settings
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
        zones = available_timezones()
        if zones and value not in zones:
            raise ValueError(f"unknown time zone {value!r}; {_near_zone(value, sorted(zones))}")
        return value

    @model_validator(mode="after")
    def _some_time(self) -> MuteTime:
        if not (self.days or self.hours):
            raise ValueError("expected days, hours or both")
        return self


def _near_zone(value: str, zones: list[str]) -> str:
    near = nearest(value, zones)
    return near if near.startswith("did you mean") else "expected one such as Europe/Berlin"
