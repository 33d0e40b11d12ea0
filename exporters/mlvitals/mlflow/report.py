"""Turns what was read into samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mlvitals.core.objectives import ByPattern
from mlvitals.core.patterns import matches
from mlvitals.core.report import Report
from mlvitals.core.selection import MAX_LABEL, Selection, select
from mlvitals.mlflow import metrics
from mlvitals.mlflow.answers import Alias, Experiment, ModelVersion, RegisteredModel
from mlvitals.mlflow.config import MlflowSettings
from mlvitals.mlflow.objectives import Objectives
from mlvitals.mlflow.runs import ENDED, ExperimentRuns, LastRuns
from mlvitals.mlflow.served import ServedRuns
from mlvitals.mlflow.versions import VersionCache


def seconds(millis: int | None) -> float | None:
    """A point in time of MLflow's as Unix time; its 0 means that there is none."""
    return millis / 1000 if millis and millis > 0 else None


@dataclass(frozen=True, slots=True)
class ModelReporter:
    """Writes what is known of registered models."""

    settings: MlflowSettings
    objectives: Objectives
    versions: VersionCache
    served: ServedRuns

    def write(self, models: Selection[RegisteredModel], report: Report) -> None:
        """All models that are shown."""
        report.add(metrics.MODELS, models.matched)
        report.drop(metrics.MODEL_VERSIONS, models.dropped)
        for model in models.shown.values():
            self._model(model, report)
            self._tags(model, report)
            for alias in model.aliases:
                self._alias(model, alias, report)
        aliases = [(model.name, alias.alias) for model in models.shown.values() for alias in model.aliases]
        self.objectives.new_version_within.count([(name,) for name in models.shown], metrics.OBJECTIVE_MATCHES, report)
        self.objectives.bounds.count(aliases, metrics.OBJECTIVE_MATCHES, report)

    def _model(self, model: RegisteredModel, report: Report) -> None:
        name = model.name
        report.add(metrics.MODEL_CREATED, seconds(model.creation_timestamp), model=name)
        report.add(metrics.MODEL_LAST_UPDATED, seconds(model.last_updated_timestamp), model=name)
        report.add(metrics.MODEL_VERSIONS, self.versions.count(model), model=name)
        report.add(metrics.MODEL_NEW_VERSION_OBJECTIVE, self.objectives.new_version_within.of(name), model=name)
        latest = max(model.latest_versions, key=lambda version: version.version, default=None)
        if latest:
            report.add(metrics.MODEL_LATEST_VERSION, latest.version, model=name)
            report.add(metrics.MODEL_LATEST_VERSION_CREATED, seconds(latest.creation_timestamp), model=name)
        for stage, version in _by_stage(model.latest_versions).items():
            report.add(metrics.MODEL_STAGE_VERSION, version, model=name, stage=stage)

    def _tags(self, model: RegisteredModel, report: Report) -> None:
        chosen = sorted((tag for tag in model.tags if matches(tag.key, self.settings.tags)), key=lambda tag: tag.key)
        fit = [tag for tag in chosen if len(tag.value) <= MAX_LABEL]
        report.drop(metrics.MODEL_TAG_INFO, Counter(too_long=len(chosen) - len(fit)))
        selection = select(fit, lambda tag: tag.key, self.settings.max_tags)
        report.drop(metrics.MODEL_TAG_INFO, selection.dropped)
        for key, tag in selection.shown.items():
            report.add(metrics.MODEL_TAG_INFO, 1, model=model.name, key=key, value=tag.value)

    def _alias(self, model: RegisteredModel, alias: Alias, report: Report) -> None:
        labels = {"model": model.name, "alias": alias.alias}
        report.add(metrics.MODEL_ALIAS_VERSION, alias.version, **labels)
        for bound in self.objectives.bounds.of(model.name, alias.alias) or ():
            report.add(
                metrics.MODEL_ALIAS_METRIC_OBJECTIVE,
                bound.value,
                metric=bound.metric,
                operator=bound.operator,
                **labels,
            )
        version = self.versions.named(model, alias.version)
        if version is None:
            return
        report.add(metrics.MODEL_ALIAS_VERSION_CREATED, seconds(version.creation_timestamp), **labels)
        run = self.served.metrics(version.run_id)
        if run is None:
            return
        report.drop(metrics.MODEL_ALIAS_METRIC, run.dropped)
        for name, value in run.values.items():
            report.add(metrics.MODEL_ALIAS_METRIC, value, metric=name, **labels)


def write_experiments(
    experiments: Selection[Experiment],
    runs: Mapping[str, ExperimentRuns],
    stuck_after: ByPattern[float],
    report: Report,
) -> None:
    """All experiments that are shown."""
    report.add(metrics.EXPERIMENTS, experiments.matched)
    report.drop(metrics.EXPERIMENT_RUNNING_RUNS, experiments.dropped)
    for name, experiment in experiments.shown.items():
        report.add(metrics.EXPERIMENT_RUNNING_RUN_OBJECTIVE, stuck_after.of(name), experiment=name)
        _experiment(name, runs.get(experiment.experiment_id, ExperimentRuns()), report)
    stuck_after.count([(name,) for name in experiments.shown], metrics.OBJECTIVE_MATCHES, report)


def _experiment(name: str, runs: ExperimentRuns, report: Report) -> None:
    report.add(metrics.EXPERIMENT_RUNNING_RUNS, runs.running, experiment=name)
    report.add(metrics.EXPERIMENT_OLDEST_RUNNING_START, seconds(runs.oldest_start), experiment=name)
    if runs.recent is not None:
        for status in ENDED:
            report.add(metrics.EXPERIMENT_RECENT_RUNS, runs.recent[status], experiment=name, status=status)
    last = runs.last or LastRuns()
    report.add(
        metrics.EXPERIMENT_LAST_RUN_START, seconds(last.started.start_time if last.started else None), experiment=name
    )
    report.add(metrics.EXPERIMENT_LAST_RUN_END, seconds(last.ended.end_time if last.ended else None), experiment=name)
    report.add(metrics.EXPERIMENT_LAST_FINISHED_DURATION, last.duration, experiment=name)


def _by_stage(versions: Iterable[ModelVersion]) -> dict[str, int]:
    found: dict[str, int] = {}
    for version in versions:
        stage = version.current_stage
        if stage in metrics.STAGES:
            found[stage] = max(found.get(stage, 0), version.version)
    return found
