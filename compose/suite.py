"""mlvitals itself: its configuration for the stack, what it generates, its process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import yaml

from compose.processes import Server, ServerError, answers
from compose.system import Addresses, Settings, Started


def configuration(at: Addresses, webhook: str, systems: Collection[Started]) -> Settings:
    """mlvitals.yml for the stack: what each system brings of it, and notifications that are sent at once."""
    return {
        "web": {"external_url": at.mlvitals},
        "links": {"prometheus": at.prometheus, "alertmanager": at.alertmanager},
        "exporters": list(chain.from_iterable(each.exporters for each in systems)),
        "alerts": {name: changes for each in systems for name, changes in each.alerts.items()},
        "notifications": {
            "receiver": "demo",
            "receivers": [{"name": "demo", "webhook": {"url": webhook}}],
            "group_wait": "1s",
            "group_interval": "5s",
        },
    }


def generate(settings: Settings, folder: Path, program: Callable[[str], Path]) -> Path:
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
