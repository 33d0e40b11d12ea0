"""A distribution of somebody else brings rules, dashboards and runbooks the way mlvitals itself does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

RULES = """\
groups:
  - name: weather
    rules:
      - alert: WeatherStormy
        expr: weather_wind_speed > 30
        labels: {severity: warning}
        annotations: {summary: It is stormy., runbook_url: /runbooks/WeatherStormy}
"""


def distribution(site: Path, package: str, **files: str) -> None:
    """An installed distribution `package` that names itself in the entry-point group, with those files inside."""
    for name, text in {"__init__.py": "", **files}.items():
        path = site / package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    about = site / f"{package}-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[mlvitals.assets]\n{package} = {package}\n")


def python(site: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    env = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)


def generate(site: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "mlvitals.yml").write_text("alerts:\n  WeatherStormy: {for: 10m}\n")
    output = ("--output", folder / "output")
    return python(site, "-m", "mlvitals", "generate", "-c", folder / "mlvitals.yml", *output)


def test_its_files_are_found_like_ours(tmp_path: Path) -> None:
    parts = {
        "generated/weather.yml": RULES,
        "generated/weather.json": '{"uid": "w", "title": "W"}',
        "runbooks/WeatherStormy.md": "# Storm",
    }
    distribution(tmp_path, "weather", **parts)
    done = generate(tmp_path, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    (group,) = yaml.safe_load((tmp_path / "output/prometheus/rules/weather.yml").read_text())["groups"]
    assert group["rules"][0]["for"] == "10m"
    assert group["rules"][0]["annotations"]["runbook_url"] == "http://127.0.0.1:10847/runbooks/WeatherStormy"
    assert (tmp_path / "output/grafana/dashboards/weather.json").is_file()
    shown = python(tmp_path, "-c", "from mlvitals import assets; print(assets.runbooks()['WeatherStormy'])")
    assert shown.stdout == "# Storm\n"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"generated/suite.yml": RULES}, "mlvitals_alerts and weather both bring generated/suite.yml"),
        ({"generated/weather.yml": "[]"}, "generated/weather.yml of an installed package is no Prometheus rule file"),
        ({"generated/weather.yml": "a: ["}, "generated/weather.yml of an installed package is no Prometheus rule file"),
        ({"generated/weather.json": "[]"}, "generated/weather.json of an installed package is no Grafana dashboard"),
        (
            {"__init__.py": "import nowhere"},
            "the package weather of weather cannot be read: ModuleNotFoundError: No module named 'nowhere'",
        ),
    ],
)
def test_what_is_wrong_with_it_is_said_in_one_line(files: dict[str, str], message: str, tmp_path: Path) -> None:
    distribution(tmp_path, "weather", **files)
    done = generate(tmp_path, tmp_path)
    assert (done.returncode, done.stderr) == (1, f"mlvitals: {message}\n")
    assert not (tmp_path / "output").exists()
