"""MLflow: registered models, aliases and what stands behind them, experiments and their runs."""

from __future__ import annotations

from collections.abc import Sequence

from mlvitals.core.collector import Collector
from mlvitals.core.exporter import ExporterType
from mlvitals.core.metric import declared
from mlvitals.mlflow import metrics
from mlvitals.mlflow.collector import MlflowCollector
from mlvitals.mlflow.config import MlflowSettings
from mlvitals.mlflow.experiments import ExperimentCollector
from mlvitals.mlflow.totals import RunTotals


def _build(settings: MlflowSettings) -> Sequence[Collector]:
    return (MlflowCollector(settings), ExperimentCollector(settings), RunTotals(settings))


EXPORTER = ExporterType(
    summary="MLflow's model registry, aliases and their metrics, experiments and runs",
    settings=MlflowSettings,
    metrics=tuple(declared(metrics)),
    build=_build,
)
