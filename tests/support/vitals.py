"""A real mlvitals process."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from prometheus_client.parser import text_string_to_metric_families

from compose.processes import Server, answers, free_port

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


@dataclass(frozen=True)
class Vitals:
    """A running mlvitals: its base URL and its process."""

    url: str
    server: Server

    def page(self, name: str) -> str:
        """The text of an exporter's page."""
        answer = requests.get(f"{self.url}/metrics/{name}", timeout=30)
        answer.raise_for_status()
        return answer.text

    def value(self, exporter: str, metric: str, **labels: str) -> float | None:
        """The value of one series, None when it is absent."""
        return samples(self.page(exporter)).get((metric, frozenset(labels.items())))

    def names(self, exporter: str) -> set[str]:
        """Names of all samples on an exporter's page."""
        return {name for name, _ in samples(self.page(exporter))}


@contextmanager
def mlvitals(
    folder: Path,
    *arguments: str,
    address: str = "",
    env: Mapping[str, str] | None = None,
    program: Sequence[str | Path] = (sys.executable, "-m", "mlvitals"),
) -> Iterator[Vitals]:
    """Run `mlvitals run ARGUMENTS` in `folder`, on a free port unless `address` is given."""
    address = address or f"127.0.0.1:{free_port()}"
    command = [*program, "run", "--listen", address, *arguments]
    with Server("mlvitals", command, folder, lambda: answers(f"http://{address}/-/healthy"), env) as server:
        yield Vitals(f"http://{address}", server)


def samples(page: str) -> Samples:
    """Every sample of a page in the text format."""
    families = text_string_to_metric_families(page)
    return {(item.name, frozenset(item.labels.items())): item.value for family in families for item in family.samples}
