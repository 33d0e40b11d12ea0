"""MLflow in the demo: a server, three models trained on data that scikit-learn ships, and a run that hangs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from compose.environment import CHECKOUT
from compose.mlflow import MlflowServer, mlflow_server
from compose.processes import ServerError, tail, wait_for
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
        training = running.enter_context(_training(mlflow, folder))
        yield Started(
            addresses={"MLflow": mlflow.url},
            exporters=[_registry(mlflow.url)],
            alerts={ALERT: {"for": "1s"}},
            servers={NAME: mlflow.server},
            settle=lambda step: _finish(training, folder, step),
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
        ],
    }


@contextmanager
def _training(mlflow: MlflowServer, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "training.log").open("wb") as log:
        training = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "compose.training"],
            cwd=CHECKOUT,
            env=mlflow.client_env(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield training
    finally:
        training.kill()
        training.wait()


def _finish(training: subprocess.Popen[bytes], folder: Path, step: Step) -> None:
    with step("models trained"):
        if not wait_for(lambda: training.poll() is not None, 180) or training.returncode:
            raise ServerError(f"training the models failed\n{tail(folder / 'training.log')}")


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
