"""Mute times, as a real Alertmanager keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from compose.alertmanager import alertmanager_server
from compose.processes import free_port
from compose.webhook import Webhook, webhook_server
from mlvitals.generate import write
from mlvitals.model import Config
from tests.support.waiting import until

pytestmark = pytest.mark.live

# 25 hours apart: today in one of them is never today or tomorrow in the other.
FIRST, LAST = "Pacific/Kiritimati", "Pacific/Pago_Pago"
MUTED = {"always", "here"}


def days() -> list[str]:
    """Today and tomorrow in the first zone: a test that runs at midnight changes nothing."""
    now = datetime.now(ZoneInfo(FIRST))
    return [f"{now + timedelta(days=more):%A}".lower() for more in (0, 1)]


def mute_times() -> list[dict[str, Any]]:
    """One for each team, by its name."""
    return [
        {"name": "always", "hours": ["00:00-24:00"]},
        {"name": "here", "days": days(), "time_zone": FIRST},
        {"name": "elsewhere", "days": days(), "time_zone": LAST},
        {"name": "not-both", "days": days(), "hours": ["00:00-24:00"], "time_zone": LAST},
    ]


TEAMS = [mute["name"] for mute in mute_times()]


@pytest.fixture(scope="module")
def told(each_program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webhook]:
    """A receiver of alerts of each team; the team's route has its mute time."""
    folder = tmp_path_factory.mktemp("mute")
    url = f"http://127.0.0.1:{free_port()}"
    with webhook_server() as webhook:
        notifications = {
            "receivers": [{"name": "ops", "webhook": {"url": webhook.url}}],
            "receiver": "ops",
            "mute_times": mute_times(),
            "routes": [{"receiver": "ops", "team": team, "mute_times": [team]} for team in TEAMS],
            "group_wait": "1s",
            "group_interval": "1s",
            "repeat_interval": "1s",
        }
        write(Config.model_validate({"notifications": notifications}), folder)
        config = folder / "alertmanager/alertmanager.yml"
        with alertmanager_server(each_program("alertmanager"), config, folder, url):
            ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
            alerts = [{"labels": {"alertname": "A", "team": team}, "endsAt": ends} for team in [*TEAMS, "nobodys"]]
            requests.post(f"{url}/api/v2/alerts", json=alerts, timeout=10).raise_for_status()
            yield webhook


def teams(webhook: Webhook) -> list[str]:
    return [found.labels["team"] for found in webhook.received()]


def test_a_route_tells_nobody_in_its_mute_times_in_their_time_zone(told: Webhook) -> None:
    loud = {*TEAMS, "nobodys"} - MUTED
    # All groups began together: when each that is not muted was told several times, so would the others have been.
    until(lambda: all(teams(told).count(team) >= 3 for team in loud), 60)
    assert set(teams(told)) == loud
