"""Every number that the exporter shows of a real MLflow is what MLflow's own client says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from math import isfinite
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType

from compose.mlflow import mlflow_server
from mlvitals.mlflow import EXPORTER, metrics
from mlvitals.mlflow.config import MlflowSettings
from tests.exporters.mlflow.scenario import DAY, Scenario, pages, settings
from tests.support.exposition import Samples, read, sample, samples

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scenario, MlflowSettings]]:
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as server:
        made = Scenario(server.url)
        made.populate()
        yield made, settings(server.url)


def _shown(configured: MlflowSettings) -> Samples:
    collectors = EXPORTER.build(configured)
    try:
        return samples(*(read(collector) for collector in collectors))
    finally:
        for collector in collectors:
            collector.close()


class Truth:
    """What MLflow's client says, as samples."""

    def __init__(self, scenario: Scenario) -> None:
        self.client: MlflowClient = scenario.client
        self.now = scenario.now
        self.samples: Samples = {}

    def all(self) -> Samples:
        self._models()
        self._experiments()
        self._matches()
        return self.samples

    def _add(self, metric: object, value: float | None, /, **labels: str) -> None:
        if value is not None:
            self.samples[sample(metric, **labels)] = value

    def _matches(self) -> None:
        """How many of the names that were added match the patterns of the scenario's objectives."""
        models = self._labels(metrics.MODEL_VERSIONS)
        aliases = [f"{one['model']}@{one['alias']}" for one in self._labels(metrics.MODEL_ALIAS_VERSION)]
        names = {
            "new_version_within": [one["model"] for one in models],
            "metrics": aliases,
            "stuck_after": [one["experiment"] for one in self._labels(metrics.EXPERIMENT_RUNNING_RUNS)],
        }
        patterns = [("new_version_within", "churn"), ("new_version_within", "*"), ("stuck_after", "train*")]
        patterns += [("metrics", f"{pattern}@champion") for pattern in ("churn", "chrun")] + [("metrics", "*@*")]
        for objective, pattern in patterns:
            count = sum(fnmatchcase(name, pattern) for name in names[objective])
            self._add(metrics.OBJECTIVE_MATCHES, count, objective=objective, pattern=pattern)

    def _labels(self, metric: object) -> list[dict[str, str]]:
        return [dict(labels) for name, labels in self.samples if name == str(metric)]

    def _models(self) -> None:
        models = [m for m in pages(self.client.search_registered_models) if not m.name.startswith("scratch-")]
        self._add(metrics.MODELS, len(models))
        for model in models:
            self._model(model)
            for alias in model.aliases:
                self._alias(model.name, alias)

    def _model(self, model: Any) -> None:
        name = model.name
        everything = pages(self.client.search_model_versions)
        versions = [version for version in everything if version.name == name]
        self._add(metrics.MODEL_CREATED, model.creation_timestamp / 1000, model=name)
        self._add(metrics.MODEL_LAST_UPDATED, model.last_updated_timestamp / 1000, model=name)
        self._add(metrics.MODEL_VERSIONS, len(versions), model=name)
        self._add(metrics.MODEL_NEW_VERSION_OBJECTIVE, 26 * 3600 if name == "churn" else 30 * 86400, model=name)
        for version in versions:
            stage = [other for other in versions if other.current_stage == version.current_stage]
            newest = max(int(other.version) for other in stage)
            self._add(metrics.MODEL_STAGE_VERSION, newest, model=name, stage=version.current_stage)
        if latest := max(versions, key=lambda version: int(version.version), default=None):
            self._add(metrics.MODEL_LATEST_VERSION, int(latest.version), model=name)
            self._add(metrics.MODEL_LATEST_VERSION_CREATED, latest.creation_timestamp / 1000, model=name)
        if owner := model.tags.get("owner"):
            self._add(metrics.MODEL_TAG_INFO, 1, model=name, key="owner", value=owner)

    def _alias(self, model: str, alias: str) -> None:
        version = self.client.get_model_version_by_alias(model, alias)
        labels = {"model": model, "alias": alias}
        self._add(metrics.MODEL_ALIAS_VERSION, int(version.version), **labels)
        self._add(metrics.MODEL_ALIAS_VERSION_CREATED, version.creation_timestamp / 1000, **labels)
        bounds = [("mse", "<", 0.9)]
        if labels == {"model": "churn", "alias": "champion"}:
            bounds = [("mse", "<", 0.5), ("mse", ">", 0), ("r2", ">=", 0.8)]
        for metric, operator, value in bounds:
            self._add(metrics.MODEL_ALIAS_METRIC_OBJECTIVE, value, metric=metric, operator=operator, **labels)
        if not version.run_id:
            return
        for name, value in self.client.get_run(version.run_id).data.metrics.items():
            wanted = name == "r2" or any(fnmatchcase(name, pattern) for pattern in ("m*", "odd/*"))
            if wanted and isfinite(value) and abs(value) < 1e308:
                self._add(metrics.MODEL_ALIAS_METRIC, value, metric=name, **labels)

    def _experiments(self) -> None:
        active = pages(self.client.search_experiments, view_type=ViewType.ACTIVE_ONLY)
        shown = [experiment for experiment in active if not experiment.name.startswith("scratch/")]
        self._add(metrics.EXPERIMENTS, len(shown))
        for experiment in shown:
            runs = pages(self.client.search_runs, experiment_ids=[experiment.experiment_id])
            self._experiment(experiment.name, [run.info for run in runs])

    def _experiment(self, name: str, runs: list[Any]) -> None:
        totals = Counter(run.status for run in runs)
        ended = [run for run in runs if run.end_time]
        recent = Counter(run.status for run in ended if run.end_time > self.now - DAY)
        running = [run for run in runs if run.status == "RUNNING"]
        finished = [run for run in ended if run.status == "FINISHED"]
        started = [run.start_time for run in runs if run.status != "SCHEDULED"]
        for status in ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"):
            self._add(metrics.EXPERIMENT_RUNS, totals[status], experiment=name, status=status)
        for status in ("FINISHED", "FAILED", "KILLED"):
            self._add(metrics.EXPERIMENT_RECENT_RUNS, recent[status], experiment=name, status=status)
        self._add(metrics.EXPERIMENT_RUNNING_RUNS, len(running), experiment=name)
        objective = 2 * 3600 if name == "training" else 6 * 3600
        self._add(metrics.EXPERIMENT_RUNNING_RUN_OBJECTIVE, objective, experiment=name)
        if running:
            oldest = min(run.start_time for run in running)
            self._add(metrics.EXPERIMENT_OLDEST_RUNNING_START, oldest / 1000, experiment=name)
        if started:
            self._add(metrics.EXPERIMENT_LAST_RUN_START, max(started) / 1000, experiment=name)
        if ended:
            self._add(metrics.EXPERIMENT_LAST_RUN_END, max(run.end_time for run in ended) / 1000, experiment=name)
        if finished:
            last = max(finished, key=lambda run: run.end_time)
            seconds = (last.end_time - last.start_time) / 1000
            self._add(metrics.EXPERIMENT_LAST_FINISHED_DURATION, seconds, experiment=name)


def test_every_number_is_what_mlflows_client_says(scenario: tuple[Scenario, MlflowSettings]) -> None:
    made, configured = scenario
    expected = Truth(made).all()
    expected[sample(metrics.SERVER_INFO, version=mlflow.__version__)] = 1
    assert _shown(configured) == expected
