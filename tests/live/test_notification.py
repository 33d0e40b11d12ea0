"""From a failing read to the text that arrives, through a real mlvitals, Prometheus and Alertmanager."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from compose.alertmanager import alertmanager_server
from compose.processes import free_port
from compose.prometheus import Prometheus, prometheus_server
from compose.suite import generate, mlvitals_server
from compose.webhook import Notification, Webhook, webhook_server
from tests.support.waiting import until

pytestmark = pytest.mark.live


@dataclass(frozen=True)
class Stack:
    """What runs: `people` and `deadman` are the two receivers."""

    prometheus: Prometheus
    alertmanager: str
    people: Webhook
    deadman: Webhook


def configuration(url: dict[str, str], people: str, deadman: str) -> dict[str, Any]:
    """mlvitals.yml: an MLflow that is not there; both alerts about that fire at once."""
    registry = {"name": "registry", "type": "mlflow", "url": url["mlflow"], "interval": "1s", "labels": {"team": "ml"}}
    return {
        "web": {"external_url": url["mlvitals"]},
        "links": {"alertmanager": url["alertmanager"], "grafana": "http://grafana:3000"},
        "exporters": [registry],
        # Prometheus 2.42 learns of Alertmanager after 5 s, and what fired before is sent again after a minute only.
        "alerts": {name: {"for": "7s"} for name in ("MlflowDown", "MlvitalsExporterDown", "MlvitalsWatchdog")},
        "notifications": {
            "receivers": [
                {"name": "people", "webhook": {"url": people}},
                {"name": "deadman", "webhook": {"url": deadman}},
            ],
            "receiver": "people",
            "watchdog": "deadman",
            "group_wait": "3s",
        },
    }


@pytest.fixture(scope="module")
def stack(program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything started with what `mlvitals generate` writes; only scrapes and rules are quicker than usual."""
    folder = tmp_path_factory.mktemp("stack")
    url = {name: f"http://127.0.0.1:{free_port()}" for name in ("mlflow", "mlvitals", "prometheus", "alertmanager")}
    with ExitStack() as running:
        people, deadman = (running.enter_context(webhook_server()) for _ in range(2))
        made = generate(configuration(url, people.url, deadman.url), folder, program)
        running.enter_context(mlvitals_server(folder, url["mlvitals"]))
        config = made / "alertmanager/alertmanager.yml"
        alertmanager = alertmanager_server(program("alertmanager"), config, folder, url["alertmanager"])
        running.enter_context(alertmanager)
        config = made / "prometheus/prometheus.yml"
        config.write_text(config.read_text().replace("15s", "1s"))
        prometheus = prometheus_server(program("prometheus"), config, folder, url["prometheus"])
        yield Stack(running.enter_context(prometheus), url["alertmanager"], people, deadman)


def test_the_notification_names_exporter_team_and_reason_and_its_links_work(stack: Stack) -> None:
    found = until(lambda: of(stack.people, "MlflowDown"), 60)[0]
    assert (found.labels["exporter"], found.labels["team"], found.labels["severity"]) == ("registry", "ml", "critical")
    text = "registry: MLflow cannot be read, reason: connect. Not read since mlvitals started."
    assert found.annotations["description"] == text
    assert found.annotations["dashboard"] == "http://grafana:3000/d/mlvitals-mlflow?var-exporter=registry"
    page = requests.get(found.annotations["runbook_url"], timeout=10)
    assert (page.status_code, "Mitigation" in page.text) == (200, True)


def test_the_same_is_not_told_twice(stack: Stack) -> None:
    until(lambda: of(stack.people, "MlflowDown"), 60)
    until(lambda: state_of(stack.alertmanager, "MlvitalsExporterDown") == "suppressed", 60)
    assert of(stack.people, "MlvitalsExporterDown") == []


def test_the_watchdog_reaches_its_receiver_and_nobody_else(stack: Stack) -> None:
    assert until(lambda: of(stack.deadman, "MlvitalsWatchdog"), 60)
    assert of(stack.people, "MlvitalsWatchdog") == []
    assert {found.labels["alertname"] for found in stack.deadman.received()} == {"MlvitalsWatchdog"}


def test_no_rule_fails_or_warns(stack: Stack) -> None:
    rules = until(lambda: evaluated(stack.prometheus), 60)
    assert [(rule["name"], rule["lastError"]) for rule in rules if rule["health"] != "ok"] == []
    for rule in rules:
        answer = requests.get(
            f"{stack.prometheus.url}/api/v1/query", params={"query": rule["query"]}, timeout=10
        ).json()
        assert (rule["name"], answer.get("warnings"), answer.get("infos")) == (rule["name"], None, None)


def of(webhook: Webhook, alert: str) -> list[Notification]:
    return [found for found in webhook.received() if found.labels["alertname"] == alert]


def state_of(alertmanager: str, alert: str) -> str | None:
    answer = requests.get(f"{alertmanager}/api/v2/alerts", params={"filter": f'alertname="{alert}"'}, timeout=10)
    return next((str(found["status"]["state"]) for found in answer.json()), None)


def evaluated(prometheus: Prometheus) -> list[dict[str, Any]]:
    """Every rule, once each has been evaluated."""
    answer = requests.get(f"{prometheus.url}/api/v1/rules", timeout=10).json()
    rules = [{"lastError": "", **rule} for group in answer["data"]["groups"] for rule in group["rules"]]
    return rules if rules and all(rule["health"] != "unknown" for rule in rules) else []
