"""A job service: which jobs there are, how they are and when each last succeeded."""

from __future__ import annotations

from collections.abc import Sequence

from mlvitals.core.collector import Collector
from mlvitals.core.exporter import ExporterType
from mlvitals.core.metric import declared
from mlvitals_jobs import metrics
from mlvitals_jobs.collector import JobsCollector
from mlvitals_jobs.config import JobsSettings


def _build(settings: JobsSettings) -> Sequence[Collector]:
    return (JobsCollector(settings),)


EXPORTER = ExporterType(
    summary="Jobs of a job service, their states and last successes",
    settings=JobsSettings,
    metrics=tuple(declared(metrics)),
    build=_build,
)
