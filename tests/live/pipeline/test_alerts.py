"""Which alerts the reference pipeline takes for its own, asked of a real Alertmanager."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from compose.alertmanager import alertmanager_server
from compose.processes import free_port
from pipeline import alerts
from tests.support.waiting import until

pytestmark = pytest.mark.live

CONFIG = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


@pytest.fixture(scope="module")
def alertmanager(each_program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("alertmanager")
    (folder / "alertmanager.yml").write_text(CONFIG)
    url = f"http://127.0.0.1:{free_port()}"
    with alertmanager_server(each_program("alertmanager"), folder / "alertmanager.yml", folder, url):
        yield url


@pytest.fixture
def fire(alertmanager: str) -> Iterator[Callable[..., None]]:
    """`fire(alertname=…, …)`: an alert with these labels fires until the test has ended."""
    fired: list[dict[str, str]] = []

    def send(**labels: str) -> None:
        fired.append(labels)
        _post(alertmanager, "alerts", [{"labels": labels, "annotations": {"description": f"about {labels}"}}])
        until(lambda: any(alert["labels"] == labels for alert in _all(alertmanager)))

    yield send
    end = datetime.now(UTC).isoformat()
    _post(alertmanager, "alerts", [{"labels": labels, "startsAt": end, "endsAt": end} for labels in fired])
    until(lambda: not _all(alertmanager))


def _post(alertmanager: str, what: str, body: object) -> Any:
    answer = requests.post(f"{alertmanager}/api/v2/{what}", json=body, timeout=10)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def _all(alertmanager: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{alertmanager}/api/v2/alerts", timeout=10).json()
    return found


@pytest.mark.parametrize("label", ["model", "experiment"])
def test_an_alert_about_the_model_is_told(label: str, alertmanager: str, fire: Callable[..., None]) -> None:
    fire(alertname="MlflowAliasMetricOutOfBounds", **{label: "digits-knn"})
    found = alerts.firing(alertmanager, "digits-knn")
    assert len(found) == 1
    assert found[0].startswith("MlflowAliasMetricOutOfBounds: about ")


@pytest.mark.parametrize(
    "labels",
    [
        {"alertname": "MlvitalsWatchdog"},
        {"alertname": "MlflowRunStuck", "experiment": "nightly-retraining"},
        {"alertname": "MlflowNewVersionLate", "model": "digits-knn-2"},
        {"alertname": "MlflowNewVersionLate", "model": "DIGITS-KNN"},
        # It ends only when the pipeline has run well.
        {"alertname": "AirflowDagLastRunFailed", "dag_id": "overall"},
        {"alertname": "AirflowDagLastRunFailed", "dag_id": "alert_server", "key": "model_name", "value": "digits-knn"},
    ],
    ids=str,
)
def test_an_alert_about_anything_else_is_not(
    labels: dict[str, str], alertmanager: str, fire: Callable[..., None]
) -> None:
    fire(**labels)
    assert alerts.firing(alertmanager, "digits-knn") == []


def test_one_with_both_labels_is_told_once(alertmanager: str, fire: Callable[..., None]) -> None:
    fire(alertname="A", model="digits-knn", experiment="digits-knn")
    assert len(alerts.firing(alertmanager, "digits-knn")) == 1


def test_one_that_is_silenced_is_not_told(alertmanager: str, fire: Callable[..., None]) -> None:
    fire(alertname="A", model="digits-knn")
    now = datetime.now(UTC)
    silence = {"createdBy": "test", "comment": "known", "startsAt": now.isoformat()}
    silence |= {"endsAt": (now + timedelta(minutes=5)).isoformat()}
    matcher = {"name": "alertname", "value": "A", "isRegex": False}
    made = _post(alertmanager, "silences", silence | {"matchers": [matcher]})["silenceID"]
    try:
        until(lambda: alerts.firing(alertmanager, "digits-knn") == [])
    finally:
        requests.delete(f"{alertmanager}/api/v2/silence/{made}", timeout=10).raise_for_status()
    until(lambda: alerts.firing(alertmanager, "digits-knn"))


@pytest.mark.parametrize("name", ['a"b', "a\\b", "modèle", "a{b}", "a,b"])
def test_any_name_can_be_asked_for(name: str, alertmanager: str, fire: Callable[..., None]) -> None:
    fire(alertname="A", model=name)
    assert len(alerts.firing(alertmanager, name)) == 1


def test_an_alertmanager_that_does_not_answer_is_no_good_news() -> None:
    with pytest.raises(requests.ConnectionError):
        alerts.firing(f"http://127.0.0.1:{free_port()}", "digits-knn")
