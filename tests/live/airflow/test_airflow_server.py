"""The Airflow that the demo and the exporter's live tests start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from compose.airflow import Airflow, airflow_server
from tests.support.processes import addresses, working_in
from tests.support.waiting import until

pytestmark = pytest.mark.live

DAG = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("idle", schedule=None):
    EmptyOperator(task_id="rest")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("airflow")


@pytest.fixture(scope="module")
def airflow(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    dags = tmp_path_factory.mktemp("dags")
    (dags / "idle.py").write_text(DAG)
    with airflow_server(folder, dags) as running:
        yield running
    assert working_in(folder) == []


def _status(airflow: Airflow, user: tuple[str, str], method: str, path: str) -> int:
    headers = {"Authorization": f"Bearer {airflow.token(user)}"}
    return requests.request(method, f"{airflow.url}/api/v2{path}", headers=headers, json={}, timeout=30).status_code


def test_it_listens_on_loopback_only(folder: Path, airflow: Airflow) -> None:
    assert addresses(folder) == {"127.0.0.1"}


def test_it_runs_the_dags_of_the_folder(airflow: Airflow) -> None:
    until(lambda: [dag["dag_id"] for dag in airflow.call("GET", "/dags")["dags"]] == ["idle"])
    airflow.call("POST", "/dags/idle/dagRuns", {"dag_run_id": "once", "logical_date": None})
    until(lambda: airflow.call("GET", "/dags/idle/dagRuns/once")["state"] == "success")


def test_the_viewer_reads_and_changes_nothing(airflow: Airflow) -> None:
    assert _status(airflow, airflow.viewer, "GET", "/dags") == 200
    assert _status(airflow, airflow.viewer, "POST", "/pools") == 403
    assert _status(airflow, airflow.admin, "POST", "/pools") == 422


def test_a_password_is_asked_for_and_in_no_log(folder: Path, airflow: Airflow) -> None:
    with pytest.raises(requests.HTTPError, match="401"):
        airflow.token((airflow.viewer[0], "wrong"))
    logs = "".join(log.read_text(errors="replace") for log in folder.rglob("*.log"))
    assert [password for _, password in (airflow.admin, airflow.viewer) if password in logs] == []


def test_a_component_is_stopped_and_started_alone(airflow: Airflow) -> None:
    airflow.web.stop()
    with pytest.raises(requests.ConnectionError):
        airflow.call("GET", "/version")
    assert airflow.scheduler.alive()
    airflow.web.start()
    airflow.web.wait_until_ready()
    assert airflow.call("GET", "/version")["version"].startswith("3.")
