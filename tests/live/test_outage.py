"""What ops see when MLflow dies, hangs and comes back."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from compose.mlflow import MlflowServer, mlflow_server
from tests.support.vitals import Vitals, mlvitals, samples
from tests.support.waiting import until

pytestmark = pytest.mark.live

# An hourly collection that fails is tried again after half a minute.
PATIENCE = 120.0
CONFIG = """
exporters:
  - {{name: registry, type: mlflow, url: "{url}", interval: 1s, deadline: 3s, stale_after: 6s}}
"""


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as server:
        body = {"name": "churn"}
        requests.post(f"{server.url}/api/2.0/mlflow/registered-models/create", json=body, timeout=10).raise_for_status()
        yield server


@pytest.fixture
def vitals(mlflow: MlflowServer, tmp_path: Path) -> Iterator[Vitals]:
    (tmp_path / "mlvitals.yml").write_text(CONFIG.format(url=mlflow.url))
    with mlvitals(tmp_path) as running:
        until(lambda: running.value("registry", "mlflow_models") == 1, PATIENCE)
        yield running


def failing(vitals: Vitals, reason: str) -> bool:
    return vitals.value("registry", "mlvitals_target_failure", target="server", reason=reason) == 1


def well(vitals: Vitals) -> bool:
    """One page shows that all is read: asked one after the other, a slow machine may have failed in between."""
    page = samples(vitals.page("registry"))
    up = [value for (name, _), value in page.items() if name == "mlvitals_target_up"]
    failures = [name for name, _ in page if name == "mlvitals_target_failure"]
    return all(up) and not failures and page.get(("mlflow_models", frozenset())) == 1


def of_mlflow(vitals: Vitals) -> set[str]:
    return {name for name in vitals.names("registry") if name.startswith("mlflow_")}


@pytest.mark.parametrize("outage", ["killed", "stopped by SIGSTOP"])
def test_an_outage_is_named_and_old_data_leaves_the_page(mlflow: MlflowServer, vitals: Vitals, outage: str) -> None:
    killed = outage == "killed"
    if killed:
        mlflow.server.stop()
    else:
        mlflow.server.send(signal.SIGSTOP)
    try:
        until(lambda: failing(vitals, "connect" if killed else "timeout"), PATIENCE)
        until(lambda: vitals.value("registry", "mlvitals_exporter_up") == 0, PATIENCE)
        # The totals of all runs are counted hourly by a collector of their own, and age accordingly.
        until(lambda: of_mlflow(vitals) <= {"mlflow_experiment_runs"}, PATIENCE)
        assert vitals.value("registry", "mlvitals_target_last_success_timestamp_seconds", target="server")
    finally:
        if killed:
            mlflow.server.start()
            mlflow.server.wait_until_ready()
        else:
            mlflow.server.send(signal.SIGCONT)
    until(lambda: well(vitals), PATIENCE)


def test_promtool_finds_nothing_on_the_pages(vitals: Vitals, program: Callable[[str], Path]) -> None:
    until(lambda: vitals.value("registry", "mlvitals_target_up", target="run-totals") == 1, PATIENCE)
    for page in (vitals.page("registry"), requests.get(f"{vitals.url}/metrics", timeout=30).text):
        lint = subprocess.run([program("promtool"), "check", "metrics"], input=page, capture_output=True, text=True)
        assert (lint.returncode, lint.stdout, lint.stderr) == (0, "", "")


def test_the_standalone_form_serves_all_at_metrics(mlflow: MlflowServer, tmp_path: Path) -> None:
    with mlvitals(tmp_path, "mlflow", "--set", f"url={mlflow.url}") as running:
        until(lambda: running.value("mlflow", "mlflow_models") == 1, PATIENCE)
        page = requests.get(f"{running.url}/metrics", timeout=30).text
    assert "\nmlflow_models 1.0\n" in page
    assert "\nprocess_cpu_seconds_total " in page


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_even_while_a_source_hangs(
    mlflow: MlflowServer, tmp_path: Path, number: signal.Signals
) -> None:
    with mlvitals(tmp_path, "mlflow", "--set", f"url={mlflow.url}", "--set", "interval=1s") as running:
        until(lambda: running.value("mlflow", "mlflow_models") == 1, PATIENCE)
        mlflow.server.send(signal.SIGSTOP)
        try:
            running.server.send(number)
            assert running.server.wait(60) == 0
        finally:
            mlflow.server.send(signal.SIGCONT)
    assert "stopping" in running.server.log.read_text()
