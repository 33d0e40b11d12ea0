"""`kill -9` at random moments: started again, the page is right within one interval and never shows what was before."""

from __future__ import annotations

import random
import signal
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

import click
import requests

from compose.processes import Server
from mlvitals.core.page import page_of
from mlvitals.core.runner import collect_once
from mlvitals.mlflow import EXPORTER
from mlvitals.mlflow.config import MlflowSettings
from tests.exporters.mlflow.fake import FakeMlflow
from tests.faults.watch import upstream_only
from tests.support.replay import Replay
from tests.support.vitals import Samples, Vitals, mlvitals, samples

ROUNDS, MOST_EARLY = 30, 2
INTERVAL = 10.0
"""Seconds; one collection of what is read here takes far less."""
EARLY = 1.5
"""Seconds in which a process starts, listens and collects for the first time."""
PATIENCE = 60.0
NAME = "registry"
MODELS = 50


def run(folder: Path, seed: int, rounds: int = ROUNDS) -> list[str]:
    """Kill it again and again at moments that follow from the seed; what is wrong."""
    click.echo(f"  seed {seed}")
    upstream = _Upstream()
    with Replay(upstream) as server:
        entry = f'{{name: {NAME}, type: mlflow, url: "{server.url}", interval: {INTERVAL:g}s}}'
        (folder / "mlvitals.yml").write_text(f"exporters: [{entry}]\n")
        with mlvitals(folder) as vitals:
            killing = _Killing(vitals, upstream, server.url, random.Random(seed))  # noqa: S311
            for number in range(1, rounds + 1):
                click.echo(f"  round {number:3}: {killing.round()}")
    click.echo(f"  {killing}")
    return [f"{problem} (seed {seed})" for problem in killing.problems]


class _Upstream(FakeMlflow):
    """A registry that changes whenever mlvitals is away, so that old data can be told from new."""

    def __init__(self) -> None:
        super().__init__()
        self._changes = 0
        self.experiment("1", "train")
        self.change()

    def change(self) -> None:
        """Every model gets another version, one is new and one is gone."""
        self._changes += 1
        self.models.clear()
        self.versions.clear()
        for number in range(self._changes, self._changes + MODELS):
            self.model(f"model-{number}", 1 + self._changes % 5, updated=self._changes, champion="1")
        self.run(f"run-{self._changes}", "1", "RUNNING", int(time.time()) * 1000)


@dataclass
class _Killing:
    """One process that dies and returns. `seconds` are those from each start until its page was right."""

    vitals: Vitals
    upstream: _Upstream
    url: str
    moments: random.Random
    seconds: list[float] = field(default_factory=list)
    kills: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        shown = f"median {statistics.median(self.seconds):.1f} s, slowest {max(self.seconds):.1f} s"
        return f"{self.kills} kills; from start to the right page: {shown} (interval {INTERVAL:g} s)"

    def round(self) -> str:
        """A few kills while it starts or works for the first time, one while it is at work; then it must be right."""
        before = self.kills
        self._kill_and_start(self.moments.uniform(0, INTERVAL))
        for _ in range(self.moments.randint(0, MOST_EARLY)):
            self._kill_and_start(self.moments.uniform(0, EARLY))
        took = self._right(time.monotonic())
        self.seconds.append(took)
        return f"{self.kills - before} kills, right after {took:.1f} s"

    def _kill_and_start(self, after: float) -> None:
        server: Server = self.vitals.server
        time.sleep(after)
        server.send(signal.SIGKILL)
        server.wait()
        self.kills += 1
        self.upstream.change()
        server.start()

    def _right(self, started: float) -> float:
        """Seconds until the page shows all that the upstream has. What it shows before has to be true as well."""
        truth, page = fresh(self.url), self._page()
        while page != truth and page.items() <= truth.items() and time.monotonic() - started < PATIENCE:
            time.sleep(0.02)
            page = self._page()
        took = time.monotonic() - started
        if old := page.items() - truth.items():
            (metric, _), _ = next(iter(old))
            self._note(f"the page showed what is not so, such as a {metric}")
        elif page != truth:
            self._note(f"the page still lacked {len(truth) - len(page)} of {len(truth)} series after {took:.0f} s")
        elif took > INTERVAL:
            self._note(f"the page was right only after {took:.1f} s, not within {INTERVAL:g} s")
        return took

    def _note(self, problem: str) -> None:
        self.problems.append(f"after kill {self.kills} {problem}")

    def _page(self) -> Samples:
        try:
            return upstream_only(samples(self.vitals.page(NAME)))
        except requests.RequestException:
            return {}


def fresh(url: str) -> Samples:
    """What a page about this upstream has to show now: read by collectors that have never read anything before."""
    settings = MlflowSettings.model_validate({"name": NAME, "type": "mlflow", "url": url})
    state = collect_once(NAME, EXPORTER.build(settings))
    return upstream_only(samples(page_of(state).render("", gzipped=False).body.decode()))
