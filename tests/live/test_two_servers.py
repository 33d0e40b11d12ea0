"""Two MLflow servers with different passwords in one file, through to a real Prometheus."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from compose.mlflow import MlflowServer, mlflow_server
from compose.processes import free_port
from compose.prometheus import prometheus_server
from tests.support.vitals import mlvitals
from tests.support.waiting import until

pytestmark = pytest.mark.live

CONFIG = """
web: {{external_url: "{url}"}}
exporters:
  - name: one
    type: mlflow
    url: {one}
    auth: {{username: admin, password_file: one.pw}}
    labels: {{team: red}}
    interval: 2s
  - {{name: two, type: mlflow, url: "{two}", auth: {{username: admin, password: "${{PASSWORD_TWO}}"}}, interval: 2s}}
  - {{name: wrong, type: mlflow, url: "{two}", auth: {{username: admin, password_file: one.pw}}, interval: 2s}}
"""


def create_models(server: MlflowServer, *names: str) -> None:
    for name in names:
        url = f"{server.url}/api/2.0/mlflow/registered-models/create"
        requests.post(url, json={"name": name}, auth=server.auth, timeout=30).raise_for_status()


def test_both_come_to_prometheus_whole(tmp_path: Path, program: Callable[[str], Path]) -> None:
    folders = {name: tmp_path / name for name in ("one", "two", "prometheus")}
    for folder in folders.values():
        folder.mkdir()
    with (
        mlflow_server(folders["one"], ("admin", "a long password 1")) as one,
        mlflow_server(folders["two"], ("admin", "a long password 2")) as two,
    ):
        create_models(one, "churn", "fraud")
        create_models(two, "churn")
        (tmp_path / "one.pw").write_text("a long password 1\n")
        address = f"127.0.0.1:{free_port()}"
        config = tmp_path / "mlvitals.yml"
        config.write_text(CONFIG.format(url=f"http://{address}", one=one.url, two=two.url))
        env = {**one.client_env(), "PASSWORD_TWO": "a long password 2"}
        generate: list[str | Path] = [
            sys.executable,
            "-m",
            "mlvitals",
            "generate",
            "-c",
            config,
            "--output",
            tmp_path / "out",
        ]
        subprocess.run(generate, env=env, check=True)
        generated = tmp_path / "out/prometheus/prometheus.yml"
        with (
            mlvitals(tmp_path, address=address, env=env) as vitals,
            prometheus_server(
                program("prometheus"), generated, folders["prometheus"], f"http://127.0.0.1:{free_port()}"
            ) as prometheus,
        ):

            def query(promql: str) -> set[tuple[str, str]]:
                return {(row["metric"].get("exporter", ""), row["value"][1]) for row in prometheus.query(promql)}

            until(lambda: vitals.value("wrong", "mlvitals_target_failure", target="server", reason="auth") == 1, 60)
            until(lambda: query("mlflow_models") == {("one", "2"), ("two", "1")}, 90)
            until(lambda: query("mlvitals_exporter_up") == {("one", "1"), ("two", "1"), ("wrong", "0")}, 60)
            assert query('count by (exporter) (mlflow_model_versions{team="red"})') == {("one", "2")}
            assert query('{exported_exporter!=""}') == set()
            log = vitals.server.log.read_text()
    assert "long password" not in log
