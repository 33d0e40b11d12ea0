"""CPU per scrape of a 100,000-series page: mlvitals against prometheus_client rendering the same families.

Both serve over HTTP from a process of their own; the figure is that process's CPU time, read from the kernel.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import requests
from prometheus_client import CollectorRegistry, Metric, start_http_server
from prometheus_client.registry import Collector as ClientCollector

from mlvitals import logs
from mlvitals.core import server
from mlvitals.core.collector import Schedule, Snapshot
from mlvitals.core.metric import gauge
from mlvitals.core.page import page_of
from mlvitals.core.refusals import Refusals
from mlvitals.core.server import Request, Response, Route
from mlvitals.core.state import ExporterState

SERIES = 100_000
SCRAPES = {"mlvitals": 50, "prometheus_client": 5}
THINGS = gauge("benchmark_things", "Series for a benchmark", "thing", "group")


class Fixed:
    """A collector and a prometheus_client collector over the same samples."""

    name = "fixed"
    targets = ("server",)
    schedule = Schedule(30, 30, 3600)
    auxiliary = False

    def __init__(self) -> None:
        self.family = THINGS.family()
        for index in range(SERIES):
            self.family.add(index, thing=f"thing-{index}", group=f"group-{index % 100}")


class Rival(ClientCollector):
    """prometheus_client renders these at every scrape."""

    def __init__(self, fixed: Fixed) -> None:
        self._family = fixed.family

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        return [self._family.exposition()]


def serve_rival() -> None:
    """Serve by prometheus_client until ended."""
    own = CollectorRegistry()
    own.register(Rival(Fixed()))
    http, _ = start_http_server(0, "127.0.0.1", own)
    print(http.server_port, flush=True)
    threading.Event().wait()


def serve_mlvitals() -> None:
    """Serve by mlvitals until ended."""
    fixed = Fixed()
    state = ExporterState("benchmark", [fixed])  # type: ignore[list-item]
    state.record(fixed, Snapshot("server", (fixed.family,)))  # type: ignore[arg-type]
    page = page_of(state)

    def answer(request: Request) -> Response:
        rendered = page.render(request.headers.get("Accept", ""), gzipped=request.accepts_gzip)
        headers = {"Content-Encoding": "gzip"} if rendered.gzipped else {}
        return Response(rendered.body, rendered.content_type, headers=headers)

    sockets = server.listen("127.0.0.1:0")
    print(sockets[0].getsockname()[1], flush=True)

    async def serve() -> None:
        await server.Server(sockets, [Route("/metrics", answer)], Refusals()).run(asyncio.Event().wait)

    asyncio.run(serve())


def measure(name: str, encoding: str) -> tuple[float, int]:
    """CPU seconds a scrape, bytes of the body as sent, after one scrape to warm up."""
    child = subprocess.Popen([sys.executable, __file__, "--serve", name], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        url = f"http://127.0.0.1:{int(child.stdout.readline())}/metrics"
        with requests.Session() as session:
            session.headers["Accept-Encoding"] = encoding
            size = _scrape(session, url)
            before = _cpu(child.pid)
            for _ in range(SCRAPES[name]):
                _scrape(session, url)
            return (_cpu(child.pid) - before) / SCRAPES[name], size
    finally:
        child.terminate()
        child.wait()


def _scrape(session: requests.Session, url: str) -> int:
    with session.get(url, stream=True, timeout=60) as answer:
        answer.raise_for_status()
        return sum(map(len, answer.raw.stream(1 << 20, decode_content=False)))


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print a row for each encoding."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", choices=["mlvitals", "prometheus_client"])
    chosen = parser.parse_args().serve
    logs.setup("error")
    if chosen:
        serve_mlvitals() if chosen == "mlvitals" else serve_rival()
        return
    print(f"scrape of {SERIES} series, CPU of the serving process ({time.strftime('%Y-%m-%d')})")
    for encoding in ("identity", "gzip"):
        (ours, size), (theirs, their_size) = measure("mlvitals", encoding), measure("prometheus_client", encoding)
        ratio = theirs / max(ours, 1e-9)
        print(
            f"{encoding:9} mlvitals {ours * 1000:8.2f} ms ({size / 1e6:.1f} MB)   "
            f"prometheus_client {theirs * 1000:8.1f} ms ({their_size / 1e6:.1f} MB)   ratio {ratio:.0f}x"
        )


if __name__ == "__main__":
    main()
