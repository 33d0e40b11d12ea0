"""Rules about jobs."""

from __future__ import annotations

from mlvitals.core import metrics as own
from mlvitals_alerts.rules import Alert, System, each, label, last_read, lookup, value
from mlvitals_jobs import metrics as m

_LAST = lookup(
    f"time() - {m.LAST_SUCCESS}{{%s}}",
    "job_name",
    show="value | humanizeDuration",
    text="last succeeded %s ago",
    otherwise="has never succeeded",
)

SYSTEM = System(
    "jobs",
    "Jobs",
    "mlvitals-jobs",
    (
        Alert(
            "JobsDown",
            "critical",
            "The job service cannot be read.",
            f"{label('exporter')}: the job service cannot be read, reason: "
            + each(f"{own.TARGET_FAILURE}{{%s}}", by="reason", show="{{ .Labels.reason }}")
            + ". "
            + last_read(own.EXPORTER_LAST_SUCCESS),
            f'{own.EXPORTER_UP}{{exporter_type="jobs"}} == 0',
            for_="5m",
        ),
        Alert(
            "JobsFailed",
            "warning",
            "A job has failed and has not been started again.",
            f"{label('exporter')}: job {label('job_name')} has the state failed; it {_LAST}.",
            f'{m.STATE}{{state="failed"}} == 1',
            for_="10m",
        ),
        Alert(
            "JobsSuccessLate",
            "critical",
            "A job has not succeeded within its objective.",
            f"{label('exporter')}: job {label('job_name')} {_LAST}, objective {value()}.",
            # A job that never succeeded has no timestamp to compare: it is late too.
            f"{m.SUCCESS_OBJECTIVE}\nunless time() - {m.LAST_SUCCESS} <= {m.SUCCESS_OBJECTIVE}",
            for_="5m",
        ),
    ),
)
