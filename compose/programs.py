"""Prometheus and Alertmanager: those on PATH, else Debian's, fetched without root and without installing them.

Installing Debian's packages would start both daemons on all interfaces; unpacking them starts nothing.

    python -m compose.programs      fetches what is missing and prints where everything is
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from compose.cache import MissingError, installed


@dataclass(frozen=True)
class Program:
    """A program: its Debian package, its name there and the oldest release that will do."""

    package: str
    file: str
    oldest: tuple[int, int]


PROGRAMS = {
    "prometheus": Program("prometheus", "prometheus", (2, 42)),
    "promtool": Program("prometheus", "promtool", (2, 42)),
    "alertmanager": Program("prometheus-alertmanager", "prometheus-alertmanager", (0, 25)),
    "amtool": Program("prometheus-alertmanager", "amtool", (0, 25)),
}
APT = ("apt-get", "-qq", "-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=30")


@cache
def path(name: str) -> Path:
    """The program `name`, one of PROGRAMS. Raises MissingError with what to do."""
    program = PROGRAMS[name]
    found = shutil.which(name)
    if found and _suits(Path(found), program):
        return Path(found)
    return fetched(name)


def version(binary: Path) -> tuple[int, int]:
    """Major and minor release that the program says it is; (0, 0) when it says none.

    Raises MissingError when it does not run, for want of a shared library for example.
    """
    try:
        run = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False, timeout=60)
    except OSError as error:
        raise MissingError(f"{binary} does not run: {error.strerror}") from error
    said = run.stdout + run.stderr
    if run.returncode:
        raise MissingError(f"{binary} does not run: {said.strip()}")
    match = re.search(r"version (\d+)\.(\d+)", said)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def fetched(name: str) -> Path:
    """Debian's `name`, whatever PATH has. Raises MissingError."""
    return installed("programs", _pins(), _fetch) / name


def _suits(binary: Path, program: Program) -> bool:
    try:
        return version(binary) >= program.oldest
    except MissingError:
        return False


def _pins() -> object:
    wanted = [(name, program.package, program.file, program.oldest) for name, program in PROGRAMS.items()]
    release = Path("/etc/os-release")
    return [wanted, platform.machine(), release.read_text() if release.exists() else ""]


def _fetch(folder: Path) -> None:
    for tool in ("apt-get", "dpkg-deb"):
        if not shutil.which(tool):
            raise MissingError(f"{tool} is missing, so Debian's packages cannot be fetched: put {_wanted()} on PATH")
    with tempfile.TemporaryDirectory(dir=folder) as work:
        for package in _download(Path(work)):
            _run(["dpkg-deb", "-x", str(package), "tree"], Path(work))
        for name, program in PROGRAMS.items():
            _adopt(Path(work, "tree/usr/bin", program.file), program, folder / name)


def _adopt(binary: Path, program: Program, target: Path) -> None:
    if not binary.is_file() or version(binary) < program.oldest:
        oldest = ".".join(map(str, program.oldest))
        raise MissingError(f"this release's package {program.package} is older than {oldest}: put {_wanted()} on PATH")
    binary.rename(target)


def _download(work: Path) -> list[Path]:
    """Download with the system's package lists, else with private ones that are fetched now."""
    packages = sorted({program.package for program in PROGRAMS.values()})
    try:
        _run([*APT, "download", *packages], work)
    except MissingError:
        private = [*APT, "-o", f"Dir::State::lists={work}/lists", "-o", f"Dir::Cache={work}/cache"]
        for folder in ("lists/partial", "cache/archives/partial"):
            (work / folder).mkdir(parents=True)
        # One source that cannot be read must not hide the others: only the download decides.
        update = subprocess.run([*private, "update"], cwd=work, env=_env(), capture_output=True, text=True, check=False)
        _run([*private, "download", *packages], work, update.stderr)
    return sorted(work.glob("*.deb"))


def _run(command: list[str], work: Path, before: str = "") -> None:
    run = subprocess.run(command, cwd=work, env=_env(), capture_output=True, text=True, check=False)
    if run.returncode:
        said = "\n".join((before + run.stderr).strip().splitlines()[-8:])
        raise MissingError(
            f"cannot fetch {_wanted()} from Debian; put them on PATH, or see what {command[0]} says:\n{said}"
        )


def _env() -> dict[str, str]:
    return os.environ | {"LC_ALL": "C"}


def _wanted() -> str:
    return ", ".join(f"{name} {'.'.join(map(str, program.oldest))}+" for name, program in PROGRAMS.items())


if __name__ == "__main__":
    try:
        for known in PROGRAMS:
            print(f"{known:13}{path(known)}")
    except MissingError as error:
        sys.exit(f"error: {error}")
