"""Jobs: can the services be read, which jobs fail, which have not succeeded in time?"""

from __future__ import annotations

from mlvitals.core.metrics import EXPORTER_UP
from mlvitals_dashboards.layout import dashboard, label_variable
from mlvitals_dashboards.parts import Column, drill_down, row, runbook, stat, table, timeline
from mlvitals_dashboards.signals import UP, Signal, by, select
from mlvitals_dashboards.suite_signals import STATES, age, state
from mlvitals_jobs import metrics as m

# `mlvitals-<exporter type>`: what Exporter health links to.
UID = "mlvitals-jobs"
TYPE = "jobs"
CHOSEN = {"job_name": "=~$job_name"}

_UP = select(UP, exporter_type=TYPE)
_SERVICE = state(_UP, select(EXPORTER_UP, exporter_type=TYPE))
_FAILED = select(m.STATE, **CHOSEN, state="failed")
_OBJECTIVE = select(m.SUCCESS_OBJECTIVE, **CHOSEN)
_AGE = age(select(m.LAST_SUCCESS, **CHOSEN))
_IN_TIME = f"{_AGE} <= {_OBJECTIVE}"
_JOB = "exporter, job_name"

SERVICES_DOWN = Signal(
    f"count(({_SERVICE}) != 1) or count({_UP}) * 0",
    "suffix: down",
    "Job services that could not be read last time, or whose exporter Prometheus cannot scrape.",
    steps=((1, "red"),),
    words={0: ("All up", "green")},
    base="green",
    missing="No jobs exporter",
)
FAILED = Signal(
    f"sum({_FAILED})",
    "suffix: failed",
    "Jobs with the state failed.",
    steps=((1, "orange"),),
    words={0: ("None failed", "green")},
    base="green",
    missing="No jobs",
)
LATE = Signal(
    f"count({_OBJECTIVE} unless {_IN_TIME}) or count({_OBJECTIVE}) * 0",
    "suffix: late",
    "Jobs without a success within the objective.",
    steps=((1, "red"),),
    words={0: ("All in time", "green")},
    base="green",
    missing="No objective set",
)
SERVICE_STATE = Signal(
    by("exporter", _SERVICE, "min"), "none", SERVICES_DOWN.description, words=STATES, missing=SERVICES_DOWN.missing
)
JOB_STATE = Signal(by(f"{_JOB}, state", f"{select(m.STATE, **CHOSEN)} == 1"), "none", "The state that the job is in.")
LAST_SUCCESS = Signal(by(_JOB, _AGE), "s", "Time since the job last succeeded.", missing="Never", decimals=1)
OBJECTIVE = Signal(by(_JOB, _OBJECTIVE), "s", "The configured success_within.", missing="Not set")

DASHBOARD = dashboard(
    UID,
    "Jobs",
    "Job services and their jobs, as mlvitals reads them.",
    [
        stat("services", "Services", SERVICES_DOWN, links=runbook("JobsDown"), w=8),
        stat("failed", "Failed jobs", FAILED, links=runbook("JobsFailed"), w=8),
        stat("late", "Late jobs", LATE, links=runbook("JobsSuccessLate"), w=8),
        timeline("service-states", "Services over time", SERVICE_STATE, "{{exporter}}"),
        row("Every job"),
        table(
            "job-table",
            "Jobs",
            {"exporter": "Service", "job_name": "Job", "state": "State"},
            [Column("state set", JOB_STATE), Column("Last success", LAST_SUCCESS), Column("Objective", OBJECTIVE)],
            description="One row for each job. The service leads to the health of its exporter.",
            missing="No jobs",
            sort="Last success",
            cell_links={"exporter": drill_down("Exporter health", "mlvitals-exporters", exporter="exporter")},
            hide=("state set",),
            links=runbook("JobsFailed", "JobsSuccessLate"),
        ),
    ],
    exporters=TYPE,
    variables=[label_variable("job_name", "Job", select(m.STATE))],
    tags=[TYPE],
)
