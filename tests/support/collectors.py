"""Small collectors for tests of what runs them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from mlvitals.core.collector import Deadline, Failure, Schedule, Snapshot
from mlvitals.core.metric import Family, gauge

THINGS = gauge("things", "how many things there are", "thing")

Results = Iterator[Snapshot | Failure]


def things(count: int = 1, value: float = 1.0) -> Family:
    """A family with so many series."""
    family = THINGS.family()
    for index in range(count):
        family.add(value, thing=str(index))
    return family


@dataclass
class Scripted:
    """A collector whose body is a function."""

    body: Callable[[Deadline], Results]
    name: str = "main"
    targets: tuple[str, ...] = ("server",)
    schedule: Schedule = field(default_factory=lambda: Schedule(interval=30, deadline=30, stale_after=150))
    auxiliary: bool = False
    closed: threading.Event = field(default_factory=threading.Event)

    def collect(self, deadline: Deadline) -> Results:
        return self.body(deadline)

    def close(self) -> None:
        self.closed.set()


def always(result: Snapshot | Failure) -> Callable[[Deadline], Results]:
    """A body that yields one result."""

    def body(_: Deadline) -> Results:
        yield result

    return body
