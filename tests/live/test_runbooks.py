"""The commands that runbooks tell people to type, typed at a real MLflow."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from compose.mlflow import MlflowServer, mlflow_server
from mlvitals import assets

pytestmark = pytest.mark.live


def commands() -> list[tuple[str, str]]:
    """(alert, shell block) for each block that calls MLflow."""
    found = [(name, block) for name, page in assets.runbooks().items() for block in blocks(page)]
    return [(name, block) for name, block in found if "$MLFLOW_URL" in block]


def blocks(page: str) -> list[str]:
    return re.findall(r"```sh\n(.*?)```", page, re.DOTALL)


def post(server: MlflowServer, path: str, **body: object) -> Any:
    answer = requests.post(f"{server.url}/api/2.0/mlflow/{path}", json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


def get(server: MlflowServer, path: str, **parameters: str) -> Any:
    answer = requests.get(f"{server.url}/api/2.0/mlflow/{path}", params=parameters, timeout=30)
    answer.raise_for_status()
    return answer.json()


@pytest.fixture
def mlflow(tmp_path: Path) -> Iterator[tuple[MlflowServer, str]]:
    """A server with what the runbooks speak of: churn with three versions, experiment 1, a run; and the run's id."""
    with mlflow_server(tmp_path) as server:
        post(server, "registered-models/create", name="churn")
        for _ in range(3):
            post(server, "model-versions/create", name="churn", source="s3://models/churn")
        experiment = post(server, "experiments/create", name="train")["experiment_id"]
        run = post(server, "runs/create", experiment_id=experiment, start_time=int(time.time() * 1000))
        yield server, run["run"]["info"]["run_id"]


def test_the_commands_work_and_do_what_the_pages_promise(mlflow: tuple[MlflowServer, str], tmp_path: Path) -> None:
    server, run = mlflow
    for alert, block in commands():
        done = typed(block.replace("RUN_ID", run), server.url, tmp_path)
        assert done.returncode == 0, f"{alert}: {done.stdout}{done.stderr}"
    assert get(server, "runs/get", run_id=run)["run"]["info"]["status"] == "KILLED"
    aliases = get(server, "registered-models/get", name="churn")["registered_model"]["aliases"]
    assert aliases == [{"alias": "champion", "version": "3"}]


def typed(block: str, url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a block without what asks mlvitals; a status that is no success fails."""
    lines = [line for line in block.splitlines() if not line.startswith("mlvitals ")]
    script = "\n".join(lines).replace("curl ", "curl --fail ")
    env = {"MLFLOW_URL": url, "PATH": os.defpath}
    return subprocess.run(
        ["bash", "-euc", script], env=env, cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
