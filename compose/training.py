"""What an ML team would run: three small models, trained on data that scikit-learn ships, logged to MLflow.

    MLFLOW_TRACKING_URI=http://127.0.0.1:5000 python -m compose.training

First one run fails and one is left RUNNING that began hours ago. Then each model gets three versions; `champion` names
the second, `challenger` the third.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mlflow
import sklearn
from mlflow import MlflowClient
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, f1_score, mean_squared_error, r2_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

from compose.systems.mlflow import CHALLENGER, CHAMPION, MODELS, STUCK_EXPERIMENT, STUCK_HOURS


@dataclass(frozen=True)
class Task:
    """One model: its data, its candidates in the order of their versions, how they are judged."""

    model: str
    team: str
    data: Callable[..., Any]
    candidates: tuple[Any, ...]
    scores: dict[str, Callable[[Any, Any], float]]


def _f1(truth: Any, guess: Any) -> float:
    return float(f1_score(truth, guess, average="macro"))


TASKS = (
    Task(
        MODELS[0],
        "botany",
        load_iris,
        tuple(LogisticRegression(C=c, max_iter=1000) for c in (0.01, 1, 10)),
        {"accuracy": accuracy_score, "f1": _f1},
    ),
    Task(
        MODELS[1],
        "cellar",
        load_wine,
        tuple(KNeighborsClassifier(n, algorithm="brute") for n in (60, 25, 1)),
        {"accuracy": accuracy_score, "f1": _f1},
    ),
    Task(
        MODELS[2],
        "clinic",
        load_diabetes,
        tuple(Ridge(alpha=alpha) for alpha in (10, 1, 0.1)),
        {"mse": mean_squared_error, "r2": r2_score},
    ),
)


def train(client: MlflowClient, task: Task) -> None:
    """Train and register every candidate of the task, each in a run of the task's experiment."""
    mlflow.set_experiment(task.model)
    parts = train_test_split(*task.data(return_X_y=True), test_size=0.3, random_state=7)
    for candidate in task.candidates:
        with mlflow.start_run():
            _log(task, candidate, *parts)
    client.set_registered_model_tag(task.model, "team", task.team)
    client.set_registered_model_alias(task.model, "champion", str(CHAMPION))
    client.set_registered_model_alias(task.model, "challenger", str(CHALLENGER))


def _log(task: Task, candidate: Any, inputs: Any, tests: Any, targets: Any, truth: Any) -> None:
    candidate.fit(inputs, targets)
    guess = candidate.predict(tests)
    mlflow.log_params(candidate.get_params())
    mlflow.log_metrics({name: float(score(truth, guess)) for name, score in task.scores.items()})
    # Named requirements: else MLflow loads the model in a new process to find them, some seconds each.
    requirements = [f"scikit-learn=={sklearn.__version__}"]
    mlflow.sklearn.log_model(
        candidate, name="model", registered_model_name=task.model, pip_requirements=requirements, input_example=None
    )


def leave_behind(client: MlflowClient) -> None:
    """One failed run, and one that has been RUNNING for STUCK_HOURS."""
    experiment = client.create_experiment(STUCK_EXPERIMENT)
    now = time.time()
    failed = client.create_run(experiment, start_time=int((now - 1800) * 1000))
    client.set_terminated(failed.info.run_id, "FAILED", end_time=int((now - 1700) * 1000))
    client.create_run(experiment, start_time=int((now - STUCK_HOURS * 3600) * 1000), run_name="left-running")


def main() -> None:
    """Do all of it against the server that MLFLOW_TRACKING_URI names."""
    warnings.simplefilter("ignore")
    client = MlflowClient()
    leave_behind(client)
    for task in TASKS:
        train(client, task)
        print(f"trained {task.model}: {len(task.candidates)} versions", flush=True)


if __name__ == "__main__":
    main()
