"""The example of a plug-in, as somebody would install and run it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
import yaml

from tests.packaging.conftest import EXAMPLE, Installed, bare
from tests.support.replay import Answer, Replay
from tests.support.vitals import Vitals, mlvitals
from tests.support.waiting import until

pytestmark = pytest.mark.live

JOBS = {"jobs": [{"name": "ingest", "state": "failed", "last_success": 1700000000}]}
CONFIG = """
links: {grafana: "http://grafana.example"}
exporters:
  - {name: nightly, type: jobs, url: "http://127.0.0.1:9", success_within: 26h}
alerts:
  JobsFailed: {severity: info}
"""


@pytest.fixture(scope="module")
def running(extended: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vitals]:
    answer = Answer(200, json.dumps(JOBS).encode())
    folder = tmp_path_factory.mktemp("running")
    with Replay(lambda request: answer if request.path == "/jobs" else Answer(404)) as upstream:
        sets = ("--set", f"url={upstream.url}", "--set", "success_within=1d")
        with mlvitals(folder, "jobs", *sets, env=bare(), program=[extended.program]) as vitals:
            until(lambda: vitals.value("jobs", "mlvitals_exporter_up") == 1)
            yield vitals


def test_its_page_is_served(running: Vitals) -> None:
    assert running.value("jobs", "jobs_state", job_name="ingest", state="failed") == 1
    assert running.value("jobs", "jobs_last_success_timestamp_seconds", job_name="ingest") == 1700000000
    assert running.value("jobs", "jobs_success_objective_seconds", job_name="ingest") == 86400


def test_its_runbooks_are_served_and_linked(running: Vitals) -> None:
    page = requests.get(f"{running.url}/runbooks/JobsSuccessLate", timeout=5)
    assert (page.status_code, "<h1>JobsSuccessLate</h1>" in page.text) == (200, True)
    status = requests.get(f"{running.url}/", timeout=5).text
    assert "jobs <small>jobs</small>" in status
    assert 'href="runbooks/JobsDown"' in status


def test_its_metrics_are_in_the_catalogue(extended: Installed, tmp_path: Path) -> None:
    listed = extended.run(extended.program, "metrics", "--format", "json", cwd=tmp_path)
    types = {row["name"]: row["exporter_type"] for row in json.loads(listed.stdout)}
    assert types["jobs_state"] == "jobs"
    assert types["mlflow_models"] == "mlflow"


def test_its_rules_and_dashboard_are_generated(
    extended: Installed, tmp_path: Path, program: Callable[[str], Path]
) -> None:
    (tmp_path / "mlvitals.yml").write_text(CONFIG)
    made = extended.run(extended.program, "generate", "--output", "out", cwd=tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    rules = tmp_path / "out/prometheus/rules/jobs.yml"
    lint: list[str | Path] = [program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", rules]
    checked = subprocess.run(lint, capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
    (group,) = yaml.safe_load(rules.read_text())["groups"]
    failed = next(rule for rule in group["rules"] if rule["alert"] == "JobsFailed")
    assert failed["labels"]["severity"] == "info"
    assert failed["annotations"]["dashboard"].startswith("http://grafana.example/d/mlvitals-jobs")
    dashboard = json.loads((tmp_path / "out/grafana/dashboards/jobs.json").read_text())
    assert dashboard["uid"] == "mlvitals-jobs"


def test_its_mistakes_are_named_like_ours(extended: Installed, tmp_path: Path) -> None:
    (tmp_path / "mlvitals.yml").write_text(CONFIG.replace("success_within", "sucess_within"))
    checked = extended.run(extended.program, "check", cwd=tmp_path)
    assert checked.returncode == 1
    assert "mlvitals.yml:4: exporters[0].sucess_within: unknown key; did you mean 'success_within'?" in checked.stderr


def test_its_alerts_fire_and_stay_silent_as_it_says(promtool: Path) -> None:
    cases = EXAMPLE / "tests/rules.yml"
    tested = subprocess.run([promtool, "test", "rules", cases], capture_output=True, text=True)
    assert tested.returncode == 0, tested.stdout + tested.stderr
