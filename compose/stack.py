"""The whole stack, started in order and ended in reverse."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from compose import programs, suite
from compose.alertmanager import alertmanager_server
from compose.mlflow import MlflowServer, mlflow_server
from compose.processes import Server, ServerError, tail, wait_for
from compose.prometheus import Prometheus, prometheus_server
from compose.suite import Addresses
from compose.webhook import Notification, webhook_server

CHECKOUT = Path(__file__).resolve().parent.parent
Step = Callable[[str], AbstractContextManager[None]]
"""`with step("what is done"): …` tells people what takes time."""


@dataclass
class Stack:
    """Everything that runs, and what the webhook received."""

    at: Addresses
    mlflow: Server
    mlvitals: Server
    prometheus: Prometheus
    received: Callable[[], list[Notification]]
    folder: Path
    generated: Path

    def tails(self) -> str:
        """The ends of all logs."""
        return "\n".join(f"--- {log.name}\n{tail(log)}" for log in sorted(self.folder.glob("*.log")))


@contextmanager
def running(
    folder: Path,
    step: Step,
    notified: Callable[[Notification], None] = lambda _: None,
    program: Callable[[str], Path] = programs.path,
) -> Iterator[Stack]:
    """Start everything with its state in `folder`. Yields when the models are trained and all pages are scraped.

    `program` says where each of programs.PROGRAMS is. Raises MissingError or ServerError with what is wrong.
    """
    with ExitStack() as servers:
        with step("programs"):
            found = {name: program(name) for name in programs.PROGRAMS}
        webhook = servers.enter_context(webhook_server(notified))
        with step("MLflow"):
            mlflow = servers.enter_context(mlflow_server(folder))
        training = servers.enter_context(_training(mlflow, folder))
        at = Addresses.choose(mlflow.url, webhook.url)
        with step("configuration"):
            generated = suite.generate(suite.configuration(at), folder, program)
        with step("mlvitals, Prometheus, Alertmanager"):
            mlvitals = servers.enter_context(suite.mlvitals_server(folder, at.mlvitals))
            alerting = generated / "alertmanager/alertmanager.yml"
            servers.enter_context(alertmanager_server(found["alertmanager"], alerting, folder, at.alertmanager))
            scraping = generated / "prometheus/prometheus.yml"
            prometheus = servers.enter_context(prometheus_server(found["prometheus"], scraping, folder, at.prometheus))
        with step("models trained"):
            _finish(training, folder)
        yield Stack(at, mlflow.server, mlvitals, prometheus, webhook.received, folder, generated)


@contextmanager
def _training(mlflow: MlflowServer, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "training.log").open("wb") as log:
        training = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "compose.training"],
            cwd=CHECKOUT,
            env=mlflow.client_env(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield training
    finally:
        training.kill()
        training.wait()


def _finish(training: subprocess.Popen[bytes], folder: Path) -> None:
    if not wait_for(lambda: training.poll() is not None, 180) or training.returncode:
        raise ServerError(f"training the models failed\n{tail(folder / 'training.log')}")
