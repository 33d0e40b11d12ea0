"""Experiments and what their runs do: a target of its own, so that many or large runs cannot hide the registry."""

from __future__ import annotations

import time
from collections.abc import Iterator

from mlvitals.core.collector import Deadline, Snapshot
from mlvitals.core.pace import Pace
from mlvitals.core.report import Report
from mlvitals.core.selection import Selection, select
from mlvitals.mlflow.answers import Experiment
from mlvitals.mlflow.client import MlflowClient
from mlvitals.mlflow.config import MlflowSettings
from mlvitals.mlflow.report import write_experiments
from mlvitals.mlflow.runs import ExperimentRuns, RunLedger

TARGET = "runs"


def select_experiments(experiments: Iterator[Experiment], settings: MlflowSettings) -> Selection[Experiment]:
    """The active experiments that are shown."""
    active = (each for each in experiments if each.lifecycle_stage == "active")
    return select(active, lambda each: each.name, settings.max_experiments, settings.experiments.matches)


class ExperimentCollector:
    """Reads experiments, the runs that are running and those that ended since the last time.

    What a failed collection has learned is kept; what it shows is only ever a whole one.
    """

    name = TARGET
    targets: tuple[str, ...] = (TARGET,)
    auxiliary = False

    def __init__(self, settings: MlflowSettings) -> None:
        self.schedule = settings.schedule()
        self._settings = settings
        self._client = MlflowClient(settings)
        self._runs = _RunHistory(settings)

    def collect(self, deadline: Deadline) -> Iterator[Snapshot]:
        """Read the experiments once."""
        pace = Pace(deadline)
        experiments = select_experiments(self._client.experiments(deadline), self._settings)
        ids = [each.experiment_id for each in experiments.shown.values()]
        runs = self._runs.read(ids, self._client, deadline, pace)
        report = Report()
        write_experiments(experiments, runs, report)
        yield report.snapshot(TARGET)

    def renew(self) -> None:
        """Begin to look for deleted and edited runs at the next collection, not after `baseline_interval`."""
        self._runs.renew()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()


class _RunHistory:
    """The run ledger, renewed beside the old one now and then, so that deleted runs leave it."""

    def __init__(self, settings: MlflowSettings) -> None:
        self._renew_after = settings.baseline_interval
        self._ledger = RunLedger(int(settings.window * 1000))
        self._next: RunLedger | None = None
        self._begun = time.monotonic()

    def read(self, ids: list[str], client: MlflowClient, deadline: Deadline, pace: Pace) -> dict[str, ExperimentRuns]:
        self._ledger.sync(ids, client, deadline, pace.until(0.3), pace.until(0.5))
        if self._next is None and time.monotonic() - self._begun > self._renew_after:
            self.renew()
        if self._next:
            self._next.sync(ids, client, deadline, pace.until(0.6), pace.until(0.7))
            if self._next.complete(ids):
                self._ledger, self._next = self._next, None
        return self._ledger.experiments()

    def renew(self) -> None:
        self._next = self._ledger.renewed()
        self._begun = time.monotonic()
