"""A route for a team that nothing of the file has is a warning: such alerts may come from elsewhere, but hardly do."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlvitals import config
from mlvitals.yamlfile import MAX_MISTAKES

EXPORTERS = """\
exporters:
  - {name: a, type: mlflow, url: "http://a", labels: {team: research}}
  - {name: b, type: mlflow, url: "http://b", labels: {team: "${TEAM}"}}
"""
NOTIFICATIONS = """\
notifications:
  receivers: [{name: ops, webhook: {url: "http://127.0.0.1:9"}}]
  receiver: ops
  routes:
"""


def warnings(folder: Path, head: str, *teams: str) -> list[str]:
    path = folder / "mlvitals.yml"
    path.write_text(head + NOTIFICATIONS + "".join(f'    - {{receiver: ops, team: "{team}"}}\n' for team in teams))
    told: list[str] = []
    config.load(path, {"TEAM": "green-team"}, warn=told.append)
    return [line.removeprefix(f"{path}:") for line in told]


def test_teams_of_exporters_are_known(tmp_path: Path) -> None:
    assert warnings(tmp_path, EXPORTERS, "research", "green-team", "${TEAM}-") == [
        "10: notifications.routes[2].team: no exporter has the label team '${TEAM}-'; did you mean 'green-team'?"
    ]


def test_teams_of_changed_alerts_are_known(tmp_path: Path) -> None:
    alerts = "exporters: []\nalerts: {MlflowDown: {labels: {team: platform}}}\n"
    assert warnings(tmp_path, alerts, "platform", "platfrom") == [
        "8: notifications.routes[1].team: no exporter has the label team 'platfrom'; did you mean 'platform'?"
    ]


def test_without_any_team_every_such_route_is_odd(tmp_path: Path) -> None:
    assert warnings(tmp_path, "exporters: []\n", "research") == [
        "6: notifications.routes[0].team: no exporter has the label team 'research'; known are none"
    ]


def test_of_very_many_the_first_are_told(tmp_path: Path) -> None:
    assert len(warnings(tmp_path, EXPORTERS, *(f"team{number}" for number in range(300)))) == MAX_MISTAKES


@pytest.mark.parametrize("head", [EXPORTERS, "exporters: []\n"])
def test_a_file_without_routes_has_none(tmp_path: Path, head: str) -> None:
    path = tmp_path / "mlvitals.yml"
    path.write_text(head)
    told: list[str] = []
    config.load(path, {"TEAM": "x"}, warn=told.append)
    assert told == []
