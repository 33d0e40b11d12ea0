"""Daemons by /jmx: are their pages read, and does every rule find something? What the rules make has no panel here."""

from __future__ import annotations

from mlvitals.jmx import metrics
from mlvitals_dashboards import jmx_signals as s
from mlvitals_dashboards.layout import dashboard, label_variable
from mlvitals_dashboards.parts import Column, alert_table, drill_down, lines, row, runbook, stat, table, timeline
from mlvitals_dashboards.signals import of_exporters

UID = "mlvitals-jmx"

_HEALTH = {"exporter": drill_down("Exporter health", "mlvitals-exporters", exporter="exporter")}
_ONLY = {"daemon": drill_down("Only this daemon", UID, exporter="exporter", daemon="daemon")}

_SUMMARY = [
    stat("servers", "Exporters", s.SERVERS_DOWN, w=6, links=runbook("JmxDown")),
    stat("firing", "Alerts", s.FIRING, w=6),
    stat("daemons", "Daemons", s.DAEMONS_UNREAD, w=6, links=runbook("MlvitalsTargetFailing")),
    stat("rules", "Rules", s.RULES_UNMATCHED, w=6, links=runbook("JmxRuleUnmatched")),
]
_EXPORTERS = table(
    "exporter-table",
    "Groups of daemons",
    {"exporter": "Exporter", "reason": "Reason"},
    [
        Column("State", s.SERVER_STATE),
        Column("Last read", s.DATA_AGE),
        Column("Series", s.SERIES),
        Column("failure", s.FAILURE_REASON),
    ],
    description="One row for each exporter of type jmx. The name leads to its health.",
    missing="No jmx exporter: add one to mlvitals.yml",
    sort="State",
    descending=False,
    cell_links=_HEALTH,
    hide=("failure",),
    w=12,
    h=6,
)
_DAEMONS = table(
    "daemon-table",
    "Every daemon",
    {"exporter": "Exporter", "daemon": "Daemon"},
    [Column("State", s.DAEMON_STATE), Column("Last read", s.DAEMON_AGE)],
    description="Every daemon. The name narrows the dashboard to it.",
    missing=s.NO_DAEMON,
    sort="State",
    descending=False,
    cell_links=_ONLY,
    w=10,
    links=runbook("MlvitalsTargetFailing"),
)
_RULES = table(
    "rule-table",
    "Every rule",
    {"exporter": "Exporter", "daemon": "Daemon", "rule": "Rule"},
    [Column("Samples", s.MATCHES)],
    description="What each rule finds on the page of each daemon, those that find nothing first.",
    missing=s.NO_DAEMON,
    sort="Samples",
    descending=False,
    cell_links=_ONLY,
    w=14,
    links=runbook("JmxRuleUnmatched"),
)

DASHBOARD = dashboard(
    UID,
    "Daemons by /jmx",
    "Daemons of any kind that mlvitals reads by rules of its configuration.",
    [
        *_SUMMARY,
        _EXPORTERS,
        alert_table({"exporter": "Exporter", "daemon": "Daemon", "rule": "Rule"}, s.ALERT, w=12),
        timeline("states", "Daemons over time", s.DAEMON_STATE, "{{exporter}} {{daemon}}"),
        _DAEMONS,
        _RULES,
        row(
            "Rules over time",
            [lines("matches", "Samples of each rule", s.MATCHES, "{{daemon}} {{rule}}", steps=True, w=24)],
        ),
    ],
    exporters=s.TYPE,
    variables=[label_variable("daemon", "Daemon", of_exporters(metrics.RULE_MATCHES))],
    tags=["jmx"],
)
