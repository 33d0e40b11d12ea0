"""A plug-in that cannot be used is named in one line and costs nobody else anything."""

from __future__ import annotations

import os
import subprocess
import sys
from html import escape
from pathlib import Path

import pytest
import requests

from tests.support.replay import Answer, Replay
from tests.support.vitals import mlvitals
from tests.support.waiting import until

pytestmark = pytest.mark.live

ABOUT = "exporter type 'weather' of weather-plug-in: "
BROKEN = {
    "a missing module": ("import nowhere", "the module nowhere is missing"),
    "another mistake": ("EXPORTER = 1 / 0", "ZeroDivisionError: division by zero"),
    "a syntax error": ("def", "SyntaxError: invalid syntax (__init__.py, line 1)"),
    "a wrong name": ("", "AttributeError: module 'weather' has no attribute 'EXPORTER'"),
    "another thing": ("EXPORTER = 7", "weather:EXPORTER is no ExporterType"),
}
CONFIG = """
exporters:
  - {{name: registry, type: mlflow, url: "{url}"}}
  - {{name: sky, type: weather, url: "http://127.0.0.1:9", wind: true}}
"""


def install(site: Path, distribution: str, entries: str, code: str = "") -> None:
    """A distribution with the package `weather`, as an installer leaves it."""
    package = site / "weather"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text(code)
    about = site / f"{distribution.replace('-', '_')}-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1\n")
    (about / "entry_points.txt").write_text(entries)


TYPE = "[mlvitals.exporters]\nweather = weather:EXPORTER\n"
ASSETS = "[mlvitals.assets]\nweather = weather\n"


@pytest.fixture(params=list(BROKEN))
def broken(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A broken type is installed in `tmp_path/site`; what is said of it."""
    code, message = BROKEN[request.param]
    install(tmp_path / "site", "weather-plug-in", TYPE, code)
    return f"{ABOUT}{message}"


def environment(folder: Path) -> dict[str, str]:
    """The environment in which what is in `folder/site` is installed."""
    return {**os.environ, "PYTHONPATH": str(folder / "site")}


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    run = [sys.executable, "-m", "mlvitals", *arguments]
    return subprocess.run(
        run, cwd=folder, env=environment(folder), capture_output=True, text=True, check=False, timeout=60
    )


def write(folder: Path, text: str = CONFIG, url: str = "http://127.0.0.1:9") -> None:
    (folder / "mlvitals.yml").write_text(text.format(url=url))


@pytest.mark.parametrize("name", ["check", "generate"])
def test_a_file_that_uses_it_is_refused_in_one_line(broken: str, name: str, tmp_path: Path) -> None:
    write(tmp_path)
    done = command(tmp_path, name, *(["--output", "out"] if name == "generate" else []))
    assert (done.returncode, done.stderr) == (1, f"mlvitals: mlvitals.yml:4: exporters[1].type: {broken}\n")
    assert not (tmp_path / "out").exists()


def test_without_a_file_it_is_refused_in_one_line(broken: str, tmp_path: Path) -> None:
    done = command(tmp_path, "run", "weather", "--listen", "127.0.0.1:0", "--set", "url=http://127.0.0.1:9")
    assert (done.returncode, done.stderr) == (1, f"mlvitals: {broken}\n")


@pytest.mark.parametrize("broken", ["a missing module"], indirect=True)
def test_the_catalogue_has_the_others(broken: str, tmp_path: Path) -> None:
    done = command(tmp_path, "metrics")
    assert (done.returncode, done.stderr) == (0, f"mlvitals: warning: {broken}\n")
    assert "mlflow_models" in done.stdout


@pytest.mark.parametrize("broken", ["a missing module"], indirect=True)
def test_a_file_that_does_not_use_it_is_not_concerned(broken: str, tmp_path: Path) -> None:
    write(tmp_path, "exporters: []")
    done = command(tmp_path, "check")
    assert (done.returncode, done.stderr, broken in done.stdout) == (0, "", False)


@pytest.mark.parametrize("broken", ["a missing module"], indirect=True)
def test_the_others_run_and_it_is_shown_as_down(broken: str, tmp_path: Path) -> None:
    with Replay(lambda _: Answer(200, b"{}")) as upstream:
        write(tmp_path, url=upstream.url)
        with mlvitals(tmp_path, env=environment(tmp_path)) as running:
            until(lambda: running.value("registry", "mlvitals_exporter_up") == 1)
            until(lambda: running.value("sky", "mlvitals_exporter_up") == 0)
            reason = {"target": "plug-in", "reason": "internal"}
            assert running.value("sky", "mlvitals_target_failure", **reason) == 1
            status = requests.get(running.url, timeout=5).text
            log = running.server.log.read_text()
    assert escape(broken) in status
    assert [line for line in log.splitlines() if "exporter=sky" in line and "internal" in line]
    assert "Traceback" not in log


@pytest.mark.parametrize("broken", ["a missing module"], indirect=True)
def test_live_reads_the_others(broken: str, tmp_path: Path) -> None:
    with Replay(lambda _: Answer(200, b"{}")) as upstream:
        write(tmp_path, url=upstream.url)
        done = command(tmp_path, "check", "--live")
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert done.returncode == 1
    assert " up " in rows["registry"]
    assert " internal " in rows["sky"]
    assert f"sky, plug-in: {broken}" in " ".join(done.stdout.split())


def test_one_that_loads_and_cannot_be_built_is_shown_as_down(tmp_path: Path) -> None:
    code = """
from mlvitals.core.exporter import ExporterType
from mlvitals.core.settings import ExporterSettings
EXPORTER = ExporterType("", ExporterSettings, (), lambda settings: 1 / 0)
"""
    install(tmp_path / "site", "weather-plug-in", TYPE, code)
    write(tmp_path, "exporters: [{{name: sky, type: weather}}]")
    with mlvitals(tmp_path, env=environment(tmp_path)) as running:
        until(lambda: running.value("sky", "mlvitals_exporter_up") == 0)
        status = requests.get(running.url, timeout=5).text
    assert "cannot be built: ZeroDivisionError: division by zero" in status


def test_two_that_bring_the_same_type_are_named(tmp_path: Path) -> None:
    for distribution in ("weather-one", "weather-two"):
        install(tmp_path / "site", distribution, TYPE)
    write(tmp_path)
    said = "exporter type 'weather' is brought by weather-one and weather-two: remove all but one"
    assert command(tmp_path, "check").stderr == f"mlvitals: mlvitals.yml:4: exporters[1].type: {said}\n"


def test_broken_rules_and_runbooks_leave_those_of_others(tmp_path: Path) -> None:
    install(tmp_path / "site", "weather-plug-in", ASSETS, "import nowhere")
    write(tmp_path, "exporters: []\nalerts:\n  WeatherStormy: {{for: 1m}}\n")
    said = "the package weather of weather-plug-in cannot be read: ModuleNotFoundError: No module named 'nowhere'"
    checked = command(tmp_path, "check")
    assert (checked.returncode, checked.stderr) == (0, f"mlvitals: warning: {said}\n")
    with mlvitals(tmp_path, env=environment(tmp_path)) as running:
        page = requests.get(f"{running.url}/runbooks/MlflowDown", timeout=5)
        log = running.server.log.read_text()
    assert page.status_code == 200
    assert log.count(said) == 1
