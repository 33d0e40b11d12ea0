"""Reads the daemons of one kind by the configured rules."""

from __future__ import annotations

from collections.abc import Iterator

from mlvitals.core.collector import Deadline, Failure, Snapshot
from mlvitals.core.fleet import Fleet, named, result_of
from mlvitals.core.jmxpage import fetch, read
from mlvitals.core.outbound import Client
from mlvitals.core.report import Report
from mlvitals.jmx.config import JmxSettings, rule_name
from mlvitals.jmx.metrics import RULE_MATCHES


class JmxCollector:
    """One GET of `/jmx` for each daemon. A target for each."""

    name = "daemons"
    auxiliary = False

    def __init__(self, settings: JmxSettings) -> None:
        self.schedule = settings.schedule()
        self._urls = named(settings.daemons)
        self.targets: tuple[str, ...] = tuple(self._urls)
        self._rules = settings.compiled()
        self._query = settings.query
        self._fleet = Fleet(settings)

    def collect(self, deadline: Deadline) -> Iterator[Snapshot | Failure]:
        """Read every daemon once."""
        for name, result in self._fleet.ask(self._urls, self._read, deadline):
            yield result_of(name, result)

    def close(self) -> None:
        """Close every connection."""
        self._fleet.close()

    def _read(self, name: str, client: Client, deadline: Deadline) -> Snapshot:
        page, report = fetch(client, self._query, deadline), Report()
        for rule, matches in zip(self._rules, read(self._rules, page, report, name), strict=True):
            report.add(RULE_MATCHES, matches, daemon=name, rule=rule_name(rule))
        return report.snapshot(name)
