"""Configuration of the exporter of any `/jmx` page."""

from __future__ import annotations

from pydantic import Field

from mlvitals.core.settings import HttpOptions, HttpUrl


class JmxSettings(HttpOptions):
    """Daemons of one kind, each with a `/jmx` page, and what is read from it."""

    daemons: tuple[HttpUrl, ...] = Field(min_length=1, description="URLs of the daemons, such as http://rm1:8088")
