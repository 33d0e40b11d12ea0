"""MLflow in the demo: a server, three models trained on data that scikit-learn ships, and a run that hangs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from compose.environment import CHECKOUT
from compose.mlflow import mlflow_server
from compose.processes import background
from compose.prometheus import Prometheus
from compose.system import Addresses, Expected, Finding, Settings, Started, Step, System

NAME = "mlflow"
MODELS = ("iris-species", "wine-cultivar", "diabetes-progression")
VERSIONS, CHAMPION, CHALLENGER = 3, 2, 3

STUCK_EXPERIMENT = "nightly-retraining"
STUCK_HOURS = 9
ALERT = "MlflowRunStuck"

EXPORTER, TEAM = "registry", "ml-platform"


@contextmanager
def _start(folder: Path, at: Addresses, step: Step) -> Iterator[Started]:
    with ExitStack() as running:
        with step("MLflow"):
            mlflow = running.enter_context(mlflow_server(folder, url=at.of(NAME)))
        training = [sys.executable, "-m", "compose.training"]
        trained = running.enter_context(background("training", training, folder, mlflow.client_env(), cwd=CHECKOUT))
        yield Started(
            addresses={"MLflow": mlflow.url},
            exporters=[_registry(mlflow.url)],
            alerts={ALERT: {"for": "1s"}},
            servers={NAME: mlflow.server},
            settle=lambda step: _finish(trained, step),
        )


def _registry(url: str) -> Settings:
    return {
        "name": EXPORTER,
        "type": "mlflow",
        "url": url,
        "interval": "5s",
        "labels": {"team": TEAM},
        "tags": ["team"],
        "objectives": [
            {"model": "diabetes-*", "metrics": ["mse < 4000"]},
            {"model": "*", "new_version_within": "26h", "metrics": ["accuracy > 0.5"]},
            {"experiment": STUCK_EXPERIMENT, "stuck_after": f"{STUCK_HOURS - 1}h"},
        ],
    }


def _finish(trained: Callable[[], None], step: Step) -> None:
    with step("models trained"):
        trained()


def _models(prometheus: Prometheus) -> Finding:
    """What was trained is in Prometheus."""
    champions = prometheus.query(f'mlflow_model_alias_version{{alias="champion"}} == {CHAMPION}')
    missing = sorted(set(MODELS) - {one["metric"]["model"] for one in champions})
    what = f"{len(MODELS)} models whose champion is version {CHAMPION}"
    return Finding(what, not missing, f"not seen: {', '.join(missing)}")


SYSTEM = System(
    start=_start,
    questions=(_models,),
    expected=(Expected(ALERT, {"exporter": EXPORTER, "team": TEAM, "experiment": STUCK_EXPERIMENT}),),
)
