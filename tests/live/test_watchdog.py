"""How often the dead man's switch is told, by a real Alertmanager with the generated configuration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from compose.alertmanager import alertmanager_server
from compose.processes import free_port
from compose.webhook import webhook_server
from mlvitals.generate import write
from mlvitals.model import Config
from tests.support.waiting import until

pytestmark = pytest.mark.live


def test_the_watchdog_is_sent_at_every_interval(each_program: Callable[[str], Path], tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with webhook_server() as deadman:
        receivers = [{"name": "deadman", "webhook": {"url": deadman.url}}]
        notifications = {"receiver": "deadman", "watchdog": "deadman", "watchdog_interval": "5s"}
        write(Config.model_validate({"notifications": {**notifications, "receivers": receivers}}), tmp_path)
        config = tmp_path / "alertmanager/alertmanager.yml"
        with alertmanager_server(each_program("alertmanager"), config, tmp_path, url):
            ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
            alerts = [{"labels": {"alertname": "MlvitalsWatchdog"}, "endsAt": ends}]
            requests.post(f"{url}/api/v2/alerts", json=alerts, timeout=10).raise_for_status()
            until(lambda: len(deadman.received()) > 1, 60)
            assert intervals(url) == 2


def intervals(alertmanager: str) -> float:
    """How often it has asked itself whether the only group is to be told again."""
    page = requests.get(f"{alertmanager}/metrics", timeout=10).text
    samples = (sample for family in text_string_to_metric_families(page) for sample in family.samples)
    return next(sample.value for sample in samples if sample.name == "alertmanager_nflog_queries_total")
