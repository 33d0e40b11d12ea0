"""Prometheus and Alertmanager: those on PATH, else Debian's, fetched into the cache folder without root.

python -m compose.programs      fetches what is missing and prints where everything is
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from compose import debian
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


@cache
def path(name: str) -> Path:
    """The program `name`, one of PROGRAMS. Raises MissingError with what to do."""
    found = shutil.which(name)
    if found and _suits(Path(found), PROGRAMS[name]):
        return Path(found)
    return fetched(name)


def fetched(name: str) -> Path:
    """Debian's `name`, whatever PATH has. Raises MissingError with what to do."""
    return installed("programs", _pins(), _fetch) / name


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


def _suits(binary: Path, program: Program) -> bool:
    try:
        return version(binary) >= program.oldest
    except MissingError:
        return False


def _pins() -> object:
    wanted = [(name, program.package, program.file, program.oldest) for name, program in PROGRAMS.items()]
    return [wanted, debian.LAUNCHER, debian.PAGE_PARTS.pattern, debian.system()]


def _fetch(folder: Path) -> None:
    try:
        debian.unpack(sorted({program.package for program in PROGRAMS.values()}), debian.PAGE_PARTS, folder)
    except MissingError as error:
        raise MissingError(f"put {_wanted()} on PATH. They are not there, and {error}") from error
    for name, program in PROGRAMS.items():
        if version(debian.launcher(folder, program.file, name)) < program.oldest:
            raise MissingError(f"put {_wanted()} on PATH: this release's package {program.package} is older")


def _wanted() -> str:
    return ", ".join(f"{name} {'.'.join(map(str, program.oldest))}+" for name, program in PROGRAMS.items())


if __name__ == "__main__":
    try:
        for known in PROGRAMS:
            print(f"{known:13}{path(known)}")
    except MissingError as error:
        sys.exit(f"error: {error}")
