"""The development environment: what it is made from, and what it says when something is missing."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from compose import environment
from compose.cache import MissingError

PROJECT = tomllib.loads((environment.CHECKOUT / "pyproject.toml").read_text())["project"]


SERVERS = sorted(environment.REQUIREMENTS.glob("*.in"))
PINS = (environment.CONSTRAINTS, *(wanted.with_suffix(".txt") for wanted in SERVERS))


def _pinned(pins: Path = environment.CONSTRAINTS) -> dict[str, set[str]]:
    """Package -> its pinned versions; some depend on the Python."""
    found: dict[str, set[str]] = {}
    for line in pins.read_text().splitlines():
        requirement = Requirement(line)
        found.setdefault(requirement.name, set()).add(str(requirement.specifier).removeprefix("=="))
    return found


def _wanted() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"]
    named = [*PROJECT["dependencies"], *extras["dashboards"], *extras["dev"], "hatchling"]
    return [Requirement(text) for text in named if not text.startswith("mlvitals[")]


@pytest.mark.parametrize("requirement", _wanted(), ids=str)
def test_everything_that_the_project_names_is_pinned_within_its_bounds(requirement: Requirement) -> None:
    versions = _pinned()[requirement.name.lower()]
    assert all(requirement.specifier.contains(version) for version in versions)


@pytest.mark.parametrize("wanted", SERVERS, ids=lambda file: file.stem)
def test_everything_that_a_server_needs_is_pinned_within_its_bounds(wanted: Path) -> None:
    pinned = _pinned(wanted.with_suffix(".txt"))
    lines = [line for line in wanted.read_text().splitlines() if not line.startswith("#")]
    for requirement in map(Requirement, lines):
        assert all(requirement.specifier.contains(version) for version in pinned[requirement.name])


@pytest.mark.parametrize("pins", PINS, ids=lambda pins: pins.name)
def test_no_pin_is_a_url(pins: Path) -> None:
    assert [line for line in pins.read_text().splitlines() if "/" in line or " @ " in line] == []


def test_an_old_python_is_told_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "OLDEST_PYTHON", (9, 1))
    with pytest.raises(MissingError, match=r"Python 9\.1 or newer is needed, .* set PYTHON"):
        environment.main([])


def test_a_python_without_venv_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else real(name))
    with pytest.raises(MissingError, match="apt-get install python3-venv"):
        environment._bootstrap(tmp_path)


def test_a_missing_certificate_store_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert "apt-get install ca-certificates" in environment._certificates_hint()
