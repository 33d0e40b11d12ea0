"""The demo's verdict: each thing that may go wrong is seen."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from compose import outcome
from compose.processes import Server
from compose.prometheus import Prometheus
from compose.stack import Stack
from compose.system import Addresses
from compose.systems.mlflow import ALERT, EXPORTER, MODELS, STUCK_EXPERIMENT, SYSTEM, TEAM
from compose.webhook import Notification, Webhook, webhook_server

Answers = dict[str, Any]
HEALTHY: Answers = {
    "targets": {
        "activeTargets": [
            {"labels": {"exporter": name, "job": "mlvitals"}, "health": "up", "lastError": ""}
            for name in ("mlvitals", EXPORTER)
        ]
    },
    "labels": ["exporter", "model"],
    "query": {"result": [{"metric": {"model": model}, "value": [0, "2"]} for model in MODELS]},
    "alerts": {
        "alerts": [{"labels": {"alertname": name}, "state": "firing"} for name in (ALERT, "MlvitalsWatchdog")]
        + [{"labels": {"alertname": "MlflowRunsFailing"}, "state": "pending"}]
    },
}


@pytest.fixture
def answers() -> Answers:
    return copy.deepcopy(HEALTHY)


@pytest.fixture
def stack(answers: Answers) -> Iterator[Stack]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(urlsplit(self.path).path.rpartition("/")[2])
            self.send_response(404 if answer is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps({"data": answer}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, webhook_server() as webhook:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        notify(webhook, runbook=f"{url}/labels")
        idle = Server("idle", ["true"], Path(), lambda: True)
        at, prometheus = Addresses(url, url, url), Prometheus(url)
        yield Stack(at, [SYSTEM], [], [EXPORTER], idle, prometheus, webhook.received, Path(), Path())
        server.shutdown()


def notify(webhook: Webhook, runbook: str, **labels: str) -> None:
    labels = {"alertname": ALERT, "exporter": EXPORTER, "team": TEAM, "experiment": STUCK_EXPERIMENT} | labels
    annotations = {"summary": "A run is stuck.", "runbook_url": runbook}
    body = {"alerts": [{"status": "firing", "labels": labels, "annotations": annotations}]}
    assert requests.post(webhook.url, json=body, timeout=10).status_code == 200


def test_all_holds_when_it_does(stack: Stack) -> None:
    assert [finding for finding in outcome.findings(stack) if not finding.holds] == []


def _target_down(answers: Answers) -> None:
    answers["targets"]["activeTargets"][0] |= {"health": "down", "lastError": "connection refused"}


def _target_missing(answers: Answers) -> None:
    del answers["targets"]["activeTargets"][1]


def _label_collides(answers: Answers) -> None:
    answers["labels"].append("exported_exporter")


def _model_missing(answers: Answers) -> None:
    del answers["query"]["result"][0]


def _another_alert_fires(answers: Answers) -> None:
    answers["alerts"]["alerts"][2]["state"] = "firing"


def _alert_is_only_pending(answers: Answers) -> None:
    answers["alerts"]["alerts"][0]["state"] = "pending"


def _no_answer(answers: Answers) -> None:
    del answers["labels"]


@pytest.mark.parametrize(
    ("spoil", "seen"),
    [
        (_target_down, "mlvitals: connection refused"),
        (_target_missing, f"{EXPORTER}: not discovered"),
        (_label_collides, "exported_exporter"),
        (_model_missing, f"not seen: {MODELS[0]}"),
        (_another_alert_fires, "not so: MlflowRunsFailing"),
        (_alert_is_only_pending, f"not so: {ALERT}"),
        (_no_answer, "404"),
    ],
)
def test_what_is_wrong_is_the_one_finding(
    spoil: Callable[[Answers], None], seen: str, stack: Stack, answers: Answers
) -> None:
    spoil(answers)
    wrong = [finding.seen for finding in outcome.findings(stack) if not finding.holds and "runbook" not in finding.what]
    assert len(wrong) == 1
    assert seen in wrong[0]


@pytest.mark.parametrize("received", [[], [Notification("resolved", {"alertname": ALERT}, {})]])
def test_without_the_notification_two_findings_say_so(received: list[Notification], stack: Stack) -> None:
    silent = replace(stack, received=lambda: received)
    assert [finding.seen for finding in outcome.findings(silent) if not finding.holds] == ["none arrived"] * 2


def test_a_notification_without_the_team_is_not_right(stack: Stack) -> None:
    one = Notification("firing", {"alertname": ALERT, "exporter": EXPORTER}, {"summary": "A run is stuck."})
    bare = replace(stack, received=lambda: [one])
    assert any("arrived at the webhook" in finding.what for finding in outcome.findings(bare) if not finding.holds)


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b'{"alerts": [{}]}', b"\xff"])
def test_the_webhook_refuses_what_is_no_notification(body: bytes) -> None:
    with webhook_server() as webhook:
        assert requests.post(webhook.url, data=body, timeout=10).status_code == 400
        assert webhook.received() == []
