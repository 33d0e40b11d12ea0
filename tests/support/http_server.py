"""mlvitals' own HTTP server in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mlvitals.core import server
from mlvitals.core.refusals import Refusals
from mlvitals.core.server import Route, Server
from mlvitals.core.webconfig import WebConfig
from tests.support.waiting import until


@contextmanager
def serving(
    routes: Sequence[Route], web: WebConfig | None = None, refusals: Refusals | None = None
) -> Iterator[tuple[str, Server]]:
    """Serve; yields HOST:PORT and the server."""
    sockets = server.listen("127.0.0.1:0")
    started: list[tuple[asyncio.AbstractEventLoop, asyncio.Event, Server]] = []

    async def main() -> None:
        stop = asyncio.Event()
        running = Server(sockets, routes, refusals or Refusals())
        running.secure(web or WebConfig())
        started.append((asyncio.get_running_loop(), stop, running))
        await running.run(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    try:
        until(lambda: started)
        yield server.address_of(sockets), started[0][2]
    finally:
        loop, stop, _ = started[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        assert not thread.is_alive()


def refused(refusals: Refusals) -> dict[str, float]:
    """Reason -> how many were turned away, without those of which there were none."""
    return {reason: count for (reason,), count in refusals.family().samples.items() if count}
