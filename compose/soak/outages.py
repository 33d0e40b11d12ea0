"""The stack for a long time while its MLflow freezes, dies and returns."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import requests

from compose import screen, stack
from compose.processes import ServerError, wait_for
from compose.soak.usage import Bounds, Usage
from compose.systems.mlflow import EXPORTER, NAME

PATIENCE = 120.0
MAX_MEMORY = 100.0
"""MiB that mlvitals may have at the end."""
BOUNDS = Bounds(growth=0.15, descriptors=5, threads=2)


def run(folder: Path, minutes: float) -> list[str]:
    """Run it for so many minutes; what is wrong."""
    with stack.running(folder, screen.step) as running:
        return _soak(running, time.monotonic() + minutes * 60)


def _soak(running: stack.Stack, end: float) -> list[str]:
    mlflow, usages = running.server(NAME), list[Usage]()
    while not usages or time.monotonic() < end:
        _outage(running, "timeout", lambda: mlflow.send(signal.SIGSTOP), lambda: mlflow.send(signal.SIGCONT))
        _outage(running, "connect", mlflow.stop, mlflow.start)
        usages.append(Usage.floor(running.mlvitals))
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


def _verdict(first: Usage, last: Usage) -> Iterator[str]:
    """What grew; the first round has filled every cache."""
    yield from BOUNDS.broken(first, last)
    if last.memory > MAX_MEMORY:
        yield f"memory is {last.memory:.1f} MiB after the last round; {MAX_MEMORY:g} MiB are allowed"
