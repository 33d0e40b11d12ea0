"""MLflow: registered models, aliases and what stands behind them, experiments and their runs."""

from mlvitals.core.exporter import ExporterType
from mlvitals.core.metric import declared
from mlvitals.mlflow import metrics
from mlvitals.mlflow.config import MlflowSettings

EXPORTER = ExporterType("MLflow", MlflowSettings, tuple(declared(metrics)), lambda settings: ())
