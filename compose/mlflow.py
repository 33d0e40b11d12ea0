"""A real MLflow tracking server with its registry in SQLite."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from compose.processes import Server, answers, free_port


@dataclass(frozen=True)
class MlflowServer:
    """A running server: its base URL, its admin's user name and password, its processes."""

    url: str
    auth: tuple[str, str] | None
    server: Server

    def client_env(self) -> dict[str, str]:
        """The environment in which MLflow's own client speaks to this server."""
        env = clean_env() | {"MLFLOW_TRACKING_URI": self.url}
        if self.auth:
            env |= dict(zip(("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"), self.auth, strict=True))
        return env


@contextmanager
def mlflow_server(folder: Path, auth: tuple[str, str] | None = None, url: str = "") -> Iterator[MlflowServer]:
    """Run MLflow with its state in `folder`, which exists; with `auth`, behind basic auth with that admin.

    `url` is one on 127.0.0.1, by default with a free port. Yields when its API answers, some 7 s later. Its data
    survives `server.stop()` and `server.start()`.
    """
    url = url or f"http://127.0.0.1:{free_port()}"
    host, _, port = url.removeprefix("http://").partition(":")
    command = [sys.executable, "-m", "mlflow", "server", "--host", host, "--port", port, "--workers", "1"]
    command += [
        "--backend-store-uri",
        f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination",
        f"{folder}/artifacts",
    ]
    env = clean_env() | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    if auth:
        command += ["--app-name", "basic-auth"]
        env |= _auth_env(folder, auth)
    search = f"{url}/api/2.0/mlflow/experiments/search?max_results=1"
    with Server("mlflow", command, folder, lambda: answers(search, auth), env) as server:
        yield MlflowServer(url, auth, server)


def clean_env() -> dict[str, str]:
    """This process's environment without anything that configures MLflow, and with its telemetry off."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "_MLFLOW_"))}
    return env | {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "GIT_PYTHON_REFRESH": "quiet"}


def _auth_env(folder: Path, auth: tuple[str, str]) -> dict[str, str]:
    ini = folder / "auth.ini"
    ini.write_text(f"[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///{folder}/auth.db\n")
    return {
        "MLFLOW_AUTH_CONFIG_PATH": str(ini),
        "MLFLOW_AUTH_ADMIN_USERNAME": auth[0],
        "MLFLOW_AUTH_ADMIN_PASSWORD": auth[1],
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_hex(16),
    }
