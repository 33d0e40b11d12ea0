"""A configuration with everything in it against the files that follow from it; `pytest --refresh` writes them anew."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mlvitals import assets, config
from mlvitals.generate import write

SAMPLE = Path(__file__).parent / "sample"
GOLDEN = ("prometheus/prometheus.yml", "prometheus/scrape_configs.yml", "alertmanager/alertmanager.yml")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """What generate wrote for the sample."""
    write(config.load(SAMPLE / "mlvitals.yml", environment={}), tmp_path)
    return tmp_path


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def passes(*command: str | Path) -> None:
    done = run(*command)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def newest(tmp_path: Path) -> Path:
    """alertmanager.yml with what only newer releases understand."""
    write(config.load(SAMPLE / "newest.yml", environment={}), tmp_path)
    return tmp_path / GOLDEN[2]


@pytest.mark.parametrize("name", GOLDEN)
def test_a_file_is_as_it_should_be(name: str, output: Path, refresh: bool) -> None:
    golden = SAMPLE / Path(name).name
    if refresh:
        golden.write_text((output / name).read_text("utf-8"), "utf-8")
    assert (output / name).read_text("utf-8") == golden.read_text("utf-8")


def test_the_file_for_a_newer_alertmanager_is_as_it_should_be(newest: Path, refresh: bool) -> None:
    golden = SAMPLE / "alertmanager-newest.yml"
    if refresh:
        golden.write_text(newest.read_text("utf-8"), "utf-8")
    assert newest.read_text("utf-8") == golden.read_text("utf-8")


@pytest.mark.parametrize("name", GOLDEN[:2])
def test_promtool_accepts(name: str, output: Path, promtool: Path) -> None:
    passes(promtool, "check", "config", "--lint=all", "--lint-fatal", output / name)


def test_a_prometheus_that_exists_takes_the_job_from_its_file(output: Path, program3: Callable[[str], Path]) -> None:
    own = output / "own.yml"
    own.write_text(
        yaml.safe_dump(
            {
                "scrape_config_files": ["prometheus/scrape_configs.yml"],
                "rule_files": ["prometheus/rules/*.yml"],
                "scrape_configs": [{"job_name": "node", "static_configs": [{"targets": ["127.0.0.1:9100"]}]}],
            }
        )
    )
    done = run(program3("promtool"), "check", "config", own)
    assert done.returncode == 0, done.stderr
    assert f"{len(assets.rule_files())} rule files found" in done.stdout


def test_amtool_accepts(output: Path, each_program: Callable[[str], Path]) -> None:
    passes(each_program("amtool"), "check-config", output / GOLDEN[2])


def test_a_newer_amtool_accepts_what_needs_it(newest: Path, program3: Callable[[str], Path]) -> None:
    passes(program3("amtool"), "check-config", newest)


@pytest.mark.parametrize(
    ("receiver", "labels"),
    [
        ("ops", {"alertname": "MlflowDown", "severity": "critical", "team": 'the "research" \\ team'}),
        ("research", {"alertname": "MlflowRunStuck", "severity": "info", "team": 'the "research" \\ team'}),
        ("ops", {"alertname": "MlflowRunStuck", "severity": "info", "team": "research"}),
        ("ops", {"alertname": "NodeDown"}),
        ("deadman", {"alertname": "MlvitalsWatchdog", "severity": "none"}),
    ],
)
def test_a_route(receiver: str, labels: dict[str, str], output: Path, program: Callable[[str], Path]) -> None:
    file = f"--config.file={output / GOLDEN[2]}"
    pairs = [f"{name}={quoted(value)}" for name, value in labels.items()]
    passes(program("amtool"), "config", "routes", "test", file, f"--verify.receivers={receiver}", *pairs)


def test_every_receiver_can_be_reached(output: Path) -> None:
    made = yaml.safe_load((output / GOLDEN[2]).read_text())
    used = {made["route"]["receiver"], *(route["receiver"] for route in made["route"]["routes"])}
    assert {receiver["name"] for receiver in made["receivers"]} == used


def quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
