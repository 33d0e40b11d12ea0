"""Metrics of the runs behind aliases. They can change after a run has ended, so they are read again in turn."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.pace import GoOn
from mlvitals.core.patterns import matches
from mlvitals.core.selection import select
from mlvitals.mlflow.answers import RunMetric
from mlvitals.mlflow.client import IN_LIST, MlflowClient, is_run_id
from mlvitals.mlflow.config import MlflowSettings

REREAD_AFTER = 240.0
"""Seconds after which a run is read again, 100 runs in one collection."""

# What MLflow makes of infinity, since its databases and JSON cannot hold it.
_INFINITE = 1.7976931348623157e308


@dataclass(frozen=True, slots=True)
class RunMetrics:
    """The metrics of one run that are shown, and how many were left out: reason -> metrics."""

    values: dict[str, float]
    dropped: Counter[str]


class Choice:
    """Chooses metrics of a run: those with an objective first, then by name."""

    def __init__(self, settings: MlflowSettings, bounded: Collection[str]) -> None:
        self._patterns = settings.metrics
        self._limit = settings.max_metrics
        self._bounded = bounded

    def __call__(self, metrics: Iterable[RunMetric]) -> RunMetrics:
        """Never more than the configured limit; NaN and infinities are dropped."""
        ranked = sorted(metrics, key=lambda metric: (metric.key not in self._bounded, metric.key))
        finite = [metric for metric in ranked if math.isfinite(metric.value) and abs(metric.value) < _INFINITE]
        chosen = select(finite, lambda metric: metric.key, self._limit, self._keeps)
        lost = sum(self._keeps(metric.key) for metric in ranked) - sum(self._keeps(metric.key) for metric in finite)
        return RunMetrics(
            {name: metric.value for name, metric in chosen.shown.items()},
            chosen.dropped + Counter(not_finite=lost),
        )

    def _keeps(self, name: str) -> bool:
        return name in self._bounded or matches(name, self._patterns)


class ServedRuns:
    """The metrics of the runs behind aliases."""

    def __init__(
        self, choose: Callable[[Iterable[RunMetric]], RunMetrics], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._choose = choose
        self._clock = clock
        self._known: dict[str, RunMetrics | None] = {}
        self._read_at: dict[str, float] = {}

    def refresh(
        self,
        run_ids: Collection[str],
        everywhere: Callable[[], Collection[str]],
        client: MlflowClient,
        deadline: Deadline,
        go_on: GoOn,
    ) -> None:
        """Forget the other runs, read the new ones, and some of those that were read long ago.

        `everywhere` lists the experiments in which a run may be; it is called only when a run is read.
        """
        wanted = {run_id for run_id in run_ids if is_run_id(run_id)}
        for gone in self._known.keys() - wanted:
            del self._known[gone], self._read_at[gone]
        due = sorted(wanted - self._known.keys()) or self._oldest()
        experiment_ids = everywhere() if due and go_on() else ()
        for start in range(0, len(due), IN_LIST):
            if not go_on():
                return
            self._read(due[start : start + IN_LIST], experiment_ids, client, deadline)

    def metrics(self, run_id: str) -> RunMetrics | None:
        """The metrics of this run; None while it is not known and when MLflow does not have it."""
        return self._known.get(run_id)

    def _oldest(self) -> list[str]:
        due = self._clock() - REREAD_AFTER
        return sorted((run_id for run_id, at in self._read_at.items() if at <= due), key=self._age)[:IN_LIST]

    def _age(self, run_id: str) -> tuple[float, str]:
        return self._read_at[run_id], run_id

    def _read(
        self, run_ids: list[str], experiment_ids: Collection[str], client: MlflowClient, deadline: Deadline
    ) -> None:
        now = self._clock()
        try:
            found = {run.info.run_id: run for run in client.runs_by_id(run_ids, experiment_ids, deadline)}
        except UpstreamError as error:
            if error.reason != "limit":
                raise
            self._read_less(run_ids, experiment_ids, client, deadline)
            return
        for run_id in run_ids:
            run = found.get(run_id)
            self._known[run_id] = self._choose(run.data.metrics) if run else None
            self._read_at[run_id] = now

    def _read_less(
        self, run_ids: list[str], experiment_ids: Collection[str], client: MlflowClient, deadline: Deadline
    ) -> None:
        """Read half as many at once; a run that is too large alone must not hide the others."""
        if len(run_ids) == 1:
            self._known[run_ids[0]] = RunMetrics({}, Counter(limit=1))
            self._read_at[run_ids[0]] = self._clock()
            return
        half = len(run_ids) // 2
        for part in (run_ids[:half], run_ids[half:]):
            self._read(part, experiment_ids, client, deadline)
