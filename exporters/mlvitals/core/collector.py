"""What a collector is: the one seam between an upstream system and everything else."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from mlvitals.core.metric import Family, Metric

Reason = Literal["auth", "connect", "timeout", "http", "parse", "limit", "empty", "internal"]


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
    """One target that could not be read this time.

    `advice` is for people, where what is said of the reason in general would mislead. `known` is what can be said of
    the target all the same: it stands on the page in the place of what was read before.
    """

    target: str
    reason: Reason
    message: str
    advice: str | None = None
    known: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Seconds between two starts, seconds that one collection may take, seconds until its data is too old to show.

    `failing_after`: seconds from the first failure until data is too old, if that comes before `stale_after` is over.
    It is for collectors that wait long for their turn.
    """

    interval: float
    deadline: float
    stale_after: float
    failing_after: float = math.inf


class Deadline:
    """The end of one collection, shared by all that it calls. Time is monotonic; thread-safe."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._seconds = seconds
        self._lock = threading.Lock()
        self._cuts: list[Callable[[], None]] = []
        self._expired = False
        self._waited = 0.0
        self._waits_since: float | None = None

    @property
    def expired(self) -> bool:
        """True once `expire` was called or the time is over."""
        return self._expired or time.monotonic() >= self._end

    def remaining(self) -> float:
        """Seconds left, more than 0. Raises UpstreamError (`timeout`) when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise UpstreamError("timeout", f"not finished after {round(self._seconds, 2):g} s")
        if self._expired:
            raise UpstreamError("timeout", "cut off before its end")
        return left

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Waiting for a turn among others: it is within the deadline, and no part of how long the collection took."""
        self._waits_since = time.monotonic()
        try:
            yield
        finally:
            self._waited, self._waits_since = self.waited, None

    @property
    def waited(self) -> float:
        """Seconds in which nothing was done but waiting for a turn."""
        since = self._waits_since
        return self._waited + (0.0 if since is None else time.monotonic() - since)

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


@runtime_checkable
class Heir(Protocol):
    """A collector that may go on from what the one of its name knew before its exporter's settings changed."""

    def inherit(self, before: Collector) -> None:
        """Take over what holds for these settings too. The other one may still collect."""
        ...
