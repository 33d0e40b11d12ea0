"""Exporter health: is what mlvitals reads fresh and whole, and does mlvitals itself run well?"""

from __future__ import annotations

from mlvitals_dashboards import suite_signals as s
from mlvitals_dashboards.layout import dashboard
from mlvitals_dashboards.parts import Column, alert_table, drill_down, lines, row, runbook, stat, table, timeline

UID = "mlvitals-exporters"

_SUMMARY = [
    stat(
        "exporters", "Exporters", s.EXPORTERS_DOWN, links=runbook("MlvitalsExporterDown", "MlvitalsScrapeTargetMissing")
    ),
    stat("targets", "Targets", s.TARGETS_FAILING, links=runbook("MlvitalsTargetFailing")),
    stat("firing", "Alerts", s.FIRING),
    stat("longest-outage", "Longest outage", s.LONGEST_OUTAGE, links=runbook("MlvitalsTargetFailing")),
    stat("dropped", "Series dropped", s.DROPPED, links=runbook("MlvitalsSeriesDropped")),
    stat("configuration", "Configuration", s.CONFIGURATION, links=runbook("MlvitalsConfigReloadFailed")),
]
_EXPORTERS = table(
    "exporter-table",
    "Every exporter",
    {"exporter": "Exporter", "exporter_type": "Type"},
    [
        Column("State", s.EXPORTER_STATE),
        Column("Last read", s.LAST_READ),
        Column("Duration", s.DURATION),
        Column("Series", s.SERIES),
        Column("Dropped", s.EXPORTER_DROPPED),
        Column("Errors in 1 h", s.ERRORS),
    ],
    description="One row for each exporter. The name narrows this dashboard, the type leads to the system's own.",
    missing="No exporter: add one to mlvitals.yml",
    sort="State",
    descending=False,
    cell_links={
        "exporter": drill_down("Only this exporter", UID, exporter="exporter"),
        "exporter_type": drill_down(
            "Dashboard of the system", "mlvitals-${__data.fields.exporter_type:percentencode}", exporter="exporter"
        ),
    },
    h=7,
    links=runbook("MlvitalsExporterDown", "MlvitalsScrapeTargetMissing"),
)
_FAILURES = table(
    "failure-table",
    "Failing targets",
    {"exporter": "Exporter", "target": "Target", "reason": "Reason"},
    [Column("failure", s.FAILURE), Column("Last read", s.FAILING_SINCE)],
    description="Targets that cannot be read, and why. The log and `mlvitals check --live` have the whole message.",
    missing="Every target was read",
    sort="Last read",
    cell_links={"exporter": drill_down("Only this exporter", UID, exporter="exporter")},
    hide=("failure",),
    w=14,
    h=6,
    links=runbook("MlvitalsTargetFailing"),
)
_ALERTS = alert_table({"exporter": "Exporter"}, s.ALERT, w=10)
_PROCESS = table(
    "process-table",
    "Processes",
    {"instance": "Address", "version": "Version", "python_version": "Python"},
    [
        Column("info", s.BUILD),
        Column("Up for", s.UPTIME),
        Column("Configuration", s.RELOAD),
        Column("Loaded", s.LOADED),
    ],
    description="Every mlvitals process that Prometheus scrapes.",
    missing="No mlvitals process: is /sd in the scrape configuration?",
    sort="Up for",
    descending=False,
    hide=("info",),
    widths={"instance": 170},
    w=10,
)

DASHBOARD = dashboard(
    UID,
    "Exporter health",
    "What mlvitals says about itself: exporters, targets, collections and the process.",
    [
        *_SUMMARY,
        _EXPORTERS,
        _FAILURES,
        _ALERTS,
        timeline("exporter-states", "Exporters over time", s.EXPORTER_STATE, "{{exporter}}"),
        row("Collections"),
        lines("durations", "Collection duration", s.DURATIONS, "{{exporter}} {{collector}}"),
        lines("errors", "Errors by reason", s.ERROR_RATE, "{{exporter}} {{reason}}"),
        lines("series", "Series on each page", s.SERIES_OVER_TIME, "{{exporter}}"),
        lines("dropped-series", "Series dropped by metric", s.DROPPED_BY_METRIC, "{{exporter}} {{metric}} {{reason}}"),
        row("Process"),
        lines("memory", "Memory", s.MEMORY, "{{instance}}", w=7),
        lines("cpu", "CPU", s.CPU, "{{instance}}", w=7),
        _PROCESS,
    ],
    tags=["mlvitals-self"],
)
