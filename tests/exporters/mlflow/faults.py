"""How the MLflow exporter meets faults."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

from tests.exporters.mlflow.fake import FakeMlflow, Json
from tests.support.faults import DEADLINE, INTERVAL, Subject
from tests.support.replay import Answer, always

_NOW = int(time.time())
_YEARS = 20 * 365 * 86400


class _Mlflow(FakeMlflow):
    """One of everything. What the run `served` has logged stands behind the alias: it is read again when it is new."""

    def __init__(self, loss: object, ahead: int = 0, served: str = "r1") -> None:
        super().__init__()
        now = (_NOW + ahead) * 1000
        self.headers = {"Date": formatdate(_NOW + ahead, usegmt=True)}
        self.experiment("1", "train")
        self.run(served, "1", "FINISHED", now - 60_000, now - 1_000)
        self.run("r2", "1", "RUNNING", now - 30_000)
        self.model("churn", 2, updated=now + len(served), champion="2")
        for version in self.versions:
            version |= {"run_id": served, "creation_timestamp": now}
        self._metrics = [{"key": "loss", "value": loss}, {"key": "auc", "value": 0.9}]

    def _search(self, what: str, ask: Json) -> Json:
        page = super()._search(what, ask)
        runs = [{**run, "data": {"metrics": self._metrics}} for run in page.get("runs", ())]
        return {**page, "runs": runs} if runs else page


def _settings(url: str) -> Mapping[str, Any]:
    return {"url": url, "baseline_interval": f"{INTERVAL}s", "baseline_deadline": f"{DEADLINE}s"}


SUBJECT = Subject(
    settings=_settings,
    well=lambda: _Mlflow(0.1),
    shows=("mlflow_models", "mlflow_model_alias_metric", "mlflow_experiment_recent_runs", "mlflow_experiment_runs"),
    empty={"mlflow_models": 0, "mlflow_experiments": 0},
    nan=lambda: _Mlflow("NaN", served="of-nan"),
    nan_counted=("mlflow_model_alias_metric", "not_finite"),
    ahead=lambda: _Mlflow(0.1, _YEARS),
    also={
        "allowed hosts": (
            always(Answer(403, b"Invalid Host header - possible DNS rebinding attack detected")),
            "http",
        ),
    },
)
