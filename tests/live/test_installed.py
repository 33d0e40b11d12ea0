"""mlvitals as people install it: into an environment that has nothing else, used from a folder of their own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import requests

from compose.environment import CONSTRAINTS, uv
from compose.processes import Server, answers, free_port
from tests.support.waiting import until

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the package and what it depends on, not editable."""
    folder = tmp_path_factory.mktemp("installed") / "environment"
    pins = ("--constraints", str(CONSTRAINTS), "--build-constraints", str(CONSTRAINTS))
    uv("venv", "--quiet", str(folder))
    uv("pip", "install", "--quiet", "--python", str(folder / "bin/python"), *pins, ".")
    return folder


def _run(environment: Path, folder: Path, *arguments: str | Path) -> str:
    command = [environment / "bin/mlvitals", *arguments]
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


def test_it_brings_neither_what_makes_dashboards_nor_a_client_of_mlflow(environment: Path) -> None:
    for module in ("grafanalib", "mlflow", "pandas", "compose", "tests"):
        found = subprocess.run(
            [environment / "bin/python", "-Ic", f"import {module}"], capture_output=True, check=False
        )
        assert b"ModuleNotFoundError" in found.stderr, module


def test_one_exporter_runs_without_a_file(environment: Path, tmp_path: Path) -> None:
    listen, nothing = (f"127.0.0.1:{free_port()}" for _ in range(2))
    command = [str(environment / "bin/mlvitals"), "run", "mlflow", "--set", f"url=http://{nothing}", "--listen", listen]
    with Server("mlvitals", command, tmp_path, lambda: answers(f"http://{listen}/-/healthy")):
        why = 'mlvitals_target_failure{reason="connect",target="server"} 1.0'
        until(lambda: why in requests.get(f"http://{listen}/metrics", timeout=5).text)
        assert answers(f"http://{listen}/runbooks/MlflowDown")


def test_it_generates_rules_and_dashboards(environment: Path, tmp_path: Path, promtool: Path) -> None:
    (tmp_path / "mlvitals.yml").write_text("exporters: [{name: registry, type: mlflow, url: 'http://127.0.0.1:9'}]\n")
    _run(environment, tmp_path, "generate", "--output", "out")
    rules = sorted((tmp_path / "out/prometheus/rules").glob("*.yml"))
    subprocess.run([promtool, "check", "rules", *rules], check=True, capture_output=True)
    assert {rule.stem for rule in rules} >= {"mlflow", "suite"}
    assert list((tmp_path / "out/grafana").rglob("*.json"))
