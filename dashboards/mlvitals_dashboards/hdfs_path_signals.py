"""What is worth knowing about watched paths on HDFS."""

from __future__ import annotations

from dataclasses import replace

from mlvitals.core import metrics as own
from mlvitals.core.metric import Metric
from mlvitals.hdfs.paths import metrics as m
from mlvitals_dashboards.hdfs_signals import TITLE, TYPE, kinds
from mlvitals_dashboards.signals import ALERTS, Signal, by, select
from mlvitals_dashboards.suite_signals import age
from mlvitals_dashboards.system_signals import alarm, firing_alerts

PATH = "exporter, path"
NO_PATH = "No path watched: add paths to an exporter of type hdfs"
NO_OBJECTIVE = "No objective set"
NO_QUOTA = "No quota"
NO_FILE = "No file"
NEAR_QUOTA = 0.9

_AGE = age(select(m.PATH_NEWEST_MODIFICATION))
_MISSING = f"{select(m.PATH_EXISTS)} == 0"
_UNREADABLE = f"max without (reason) ({select(m.PATH_FAILURE)}) == 1"
_STALE = f"{_AGE} > {select(m.PATH_FRESH_OBJECTIVE)}"
_EMPTY = (
    f"{select(m.PATH_EXISTS)} == 1 and {select(m.PATH_FRESH_OBJECTIVE)} unless {select(m.PATH_NEWEST_MODIFICATION)}"
    f" unless ({_UNREADABLE})"
)
_SPACE = f"{select(m.PATH_SPACE_CONSUMED)} / ({select(m.PATH_SPACE_QUOTA)} > 0)"
_NAMES = f"({select(m.PATH_FILES)} + {select(m.PATH_DIRECTORIES)}) / ({select(m.PATH_NAME_QUOTA)} > 0)"
_FULL = f"({_SPACE}) > {NEAR_QUOTA} or ({_NAMES}) > {NEAR_QUOTA}"
# Entries of `paths` are targets, and so are daemons.
_ENTRIES = select(own.TARGET_UP, exporter_type=TYPE, target="!~cluster|[^/]+:[0-9]+.*")

FIRING = alarm(
    select(ALERTS, alertstate="firing", exporter_type=TYPE, path="=~$path"),
    select(m.PATH_EXISTS),
    "suffix: firing",
    "Alerts that fire now for the paths chosen above.",
    "None",
    NO_PATH,
)
UNREAD = alarm(
    f"{_ENTRIES} == 0",
    _ENTRIES,
    "suffix: not read",
    f"Entries of `paths` that could not be read from {TITLE} at the last look.",
    "All read",
    NO_PATH,
)
MISSING = alarm(_MISSING, select(m.PATH_EXISTS), "suffix: missing", "Paths that are not there.", "None", NO_PATH)
STALE = alarm(
    f"{_STALE} or {_EMPTY}",
    select(m.PATH_FRESH_OBJECTIVE),
    "suffix: stale",
    "Paths whose newest file is older than the configured fresh_within, or that have an objective and no file.",
    "All fresh",
    NO_OBJECTIVE,
)
FULL = replace(
    alarm(
        _FULL,
        f"{select(m.PATH_SPACE_QUOTA)} or {select(m.PATH_NAME_QUOTA)}",
        "suffix: nearly full",
        f"Paths that have used more than {NEAR_QUOTA:.0%} of a quota.",
        "All have room",
        NO_QUOTA,
    ),
    steps=((1, "orange"),),
)
UNMATCHED = replace(
    alarm(
        f"{select(m.PATTERN_MATCHES)} == 0",
        select(m.PATTERN_MATCHES),
        "suffix: match nothing",
        "Patterns of paths that match nothing.",
        "All match",
        "No pattern",
    ),
    steps=((1, "orange"),),
)

VERDICT = Signal(
    by(
        PATH,
        f"({_MISSING}) + 5 or ({_UNREADABLE}) * 0 + 4 or ({_STALE}) * 0 + 3 or ({_EMPTY}) * 0 + 2"
        f" or ({_FULL}) * 0 + 1 or {select(m.PATH_EXISTS)} * 0",
    ),
    "none",
    "The worst that is true of it: MISSING, it is not there; UNREADABLE, it cannot be read, or has too many files to "
    "look at; STALE, its newest file is too old; EMPTY, it has an objective and no file; FULL, a quota is nearly used.",
    words={
        0: ("OK", "green"),
        1: ("FULL", "orange"),
        2: ("EMPTY", "red"),
        3: ("STALE", "red"),
        4: ("UNREADABLE", "orange"),
        5: ("MISSING", "red"),
    },
    missing=NO_PATH,
)
REASON = Signal(by(f"{PATH}, reason", select(m.PATH_FAILURE)), "none", "Why it cannot be read, or not wholly.")
NEWEST_AGE = Signal(
    by(PATH, _AGE),
    "s",
    "Time since the newest file below it was changed; hidden and temporary files do not count.",
    missing=NO_FILE,
    decimals=1,
)
OBJECTIVE = Signal(by(PATH, select(m.PATH_FRESH_OBJECTIVE)), "s", "The configured fresh_within.", missing=NO_OBJECTIVE)


def _count(metric: Metric, description: str) -> Signal:
    return Signal(by(PATH, select(metric)), "locale", description, missing=NO_PATH, decimals=0)


FILES = _count(m.PATH_FILES, "Files below it, in snapshots too.")
DIRECTORIES = _count(m.PATH_DIRECTORIES, "Folders below it, and itself.")
SIZE = Signal(by(PATH, select(m.PATH_SIZE)), "bytes", "Bytes below it, each once.", missing=NO_PATH)
CONSUMED = Signal(by(PATH, select(m.PATH_SPACE_CONSUMED)), "bytes", "Bytes with all their replicas.", missing=NO_PATH)
SPACE_QUOTA = Signal(by(PATH, select(m.PATH_SPACE_QUOTA)), "bytes", "What they may be.", missing=NO_QUOTA)
_QUOTA_STEPS = ((NEAR_QUOTA, "orange"), (1, "red"))
SPACE_USED = Signal(
    by(PATH, _SPACE), "percentunit", "Part of the space quota that is used.", steps=_QUOTA_STEPS, decimals=0
)
NAMES_USED = Signal(
    by(PATH, _NAMES), "percentunit", "Part of the name quota that is used.", steps=_QUOTA_STEPS, decimals=0
)
QUOTAS = Signal(
    kinds({"space": SPACE_USED.expr, "names": NAMES_USED.expr}),
    "percentunit",
    "Part of each quota that is used.",
    steps=_QUOTA_STEPS,
    missing=NO_QUOTA,
)
MATCHES = Signal(
    by("exporter, pattern", select(m.PATTERN_MATCHES)),
    "none",
    "Paths that match it, also those that are not shown.",
    words={0: ("NOTHING", "red")},
    base="green",
    missing="No pattern",
)
ALERT = firing_alerts(TYPE, "path, pattern")
WALK = Signal(
    by(PATH, select(m.PATH_WALK_DURATION)), "s", "How long the search for the newest file took.", missing=NO_PATH
)
ENTRIES = _count(m.PATH_WALK_ENTRIES, "Files and folders that were looked at for the newest file.")
SUMMARY = Signal(
    by(PATH, select(m.PATH_SUMMARY_DURATION)),
    "s",
    "How long the content summary took, for which the NameNode holds its lock again and again.",
    missing=NO_PATH,
)
