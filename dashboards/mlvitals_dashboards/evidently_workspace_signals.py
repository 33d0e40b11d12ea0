"""What is worth knowing about the Evidently workspaces that are watched."""

from __future__ import annotations

from mlvitals.evidently.workspace import metrics as w
from mlvitals_dashboards.signals import ANYTHING, Signal, by, select
from mlvitals_dashboards.suite_signals import age

NO_WORKSPACE = "No workspace: add one to an exporter of type evidently"

PROJECT = "exporter, workspace, project"
_FAILED = select(w.TESTS, status="fail")
_ADDED = f"({select(w.SNAPSHOT_ADDED)} or {select(w.SNAPSHOT_TIMESTAMP)})"
_LATE = f"{age(_ADDED)} > {select(w.FRESH_OBJECTIVE)}"

STATE = Signal(
    by(
        PROJECT,
        f"sum without (reason) ({select(w.PROJECT_FAILURE)}) * 0 + 3 or ({_LATE}) * 0 + 2"
        f" or sum without (status) ({_FAILED} > 0) * 0 + 1 or {select(w.SNAPSHOTS)} * 0",
    ),
    "none",
    "The worst that is true of it: UNREADABLE, it or its newest snapshot cannot be read; LATE, no snapshot came within "
    "its objective; TESTS, one of them fails.",
    words={3: ("UNREADABLE", "red"), 2: ("LATE", "red"), 1: ("TESTS", "orange"), 0: ("OK", "green")},
    missing=NO_WORKSPACE,
)
FAILED = Signal(by(PROJECT, _FAILED), "none", "Tests that fail.", steps=((1, "orange"),), decimals=0)
WARNED = Signal(by(PROJECT, select(w.TESTS, status="warning")), "none", "Tests that warn.", decimals=0)
ADDED_AGE = Signal(by(PROJECT, age(_ADDED)), "s", "Time since the newest snapshot came.", decimals=1)
OBJECTIVE = Signal(by(PROJECT, select(w.FRESH_OBJECTIVE)), "s", "The configured fresh_within.")
SNAPSHOTS = Signal(by(PROJECT, select(w.SNAPSHOTS)), "none", "Snapshots of the project.", decimals=0)
VERSION = Signal(
    by(f"{PROJECT}, model", select(w.MODEL_VERSION, model=ANYTHING)),
    "none",
    "The version of the model that the snapshot is about.",
    decimals=0,
)
REASON = Signal(by(f"{PROJECT}, reason", select(w.PROJECT_FAILURE)), "none", "Why it cannot be read.")

_TEST = f"{PROJECT}, metric, column, parameters, test"
_STATUSES = {"warning": (1, ("Warning", "orange")), "error": (2, ("Error", "red")), "fail": (3, ("FAIL", "red"))}
TEST_STATE = Signal(
    by(
        _TEST,
        " or ".join(
            f"({select(w.TEST_STATUS, status=status, column=ANYTHING)} == 1) * {number}"
            for status, (number, _) in _STATUSES.items()
        ),
    ),
    "none",
    "What became of it. Error: it could not be computed.",
    words=dict(_STATUSES.values()),
    missing="Every test holds",
)
TESTS_BY_STATUS = Signal(
    by(f"{PROJECT}, status", select(w.TESTS)),
    "none",
    "Tests of the newest snapshot of each project by status.",
    missing=NO_WORKSPACE,
    decimals=0,
)
