"""Trains a model and saves in MLflow what is needed to judge it, to find its origin and to serve it."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import sklearn
from mlflow import MlflowClient
from mlflow.data.pandas_dataset import from_pandas
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.neighbors import KNeighborsClassifier

from pipeline import data

with warnings.catch_warnings():
    # MLflow saves the models with skops. That asks each loaded module for names, and Airflow's warn of old ones.
    warnings.simplefilter("ignore")
    import skops.io  # noqa: F401

KINDS: dict[str, Any] = {
    "digits-logistic": LogisticRegression(max_iter=1000),
    "digits-knn": KNeighborsClassifier(n_neighbors=5, algorithm="brute"),
}
ALIAS, METRIC = "champion", "accuracy"
REFERENCE = "reference.parquet"


def train(model_name: str, folder: str, tags: Mapping[str, str]) -> str:
    """Train the model on the data in the folder (a URL), and register it; the new version.

    `tags` say for whom it is done. MLflow shows the run as FAILED when this raises.
    """
    model = sklearn.base.clone(KINDS[model_name])
    rows = {name: data.read(folder, name) for name in ("train", "test")}
    mlflow.set_experiment(model_name)
    with mlflow.start_run(tags={**tags, "data_url": folder}):
        for name, context in (("train", "training"), ("test", "evaluation")):
            mlflow.log_input(_reference(rows[name], data.file_url(folder, name), name), context)
        mlflow.log_params(model.get_params())
        inputs, target = data.split_off_target(rows["train"])
        log_reference(inputs)
        model.fit(inputs, target)
        scores = evaluate(model, rows["test"])
        mlflow.log_metrics(scores)
        version = _register(model, model_name, inputs)
    promote(model_name, version, scores[METRIC])
    return version


def evaluate(model: Any, test: pd.DataFrame) -> dict[str, float]:
    """Metrics of the model on rows that it has not seen."""
    inputs, truth = data.split_off_target(test)
    guess = model.predict(inputs)
    return {"accuracy": accuracy_score(truth, guess), "f1_macro": f1_score(truth, guess, average="macro")}


def log_reference(inputs: pd.DataFrame) -> None:
    """Save what the model is trained on as an artifact of its run: what it is asked later is held against it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / REFERENCE
        inputs.to_parquet(file, index=False)
        mlflow.log_artifact(str(file))


def promote(model_name: str, version: str, score: float) -> None:
    """Let `champion` name this version, unless the one that it names now is better."""
    client = MlflowClient()
    named = client.get_registered_model(model_name).aliases.get(ALIAS)
    champion = client.get_model_version(model_name, named).run_id if named else None
    if champion is None or client.get_run(champion).data.metrics.get(METRIC, 0.0) <= score:
        client.set_registered_model_alias(model_name, ALIAS, version)


def _reference(rows: pd.DataFrame, url: str, name: str) -> Any:
    """Where the rows are, their schema, their number and a digest: not the rows."""
    return from_pandas(rows, source=data.web_url(url), targets=data.TARGET, name=name)


def _register(model: Any, model_name: str, inputs: pd.DataFrame) -> str:
    logged = mlflow.sklearn.log_model(
        model,
        name="model",
        registered_model_name=model_name,
        signature=infer_signature(inputs, model.predict(inputs)),
        # Named requirements: else MLflow loads the model in a process of its own to find them.
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
    return str(logged.registered_model_version)
