"""Newer releases than Debian's, which are the oldest that mlvitals supports, built with Go once.

python -m compose.newest      builds what is not there and prints where it is, or why it cannot be
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from compose.cache import MissingError, installed

OLDEST_GO = (1, 26)


@dataclass(frozen=True)
class Build:
    """A release to build. `folder` is the prefix of its cache folder; `tags` are Go's build tags."""

    folder: str
    module: str
    tag: str
    release: str
    programs: tuple[str, ...]
    tags: tuple[str, ...] = ()

    @property
    def options(self) -> tuple[str, ...]:
        """Options of `go install`."""
        linker = f"-s -w -X github.com/prometheus/common/version.Version={self.release}"
        return (*self.tags, "-ldflags", linker)


PROMETHEUS = Build(
    "prometheus3",
    "github.com/prometheus/prometheus",
    "v0.316.0",
    "3.16.0",
    ("prometheus", "promtool"),
    # Only static, file and HTTP service discovery: a module of another one cannot be fetched.
    ("-tags", "remove_all_sd"),
)
# Not newer: from 0.32 on the module lacks the files of Alertmanager's own pages and does not build.
ALERTMANAGER = Build(
    "alertmanager31", "github.com/prometheus/alertmanager", "v0.31.1", "0.31.1", ("alertmanager", "amtool")
)
BUILDS = {name: build for build in (PROMETHEUS, ALERTMANAGER) for name in build.programs}


@cache
def path(name: str) -> Path:
    """One of BUILDS; Prometheus takes 4 minutes and 4 GB of Go's caches the first time, Alertmanager one.

    Raises MissingError when there is no Go that can build it, or the build fails.
    """
    build = BUILDS[name]
    pins = [build.tag, build.release, build.options, os.uname().machine]
    return installed(build.folder, pins, partial(_install, build)) / name


def why_not() -> str:
    """Why this machine cannot build them; empty when it can."""
    go = shutil.which("go")
    said = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout if go else ""
    found = re.match(r"go(\d+)\.(\d+)", said)
    if found and (int(found[1]), int(found[2])) >= OLDEST_GO:
        return ""
    return f"Go {'.'.join(map(str, OLDEST_GO))} or newer is needed, found {said.strip() or 'none'}"


def _install(build: Build, folder: Path) -> None:
    called = f"{build.module} {build.release}"
    if reason := why_not():
        raise MissingError(f"cannot build {called}: {reason}")
    print(f"building {called} with Go: some minutes, once", file=sys.stderr)
    targets = [f"{build.module}/cmd/{name}@{build.tag}" for name in build.programs]
    env = os.environ | {"GOBIN": str(folder), "GOTOOLCHAIN": "local"}
    run = subprocess.run(["go", "install", "-p", "2", *build.options, *targets], env=env, cwd=folder, check=False)
    if run.returncode:
        raise MissingError(f"cannot build {called}: see what go says above")


if __name__ == "__main__":
    try:
        reason = why_not()
        for known in BUILDS:
            print(f"{known:13}{reason or path(known)}")
    except MissingError as error:
        sys.exit(f"error: {error}")
