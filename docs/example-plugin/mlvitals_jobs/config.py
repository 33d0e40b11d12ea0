"""Configuration of the jobs exporter: the keys of an entry with `type: jobs`."""

from __future__ import annotations

from pydantic import Field

from mlvitals.core.settings import Duration, HttpSettings


class JobsSettings(HttpSettings):
    """One job service."""

    max_jobs: int = Field(1000, ge=1, description="jobs shown, first by name; the rest is counted as dropped")
    success_within: Duration | None = Field(None, description="every job succeeds at least this often")
