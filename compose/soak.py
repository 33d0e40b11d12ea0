"""`make soak`: the stack for a long time while its MLflow freezes, dies and returns; does anything grow?

python -m compose.soak MINUTES
"""

from __future__ import annotations

import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import requests

from compose import screen, stack
from compose.cache import MissingError
from compose.demo import ended_by_signals
from compose.processes import Server, ServerError, wait_for
from compose.systems.mlflow import EXPORTER, NAME

PATIENCE = 120.0
MAX_MEMORY, MAX_GROWTH = 100.0, 10.0  # MiB


@dataclass(frozen=True)
class Usage:
    """What mlvitals uses: resident memory in MiB, open descriptors, threads."""

    memory: float
    descriptors: int
    threads: int

    def __str__(self) -> str:
        return f"{self.memory:.1f} MiB, {self.descriptors} descriptors, {self.threads} threads"

    @classmethod
    def of(cls, server: Server) -> Usage:
        """Of the running server, from the kernel."""
        process = Path(f"/proc/{server.pid}")
        status = dict(re.findall(r"^(VmRSS|Threads):\s+(\d+)", (process / "status").read_text(), re.MULTILINE))
        return cls(int(status["VmRSS"]) / 1024, len(list((process / "fd").iterdir())), int(status["Threads"]))


def main(minutes: float) -> int:
    """Run it; the exit code."""
    with ended_by_signals(), tempfile.TemporaryDirectory(prefix="mlvitals-soak-") as folder:
        try:
            with stack.running(Path(folder), screen.step) as running:
                problems = _soak(running, time.monotonic() + minutes * 60)
        except (MissingError, ServerError) as error:
            problems = [str(error)]
    for problem in problems:
        screen.error(problem)
    return 1 if problems else 0


def _soak(running: stack.Stack, end: float) -> list[str]:
    mlflow, usages = running.server(NAME), list[Usage]()
    while not usages or time.monotonic() < end:
        _outage(running, "timeout", lambda: mlflow.send(signal.SIGSTOP), lambda: mlflow.send(signal.SIGCONT))
        _outage(running, "connect", mlflow.stop, mlflow.start)
        usages.append(Usage.of(running.mlvitals))
        click.echo(f"  round {len(usages):4}: {usages[-1]}")
    return list(_verdict(usages[0], usages[-1]))


def _outage(running: stack.Stack, reason: str, begin: Callable[[], None], finish: Callable[[], None]) -> None:
    """One outage and its end. Raises ServerError unless mlvitals says why, and reads MLflow again afterwards."""
    begin()
    _wait(running, f'mlvitals_target_failure{{reason="{reason}",target="server"}} 1.0')
    finish()
    _wait(running, 'mlvitals_target_up{target="server"} 1.0')


def _wait(running: stack.Stack, line: str) -> None:
    page = f"{running.at.mlvitals}/metrics/{EXPORTER}"
    if not wait_for(lambda: line in requests.get(page, timeout=5).text.splitlines(), PATIENCE, every=0.5):
        raise ServerError(f"{page} did not show `{line}` within {PATIENCE:g} s\n{running.tails()}")


def _verdict(first: Usage, last: Usage) -> list[str]:
    """What grew; the first round has filled every cache."""
    problems = []
    if last.memory > MAX_MEMORY or last.memory - first.memory > MAX_GROWTH:
        problems.append(f"memory: {first.memory:.0f} MiB after the first round, {last.memory:.0f} MiB after the last")
    if last.descriptors > first.descriptors + 5 or last.threads > first.threads + 2:
        problems.append(f"descriptors or threads grew: {first}, then {last}")
    return problems


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 30))
