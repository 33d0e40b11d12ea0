"""Data sets in the demo: what the pipeline's model was trained on, against what it is asked; it drifts."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from compose.environment import CHECKOUT
from compose.processes import background
from compose.prometheus import Prometheus
from compose.system import Addresses, Expected, Finding, Settings, Started, Step, System
from compose.systems import hdfs
from compose.systems.airflow import MODELS
from compose.systems.mlflow import EXPORTER as REGISTRY

EXPORTER, TEAM = "data", "ml-platform"
DRIFTING, PREPARED = "digits-incoming", "digits-prepared"
ALERT = "EvidentlyDatasetDrifted"
INCOMING = "incoming"


@contextmanager
def _start(folder: Path, at: Addresses, step: Step) -> Iterator[Started]:
    arriving = [sys.executable, "-m", "compose.incoming", str(folder / INCOMING)]
    with ExitStack() as running:
        arrived = running.enter_context(background("incoming-data", arriving, folder, os.environ, cwd=CHECKOUT))
        yield Started(
            addresses={},
            exporters=[_exporter(folder, at)],
            alerts={ALERT: {"for": "1s"}},
            servers={},
            settle=lambda step: _finish(arrived, step),
        )


def _exporter(folder: Path, at: Addresses) -> Settings:
    trained_on = f"mlflow:{REGISTRY}/{MODELS[0]}@champion/reference.parquet"
    return {
        "name": EXPORTER,
        "type": "evidently",
        "interval": "15s",
        "deadline": "2m",
        "labels": {"team": TEAM},
        "hdfs_user": hdfs.READER,
        "datasets": [
            {
                "name": DRIFTING,
                "reference": trained_on,
                "current": {"path": f"{folder / INCOMING}/dt=*/", "newest": 1, "settle": "1s"},
                "objectives": {"fresh_within": "26h", "min_rows": 100},
            },
            {
                "name": PREPARED,
                "reference": trained_on,
                "current": {
                    "path": f"{hdfs.data_url(at)}/{MODELS[0]}/*/test.parquet",
                    "newest": 1,
                    "settle": "1s",
                },
                "columns": {"exclude": ["target"]},
            },
        ],
    }


def _finish(arrived: Callable[[], None], step: Step) -> None:
    with step("data to watch"):
        arrived()


def _scored(prometheus: Prometheus) -> Finding:
    """The data sets are in Prometheus, each compared with what the model was trained on."""
    seen = {one["metric"]["dataset"] for one in prometheus.query("evidently_dataset_drifted")}
    missing = sorted({DRIFTING, PREPARED} - seen)
    what = f"{DRIFTING} and {PREPARED} are compared with what the champion was trained on"
    return Finding(what, not missing, f"not seen: {', '.join(missing)}")


def _steady(prometheus: Prometheus) -> Finding:
    """What has not changed is not said to."""
    seen = prometheus.query(f'evidently_dataset_drifted{{dataset="{PREPARED}"}}')
    drifted = [one["value"][1] for one in seen]
    return Finding(f"{PREPARED} has not drifted", drifted == ["0"], f"seen: {drifted}")


SYSTEM = System(
    start=_start,
    questions=(_scored, _steady),
    expected=(Expected(ALERT, {"exporter": EXPORTER, "team": TEAM, "dataset": DRIFTING}),),
)
