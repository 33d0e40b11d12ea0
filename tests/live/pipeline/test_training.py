"""What a run of the reference pipeline leaves in a real MLflow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.data.dataset_source_registry import resolve_dataset_source
from sklearn.linear_model import LogisticRegression

from compose.mlflow import mlflow_server
from pipeline import data, training
from pipeline.run import MODELS, raw_url

# MLflow's own code gives them.
WARNINGS = ("ignore::UserWarning", "ignore::pandas.errors.Pandas4Warning")
pytestmark = [pytest.mark.live, *map(pytest.mark.filterwarnings, WARNINGS)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of prepared data."""
    base = tmp_path_factory.mktemp("data").as_uri()
    data.deliver(base)
    data.prepare(raw_url(base), f"{base}/run")
    return f"{base}/run"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowClient]:
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        mlflow.set_tracking_uri(server.url)
        yield MlflowClient()
        mlflow.set_tracking_uri("")


WEB_HDFS = "nn1:9870/webhdfs/v1/data/run/train.parquet?op=OPEN"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("s3://lake/run/train.parquet", "s3://lake/run/train.parquet"),
        ("webhdfs://nn1:9870/data/run/train.parquet", f"http://{WEB_HDFS}"),
        ("swebhdfs://air%20flow@nn1:9870/data/run/train.parquet", f"https://{WEB_HDFS}&user.name=air+flow"),
    ],
)
def test_mlflow_knows_where_the_data_are(url: str, kept: str) -> None:
    assert list(resolve_dataset_source(data.web_url(url)).to_dict().values()) == [kept]


def _champion(client: MlflowClient, model_name: str) -> Any:
    return client.get_model_version_by_alias(model_name, training.ALIAS)


def test_every_model_of_the_pipeline_has_a_kind() -> None:
    assert set(training.KINDS) == set(MODELS)


@pytest.mark.parametrize("model_name", MODELS)
def test_what_is_needed_to_judge_the_model_and_to_find_its_origin_is_saved(
    model_name: str, client: MlflowClient, folder: str
) -> None:
    version = training.train(model_name, folder, {"airflow.dag_id": "mlflow_training"})
    champion = _champion(client, model_name)
    assert champion.version == version
    run = client.get_run(champion.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params == {name: str(value) for name, value in training.KINDS[model_name].get_params().items()}
    assert run.data.metrics.keys() == {"accuracy", "f1_macro"}
    assert run.data.metrics["accuracy"] > 0.9
    assert {"airflow.dag_id": "mlflow_training", "data_url": folder}.items() <= run.data.tags.items()
    assert run.inputs
    inputs = {each.tags[0].value: each.dataset for each in run.inputs.dataset_inputs}
    assert folder in inputs["training"].source
    assert inputs["training"].digest != inputs["evaluation"].digest
    reference = mlflow.artifacts.download_artifacts(run_id=champion.run_id, artifact_path=training.REFERENCE)
    trained_on, _ = data.split_off_target(data.read(folder, "train"))
    assert pd.read_parquet(reference).equals(trained_on)


def test_the_champion_can_be_loaded_and_answers(client: MlflowClient, folder: str) -> None:
    training.train("digits-knn", folder, {})
    model = mlflow.pyfunc.load_model(f"models:/digits-knn@{training.ALIAS}")
    inputs, truth = data.split_off_target(data.read(folder, "test"))
    assert (model.predict(inputs) == truth).mean() > 0.9


def test_the_alias_moves_unless_the_version_that_it_names_is_better(client: MlflowClient, folder: str) -> None:
    training.train("digits-knn", folder, {})
    second = training.train("digits-knn", folder, {})
    assert _champion(client, "digits-knn").version == second
    training.promote("digits-knn", "1", score=0.1)
    assert _champion(client, "digits-knn").version == second


def test_a_run_that_fails_is_shown_as_failed(
    client: MlflowClient, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(training.KINDS, "broken", LogisticRegression(max_iter=-1))
    with pytest.raises(ValueError, match="max_iter"):
        training.train("broken", folder, {})
    experiment = client.get_experiment_by_name("broken")
    assert experiment
    runs = client.search_runs([experiment.experiment_id])
    assert [run.info.status for run in runs] == ["FAILED"]
