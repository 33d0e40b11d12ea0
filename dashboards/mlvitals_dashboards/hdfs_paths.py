"""HDFS paths: are they there, fresh and within their quotas, and how do they grow?"""

from __future__ import annotations

from mlvitals.hdfs.paths import metrics
from mlvitals_dashboards import hdfs_path_signals as s
from mlvitals_dashboards.hdfs import NAME
from mlvitals_dashboards.hdfs import UID as HDFS
from mlvitals_dashboards.hdfs_signals import TYPE
from mlvitals_dashboards.layout import dashboard, label_variable
from mlvitals_dashboards.parts import Column, alert_table, drill_down, lines, row, runbook, stat, table, timeline
from mlvitals_dashboards.signals import of_exporters

UID = "mlvitals-hdfs-paths"

_LINKS = {
    "exporter": drill_down("This HDFS", HDFS, exporter="exporter"),
    "path": drill_down("Only this path", UID, exporter="exporter", path="path"),
}

_SUMMARY = [
    stat("unread", "Entries", s.UNREAD, links=runbook("MlvitalsTargetFailing")),
    stat("firing", "Alerts", s.FIRING),
    stat("missing", "Paths", s.MISSING, links=runbook("HdfsPathMissing")),
    stat("stale", "Freshness", s.STALE, links=runbook("HdfsPathStale")),
    stat("full", "Quotas", s.FULL, links=runbook("HdfsPathNearQuota", "HdfsPathQuotaFull")),
    stat("unmatched", "Patterns", s.UNMATCHED, links=runbook("HdfsPathUnmatched")),
]
_PATHS = table(
    "path-table",
    "Every path",
    {"exporter": "HDFS", "path": "Path", "reason": "Reason"},
    [
        Column("State", s.VERDICT),
        Column("Newest", s.NEWEST_AGE),
        Column("Objective", s.OBJECTIVE),
        Column("Files", s.FILES),
        Column("Folders", s.DIRECTORIES),
        Column("Size", s.SIZE),
        Column("With replicas", s.CONSUMED),
        Column("Of space", s.SPACE_USED),
        Column("Of names", s.NAMES_USED),
        Column("failure", s.REASON),
    ],
    order=(
        *("HDFS", "Path", "State", "Newest", "Objective", "Files", "Folders", "Size", "With replicas", "Of space"),
        *("Of names", "Reason", "failure"),
    ),
    description="Every watched path, the worst first. The path narrows the dashboard to it.",
    missing=s.NO_PATH,
    sort="State",
    cell_links=_LINKS,
    hide=("failure",),
    widths={"exporter": NAME},
    h=10,
    links=runbook("HdfsPathStale", "HdfsPathMissing", "HdfsPathUnreadable", "HdfsPathNearQuota", "HdfsPathQuotaFull"),
)
_ALERTS = alert_table(
    {"exporter": "HDFS", "path": "Path", "pattern": "Pattern"}, s.ALERT, widths={"exporter": NAME}, w=14
)
_PATTERNS = table(
    "pattern-table",
    "Every pattern",
    {"exporter": "HDFS", "pattern": "Pattern"},
    [Column("Matches", s.MATCHES)],
    description="What each pattern of `paths` matches. One that matches nothing watches nothing.",
    missing="No pattern",
    sort="Matches",
    descending=False,
    cell_links=_LINKS,
    widths={"exporter": NAME},
    w=10,
    h=6,
    links=runbook("HdfsPathUnmatched"),
)
_OVER_TIME = [
    lines(
        "age",
        "Age of the newest file, objective dashed",
        s.NEWEST_AGE,
        "{{exporter}} {{path}}",
        more={"{{exporter}} {{path}} objective": s.OBJECTIVE},
        links=runbook("HdfsPathStale"),
    ),
    lines("quotas", "Part of each quota", s.QUOTAS, "{{exporter}} {{path}} {{kind}}", steps=True, bounded=True),
    lines("files", "Files", s.FILES, "{{exporter}} {{path}}", steps=True),
    lines("directories", "Folders", s.DIRECTORIES, "{{exporter}} {{path}}", steps=True),
    lines("size", "Size", s.SIZE, "{{exporter}} {{path}}", steps=True),
    lines(
        "consumed",
        "Size with replicas, quota dashed",
        s.CONSUMED,
        "{{exporter}} {{path}}",
        more={"{{exporter}} {{path}} quota": s.SPACE_QUOTA},
        steps=True,
        links=runbook("HdfsPathNearQuota", "HdfsPathQuotaFull"),
    ),
]
_COST = row(
    "What looking costs",
    [
        lines("walk", "Looking for the newest file takes", s.WALK, "{{exporter}} {{path}}", steps=True, w=8),
        lines("entries", "Files and folders looked at", s.ENTRIES, "{{exporter}} {{path}}", steps=True, w=8),
        lines("summary", "The content summary takes", s.SUMMARY, "{{exporter}} {{path}}", steps=True, w=8),
    ],
)

DASHBOARD = dashboard(
    UID,
    "HDFS paths",
    "Watched files and folders on HDFS: there or not, how fresh, how large, and how much of their quotas is used.",
    [
        *_SUMMARY,
        _PATHS,
        timeline("verdicts", "Paths over time", s.VERDICT, "{{exporter}} {{path}}", h=6),
        _ALERTS,
        _PATTERNS,
        row("Over time"),
        *_OVER_TIME,
        _COST,
    ],
    exporters=TYPE,
    variables=[label_variable("path", "Path", of_exporters(metrics.PATH_EXISTS))],
    tags=["hdfs"],
)
