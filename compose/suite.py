"""mlvitals itself: its configuration for the stack, what it generates, its process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from compose.processes import Server, ServerError, answers, free_port
from compose.scenario import ALERT, EXPORTER, STUCK_EXPERIMENT, STUCK_HOURS, TEAM


@dataclass(frozen=True)
class Addresses:
    """Base URLs of everything that the suite's configuration names."""

    mlflow: str
    webhook: str
    mlvitals: str
    prometheus: str
    alertmanager: str

    @classmethod
    def choose(cls, mlflow: str, webhook: str) -> Addresses:
        """Free ports on loopback for what is not running yet."""
        free = [f"http://127.0.0.1:{free_port()}" for _ in range(3)]
        return cls(mlflow, webhook, *free)


def configuration(at: Addresses) -> dict[str, Any]:
    """mlvitals.yml for the stack. The one alert that is waited for fires at once, and is sent at once."""
    registry = {
        "name": EXPORTER,
        "type": "mlflow",
        "url": at.mlflow,
        "interval": "5s",
        "labels": {"team": TEAM},
        "tags": ["team"],
        "objectives": [
            {"model": "diabetes-*", "metrics": ["mse < 4000"]},
            {"model": "*", "new_version_within": "26h", "metrics": ["accuracy > 0.5"]},
            {"experiment": STUCK_EXPERIMENT, "stuck_after": f"{STUCK_HOURS - 1}h"},
        ],
    }
    return {
        "web": {"external_url": at.mlvitals},
        "links": {"prometheus": at.prometheus, "alertmanager": at.alertmanager},
        "exporters": [registry],
        "alerts": {ALERT: {"for": "1s"}},
        "notifications": {
            "receiver": "demo",
            "receivers": [{"name": "demo", "webhook": {"url": at.webhook}}],
            "group_wait": "1s",
            "group_interval": "5s",
        },
    }


def generate(settings: dict[str, Any], folder: Path, program: Callable[[str], Path]) -> Path:
    """Write mlvitals.yml and everything that follows from it; the folder of the generated files.

    `program` says where promtool and amtool are. Raises ServerError when mlvitals, promtool or amtool finds fault.
    """
    file, output = folder / "mlvitals.yml", folder / "generated"
    file.write_text(yaml.safe_dump(settings, sort_keys=False))
    _checked([*mlvitals(), "check", "-c", file])
    _checked([*mlvitals(), "generate", "-c", file, "--output", output])
    _checked([program("promtool"), "check", "config", output / "prometheus/prometheus.yml"])
    _checked([program("amtool"), "check-config", output / "alertmanager/alertmanager.yml"])
    return output


@contextmanager
def mlvitals_server(folder: Path, url: str) -> Iterator[Server]:
    """Run mlvitals on the `mlvitals.yml` of the folder at that URL; yields when it serves, before its first cycle."""
    listen = url.removeprefix("http://")
    command = [*mlvitals(), "run", "-c", str(folder / "mlvitals.yml"), "--listen", listen]
    with Server("mlvitals", command, folder, lambda: answers(f"{url}/-/healthy")) as server:
        yield server


def mlvitals() -> list[str]:
    """The command line's beginning."""
    return [sys.executable, "-m", "mlvitals"]


def _checked(command: list[str | Path]) -> None:
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if run.returncode:
        called = " ".join(map(str, command))
        raise ServerError(f"{called} failed:\n{run.stdout}{run.stderr}")
