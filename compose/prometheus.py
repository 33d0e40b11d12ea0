"""A real Prometheus, and the questions that the demo and the tests ask it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from compose.processes import Server, answers


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus. Its methods raise requests.RequestException when it does not answer."""

    url: str

    def targets(self) -> list[dict[str, Any]]:
        """Every active target, with `labels`, `health` and `lastError`."""
        found: list[dict[str, Any]] = self._get("targets", state="active")["activeTargets"]
        return found

    def alerts(self) -> list[dict[str, Any]]:
        """Every pending and firing alert, with `labels`, `annotations` and `state`."""
        found: list[dict[str, Any]] = self._get("alerts")["alerts"]
        return found

    def labels(self) -> list[str]:
        """Every label name that a stored series has."""
        found: list[str] = self._get("labels")
        return found

    def query(self, promql: str) -> list[dict[str, Any]]:
        """The vector that an instant query gives: `metric` and `value`."""
        found: list[dict[str, Any]] = self._get("query", query=promql)["result"]
        return found

    def _get(self, path: str, **parameters: str) -> Any:
        answer = requests.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=10)
        answer.raise_for_status()
        return answer.json()["data"]


@contextmanager
def prometheus_server(program: Path, config: Path, folder: Path, url: str, *options: str) -> Iterator[Prometheus]:
    """Run it with that configuration file at that URL, its data in `folder`; `options` are more of its flags."""
    command = [
        str(program),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder}/prometheus-data",
        f"--web.listen-address={url.removeprefix('http://')}",
        f"--web.external-url={url}",
        *options,
    ]
    with Server("prometheus", command, folder, lambda: answers(f"{url}/-/ready")):
        yield Prometheus(url)
