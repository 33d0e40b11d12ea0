"""What a collector is: the one seam between an upstream system and everything else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from mlvitals.core.metric import Family, Metric

Reason = Literal["auth", "connect", "timeout", "http", "parse", "limit", "internal"]


class UpstreamError(Exception):
    """A target could not be read. `reason` is one of `mlvitals.core.metrics.REASONS`; the message is for people.

    `status` is that of the HTTP answer that refused, if there was one.
    """

    def __init__(self, reason: Reason, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.reason: Reason = reason
        self.status = status


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One consistent read of one target.

    `dropped` counts the series that a limit or a bad value kept out: (metric, reason) -> series. `report` is an HTML
    document about the target, gzip-compressed, that is served for as long as the families are.
    """

    target: str
    families: tuple[Family, ...]
    dropped: Mapping[tuple[Metric, str], int] = field(default_factory=dict)
    report: bytes | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """One target that could not be read this time."""

    target: str
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """Seconds between two starts, seconds that one collection may take, seconds until its data is too old to show."""

    interval: float
    deadline: float
    stale_after: float


class Deadline:
    """The end of one collection, shared by all that it calls. Time is monotonic; thread-safe."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._seconds = seconds
        self._lock = threading.Lock()
        self._cuts: list[Callable[[], None]] = []
        self._expired = False

    @property
    def expired(self) -> bool:
        """True once `expire` was called or the time is over."""
        return self._expired or time.monotonic() >= self._end

    def remaining(self) -> float:
        """Seconds left, more than 0. Raises UpstreamError (`timeout`) when there are none."""
        left = self._end - time.monotonic()
        if self._expired or left <= 0:
            raise UpstreamError("timeout", f"not finished after {self._seconds:g} s")
        return left

    def on_expire(self, cut: Callable[[], None]) -> None:
        """Register what frees a blocked call; called at once when the deadline has passed already."""
        with self._lock:
            if not self._expired:
                self._cuts.append(cut)
                return
        cut()

    def expire(self) -> None:
        """End it now: free every blocked call."""
        with self._lock:
            self._expired = True
            cuts, self._cuts = self._cuts, []
        for cut in cuts:
            cut()


def attempt(target: str, read: Callable[[], Snapshot]) -> Snapshot | Failure:
    """One target read, or why it could not be: the other targets of the collector are not affected."""
    try:
        return read()
    except UpstreamError as error:
        return Failure(target, error.reason, str(error))


class Collector(Protocol):
    """Reads some targets of one upstream system. It knows nothing of threads, serving, schedules or retries.

    `targets` are the targets that `collect` speaks of; which they are may change while it runs. An UpstreamError that
    leaves `collect` fails every target not yet spoken of; any other exception does the same with reason `internal`.
    `auxiliary` collectors (slow totals, side data) do not count for `mlvitals_exporter_up`.
    """

    name: str
    schedule: Schedule
    auxiliary: bool

    @property
    def targets(self) -> tuple[str, ...]:
        """Their names."""
        ...

    def collect(self, deadline: Deadline) -> Iterator[Snapshot | Failure]:
        """Read every target once; one result for each, in any order, as soon as it is known."""
        ...

    def close(self) -> None:
        """Free connections; called once, after the last `collect`."""
        ...
