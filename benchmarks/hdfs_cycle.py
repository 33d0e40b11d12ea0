"""Seconds and bytes of one HDFS collection: 2 NameNodes and 1,000 DataNodes, beside one whole page after the other.

Recorded pages, each daemon at a port of its own, from another process that takes as long for an answer as a real daemon
was seen to; at the end some of them never answer. The rival asks each daemon in turn for its page without a query, and
parses it; that page is the recorded one, and more of the kind until it is as large as a real daemon's was.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import requests

from mlvitals import logs
from mlvitals.core.collector import Deadline, Snapshot
from mlvitals.core.metric import total_samples
from mlvitals.core.page import page_of
from mlvitals.core.runner import collect_once
from mlvitals.core.state import ExporterState
from mlvitals.hdfs.collector import DaemonCollector
from mlvitals.hdfs.config import HdfsSettings
from tests.exporters.hdfs.fake import Beans, beans, live, namenode

DATANODES = 1000
WHOLE_PAGE = 317_000
"""Bytes of a page without a query (Hadoop 3.4.3)."""
LATENCY = 0.012
"""Seconds until a daemon answers (Hadoop 3.4.3, `?qry=Hadoop:*`). For the whole page, too, which takes it longer."""
STALLED = 16
"""DataNodes that never answer, in the last measurement: as many as are asked at the same time."""
BUDGET = 3600.0


@dataclass
class Cluster:
    """The ports of the NameNodes and the DataNodes; requests and bytes of all bodies so far."""

    namenodes: Sequence[int]
    datanodes: Sequence[int]
    told: Connection

    def cost(self) -> tuple[int, int]:
        """Requests answered and bytes sent since this was last asked."""
        self.told.send("cost")
        requests_, sent = self.told.recv()
        return requests_, sent

    def stall(self) -> None:
        """Let the last DataNodes take requests and never answer."""
        self.told.send("stall")
        self.told.recv()


class _Daemons:
    """All daemons, in one event loop."""

    def __init__(self) -> None:
        self._ports: dict[int, tuple[bytes, bytes]] = {}
        self._stalled = set[int]()
        self._requests = self._bytes = 0

    async def run(self, told: Connection) -> None:
        ports = [await self._listen() for _ in range(2 + DATANODES)]
        self._answer(ports)
        told.send(ports)
        while order := await asyncio.to_thread(told.recv):
            if order == "stall":
                self._stalled = set(ports[-STALLED:])
            told.send((self._requests, self._bytes))
            self._requests = self._bytes = 0

    async def _listen(self) -> int:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(server.sockets[0].getsockname()[1])

    def _answer(self, ports: Sequence[int]) -> None:
        active, standby, *datanodes = ports
        listed = live(*(f"127.0.0.1:{port}" for port in datanodes), **_NODE)
        for port, state in ((active, "active"), (standby, "standby")):
            page = namenode(state)
            page["NameNodeInfo"]["LiveNodes"] = listed
            self._ports[port] = _answers(page)
        self._ports |= dict.fromkeys(datanodes, _answers(beans("datanode")))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("sockname")[1]
        queried, whole = self._ports[port]
        try:
            while request := (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")[0]:
                await asyncio.sleep(BUDGET if port in self._stalled else LATENCY)
                answer = queried if b"qry=" in request else whole
                self._requests += 1
                self._bytes += len(answer)
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


_NODE = {
    **dict.fromkeys(("xferaddr", "location", "adminState", "version"), "a text of some length"),
    **dict.fromkeys(("nonDfsUsedSpace", "used", "remaining", "blockPoolUsed", "lastBlockReport"), 123_456_789),
}
"""What else stands in the list of live DataNodes."""


def _answers(page: Beans) -> tuple[bytes, bytes]:
    """What is answered with a query, and without."""
    found = [*page.values()]
    small = len(json.dumps(found))
    jvm = {"name": "java.lang:type=Filler", **{f"Attribute{index:06}": index for index in range(100)}}
    rest = [jvm] * max(0, (WHOLE_PAGE - small) // len(json.dumps(jvm)))
    return _http(found), _http([*found, *rest])


def _http(found: Sequence[Any]) -> bytes:
    body = json.dumps({"beans": found}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def _daemons(told: Connection) -> None:
    # A socket for each daemon, and one for each connection.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(_Daemons().run(told))


@contextmanager
def running() -> Iterator[Cluster]:
    """The daemons, in a process of their own."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_daemons, args=(theirs,), daemon=True)
    process.start()
    ports = ours.recv()
    yield Cluster(ports[:2], ports[2:], ours)
    process.terminate()
    process.join()


def collecting(collector: DaemonCollector, stalled: int = 0) -> Callable[[], str]:
    """One collection, and what it gave: all daemons but those that never answer."""

    def collect() -> str:
        results = [*collector.collect(Deadline(BUDGET))]
        read = [result for result in results if isinstance(result, Snapshot)]
        assert len(read) + stalled == len(results) == 1 + 2 + DATANODES, results
        return f"{sum(total_samples(snapshot.families) for snapshot in read)} series"

    return collect


def rendering(state: ExporterState) -> Callable[[], str]:
    """The page of this state, as Prometheus asks for it."""
    return lambda: f"{len(page_of(state).render('', gzipped=True).body) / 1e6:.2f} MB with gzip"


def one_after_the_other(cluster: Cluster) -> str:
    """The whole page of each daemon."""
    with requests.Session() as session:
        pages = [
            session.get(f"http://127.0.0.1:{port}/jmx", timeout=60).json()
            for port in (*cluster.namenodes, *cluster.datanodes)
        ]
    return f"{len(pages)} pages"


def measure(name: str, cluster: Cluster, work: Callable[[], str], times: int = 1) -> float:
    """Print requests, bytes and seconds, those of the fastest; gives the seconds."""
    costs = []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        what = work()
        costs.append((time.perf_counter() - wall, time.process_time() - cpu, *cluster.cost(), what))
    seconds, cpu, calls, sent, what = min(costs)
    size = f"{sent / 1e6:.1f} MB"
    print(f"{name:<36} {calls:>5} requests {size:>9} {seconds:>7.2f} s {cpu:>6.2f} s CPU   {what}")
    return seconds


def main() -> int:
    """Start the daemons and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warm", type=int, default=3, help="warm collections, of which the fastest counts")
    options = parser.parse_args()
    logs.setup("error")
    with running() as cluster:
        urls = [f"http://127.0.0.1:{port}" for port in cluster.namenodes]
        settings = HdfsSettings.model_validate({"name": "benchmark", "type": "hdfs", "namenodes": urls})
        collector = DaemonCollector(settings)
        measure("cold", cluster, collecting(collector))
        warm = measure("warm", cluster, collecting(collector), options.warm)
        state = collect_once("benchmark", [collector])
        cluster.cost()
        measure("page, rendered once a collection", cluster, rendering(state))
        rival = measure("whole pages, one after the other", cluster, lambda: one_after_the_other(cluster))
        cluster.stall()
        measure(f"warm, {STALLED} DataNodes never answer", cluster, collecting(collector, STALLED), 2)
    print(f"warm is {rival / warm:.0f} times faster than one whole page after the other")
    return 0


if __name__ == "__main__":
    sys.exit(main())
