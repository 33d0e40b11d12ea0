"""The main collector: one warm collection is at most six calls, however much MLflow holds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from mlvitals.core.collector import Deadline, Snapshot
from mlvitals.core.metric import declared
from mlvitals.mlflow import metrics
from mlvitals.mlflow.answers import Experiment, RegisteredModel
from mlvitals.mlflow.client import MlflowClient
from mlvitals.mlflow.config import MlflowSettings
from mlvitals.mlflow.pace import Pace
from mlvitals.mlflow.report import ModelReporter, Report, write_experiments
from mlvitals.mlflow.runs import ExperimentRuns, RunLedger
from mlvitals.mlflow.selection import Objectives, Selection, select
from mlvitals.mlflow.served import Choice, ServedRuns
from mlvitals.mlflow.totals import select_experiments
from mlvitals.mlflow.versions import VersionCache

TARGET = "server"
VERSION_AFTER = 300.0
"""Seconds after which MLflow's own version is asked for again."""

_DECLARED = tuple(metric for metric in declared(metrics) if metric is not metrics.EXPERIMENT_RUNS)


class MlflowCollector:
    """Reads registry and experiments: what is small whole, what is large only where it changed.

    Warm calls: models, experiments, running runs, runs that ended since; now and then the runs behind aliases and
    MLflow's version. What a failed collection has learned is kept; what it shows is only ever a whole one.
    """

    name = TARGET
    targets: tuple[str, ...] = (TARGET,)
    auxiliary = False

    def __init__(self, settings: MlflowSettings) -> None:
        self.schedule = settings.schedule()
        self._settings = settings
        self._client = MlflowClient(settings)
        objectives = Objectives(settings.objectives)
        self._versions = VersionCache()
        self._served = ServedRuns(Choice(settings, objectives.metrics))
        self._models = ModelReporter(settings, objectives, self._versions, self._served)
        self._runs = _RunHistory(settings)
        self._version: tuple[str | None, float] | None = None

    def collect(self, deadline: Deadline) -> Iterator[Snapshot]:
        """Read the server once."""
        pace = Pace(deadline)
        report = Report(_DECLARED)
        models = self._select_models(deadline, report)
        everywhere: list[str] = []
        experiments = select_experiments(_noting(self._client.experiments(deadline), everywhere), self._settings)
        ids = [each.experiment_id for each in experiments.shown.values()]
        runs = self._runs.read(ids, self._client, deadline, pace)
        self._versions.refresh(models.shown, self._client, deadline, pace.until(0.6))
        self._served.refresh(self._runs_behind(models), everywhere, self._client, deadline, pace.until(0.7))
        if version := self._server_version(deadline):
            report.add(metrics.SERVER_INFO, 1, version=version)
        self._models.write(models, report)
        write_experiments(experiments, runs, report)
        yield Snapshot(TARGET, report.families(), report.dropped)

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def _select_models(self, deadline: Deadline, report: Report) -> Selection[RegisteredModel]:
        settings = self._settings
        models = select(
            self._client.models(deadline), lambda model: model.name, settings.max_models, settings.models.matches
        )
        for name, model in models.shown.items():
            by_name = sorted(model.aliases, key=lambda alias: alias.alias)
            aliases = select(by_name, lambda alias: alias.alias, settings.max_aliases)
            report.drop(metrics.MODEL_ALIAS_VERSION, aliases.dropped)
            models.shown[name] = replace(model, aliases=tuple(aliases.shown.values()))
        return models

    def _runs_behind(self, models: Selection[RegisteredModel]) -> set[str]:
        aliases = ((model, alias) for model in models.shown.values() for alias in model.aliases)
        named = (self._versions.named(model, alias.version) for model, alias in aliases)
        return {version.run_id for version in named if version}

    def _server_version(self, deadline: Deadline) -> str | None:
        if self._version is None or time.monotonic() - self._version[1] > VERSION_AFTER:
            self._version = (self._client.version(deadline), time.monotonic())
        return self._version[0]


class _RunHistory:
    """The run ledger, begun anew beside the old one now and then, so that deleted runs leave it."""

    def __init__(self, settings: MlflowSettings) -> None:
        self._window = int(settings.window * 1000)
        self._renew_after = settings.baseline_interval
        self._ledger = RunLedger(self._window)
        self._next: RunLedger | None = None
        self._begun = time.monotonic()

    def read(self, ids: list[str], client: MlflowClient, deadline: Deadline, pace: Pace) -> dict[str, ExperimentRuns]:
        self._ledger.sync(ids, client, deadline, pace.until(0.4))
        if self._next is None and time.monotonic() - self._begun > self._renew_after:
            self._next = RunLedger(self._window)
            self._begun = time.monotonic()
        if self._next:
            self._next.sync(ids, client, deadline, pace.until(0.5))
            if self._next.complete(ids):
                self._ledger, self._next = self._next, None
        return self._ledger.experiments()


def _noting(experiments: Iterator[Experiment], ids: list[str]) -> Iterator[Experiment]:
    for experiment in experiments:
        ids.append(experiment.experiment_id)
        yield experiment
