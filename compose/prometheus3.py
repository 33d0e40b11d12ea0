"""Prometheus 3 and its promtool, built with Go once: Debian's are 2.42, the oldest that mlvitals supports.

python -m compose.prometheus3      builds it unless it is there and prints where it is, or why it cannot be
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from compose.cache import MissingError, installed

MODULE = "github.com/prometheus/prometheus"
TAG, RELEASE = "v0.316.0", "3.16.0"
OLDEST_GO = (1, 26)
# Only static, file and HTTP service discovery: a module of another one cannot be fetched.
BUILD = ("-tags", "remove_all_sd", "-ldflags", f"-s -w -X github.com/prometheus/common/version.Version={RELEASE}")


@cache
def path(name: str) -> Path:
    """`prometheus` or `promtool` of RELEASE; 4 minutes and 4 GB of Go's caches the first time.

    Raises MissingError when there is no Go that can build it, or the build fails.
    """
    return installed("prometheus3", [TAG, RELEASE, BUILD, os.uname().machine], _build) / name


def why_not() -> str:
    """Why this machine cannot build it; empty when it can."""
    go = shutil.which("go")
    said = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout if go else ""
    found = re.match(r"go(\d+)\.(\d+)", said)
    if found and (int(found[1]), int(found[2])) >= OLDEST_GO:
        return ""
    return f"Go {'.'.join(map(str, OLDEST_GO))} or newer is needed, found {said.strip() or 'none'}"


def _build(folder: Path) -> None:
    if reason := why_not():
        raise MissingError(f"cannot build Prometheus {RELEASE}: {reason}")
    print(f"building Prometheus {RELEASE} with Go: some minutes, once", file=sys.stderr)
    targets = [f"{MODULE}/cmd/{name}@{TAG}" for name in ("prometheus", "promtool")]
    env = os.environ | {"GOBIN": str(folder), "GOTOOLCHAIN": "local"}
    run = subprocess.run(["go", "install", "-p", "2", *BUILD, *targets], env=env, cwd=folder, check=False)
    if run.returncode:
        raise MissingError(f"cannot build Prometheus {RELEASE}: see what go says above")


if __name__ == "__main__":
    try:
        reason = why_not()
        for known in ("prometheus", "promtool"):
            print(f"{known:13}{reason or path(known)}")
    except MissingError as error:
        sys.exit(f"error: {error}")
