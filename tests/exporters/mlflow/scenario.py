"""A small MLflow that has one of everything, made through MLflow's own client."""

from __future__ import annotations

import time
import warnings
from typing import Any

from mlvitals.mlflow.config import MlflowSettings

HOUR = 3_600_000
DAY = 24 * HOUR
QUOTES = 'it\'s "quoted"\nin two lines'


def settings(url: str, **changes: object) -> MlflowSettings:
    """A configuration under which every metric has a sample."""
    return MlflowSettings.model_validate(
        {
            "name": "registry",
            "type": "mlflow",
            "url": url,
            "models": {"exclude": ["scratch-*"]},
            "experiments": {"exclude": ["scratch/*"]},
            "tags": ["owner", "notes"],
            "metrics": ["m*", "odd/*"],
            "objectives": [
                {"model": "churn", "new_version_within": "26h", "metrics": ["mse < 0.5", "mse > 0", "r2 >= 0.8"]},
                {"model": "*", "new_version_within": "30d", "alias": "*", "metrics": ["mse < 0.9"]},
                {"model": "chrun", "metrics": ["mse < 0.1"]},
                {"experiment": "train*", "stuck_after": "2h"},
            ],
            **changes,
        }
    )


class Scenario:
    """Writes to a server. Times are Unix time in ms; `now` is the time of its making."""

    def __init__(self, url: str) -> None:
        from mlflow import MlflowClient  # not needed to replay what was recorded

        self.client = MlflowClient(tracking_uri=url, registry_uri=url)
        self.now = int(time.time() * 1000)

    def populate(self) -> None:
        """Make everything."""
        self._experiments()
        self._models()

    def run(self, experiment: str, status: str, start: int, end: int | None = None, **metrics: float) -> str:
        """A run with its last metric values; `start` and `end` are ms before now."""
        created = self.client.create_run(experiment, start_time=self.now - start)
        run_id = str(created.info.run_id)
        for name, value in metrics.items():
            self.client.log_metric(run_id, name.replace("__", "/"), value)
        if end is not None:
            self.client.set_terminated(run_id, status, end_time=self.now - end)
        elif status != "RUNNING":
            self.client.update_run(run_id, status)
        return run_id

    def version(self, model: str, run_id: str | None = None) -> str:
        """A new version of a model."""
        made = self.client.create_model_version(model, "s3://bucket/model", run_id=run_id, await_creation_for=0)
        return str(made.version)

    def stage(self, model: str, version: str, stage: str) -> None:
        """Put a version in a stage, which MLflow calls deprecated."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            self.client.transition_model_version_stage(model, version, stage)

    def _experiments(self) -> None:
        create = self.client.create_experiment
        self.training, idle, self.deleted = create("training"), create("idle"), create("deleted")
        scratch = create("scratch/ann")
        create("empty")
        self.best = self.run(
            self.training, "FINISHED", 3 * HOUR, 2 * HOUR, mse=0.25, r2=0.9, mape=float("nan"), max_error=float("inf")
        )
        self.second = self.run(self.training, "FINISHED", HOUR, HOUR // 2, mse=0.75, odd__metric=-1.5, accuracy=1.0)
        self.run(self.training, "FAILED", 2 * HOUR, HOUR // 3)
        self.run(self.training, "KILLED", 2 * HOUR, HOUR // 4)
        self.run(self.training, "RUNNING", 5 * HOUR)
        self.run(self.training, "RUNNING", HOUR // 5)
        self.run(self.training, "SCHEDULED", HOUR // 6)
        self.client.delete_run(self.run(self.training, "FAILED", 2 * HOUR, HOUR // 7))
        self.run(idle, "FINISHED", 9 * DAY, 8 * DAY)
        self.run(idle, "FAILED", 7 * DAY, 6 * DAY)
        self.run(scratch, "FAILED", HOUR, HOUR // 2)
        self.lost = self.run(self.deleted, "FINISHED", 2 * HOUR, HOUR, mse=0.1)
        self.client.delete_experiment(self.deleted)

    def _models(self) -> None:
        client = self.client
        client.create_registered_model("churn", tags={"owner": "team-a", "notes": "x" * 300, "private": "no"})
        for run_id in (self.best, self.best, self.second, self.second):
            self.version("churn", run_id)
        client.set_registered_model_alias("churn", "champion", "2")
        client.set_registered_model_alias("churn", "challenger", "3")
        client.set_registered_model_alias("churn", "oldest", "1")
        self.stage("churn", "2", "Production")
        client.delete_model_version("churn", "1")
        client.create_registered_model(QUOTES, tags={"owner": 'é "\\\n'})
        client.set_registered_model_alias(QUOTES, "champion", self.version(QUOTES, self.second))
        client.create_registered_model("from-deleted-experiment")
        client.set_registered_model_alias(
            "from-deleted-experiment", "champion", self.version("from-deleted-experiment", self.lost)
        )
        client.create_registered_model("without-run")
        client.set_registered_model_alias("without-run", "champion", self.version("without-run"))
        client.create_registered_model("without-version")
        client.create_registered_model("scratch-model")
        client.register_prompt("a-prompt", "Answer {{question}}")


def pages(call: Any, **arguments: Any) -> list[Any]:
    """Everything that a paged call of MLflow's client lists."""
    found, token = [], None
    while True:
        page = call(**arguments, page_token=token)
        found += page
        token = page.token
        if not token:
            return found
