"""The demo's verdict: each thing that may go wrong is seen."""

from __future__ import annotations

import copy
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from compose import outcome
from compose.processes import Server
from compose.prometheus import Prometheus
from compose.stack import Stack
from compose.system import Addresses, Expected
from compose.systems import airflow, mlflow
from compose.webhook import Notification, Webhook, webhook_server

Answers = dict[str, Any]
SYSTEMS = (airflow.SYSTEM, mlflow.SYSTEM)
EXPECTED = [one for system in SYSTEMS for one in system.expected]
EXPORTERS = (airflow.EXPORTER, mlflow.EXPORTER)
ALL_MODELS = (*airflow.MODELS, *mlflow.MODELS)
PAIRS = [(step, model) for step in airflow.STEPS for model in airflow.MODELS]


def _vector(*labels: dict[str, str]) -> Answers:
    return {"result": [{"metric": each, "value": [0, "2"]} for each in labels]}


HEALTHY: Answers = {
    "targets": {
        "activeTargets": [
            {"labels": {"exporter": name, "job": "mlvitals"}, "health": "up", "lastError": ""}
            for name in ("mlvitals", *EXPORTERS)
        ]
    },
    "labels": ["exporter", "model"],
    "alerts": {
        "alerts": [
            {"labels": {"alertname": name}, "state": "firing"}
            for name in ("MlvitalsWatchdog", *(one.alert for one in EXPECTED))
        ]
        + [{"labels": {"alertname": "MlflowRunsFailing"}, "state": "pending"}]
    },
    # To queries: by their first metric.
    "mlflow_model_alias_version": _vector(*({"model": model} for model in ALL_MODELS)),
    "airflow_dag_paused": _vector(*({"dag_id": dag_id} for dag_id in sorted(airflow.DAG_IDS))),
    "airflow_dag_last_success_timestamp_seconds": _vector({"dag_id": "overall"}),
    "airflow_triggered_run_state": _vector(
        *({"task_id": f"{step}_{model}", "child_dag_id": step} for step, model in PAIRS)
    ),
    "airflow_dag_conf_last_run_state": _vector(*({"dag_id": step, "value": model} for step, model in PAIRS)),
}


@pytest.fixture
def answers() -> Answers:
    return copy.deepcopy(HEALTHY)


@pytest.fixture
def stack(answers: Answers) -> Iterator[Stack]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            query = parse_qs(asked.query).get("query", [""])[0]
            answer = answers.get(re.split(r"\W", query)[0] or asked.path.rpartition("/")[2])
            self.send_response(404 if answer is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps({"data": answer}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, webhook_server() as webhook:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        for one in EXPECTED:
            notify(webhook, one, runbook=f"{url}/labels")
        idle = Server("idle", ["true"], Path(), lambda: True)
        at, prometheus = Addresses(url, url, url), Prometheus(url)
        yield Stack(at, SYSTEMS, [], EXPORTERS, idle, prometheus, webhook.received, Path(), Path())
        server.shutdown()


def notify(webhook: Webhook, one: Expected, runbook: str) -> None:
    labels = {"alertname": one.alert, **one.labels}
    annotations = {"summary": "Something is wrong.", "runbook_url": runbook}
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


def _missing(metric: str, number: int = 0) -> Callable[[Answers], None]:
    """One of the answer to a query is missing."""

    def spoil(answers: Answers) -> None:
        del answers[metric]["result"][number]

    return spoil


def _another_dag(answers: Answers) -> None:
    answers["airflow_dag_paused"]["result"].append({"metric": {"dag_id": "example"}, "value": [0, "0"]})


def _another_alert_fires(answers: Answers) -> None:
    answers["alerts"]["alerts"][-1]["state"] = "firing"


def _alert_is_only_pending(answers: Answers) -> None:
    answers["alerts"]["alerts"][1]["state"] = "pending"


def _no_answer(answers: Answers) -> None:
    del answers["labels"]


@pytest.mark.parametrize(
    ("spoil", "seen"),
    [
        (_target_down, "mlvitals: connection refused"),
        (_target_missing, f"{airflow.EXPORTER}: not discovered"),
        (_label_collides, "exported_exporter"),
        (_missing("mlflow_model_alias_version", 0), f"not seen: {airflow.MODELS[0]}"),
        (_missing("mlflow_model_alias_version", -1), f"not seen: {mlflow.MODELS[-1]}"),
        (_missing("airflow_dag_paused"), "not so: alert_server"),
        (_another_dag, "not so: example"),
        (_missing("airflow_dag_last_success_timestamp_seconds"), "no success seen"),
        (_missing("airflow_triggered_run_state"), "deepdata_digits-knn triggered deepdata"),
        (_missing("airflow_dag_conf_last_run_state"), "not seen: deepdata for digits-logistic"),
        (_another_alert_fires, "not so: MlflowRunsFailing"),
        (_alert_is_only_pending, f"not so: {EXPECTED[0].alert}"),
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


@pytest.mark.parametrize("received", [[], [Notification("resolved", {"alertname": EXPECTED[0].alert}, {})]])
def test_without_the_notifications_two_findings_each_say_so(received: list[Notification], stack: Stack) -> None:
    silent = replace(stack, received=lambda: received)
    wrong = [finding.seen for finding in outcome.findings(silent) if not finding.holds]
    assert wrong == ["none arrived"] * 2 * len(EXPECTED)


@pytest.mark.parametrize("one", EXPECTED, ids=lambda one: one.alert)
def test_a_notification_without_the_team_is_not_right(one: Expected, stack: Stack) -> None:
    labels = {name: value for name, value in one.labels.items() if name != "team"}
    bare = Notification("firing", {"alertname": one.alert, **labels}, {"summary": "Something is wrong."})
    told = replace(stack, received=lambda: [bare])
    wrong = [finding.what for finding in outcome.findings(told) if not finding.holds]
    assert any(what.startswith(f"{one.alert} arrived at the webhook") for what in wrong)


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b'{"alerts": [{}]}', b"\xff"])
def test_the_webhook_refuses_what_is_no_notification(body: bytes) -> None:
    with webhook_server() as webhook:
        assert requests.post(webhook.url, data=body, timeout=10).status_code == 400
        assert webhook.received() == []
