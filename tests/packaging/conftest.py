"""Environments that have nothing of the checkout but what was installed from its wheel."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from compose import environment

EXAMPLE = environment.CHECKOUT / "docs/example-plugin"


@dataclass(frozen=True)
class Installed:
    """An environment in which mlvitals is installed, and the wheels that it was installed from."""

    folder: Path
    wheels: tuple[Path, ...]

    @property
    def program(self) -> Path:
        """The command `mlvitals`."""
        return self.folder / "bin/mlvitals"

    @property
    def python(self) -> Path:
        """Its Python."""
        return self.folder / "bin/python"

    def run(self, command: Path, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a command as a user would who has never seen the checkout."""
        return subprocess.run(
            [command, *arguments], cwd=cwd, env=bare(), capture_output=True, text=True, check=False, timeout=60
        )


def bare() -> dict[str, str]:
    """An environment without what leads Python to other packages."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}


def _installed(folder: Path, *sources: Path) -> Installed:
    wheels = tuple(environment.wheel(source, folder / "wheels") for source in sources)
    environment.clean(folder / "environment", *map(str, wheels))
    return Installed(folder / "environment", wheels)


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """mlvitals alone."""
    return _installed(tmp_path_factory.mktemp("alone"), environment.CHECKOUT)


@pytest.fixture(scope="session")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """mlvitals with the example plug-in."""
    return _installed(tmp_path_factory.mktemp("extended"), environment.CHECKOUT, EXAMPLE)
