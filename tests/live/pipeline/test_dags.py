"""The reference pipeline's DAGs in Airflow itself; the demo runs them as a whole."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from compose import environment
from compose.airflow import AIRFLOW_2, AIRFLOW_3, Release
from compose.alertmanager import alertmanager_server
from compose.processes import free_port
from compose.systems import airflow
from tests.support.waiting import until

pytestmark = pytest.mark.live

PARSE = """
import json, sys
sys.path.append(sys.argv[1])
try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:
    from airflow.models.dagbag import DagBag

found = DagBag(sys.argv[1])
print(json.dumps([{name: sorted(dag.task_ids) for name, dag in found.dags.items()}, found.import_errors]))
"""
TASKS = {
    "overall": sorted(f"{step}_{model}" for step in airflow.STEPS for model in airflow.MODELS),
    "deepdata": ["preprocess_and_split"],
    "mlflow_training": ["train"],
    "alert_server": ["no_alert_fires"],
}
MODEL = airflow.MODELS[0]


def _python(release: Release, home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Airflow's Python with the pipeline's folder of DAGs and these Variables."""
    env = {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__DAGS_FOLDER": str(airflow.DAGS[0]), "PATH": os.environ["PATH"]}
    env |= {"AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    env |= {f"AIRFLOW_VAR_{name.upper()}": value for name, value in variables.items()}
    command = [str(environment.of_server(release.pins) / "bin/python"), *arguments]
    return subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("release", [AIRFLOW_3, AIRFLOW_2], ids=lambda release: release.pins)
def test_every_release_parses_them(release: Release, tmp_path: Path) -> None:
    parsed = _python(release, tmp_path, "-c", PARSE, str(airflow.DAGS[0]))
    assert parsed.returncode == 0, parsed.stderr
    assert json.loads(parsed.stdout.splitlines()[-1]) == [TASKS, {}]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the database of an Airflow 3."""
    folder = tmp_path_factory.mktemp("airflow")
    migrated = _python(AIRFLOW_3, folder, "-m", "airflow", "db", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    return folder


@pytest.fixture(scope="module")
def alertmanager(program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of one in which an alert about a model fires."""
    folder = tmp_path_factory.mktemp("alertmanager")
    (folder / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    url = f"http://127.0.0.1:{free_port()}"
    with alertmanager_server(program("alertmanager"), folder / "alertmanager.yml", folder, url):
        alert = {"labels": {"alertname": "MlflowAliasGone", "model": MODEL}, "annotations": {"summary": "It is gone."}}
        requests.post(f"{url}/api/v2/alerts", json=[alert], timeout=10).raise_for_status()
        until(lambda: requests.get(f"{url}/api/v2/alerts", timeout=10).json())
        yield url


@pytest.mark.parametrize(
    ("model", "said"),
    [(MODEL, ("MlflowAliasGone: It is gone.", "DagRun failed")), (airflow.MODELS[1], ("new_state=success",))],
)
def test_the_alert_server_fails_when_an_alert_about_its_model_fires(
    model: str, said: tuple[str, ...], home: Path, alertmanager: str
) -> None:
    conf: dict[str, Any] = {"model_name": model}
    test = ("-m", "airflow", "dags", "test", "alert_server", "--conf", json.dumps(conf))
    run = _python(AIRFLOW_3, home, *test, alertmanager_url=alertmanager)
    assert [text for text in said if text not in run.stdout + run.stderr] == [], run.stdout[-3000:]
