"""Totals of runs by status: slow, because MLflow counts nothing, so every run is listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mlvitals.core.collector import Deadline, Schedule, Snapshot
from mlvitals.mlflow import metrics
from mlvitals.mlflow.client import MlflowClient
from mlvitals.mlflow.config import MlflowSettings
from mlvitals.mlflow.experiments import select_experiments

TARGET = "run-totals"


class RunTotals:
    """Counts all runs now and then. Nothing is kept between two counts: a deleted run is missing from the next."""

    name = TARGET
    targets: tuple[str, ...] = (TARGET,)
    auxiliary = True

    def __init__(self, settings: MlflowSettings) -> None:
        self._settings = settings
        self._client = MlflowClient(settings)
        interval = settings.baseline_interval
        self.schedule = Schedule(interval, settings.baseline_deadline, 5 * interval)

    def collect(self, deadline: Deadline) -> Iterator[Snapshot]:
        """List every run of the experiments that are shown."""
        shown = select_experiments(self._client.experiments(deadline), self._settings).shown
        names = {each.experiment_id: name for name, each in shown.items()}
        counts = Counter[tuple[str, str]]()
        # Oldest first: runs that start meanwhile come last and move none to another page.
        for page in self._client.runs(names, deadline, order="attributes.start_time ASC"):
            counts.update((run.experiment_id, run.status) for run in page.runs)
        family = metrics.EXPERIMENT_RUNS.family()
        for experiment_id, name in names.items():
            for status in metrics.RUN_STATUSES:
                family.add(counts[experiment_id, status], experiment=name, status=status)
        yield Snapshot(TARGET, (family,))

    def close(self) -> None:
        """Close every connection."""
        self._client.close()
