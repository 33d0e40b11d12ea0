"""`mlvitals check --live` of one exporter that cannot read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml


def check(folder: Path, exporter: dict[str, Any]) -> str:
    """What it says. The files that the exporter names are relative to the folder."""
    (folder / "mlvitals.yml").write_text(yaml.safe_dump({"exporters": [exporter]}))
    command = [sys.executable, "-m", "mlvitals", "check", "--live"]
    wide = {**os.environ, "COLUMNS": "1000"}
    run = subprocess.run(command, cwd=folder, env=wide, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 1, run.stdout + run.stderr
    return run.stdout + run.stderr
