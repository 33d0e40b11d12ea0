"""The job service's API, as far as the exporter reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, TypeAdapter

from mlvitals.core.collector import Deadline
from mlvitals.core.outbound import Client
from mlvitals_jobs.config import JobsSettings

Moment = Annotated[float, Field(ge=0, lt=2**40)]
"""Unix time in seconds; the bounds keep NaN and infinity out too."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job. `last_success` is None when it never succeeded."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    state: str
    last_success: Moment | None = None


@dataclass(frozen=True, slots=True)
class _Jobs:
    jobs: tuple[Job, ...]


_JOBS = TypeAdapter(_Jobs)


class JobsClient:
    """The one call that the exporter makes. Used by one collection at a time; raises UpstreamError only."""

    def __init__(self, settings: JobsSettings) -> None:
        self._http = Client(settings)

    def jobs(self, deadline: Deadline) -> tuple[Job, ...]:
        """All jobs, as the service lists them."""
        return self._http.get("jobs", _JOBS, deadline).jobs

    def close(self) -> None:
        """Close every connection."""
        self._http.close()
