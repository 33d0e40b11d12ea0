"""The whole stack, started in order and ended in reverse."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from compose import programs, suite, systems
from compose.alertmanager import alertmanager_server
from compose.processes import Server, tail
from compose.prometheus import Prometheus, prometheus_server
from compose.system import Addresses, Started, Step, System
from compose.webhook import Notification, webhook_server


@dataclass
class Stack:
    """Everything that runs, and what the webhook received.

    `exporters` are the names in mlvitals.yml.
    """

    at: Addresses
    systems: Collection[System]
    started: Collection[Started]
    exporters: Collection[str]
    mlvitals: Server
    prometheus: Prometheus
    received: Callable[[], list[Notification]]
    folder: Path
    generated: Path

    def server(self, name: str) -> Server:
        """A server of a system, by its name."""
        return {name: server for each in self.started for name, server in each.servers.items()}[name]

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
    """Start everything with its state in `folder`. Yields when every system has settled and all pages are scraped.

    `program` says where each of programs.PROGRAMS is. Raises MissingError or ServerError with what is wrong.
    """
    known = systems.found()
    for system in known:
        system.check()
    with ExitStack() as servers:
        with step("programs"):
            found = {name: program(name) for name in programs.PROGRAMS}
        for system in known:
            system.install(step)
        webhook = servers.enter_context(webhook_server(notified))
        at = Addresses()
        started = [servers.enter_context(system.start(folder, at, step)) for system in known]
        with step("configuration"):
            settings = suite.configuration(at, webhook.url, started)
            generated = suite.generate(settings, folder, program)
        with step("mlvitals, Prometheus, Alertmanager"):
            mlvitals = servers.enter_context(suite.mlvitals_server(folder, at.mlvitals))
            alerting = generated / "alertmanager/alertmanager.yml"
            servers.enter_context(alertmanager_server(found["alertmanager"], alerting, folder, at.alertmanager))
            scraping = generated / "prometheus/prometheus.yml"
            prometheus = servers.enter_context(prometheus_server(found["prometheus"], scraping, folder, at.prometheus))
        for each in started:
            each.settle(step)
        exporters = [exporter["name"] for exporter in settings["exporters"]]
        yield Stack(at, known, started, exporters, mlvitals, prometheus, webhook.received, folder, generated)
