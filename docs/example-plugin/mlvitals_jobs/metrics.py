"""The metrics of the jobs exporter. The source is the answer of `GET /jobs`."""

from __future__ import annotations

from mlvitals.core.metric import gauge

STATES = ("waiting", "running", "succeeded", "failed")

JOBS = gauge("jobs_listed", "Jobs that the service lists (length of jobs)")
STATE = gauge("jobs_state", "state of the job: 1 for the one that it is in, else 0", "job_name", state=STATES)
LAST_SUCCESS = gauge(
    "jobs_last_success_timestamp_seconds", "last_success of the job; absent when it never succeeded", "job_name"
)
SUCCESS_OBJECTIVE = gauge("jobs_success_objective_seconds", "Configured success_within of the exporter", "job_name")
