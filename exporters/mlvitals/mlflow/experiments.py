"""Experiments and what their runs do: a target of its own, so that many or large runs cannot hide the registry."""

from __future__ import annotations

from collections.abc import Iterator

from mlvitals.core.collector import Deadline, Snapshot
from mlvitals.core.pace import Pace
from mlvitals.core.renewal import Renewal
from mlvitals.core.report import Report
from mlvitals.core.selection import Selection, select
from mlvitals.mlflow.answers import Experiment
from mlvitals.mlflow.client import MlflowClient
from mlvitals.mlflow.config import MlflowSettings
from mlvitals.mlflow.objectives import Objectives
from mlvitals.mlflow.report import write_experiments
from mlvitals.mlflow.runs import RunLedger

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
        ledger = RunLedger(int(settings.window * 1000))
        self._runs = Renewal(ledger, RunLedger.renewed, settings.baseline_interval)
        self._stuck_after = Objectives(settings).stuck_after

    def collect(self, deadline: Deadline) -> Iterator[Snapshot]:
        """Read the experiments once."""
        pace = Pace(deadline)
        experiments = select_experiments(self._client.experiments(deadline), self._settings)
        ids = [each.experiment_id for each in experiments.shown.values()]

        def read(ledger: RunLedger, list_until: float, until: float) -> bool:
            ledger.sync(ids, self._client, deadline, pace.until(list_until), pace.until(until))
            return ledger.complete(ids)

        ledger = self._runs.sync(lambda current: read(current, 0.3, 0.5), lambda fresh: read(fresh, 0.6, 0.7))
        report = Report()
        write_experiments(experiments, ledger.experiments(), self._stuck_after, report)
        yield report.snapshot(TARGET)

    def renew(self) -> None:
        """Begin to look for deleted and edited runs at the next collection, not after `baseline_interval`."""
        self._runs.renew()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()
