"""Runs collectors in the background: schedule, deadline, isolation, single flight. A scrape never waits for it."""

from __future__ import annotations

import contextlib
import math
import random
import threading
import time
from collections.abc import Iterator, Sequence

from mlvitals.core.collector import Collector, Deadline, Failure, Reason, Snapshot, UpstreamError
from mlvitals.core.state import ExporterState

JITTER = 0.05
"""Each interval is this much longer or shorter, so that exporters and replicas do not keep step."""
RETRY_AFTER = 30.0
"""Seconds until a failed collection is tried again, doubled each time, where the interval is longer than that."""


class Collection:
    """One run of a collector against its deadline. Results that come after the deadline are thrown away."""

    def __init__(self, collector: Collector, state: ExporterState) -> None:
        self._collector = collector
        self._state = state
        self._deadline = Deadline(collector.schedule.deadline)
        self._lock = threading.Lock()
        self._spoken: dict[str, bool] = {}
        self._over = False
        self._started = time.monotonic()

    def run(self) -> None:
        """Collect once. Never raises: nobody would start the thread again that it ends."""
        try:
            with self._timer():
                self._collect()
        except (Exception, SystemExit) as error:
            with contextlib.suppress(Exception):
                self._end("internal", f"{type(error).__name__} in mlvitals; the log has the details")
            with contextlib.suppress(Exception):
                self._state.log_mistake(self._collector, error)

    @property
    def read_any(self) -> bool:
        """At least one target was read."""
        return any(self._spoken.values())

    def cancel(self) -> None:
        """Free a blocked collection and forget it."""
        with self._lock:
            self._over = True
        self._deadline.expire()

    def _collect(self) -> None:
        try:
            for result in self._collector.collect(self._deadline):
                self._record(result)
        except UpstreamError as error:
            self._end(error.reason, str(error))
        else:
            self._end("internal", "the collector did not speak of this target")

    @contextlib.contextmanager
    def _timer(self) -> Iterator[None]:
        timer = threading.Timer(self._collector.schedule.deadline, self._expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _expire(self) -> None:
        seconds = self._collector.schedule.deadline
        try:
            self._end("timeout", f"not read within the deadline of {seconds:g} s")
        finally:
            self._deadline.expire()

    def _record(self, result: Snapshot | Failure) -> None:
        with self._lock:
            if self._over:
                return
            if result.target in self._spoken:
                raise ValueError(f"two results for the target {result.target!r}")
            self._spoken[result.target] = isinstance(result, Snapshot)
            self._state.record(self._collector, result)

    def _end(self, reason: Reason, message: str) -> None:
        """Finish; every target that was not spoken of fails."""
        with self._lock:
            if self._over:
                return
            self._over = True
            for target in self._collector.targets:
                if target not in self._spoken:
                    self._spoken[target] = False
                    self._state.record(self._collector, Failure(target, reason, message))
            took = time.monotonic() - self._started - self._deadline.waited
            self._state.finish(self._collector, took, self._spoken)


class ExporterRunner:
    """One exporter at work: a thread for each collector, so that none waits for another.

    Raises ValueError when two collectors speak of the same target.
    """

    def __init__(self, name: str, collectors: Sequence[Collector]) -> None:
        targets = [target for collector in collectors for target in collector.targets]
        if len(set(targets)) != len(targets):
            raise ValueError(f"exporter {name!r}: two collectors share a target")
        self.state = ExporterState(name, collectors)
        self.collectors = tuple(collectors)
        self._loops = [_Loop(collector, self.state) for collector in collectors]

    def prepare(self) -> None:
        """Start the threads, which collect nothing before `start`. Raises OSError when there are no more to be had."""
        for loop in self._loops:
            try:
                loop.prepare()
            except RuntimeError as error:
                raise OSError(f"cannot begin exporter {self.state.name!r}: {error}") from None

    def start(self) -> None:
        """Begin collecting, at once."""
        self.prepare()
        for loop in self._loops:
            loop.begin()

    def cancel(self) -> None:
        """Begin no collection any more and cut those under way."""
        for loop in self._loops:
            loop.cancel()

    def join(self, timeout: float) -> None:
        """Wait for the end of what was cancelled, `timeout` seconds at most."""
        end = time.monotonic() + timeout
        for loop in self._loops:
            if loop.ident:
                loop.join(max(0.0, end - time.monotonic()))


def collect_once(name: str, collectors: Sequence[Collector]) -> ExporterState:
    """Run every collector once, side by side, and return what they said."""
    state = ExporterState(name, collectors)
    threads = [threading.Thread(target=Collection(collector, state).run, daemon=True) for collector in collectors]
    for thread in threads:
        thread.start()
    for thread, collector in zip(threads, collectors, strict=True):
        # A collector that outlives its deadline was recorded as `timeout` by then.
        thread.join(collector.schedule.deadline + 1)
        if not thread.is_alive():
            collector.close()
    return state


def pause(interval: float, failures: int, took: float) -> float:
    """Seconds from the end of a collection that took so long to the next start, after so many failures in a row.

    A source of a long interval is not given up for that long. One that is too slow gets as much rest as it had work.
    """
    if not failures:
        return max(0.0, interval - took)
    return max(took, min(interval, math.ldexp(RETRY_AFTER, min(failures, 20) - 1)) - took)


class _Loop(threading.Thread):
    def __init__(self, collector: Collector, state: ExporterState) -> None:
        super().__init__(name=f"{state.name}/{collector.name}", daemon=True)
        self._collector = collector
        self._state = state
        self._begun = threading.Event()
        self._stop_asked = threading.Event()
        self._current: Collection | None = None

    def prepare(self) -> None:
        """Have a thread, which waits for `begin`. Raises RuntimeError when there is none to be had."""
        if not self.ident:
            self.start()

    def begin(self) -> None:
        self._begun.set()

    def run(self) -> None:
        self._begun.wait()
        wait, failures = 0.0, 0
        while not self._stop_asked.wait(wait):
            started = time.monotonic()
            self._current = Collection(self._collector, self._state)
            if self._stop_asked.is_set():
                break
            self._current.run()
            failures = 0 if self._current.read_any else failures + 1
            spread = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
            wait = pause(self._collector.schedule.interval * spread, failures, time.monotonic() - started)
        self._collector.close()

    def cancel(self) -> None:
        self._stop_asked.set()
        self._begun.set()
        if not self.ident:
            # There is no thread that would do it at its end.
            self._collector.close()
        if self._current:
            self._current.cancel()
