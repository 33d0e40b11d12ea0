"""10,000 collections of one process while its upstreams flap: threads, descriptors and memory stay flat."""

from __future__ import annotations

import re
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import click
import requests
import yaml

from compose.processes import ServerError, wait_for
from compose.soak.upstream import KINDS, Upstream
from compose.soak.usage import Bounds, Usage
from tests.support.vitals import Vitals, mlvitals

CYCLES, EXPORTERS = 10_000, 40
BOUNDS = Bounds(growth=0.05, descriptors=5, threads=5)
PATIENCE = 120.0
TIMES = {"interval": "1s", "deadline": "3s", "stale_after": "6s", "baseline_interval": "1s", "baseline_deadline": "3s"}

_DURATION = re.compile(r'^mlvitals_exporter_collection_duration_seconds\{collector="([^"]+)"\} (\S+)$', re.MULTILINE)
_UP = re.compile(r'^mlvitals_target_up\{target="[^"]+"\} (\S+)$', re.MULTILINE)


def run(folder: Path, cycles: int = CYCLES, exporters: int = EXPORTERS) -> list[str]:
    """Collect so often in so many exporters; what is wrong."""
    with ExitStack() as stack:
        upstreams = [stack.enter_context(Upstream()) for _ in KINDS]
        names = {f"registry-{number}": upstreams[number % len(upstreams)].url for number in range(exporters)}
        entries = [{"name": name, "type": "mlflow", "url": url, **TIMES} for name, url in names.items()]
        (folder / "mlvitals.yml").write_text(yaml.safe_dump({"exporters": entries}))
        vitals = stack.enter_context(mlvitals(folder))
        pages = Pages(vitals, list(names))
        return _Flapping(pages, upstreams).run(cycles)


@dataclass
class Pages:
    """The pages of all exporters, read again and again.

    A collection has ended when the page shows another duration of its collector. `cycles` counts them: too few, never
    too many, where one ends between two looks.
    """

    vitals: Vitals
    names: list[str]
    cycles: int = 0
    _session: requests.Session = field(default_factory=requests.Session)
    _durations: dict[tuple[str, str], str] = field(default_factory=dict)

    def wait(self, what: str, up: str) -> None:
        """Until every target of every page is up ("1.0") or down ("0.0"). Raises ServerError when it takes too long."""
        if not wait_for(lambda: self.look() == {up}, PATIENCE, every=0.3):
            raise ServerError(f"not within {PATIENCE:g} s: {what}\n{self.vitals.server.log.read_text()[-2000:]}")

    def look(self) -> set[str]:
        """Read every page once; the values of `mlvitals_target_up`."""
        seen: set[str] = set()
        for name in self.names:
            answer = self._session.get(f"{self.vitals.url}/metrics/{name}", timeout=30)
            answer.raise_for_status()
            for collector, seconds in _DURATION.findall(answer.text):
                self.cycles += self._durations.get((name, collector)) != seconds
                self._durations[name, collector] = seconds
            seen.update(_UP.findall(answer.text))
        return seen


class _Flapping:
    """Rounds, in each of which every upstream is ill, each in another way, and well again."""

    def __init__(self, pages: Pages, upstreams: list[Upstream]) -> None:
        self._pages = pages
        self._upstreams = upstreams
        self._round = 0

    def run(self, cycles: int) -> list[str]:
        """Once through every kind for every upstream; then so many cycles, over which nothing may grow."""
        self._pages.wait("all are well", "1.0")
        for _ in KINDS:
            before = self._flap()
        started, begun = self._pages.cycles, time.monotonic()
        click.echo("  every upstream was ill in every way; from here on nothing may grow")
        while self._pages.cycles - started < cycles:
            after = self._flap()
        seconds = time.monotonic() - begun
        click.echo(f"  {self._pages.cycles - started} cycles in {seconds:.0f} s: {before}, then {after}")
        return list(BOUNDS.broken(before, after))

    def _flap(self) -> Usage:
        """One round; what mlvitals uses at its end."""
        self._round += 1
        for number, upstream in enumerate(self._upstreams, self._round):
            upstream.fall_ill(KINDS[number % len(KINDS)])
        self._pages.wait("all are ill", "0.0")
        for upstream in self._upstreams:
            upstream.heal()
        self._pages.wait("all are well again", "1.0")
        usage = Usage.floor(self._pages.vitals.server)
        click.echo(f"  round {self._round:3}: {self._pages.cycles:6} cycles, {usage}")
        return usage
