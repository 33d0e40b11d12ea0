"""What `pip install .` brings, and that it works with nothing else."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from compose.environment import CHECKOUT
from tests.packaging.conftest import Installed, bare
from tests.support.replay import Replay, recorded
from tests.support.vitals import mlvitals
from tests.support.waiting import until

pytestmark = pytest.mark.live

PACKAGES = ("exporters/mlvitals", "dashboards/mlvitals_dashboards", "alerts/mlvitals_alerts")
MLFLOW = CHECKOUT / "tests/exporters/mlflow/responses"


def test_the_wheel_holds_the_packages_with_their_data_and_nothing_else(alone: Installed) -> None:
    (wheel,) = alone.wheels
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        about = {name.partition("/")[2] for name in archive.namelist() if ".dist-info/" in name}
    listed = subprocess.run(["git", "ls-files", *PACKAGES], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert names == {name.partition("/")[2] for name in listed.stdout.splitlines()}
    assert {
        "mlvitals/py.typed",
        "mlvitals_alerts/runbooks/MlflowDown.md",
        "mlvitals_alerts/generated/mlflow.yml",
    } < names
    assert {"mlvitals_dashboards/generated/mlflow.json"} < names
    assert about == {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}


def test_what_makes_the_dashboards_is_not_needed(alone: Installed, tmp_path: Path) -> None:
    found = alone.run(alone.python, "-c", "import importlib.util as u; print(u.find_spec('grafanalib'))", cwd=tmp_path)
    assert (found.returncode, found.stdout) == (0, "None\n")


def test_a_database_needs_more_and_says_what(alone: Installed, tmp_path: Path) -> None:
    database = "{url: 'postgresql://db/airflow', username: vitals}"
    (tmp_path / "mlvitals.yml").write_text(f"exporters:\n  - {{name: a, type: airflow, database: {database}}}\n")
    checked = alone.run(alone.program, "check", cwd=tmp_path)
    why = "a database is read with libraries that are missing here: pip install 'mlvitals[sql]'"
    assert (checked.returncode, checked.stderr) == (1, f"mlvitals: mlvitals.yml:2: exporters[0].database.url: {why}\n")


def test_it_serves_from_any_folder(alone: Installed, tmp_path: Path) -> None:
    with (
        Replay(recorded(MLFLOW)) as upstream,
        mlvitals(tmp_path, "mlflow", "--set", f"url={upstream.url}", env=bare(), program=[alone.program]) as running,
    ):
        until(lambda: "mlvitals_exporter_series" in running.names("mlflow"))
        asked = upstream.requests[0].headers["User-Agent"]
        assert running.names("mlflow") >= {"mlvitals_target_up", "mlvitals_exporter_up"}
    assert asked.startswith("mlvitals/")


def test_it_generates_what_prometheus_takes(alone: Installed, tmp_path: Path, program: Callable[[str], Path]) -> None:
    (tmp_path / "mlvitals.yml").write_text('exporters: [{name: a, type: mlflow, url: "http://127.0.0.1:9"}]\n')
    made = alone.run(alone.program, "generate", "--output", "out", cwd=tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    config = tmp_path / "out/prometheus/prometheus.yml"
    checked = subprocess.run([program("promtool"), "check", "config", config], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    rules = {path.name for path in (tmp_path / "out/prometheus/rules").iterdir()}
    dashboards = {path.name for path in (tmp_path / "out/grafana/dashboards").iterdir()}
    assert checked.stdout.count("rules found") == len(rules)
    assert rules >= {"mlflow.yml", "suite.yml"} and dashboards >= {"mlflow.json", "suite.json"}
