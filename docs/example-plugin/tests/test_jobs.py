"""The exporter against a real HTTP server; what is generated is fresh and without a finding."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mlvitals.core.collector import Deadline, Snapshot, UpstreamError
from mlvitals_alerts.render import rule_file
from mlvitals_alerts.systems import systems
from mlvitals_dashboards import build, lint
from mlvitals_jobs import EXPORTER, alerts, dashboards, metrics

PACKAGE = Path(alerts.__path__[0]).parent
JOBS = [
    {"name": "ingest", "state": "succeeded", "last_success": 1700000000, "owner": "a key that nobody asked for"},
    {"name": "score", "state": "failed", "last_success": None},
    {"name": "sweep", "state": "paused", "last_success": 1700000060.5},
]


@contextmanager
def service(body: str) -> Iterator[str]:
    """A job service that answers with this body; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/jobs" else 404)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def read(body: str, **settings: object) -> Snapshot:
    """What the collector says of a service that answers with this body."""
    with service(body) as url:
        data = {"name": "nightly", "type": "jobs", "url": url, **settings}
        (collector,) = EXPORTER.build(EXPORTER.settings.model_validate(data))
        try:
            (result,) = collector.collect(Deadline(10))
        finally:
            collector.close()
    assert isinstance(result, Snapshot)
    return result


def test_the_answer_becomes_samples() -> None:
    snapshot = read(json.dumps({"jobs": JOBS}), success_within="1d")
    assert {family.metric: dict(family.samples) for family in snapshot.families} == {
        metrics.JOBS: {(): 3},
        metrics.STATE: {
            (job, state): state == now
            for job, now in (("ingest", "succeeded"), ("score", "failed"))
            for state in metrics.STATES
        },
        metrics.LAST_SUCCESS: {("ingest",): 1700000000, ("sweep",): 1700000060.5},
        metrics.SUCCESS_OBJECTIVE: {("ingest",): 86400, ("score",): 86400, ("sweep",): 86400},
    }
    assert dict(snapshot.dropped) == {(metrics.STATE, "unknown_state"): 1}


def test_every_declared_metric_is_emitted_and_no_other() -> None:
    snapshot = read(json.dumps({"jobs": JOBS}), success_within="1d")
    assert [family.metric for family in snapshot.families if family.samples] == list(EXPORTER.metrics)


def test_what_is_left_out_is_counted() -> None:
    snapshot = read(json.dumps({"jobs": [*JOBS, JOBS[0]]}), max_jobs=1)
    assert dict(snapshot.dropped) == {(metrics.STATE, "duplicate"): 1, (metrics.STATE, "limit"): 2}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "null",
        "{}",
        '{"jobs": [{"name": ""}]}',
        '{"jobs": [{"name": "a", "state": "b", "last_success": NaN}]}',
    ],
)
def test_an_answer_of_another_shape_is_a_failure_and_no_sample(body: str) -> None:
    with pytest.raises(UpstreamError) as failure:
        read(body)
    assert failure.value.reason == "parse"


def test_generated_files_are_fresh() -> None:
    rules = {f"{system.name}.yml": rule_file(system) for system in systems(alerts)}
    boards = {f"{name}.json": build.render(board).decode() for name, board in build.dashboards(dashboards).items()}
    for folder, made in (("alerts", rules), ("dashboards", boards)):
        committed = {path.name: path.read_text("utf-8") for path in (PACKAGE / folder / "generated").iterdir()}
        assert committed == made


def test_no_check_finds_anything_in_the_dashboard() -> None:
    (path,) = (PACKAGE / "dashboards/generated").iterdir()
    assert lint.findings(json.loads(path.read_bytes()), EXPORTER.metrics) == []


def test_every_alert_has_a_runbook() -> None:
    pages = {path.stem for path in (PACKAGE / "alerts/runbooks").iterdir()}
    assert pages == {alert.name for system in systems(alerts) for alert in system.alerts}
