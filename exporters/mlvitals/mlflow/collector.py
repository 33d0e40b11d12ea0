"""The registry: models, their versions, aliases and what stands behind them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from mlvitals.core.collector import Deadline, Snapshot
from mlvitals.core.pace import Pace
from mlvitals.core.report import Report
from mlvitals.core.selection import Selection, select
from mlvitals.mlflow import metrics
from mlvitals.mlflow.answers import RegisteredModel
from mlvitals.mlflow.client import MlflowClient
from mlvitals.mlflow.config import MlflowSettings
from mlvitals.mlflow.objectives import Objectives
from mlvitals.mlflow.report import ModelReporter
from mlvitals.mlflow.served import Choice, ServedRuns
from mlvitals.mlflow.versions import VersionCache

TARGET = metrics.REGISTRY
VERSION_AFTER = 300.0
"""Seconds after which MLflow's own version is asked for again."""


class MlflowCollector:
    """Reads the registry: what is small whole, what is large only where it changed.

    A warm collection lists the models; now and then it reads the runs behind aliases, and MLflow's version. What a
    failed collection has learned is kept; what it shows is only ever a whole one.
    """

    name = TARGET
    targets: tuple[str, ...] = (TARGET,)
    auxiliary = False

    def __init__(self, settings: MlflowSettings) -> None:
        self.schedule = settings.schedule()
        self._settings = settings
        self._client = MlflowClient(settings)
        objectives = Objectives(settings)
        self._versions = VersionCache()
        self._served = ServedRuns(Choice(settings, objectives.metrics))
        self._models = ModelReporter(settings, objectives, self._versions, self._served)
        self._version: tuple[str | None, float] | None = None

    def collect(self, deadline: Deadline) -> Iterator[Snapshot]:
        """Read the registry once."""
        pace = Pace(deadline)
        report = Report()
        models = self._select_models(deadline, report)
        self._versions.refresh(models.shown, self._client, deadline, pace.until(0.6))
        self._served.refresh(
            self._runs_behind(models), lambda: self._everywhere(deadline), self._client, deadline, pace.until(0.7)
        )
        if version := self._server_version(deadline):
            report.add(metrics.SERVER_INFO, 1, version=version)
        self._models.write(models, report)
        yield report.snapshot(TARGET)

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

    def _everywhere(self, deadline: Deadline) -> list[str]:
        return [experiment.experiment_id for experiment in self._client.experiments(deadline)]

    def _server_version(self, deadline: Deadline) -> str | None:
        if self._version is None or time.monotonic() - self._version[1] > VERSION_AFTER:
            self._version = (self._client.version(deadline), time.monotonic())
        return self._version[0]
