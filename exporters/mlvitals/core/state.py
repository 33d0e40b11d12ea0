"""What one exporter knows now: the last result of each target, and how collecting went."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import structlog

from mlvitals.core import metrics
from mlvitals.core.collector import Collector, Failure, Snapshot
from mlvitals.core.metric import Family, Metric, total_samples

log = structlog.get_logger()


@dataclass(slots=True)
class TargetState:
    """The last that is known of one target. `last_success` is Unix time; `failure` is None while it can be read."""

    failure: Failure | None = None
    snapshot: Snapshot | None = None
    last_success: float | None = None
    expires: float = 0.0

    @property
    def up(self) -> bool:
        """The last collection read it."""
        return self.failure is None

    @property
    def series(self) -> int:
        """Series of this target on the page."""
        return total_samples(self.snapshot.families) if self.snapshot else 0


@dataclass(slots=True)
class CollectorState:
    """The last collection of one collector; `duration` is in seconds and None until the first has ended.

    `mistake` is the last one that was logged: type, file and line.
    """

    targets: dict[str, TargetState] = field(default_factory=dict)
    duration: float | None = None
    read_any: bool = False
    mistake: tuple[type[BaseException], str, int] | None = None


class Version(NamedTuple):
    """Which page this is: one of the two grows with each result and each time data becomes too old to show."""

    results: int
    withdrawals: int


class ExporterState:
    """The state of one exporter. Thread-safe; `version` changes whenever the page would."""

    def __init__(
        self,
        name: str,
        collectors: Iterable[Collector],
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._collectors = {collector.name: collector for collector in collectors}
        self._states = {name: CollectorState() for name in self._collectors}
        self._errors = dict.fromkeys(metrics.REASONS, 0)
        self._last_success: float | None = None
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.RLock()
        self._results = self._withdrawals = 0

    @property
    def version(self) -> Version:
        """It grows when a result came in or a target's data became too old to show."""
        with self._lock:
            self._drop_stale()
            return Version(self._results, self._withdrawals)

    @property
    def ready(self) -> bool:
        """Every collector that counts has finished or failed once."""
        with self._lock:
            return all(state.duration is not None for state in self._main_states())

    def targets(self) -> dict[str, TargetState | None]:
        """Every known target; None stands for one that has no result yet."""
        with self._lock:
            self._drop_stale()
            known: dict[str, TargetState | None] = {}
            for name, collector in self._collectors.items():
                known |= dict.fromkeys(collector.targets)
                # Copies: the reader asks several things of one moment.
                known |= {target: replace(state) for target, state in self._states[name].targets.items()}
            return known

    def durations(self) -> dict[str, float]:
        """Collector -> seconds that its last collection took."""
        with self._lock:
            return {name: state.duration for name, state in self._states.items() if state.duration is not None}

    def record(self, collector: Collector, result: Snapshot | Failure) -> None:
        """Take one result. Logs when the target's state changed."""
        with self._lock:
            targets = self._states[collector.name].targets
            new = result.target not in targets
            target = targets.setdefault(result.target, TargetState())
            before = target.failure
            if isinstance(result, Failure):
                self._errors[result.reason] += 1
                self._fail(target, result, collector)
            else:
                target.last_success = self._clock()
                if not collector.auxiliary:
                    self._last_success = target.last_success
                target.failure, target.snapshot = None, result
                target.expires = self._monotonic() + collector.schedule.stale_after
            self._results += 1
        self._log_change(result, before, new=new)

    def _fail(self, target: TargetState, failure: Failure, collector: Collector) -> None:
        schedule, now = collector.schedule, self._monotonic()
        if failure.known:
            target.snapshot, target.expires = failure.known, now + schedule.stale_after
        elif target.failure is None:
            target.expires = min(target.expires, now + schedule.failing_after)
        target.failure = failure

    def finish(self, collector: Collector, seconds: float, spoken: Mapping[str, bool]) -> None:
        """End a collection: `spoken` says of each target whether it was read. Targets that are gone are forgotten."""
        with self._lock:
            state = self._states[collector.name]
            state.duration = seconds
            state.read_any = any(spoken.values())
            for gone in state.targets.keys() - spoken.keys() - set(collector.targets):
                del state.targets[gone]
            self._results += 1
            series = sum(target.series for target in state.targets.values())
        read = sum(spoken.values())
        log.debug(
            "collection ended",
            exporter=self.name,
            collector=collector.name,
            seconds=round(seconds, 4),
            series=series,
            read=read,
            failed=len(spoken) - read,
        )

    def log_mistake(self, collector: Collector, error: BaseException) -> None:
        """Log what a collector should not have raised, with its traceback, unless the last one was the same."""
        *_, (frame, line) = traceback.walk_tb(error.__traceback__)
        mistake = (type(error), frame.f_code.co_filename, line)
        with self._lock:
            state = self._states[collector.name]
            before, state.mistake = state.mistake, mistake
        if mistake != before:
            log.error("collector failed", exporter=self.name, collector=collector.name, exc_info=error)

    def families(self) -> list[Family]:
        """Everything on this exporter's page, merged by metric."""
        with self._lock:
            self._drop_stale()
            snapshots = [target.snapshot for _, target in self._known() if target.snapshot]
            upstream, dropped = _merge(snapshots)
            return [*upstream, *self._self_metrics(total_samples(upstream), dropped)]

    def _drop_stale(self) -> None:
        now = self._monotonic()
        for state in self._states.values():
            for name, target in state.targets.items():
                if target.snapshot is not None and now >= target.expires:
                    self._withdraw(state, name, target)

    def _withdraw(self, state: CollectorState, name: str, target: TargetState) -> None:
        target.snapshot = None
        self._withdrawals += 1
        if target.failure is None:
            # Nobody reads it any more, or so late that it is the same.
            target.failure = Failure(name, "timeout", "no collection has ended since its data became too old")
            state.read_any = any(other.up for other in state.targets.values())
        log.warning("data left the page: too old", exporter=self.name, target=name)

    def _known(self) -> Iterator[tuple[str, TargetState]]:
        for state in self._states.values():
            yield from state.targets.items()

    def _main_states(self) -> list[CollectorState]:
        return [self._states[name] for name, collector in self._collectors.items() if not collector.auxiliary]

    def _self_metrics(self, series: int, dropped: Mapping[tuple[Metric, str], int]) -> Iterator[Family]:
        up, failure, last = (metric.family() for metric in _TARGET_METRICS)
        for name, target in self._known():
            up.add(target.up, target=name)
            if target.failure:
                failure.add(1, target=name, reason=target.failure.reason)
            if target.last_success is not None:
                last.add(target.last_success, target=name)
        yield from (up, failure, last)
        finished = [state for state in self._main_states() if state.duration is not None]
        if finished:
            yield _single(metrics.EXPORTER_UP, any(state.read_any for state in finished))
        if self._last_success is not None:
            yield _single(metrics.EXPORTER_LAST_SUCCESS, self._last_success)
        yield self._durations()
        errors = metrics.COLLECTION_ERRORS.family()
        for reason, count in self._errors.items():
            errors.add(count, reason=reason)
        yield errors
        yield _single(metrics.EXPORTER_SERIES, series)
        lost = metrics.SERIES_DROPPED.family()
        for (metric, why), count in dropped.items():
            lost.add(count, metric=str(metric), reason=why)
        yield lost

    def _durations(self) -> Family:
        durations = metrics.COLLECTION_DURATION.family()
        for name, seconds in self.durations().items():
            durations.add(seconds, collector=name)
        return durations

    def _log_change(self, result: Snapshot | Failure, before: Failure | None, *, new: bool) -> None:
        if isinstance(result, Failure):
            if new or before is None or before.reason != result.reason:
                log.warning(
                    "target failed",
                    exporter=self.name,
                    target=result.target,
                    reason=result.reason,
                    error=result.message,
                )
        elif new or before is not None:
            log.info("target is up", exporter=self.name, target=result.target)


_TARGET_METRICS = (metrics.TARGET_UP, metrics.TARGET_FAILURE, metrics.TARGET_LAST_SUCCESS)


def _single(metric: Metric, value: float) -> Family:
    family = metric.family()
    family.add(value)
    return family


def _merge(snapshots: Iterable[Snapshot]) -> tuple[list[Family], dict[tuple[Metric, str], int]]:
    """One family a metric. Of two targets' samples with the same labels the first stays, the second is counted."""
    merged: dict[str, Family] = {}
    dropped: dict[tuple[Metric, str], int] = {}
    for snapshot in snapshots:
        for why, count in snapshot.dropped.items():
            dropped[why] = dropped.get(why, 0) + count
        for family in snapshot.families:
            into = merged.setdefault(family.metric.name, family.metric.family()).samples
            new = {labels: value for labels, value in family.samples.items() if labels not in into}
            if twice := len(family.samples) - len(new):
                key = (family.metric, "duplicate")
                dropped[key] = dropped.get(key, 0) + twice
            into |= new
    return list(merged.values()), dropped
