"""A real Airflow 3 or 2.11, all of its components, in an environment of its own.

python -m compose.airflow      makes the environments that are missing and prints where they are
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from compose import environment
from compose.cache import MissingError
from compose.processes import Server, ServerError, all_ended, free_port, tail

# Runs Airflow's command line several times and imports it once. The arguments come on standard input: some are secret.
COMMANDS = """\
import json, sys
from airflow.__main__ import main
for arguments in json.load(sys.stdin):
    sys.argv = ["airflow", *arguments]
    main()
"""
# A scheduler that is asked to end waits until all running tasks have ended; one that is killed leaves its workers.
# A shell kills them all when it is asked to, by us or, when this process dies, by the kernel.
AT_ONCE = ("sh", "-c", 'trap "kill -KILL 0" TERM; "$@" & wait $!', "sh")
# With SQLite a call that finds the database locked by the scheduler changes nothing and is answered 500.
AGAIN = Retry(
    total=6, backoff_factor=0.5, status_forcelist=(500, 502, 503, 504), allowed_methods=None, raise_on_status=False
)
# What makes it small, and quick to notice what changes.
QUICK = {
    "CORE__HOSTNAME_CALLABLE": "socket.gethostname",  # the default asks the network
    "CORE__MIN_SERIALIZED_DAG_FETCH_INTERVAL": "1",
    "CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "1",
    "CORE__PARALLELISM": "8",
    "DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
    "DAG_PROCESSOR__REFRESH_INTERVAL": "1",
    "DAG_PROCESSOR__STALE_DAG_THRESHOLD": "5",
    "SCHEDULER__DAG_DIR_LIST_INTERVAL": "1",
    "SCHEDULER__PARSING_CLEANUP_INTERVAL": "1",
    "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
    "SCHEDULER__STALE_DAG_THRESHOLD": "5",
}


@dataclass(frozen=True)
class Release:
    """A series of Airflow: the name of its pins, where its API and its health are, the command of its web server."""

    pins: str
    api: str
    health: str
    web: str


AIRFLOW_3 = Release("airflow-3", "/api/v2", "/api/v2/monitor/health", "api-server")
AIRFLOW_2 = Release("airflow-2", "/api/v1", "/health", "webserver")


@dataclass(frozen=True)
class Airflow:
    """A running Airflow: its base URL, two users with their passwords, the SQLAlchemy URL of its database, its parts.

    `python` has Airflow installed; `env` is what its components run with. `web` is the API server of Airflow 3, the web
    server of Airflow 2.
    """

    release: Release
    url: str
    admin: tuple[str, str]
    viewer: tuple[str, str]
    database: str
    python: Path
    env: Mapping[str, str]
    web: Server
    scheduler: Server
    dag_processor: Server
    triggerer: Server

    @property
    def servers(self) -> tuple[Server, ...]:
        """All its components."""
        return self.web, self.scheduler, self.dag_processor, self.triggerer

    def wait_until_ready(self) -> None:
        """Wait until all components are healthy. Raises ServerError when one ends or takes too long."""
        for server in self.servers:
            server.wait_until_ready()

    def call(self, method: str, path: str, body: object = None, **parameters: str) -> Any:
        """What the API answers the admin, parsed; `path` is what follows /api/v1 or /api/v2.

        Asked again while it cannot answer. Raises requests.RequestException when it does not answer or refuses.
        """
        url = f"{self.url}{self.release.api}{path}"
        with requests.Session() as session:
            session.mount(self.url, HTTPAdapter(max_retries=AGAIN))
            answer = session.request(method, url, json=body, params=parameters, timeout=120, **self._login())
            answer.raise_for_status()
            return answer.json() if answer.content else None

    def token(self, user: tuple[str, str]) -> str:
        """A new token of this user. Only Airflow 3 has tokens."""
        login = dict(zip(("username", "password"), user, strict=True))
        answer = requests.post(f"{self.url}/auth/token", json=login, timeout=30)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def _login(self) -> dict[str, Any]:
        if self.release is AIRFLOW_2:
            return {"auth": self.admin}
        return {"headers": {"Authorization": f"Bearer {self.token(self.admin)}"}}


@contextmanager
def airflow_server(
    folder: Path,
    dags: Path,
    release: Release = AIRFLOW_3,
    database: str | None = None,
    settings: Mapping[str, str] | None = None,
    wait: bool = True,
) -> Iterator[Airflow]:
    """Run Airflow with its state and logs in `folder`, which exists, and the DAGs in the folder `dags`, which has some.

    `database` is an SQLAlchemy URL; without one it is SQLite in `folder`, which Airflow 2 refuses. `settings` are more
    environment variables: AIRFLOW__…, AIRFLOW_VAR_…, what the DAGs need. Yields when all components are healthy, some
    20 s later, or, without `wait`, when they are started. Raises MissingError when Airflow cannot be installed,
    ServerError when it does not start.
    """
    python = environment.of_server(release.pins) / "bin/python"
    url = f"http://127.0.0.1:{free_port()}"
    database = database or f"sqlite:///{folder}/airflow/airflow.db"
    admin, viewer = users = tuple((name, secrets.token_urlsafe(12)) for name in ("admin", "viewer"))
    env = _env(folder / "airflow", dags, url, database, python) | dict(settings or {})
    _prepare(release, python, env, users)
    servers = [
        Server(f"airflow-{command[0]}", [*AT_ONCE, python, "-m", "airflow", *command], folder, ready, env)
        for command, ready in _components(release, url)
    ]
    with all_ended(servers):
        for server in servers:
            server.start()
        airflow = Airflow(release, url, admin, viewer, database, python, env, *servers)
        if wait:
            airflow.wait_until_ready()
        yield airflow


def _components(release: Release, url: str) -> Iterator[tuple[Sequence[str], Callable[[], bool]]]:
    """Command, and whether it is healthy. Servers of logs would listen on every interface."""
    port = url.rpartition(":")[2]
    where = ("--host", "127.0.0.1") if release is AIRFLOW_3 else ("--hostname", "127.0.0.1")
    yield (release.web, *where, "--port", port, "--workers", "1"), lambda: _healthy(url, release, "metadatabase")
    yield ("scheduler", "--skip-serve-logs"), lambda: _healthy(url, release, "scheduler")
    yield ("dag-processor",), lambda: _healthy(url, release, "dag_processor")
    yield ("triggerer", "--skip-serve-logs"), lambda: _healthy(url, release, "triggerer")


def _healthy(url: str, release: Release, component: str) -> bool:
    try:
        answer = requests.get(f"{url}{release.health}", timeout=5)
        return answer.status_code == 200 and answer.json()[component]["status"] == "healthy"
    except requests.RequestException:
        return False


def _prepare(release: Release, python: Path, env: Mapping[str, str], users: Sequence[tuple[str, str]]) -> None:
    """Make the database and the users."""
    home, commands = Path(env["AIRFLOW_HOME"]), [["db", "migrate"]]
    home.mkdir(mode=0o700)
    if release is AIRFLOW_3:
        (home / "passwords.json").write_text(json.dumps(dict(users)))
    else:
        commands += [["sync-perm"], *(_create_user(*user) for user in users)]
    log = home / "prepare.log"
    with log.open("wb") as said:
        run = subprocess.run(
            [python, "-c", COMMANDS],
            cwd=home,
            env=env,
            input=json.dumps(commands).encode(),
            stdout=said,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if run.returncode:
        raise ServerError(f"Airflow cannot make its database\n{tail(log)}")


def _create_user(name: str, password: str) -> list[str]:
    who = ["--firstname", name, "--lastname", name, "--email", f"{name}@localhost"]
    return ["users", "create", "--username", name, "--password", password, "--role", name.capitalize(), *who]


def _env(home: Path, dags: Path, url: str, database: str, python: Path) -> dict[str, str]:
    """This process's environment without anything that configures Airflow or Python, and Airflow's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON"))}
    return kept | {
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        "DO_NOT_TRACK": "true",
        "AIRFLOW_HOME": str(home),
        **{f"AIRFLOW__{name}": value for name, value in _settings(home, dags, url, database).items()},
    }


def _settings(home: Path, dags: Path, url: str, database: str) -> dict[str, str]:
    """Each release ignores what only the other one knows."""
    return QUICK | {
        "CORE__DAGS_FOLDER": str(dags),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__EXECUTOR": "LocalExecutor",
        # SQLite waits so many seconds for others to have written; by default 5.
        "DATABASE__SQL_ALCHEMY_CONN": f"{database}?timeout=60" if database.startswith("sqlite") else database,
        "USAGE_DATA_COLLECTION__ENABLED": "False",
        # Airflow 3
        "API__BASE_URL": url,
        "API__SECRET_KEY": secrets.token_hex(),
        "API_AUTH__JWT_SECRET": secrets.token_hex(),
        "CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,viewer:viewer",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        # Airflow 2
        "API__AUTH_BACKENDS": "airflow.api.auth.backend.basic_auth",
        "DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
        "SCHEDULER__STANDALONE_DAG_PROCESSOR": "True",
        "WEBSERVER__BASE_URL": url,
        "WEBSERVER__SECRET_KEY": secrets.token_hex(),
    }


if __name__ == "__main__":
    for known in (AIRFLOW_3, AIRFLOW_2):
        try:
            print(f"{known.pins:13}{environment.of_server(known.pins)}")
        except MissingError as missing:
            # A Python may be too new for Airflow 2. What is tested without it says so.
            print(f"{known.pins:13}missing: {missing}", file=sys.stderr)
