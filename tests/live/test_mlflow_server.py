"""The MLflow server that the demo and the exporter's live tests start."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import requests

from compose.mlflow import MlflowServer, mlflow_server
from tests.support.processes import working_in

pytestmark = pytest.mark.live


def _status(server: MlflowServer, auth: tuple[str, str] | None) -> int:
    url = f"{server.url}/api/2.0/mlflow/experiments/search"
    return requests.get(url, params={"max_results": "1"}, auth=auth, timeout=10).status_code


def test_two_servers_with_different_passwords(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with (
        mlflow_server(tmp_path / "a", ("admin", "a long password a")) as a,
        mlflow_server(tmp_path / "b", ("admin", "a long password b")) as b,
    ):
        assert _status(a, a.auth) == _status(b, b.auth) == 200
        assert _status(a, b.auth) == _status(b, a.auth) == 401
        assert "a long password" not in (tmp_path / "a/mlflow.log").read_text()


def test_stop_ends_frozen_workers_too_and_start_finds_the_data(tmp_path: Path) -> None:
    with mlflow_server(tmp_path) as mlflow:
        created = requests.post(f"{mlflow.url}/api/2.0/mlflow/experiments/create", json={"name": "kept"}, timeout=10)
        assert created.status_code == 200
        mlflow.server.send(signal.SIGSTOP)
        mlflow.server.stop()
        with pytest.raises(requests.ConnectionError):
            _status(mlflow, None)
        mlflow.server.start()
        mlflow.server.wait_until_ready()
        by_name = f"{mlflow.url}/api/2.0/mlflow/experiments/get-by-name"
        assert requests.get(by_name, params={"experiment_name": "kept"}, timeout=10).status_code == 200
    assert working_in(tmp_path) == []
