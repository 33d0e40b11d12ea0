"""Rules about watched paths on HDFS.

They are looked at every ten minutes unless set otherwise: what a job in the midst of its work can cause waits for a
second look.
"""

from __future__ import annotations

from mlvitals.core.metric import Metric
from mlvitals.hdfs.paths import metrics as m
from mlvitals_alerts.rules import Alert, System, each, label, lookup, value

SECOND_LOOK = "15m"
KEEP = "15m"
NEAR_QUOTA = 0.9

_PATH = f"{label('exporter')}: path {label('path')}"


def _quota(name: str, used: str, quota: Metric, bounds: str) -> str:
    return f'label_replace({used} / ({quota} > 0), "quota", "{name}", "", "") {bounds}'


def _used(bounds: str) -> str:
    """What share is used of either quota, where it is within `bounds`."""
    names = _quota("name", f"({m.PATH_FILES} + {m.PATH_DIRECTORIES})", m.PATH_NAME_QUOTA, bounds)
    return f"{names}\nor " + _quota("space", m.PATH_SPACE_CONSUMED.name, m.PATH_SPACE_QUOTA, bounds)


_USED = f"{_PATH}: {value('humanizePercentage')} of its {label('quota')} quota are used"
SYSTEM = System(
    "hdfs_paths",
    "Watched paths on HDFS",
    "mlvitals-hdfs-paths",
    (
        Alert(
            "HdfsPathStale",
            "critical",
            "Nothing new has come to a path within its objective.",
            f"{_PATH}: "
            + lookup(
                f"time() - {m.PATH_NEWEST_MODIFICATION}{{%s}}",
                "path",
                show="value | humanizeDuration",
                text="the newest file is %s old",
                otherwise="there is no file",
            )
            + ", objective "
            + lookup(f"{m.PATH_FRESH_OBJECTIVE}{{%s}}", "path", show="value | humanizeDuration")
            + ".",
            f"time() - {m.PATH_NEWEST_MODIFICATION} > {m.PATH_FRESH_OBJECTIVE}\n"
            f"or {m.PATH_EXISTS} == 1 and {m.PATH_FRESH_OBJECTIVE}\n"
            f"unless {m.PATH_NEWEST_MODIFICATION} unless ignoring (reason) {m.PATH_FAILURE} == 1",
            for_=SECOND_LOOK,
            keep_firing_for=KEEP,
        ),
        Alert(
            "HdfsPathMissing",
            "critical",
            "A path that is watched is not there.",
            f"{_PATH} is not there.",
            f"{m.PATH_EXISTS} == 0",
            for_=SECOND_LOOK,
            keep_firing_for=KEEP,
        ),
        Alert(
            "HdfsPathQuotaFull",
            "critical",
            "A path has used all of a quota, or more: writes fail.",
            f"{_USED}: nothing can be written.",
            _used(">= 1"),
            for_=SECOND_LOOK,
            keep_firing_for=KEEP,
        ),
        Alert(
            "HdfsPathNearQuota",
            "warning",
            "A path has used nearly all of a quota.",
            f"{_USED}, expected at most {NEAR_QUOTA:.0%}.",
            _used(f"> {NEAR_QUOTA} < 1"),
            for_=SECOND_LOOK,
            keep_firing_for=KEEP,
        ),
        Alert(
            "HdfsPathUnreadable",
            "warning",
            "A path that a pattern matches cannot be read, or not wholly.",
            f"{_PATH} cannot be read, or not wholly, reason: "
            + each(f"{m.PATH_FAILURE}{{%s}} == 1", "path", by="reason", show="{{ .Labels.reason }}")
            + ".",
            f"max without (reason) ({m.PATH_FAILURE}) == 1",
            for_=SECOND_LOOK,
            keep_firing_for=KEEP,
        ),
        Alert(
            "HdfsPathUnmatched",
            "warning",
            "A pattern of watched paths matches nothing.",
            f"{label('exporter')}: the pattern {label('pattern')} matches nothing.",
            f"{m.PATTERN_MATCHES} == 0",
            for_="1h",
            keep_firing_for=KEEP,
        ),
    ),
)
