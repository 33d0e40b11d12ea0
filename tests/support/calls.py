"""What a collection costs: calls to its upstream, and seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from mlvitals.core.outbound import Client


class Cost(NamedTuple):
    """Calls, seconds, and what came of it."""

    calls: int
    seconds: float
    what: str


def measured(work: Callable[[], str], times: int = 1) -> Cost:
    """What this costs, done so many times: the calls of the last time, the seconds of the fastest."""
    costs = [_once(work) for _ in range(times)]
    return costs[-1]._replace(seconds=min(cost.seconds for cost in costs))


def _once(work: Callable[[], str]) -> Cost:
    with _counted() as calls:
        started = time.perf_counter()
        what = work()
        return Cost(len(calls), time.perf_counter() - started, what)


@contextmanager
def _counted() -> Iterator[list[str]]:
    """The calls made meanwhile."""
    calls: list[str] = []
    send = Client.send

    def counting(self: Client, method: str, path: str, *arguments: Any, **options: Any) -> bytearray:
        calls.append(path)
        return send(self, method, path, *arguments, **options)

    Client.send = counting  # type: ignore[method-assign]
    try:
        yield calls
    finally:
        Client.send = send  # type: ignore[method-assign]
