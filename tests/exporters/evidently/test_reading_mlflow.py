"""The reference that a model was trained on, behind its alias on a real MLflow server."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests

from compose.mlflow import MlflowServer, mlflow_server
from mlvitals.core import mlflow_artifacts
from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.settings import HttpSettings
from mlvitals.evidently.config import EvidentlySettings
from mlvitals.evidently.reading import Listing, read, resolve
from tests.exporters.evidently.sides import parquet, settings
from tests.support.replay import Answer, Replay, Request, json_answer

AUTH = ("admin", "a long password")
API = "api/2.0/mlflow"


@dataclass
class Registry:
    """A server with models in it."""

    server: MlflowServer

    def call(self, method: str, path: str, body: Any) -> Any:
        answer = requests.request(method, f"{self.server.url}/{API}/{path}", json=body, auth=AUTH, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def run(self, root: str = "") -> tuple[str, str]:
        """A run in an experiment whose artifacts are at this root; its id and where they are."""
        experiment = "0"
        if root:
            made = self.call("POST", "experiments/create", {"name": root, "artifact_location": root})
            experiment = made["experiment_id"]
        info = self.call("POST", "runs/create", {"experiment_id": experiment})["run"]["info"]
        return info["run_id"], info["artifact_uri"]

    def put(self, uri: str, name: str, data: bytes) -> None:
        path = uri.removeprefix("mlflow-artifacts:").strip("/")
        url = f"{self.server.url}/api/2.0/mlflow-artifacts/artifacts/{path}/{name}"
        assert requests.put(url, data=data, auth=AUTH, timeout=30).status_code == 200

    def version(self, model: str, run: tuple[str, str] | None) -> str:
        """A new version of a model, made by a run or by nobody."""
        url = f"{self.server.url}/{API}/registered-models/create"
        requests.post(url, json={"name": model}, auth=AUTH, timeout=30)
        body = {"run_id": run[0], "source": f"{run[1]}/model"} if run else {"source": "s3://bucket/model"}
        return str(self.call("POST", "model-versions/create", {"name": model, **body})["model_version"]["version"])

    def alias(self, model: str, version: str) -> None:
        self.call("POST", "registered-models/alias", {"name": model, "alias": "champion", "version": version})


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with mlflow_server(tmp_path_factory.mktemp("mlflow"), AUTH) as server:
        yield Registry(server)


def bytes_of(values: list[int]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"x": values}), sink)
    return sink.getvalue()


def trained(url: str, reference: Any, auth: tuple[str, str] = AUTH, roots: Sequence[str] = ()) -> EvidentlySettings:
    """Settings of a data set with this reference, in the file of the MLflow exporter `registry`."""
    mlflow = HttpSettings.model_validate(
        {"name": "registry", "type": "mlflow", "url": url, "auth": {"username": auth[0], "password": auth[1]}}
    )
    return settings({"artifact_roots": roots}, reference=reference).bound({"registry": mlflow})


def look(made: EvidentlySettings) -> Listing:
    return resolve("reference", made.datasets[0], made, Deadline(60))


def rows(made: EvidentlySettings, listing: Listing) -> list[Any]:
    table = read(listing, made.datasets[0], Deadline(60), lambda _: None).table
    return table["x"].to_pylist() if table.num_columns else []


@pytest.mark.live
def test_moving_the_alias_moves_the_reference(registry: Registry) -> None:
    versions = []
    for values in ([1, 2], [3, 4, 5]):
        run_id, uri = registry.run()
        assert uri.startswith("mlflow-artifacts:")
        registry.put(uri, "data/reference 1.parquet", bytes_of(values))
        versions.append(registry.version("churn", (run_id, uri)))
    made = trained(registry.server.url, "mlflow:registry/churn@champion/data/reference 1.parquet")

    registry.alias("churn", versions[0])
    first = look(made)
    assert (first.model_version, first.location) == (1, "mlflow:registry/churn@champion/data/reference 1.parquet")
    assert (first.size, len(first.files)) == (len(bytes_of([1, 2])), 1)
    again = look(made)
    assert again.identity == first.identity
    again.store.close()
    assert rows(made, first) == [1, 2]

    registry.alias("churn", versions[1])
    second = look(made)
    assert second.model_version == 2
    assert second.identity != first.identity
    assert second.modified is not None and first.modified is not None
    assert second.modified > first.modified
    assert rows(made, second) == [3, 4, 5]


@pytest.mark.live
def test_folders_and_globs_of_artifacts(registry: Registry) -> None:
    run_id, uri = registry.run()
    for index in range(3):
        registry.put(uri, f"train/part-{index}.parquet", bytes_of([index]))
    registry.put(uri, "train/_SUCCESS", b"")
    registry.put(uri, "notes.txt", b"")
    registry.alias("parts", registry.version("parts", (run_id, uri)))
    for artifact in ("train/", "train/part-*.parquet", "*/part-[012].parquet"):
        made = trained(registry.server.url, f"mlflow:registry/parts@champion/{artifact}")
        assert rows(made, look(made)) == [0, 1, 2]


@pytest.mark.live
def test_artifacts_that_clients_read_themselves(registry: Registry, tmp_path: Path) -> None:
    run_id, uri = registry.run((tmp_path / "my [runs]").as_uri())
    assert uri.startswith("file:")
    parquet(tmp_path / "my [runs]" / run_id / "artifacts/reference.parquet", {"x": [7]})
    registry.alias("local", registry.version("local", (run_id, uri)))
    made = trained(registry.server.url, "mlflow:registry/local@champion/reference.parquet", roots=[str(tmp_path)])
    listing = look(made)
    assert listing.model_version == 1
    assert rows(made, listing) == [7]


@pytest.mark.live
@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("nobody@champion/x.parquet", "nobody"),
        ("bare@nobody/x.parquet", "alias nobody"),
        ("bare@champion/x.parquet", "was not made by a run"),
        ("empty@champion/x.parquet", "there is no x.parquet of the artifacts of run"),
        ("empty@champion/*.parquet", "nothing matches"),
        ("empty@champion/../x.parquet", "there is no ../x.parquet"),
    ],
)
def test_nothing_is_behind_the_alias(registry: Registry, location: str, expected: str) -> None:
    registry.alias("bare", registry.version("bare", None))
    registry.alias("empty", registry.version("empty", registry.run()))
    with pytest.raises(UpstreamError, match=f"(?i){expected}") as caught:
        look(trained(registry.server.url, f"mlflow:registry/{location}"))
    assert caught.value.reason in (("empty",) if "*" in location else ("http", "connect"))


@pytest.mark.live
def test_a_wrong_password(registry: Registry) -> None:
    made = trained(registry.server.url, "mlflow:registry/churn@champion/x.parquet", ("admin", "a wrong password"))
    with pytest.raises(UpstreamError) as caught:
        look(made)
    assert caught.value.reason == "auth"


def fake(root: str, data: bytes, size: int) -> Any:
    """A server whose alias leads to an artifact of this size at this root."""

    def respond(request: Request) -> Answer:
        if request.path.endswith("registered-models/alias"):
            version = {"version": "3", "run_id": "abc", "creation_timestamp": 5000}
            return json_answer({"model_version": version})
        if request.path.endswith("runs/get"):
            return json_answer({"run": {"info": {"artifact_uri": root}}})
        if request.path.endswith("artifacts/list"):
            return json_answer({"files": [{"path": "x.parquet", "is_dir": False, "file_size": size}]})
        return Answer(200, data)

    return respond


REFERENCE = "mlflow:registry/churn@champion/x.parquet"


def test_a_download_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytes_of(list(range(100)))
    monkeypatch.setattr(mlflow_artifacts, "MAX_DOWNLOAD", len(data) - 1)
    with Replay(fake("mlflow-artifacts:/0/abc/artifacts", data, len(data))) as server:
        made = trained(server.url, REFERENCE)
        listing = look(made)
        with pytest.raises(UpstreamError) as caught:
            rows(made, listing)
    assert caught.value.reason == "limit"


@pytest.mark.parametrize("size", [10, 10_000])
def test_a_download_of_another_size(size: int) -> None:
    with Replay(fake("mlflow-artifacts:/0/abc/artifacts", bytes_of([1]), size)) as server:
        made = trained(server.url, REFERENCE)
        listing = look(made)
        with pytest.raises(UpstreamError, match="changed while it was read, or came incomplete"):
            rows(made, listing)


def test_an_artifact_is_downloaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytes_of([1])
    with Replay(fake("mlflow-artifacts:/0/abc/artifacts", data, len(data))) as server:
        made = trained(server.url, REFERENCE)
        assert rows(made, look(made)) == [1]
        downloads = [each for each in server.requests if "/mlflow-artifacts/" in each.path]
    assert [each.path for each in downloads] == ["/api/2.0/mlflow-artifacts/artifacts/0/abc/artifacts/x.parquet"]
    assert "Authorization" in downloads[0].headers


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ("gs://bucket/x", "artifacts at gs"),
        ("./mlruns/0", "artifacts at a relative path"),
        ("http://169.254.169.254/x", "artifacts at http"),
        ("s3://key:secret@bucket/x", "credentials do not belong"),
        ("", "artifacts at a relative path"),
    ],
)
def test_roots_that_cannot_be_read(root: str, expected: str) -> None:
    with Replay(fake(root, b"", 0)) as server, pytest.raises(UpstreamError, match=expected) as caught:
        look(trained(server.url, REFERENCE, roots=["s3://key:secret@bucket"]))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "root",
    [
        "/etc/private",
        "file:///srv/mlflow-not",
        "file:///srv/mlflow/../../etc",
        "/srv/mlflow/%2e%2e/private",
        "webhdfs://evil:80/x",
        "hdfs://evil:8020/x",
        "s3://bucket/x",
    ],
)
def test_no_place_is_opened_because_a_run_names_it(root: str) -> None:
    with Replay(fake(root, b"", 0)) as server, pytest.raises(UpstreamError, match="unless artifact_roots") as caught:
        look(trained(server.url, REFERENCE, roots=["/srv/mlflow", "s3://bucket/mlflow"]))
    assert caught.value.reason == "auth"


def test_a_registry_that_is_not_in_the_file() -> None:
    made = settings(reference="mlflow:elsewhere/churn@champion/x.parquet")
    with pytest.raises(UpstreamError, match="names no MLflow exporter"):
        look(made)
