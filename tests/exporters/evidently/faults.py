"""How the exporter of data sets meets faults: what it reads over HTTP is a workspace behind Evidently's UI."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from tests.exporters.evidently.workspace.fake import FakeEvidently, metric, test_of
from tests.support.faults import Subject
from tests.support.replay import Answer, Responder, always

_NOW = time.time()
_YEARS = 20 * 365 * 86400


def _evidently(rows: float = 100, ahead: float = 0, first: int = 1000) -> Responder:
    """One project with a test. Another `first` makes it another snapshot, which is read where one is known."""
    made = FakeEvidently(first)
    made.headers = {"Date": formatdate(_NOW + ahead, usegmt=True)}
    count = metric("RowCount", rows)
    drift = metric("ValueDrift", 0.5, column="age", method="psi", threshold=0.2)
    moment = datetime.fromtimestamp(_NOW + ahead, UTC).isoformat()
    made.snapshot(made.project("churn"), moment, count, drift, tests=[test_of(drift, "drift", "FAIL")])
    return made


def _settings(url: str) -> Mapping[str, Any]:
    return {"workspaces": [{"name": "shared", "url": url}]}


SUBJECT = Subject(
    settings=_settings,
    well=_evidently,
    shows=("evidently_workspace_value", "evidently_workspace_test_status", "evidently_workspace_snapshots"),
    empty="parse",
    nan=lambda: _evidently(float("nan"), first=2000),
    nan_counted=("evidently_workspace_value", "not_finite"),
    ahead=lambda: _evidently(ahead=_YEARS),
    also={"not Evidently": (always(Answer(404, b'{"detail": "Not Found"}')), "http")},
)
