"""`make demo`: the whole stack on this machine, until Ctrl-C. Without a terminal: once, with exit code 0 or 1."""

from __future__ import annotations

import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from compose import outcome, screen, stack
from compose.cache import MissingError
from compose.processes import ServerError


def main() -> int:
    """Run it; the exit code."""
    interactive = sys.stdout.isatty()
    with ended_by_signals(), tempfile.TemporaryDirectory(prefix="mlvitals-demo-") as folder:
        try:
            screen.title(interactive)
            with stack.running(Path(folder), screen.step, screen.notification) as running:
                return _show(running, interactive)
        except (MissingError, ServerError) as error:
            screen.error(str(error))
            return 1


def _show(running: stack.Stack, interactive: bool) -> int:
    with screen.step("alerts and notifications waited for"):
        found = outcome.awaited(running)
    screen.table(running)
    screen.findings(found)
    holds = all(finding.holds for finding in found)
    if not holds:
        screen.error(running.tails())
    if interactive:
        screen.waiting()
        threading.Event().wait()
    return 0 if holds else 1


class _Signal(SystemExit):
    """A signal that ends the demo; SystemExit, so that every `with` ends what it started."""


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Turn the first signal that asks for the end into an exception, and ignore the following ones."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(number: int, _: FrameType | None) -> NoReturn:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        screen.stopping()
        raise _Signal(0 if number == signal.SIGINT else 128 + number)

    for number in numbers:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, end)
    try:
        yield
    except _Signal:
        screen.ended()
        raise


if __name__ == "__main__":
    sys.exit(main())
