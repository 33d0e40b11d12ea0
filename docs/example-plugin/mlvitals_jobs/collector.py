"""Turns the service's answer into samples. Schedule, deadline, failures and serving are mlvitals' part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mlvitals.core.collector import Deadline, Snapshot
from mlvitals.core.metric import Metric
from mlvitals_jobs import metrics
from mlvitals_jobs.client import Job, JobsClient
from mlvitals_jobs.config import JobsSettings

TARGET = "server"


class JobsCollector:
    """Reads all jobs with one call."""

    name = TARGET
    targets: tuple[str, ...] = (TARGET,)
    auxiliary = False

    def __init__(self, settings: JobsSettings) -> None:
        self.schedule = settings.schedule()
        self._settings = settings
        self._client = JobsClient(settings)

    def collect(self, deadline: Deadline) -> Iterator[Snapshot]:
        """Read the service once. What the client raises is recorded as the target's failure."""
        yield snapshot(self._client.jobs(deadline), self._settings)

    def close(self) -> None:
        """Close every connection."""
        self._client.close()


def snapshot(listed: tuple[Job, ...], settings: JobsSettings) -> Snapshot:
    """The page for these jobs. What is left out, and why, is counted."""
    dropped: Counter[tuple[Metric, str]] = Counter()
    by_name = {job.name: job for job in listed}
    shown = [by_name[name] for name in sorted(by_name)[: settings.max_jobs]]
    dropped[metrics.STATE, "duplicate"] = len(listed) - len(by_name)
    dropped[metrics.STATE, "limit"] = len(by_name) - len(shown)
    jobs, states, successes, objectives = families = (
        metrics.JOBS.family(),
        metrics.STATE.family(),
        metrics.LAST_SUCCESS.family(),
        metrics.SUCCESS_OBJECTIVE.family(),
    )
    jobs.add(len(listed))
    for job in shown:
        # A state that a later release of the service knows must not cost the whole page.
        if job.state in metrics.STATES:
            states.add_states("state", job.state, job_name=job.name)
        else:
            dropped[metrics.STATE, "unknown_state"] += 1
        if job.last_success is not None:
            successes.add(job.last_success, job_name=job.name)
        if settings.success_within is not None:
            objectives.add(settings.success_within, job_name=job.name)
    return Snapshot(TARGET, families, +dropped)
