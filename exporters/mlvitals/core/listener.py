"""Tornado's HTTP server with a bound on open connections, so that strangers cannot take all file descriptors."""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import Callable, Collection
from typing import Any, cast

from tornado.http1connection import HTTP1Connection, HTTP1ServerConnection
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPConnection, HTTPMessageDelegate
from tornado.iostream import IOStream, SSLIOStream, UnsatisfiableReadError

from mlvitals.core.refusals import Refusals

MAX_CONNECTIONS = 512


class Listener(HTTPServer):
    """`busy` gives the connections with a request in progress.

    Of too many connections the one that has waited longest for a request is closed, so that a scrape gets through
    whoever holds the others.
    """

    def initialize(  # type: ignore[override]
        self, *args: Any, refusals: Refusals, busy: Callable[[], Collection[IOStream]], **options: Any
    ) -> None:
        super().initialize(*args, **options)
        self._refusals = refusals
        self._busy = busy
        # With the client's address; the one that has waited longest comes first.
        self._open: dict[IOStream, str] = {}

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        client = str(address[0])
        if len(self._open) >= MAX_CONNECTIONS and not self._made_room():
            self._refusals.note("full", client)
            stream.close()
            return
        self._open[stream] = client
        if isinstance(stream, SSLIOStream):
            stream.wait_for_handshake().add_done_callback(functools.partial(self._shaken, client))
        super().handle_stream(stream, address)

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """Called when a connection begins to wait for a request."""
        stream = cast(HTTP1Connection, request_conn).stream
        if client := self._open.pop(stream, ""):
            self._open[stream] = client
        return super().start_request(server_conn, request_conn)

    def on_close(self, server_conn: object) -> None:
        stream = cast(HTTP1ServerConnection, server_conn).stream
        client = self._open.pop(stream, "")
        if isinstance(stream.error, UnsatisfiableReadError):
            self._refusals.note("header", client)
        super().on_close(server_conn)

    def _made_room(self) -> bool:
        busy = self._busy()
        idle = next((stream for stream in self._open if stream not in busy and not stream.writing()), None)
        if idle is None:
            return False
        client = self._open.pop(idle)
        if not idle.closed():
            self._refusals.note("idle", client)
            idle.close()
        return True

    def _shaken(self, client: str, handshake: asyncio.Future[SSLIOStream]) -> None:
        error = handshake.exception()
        # One that hung up is a port scan or a load balancer's probe.
        hung_up = isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
        if isinstance(error, ssl.SSLError) and not hung_up:
            self._refusals.note("tls", client, (error.reason or "unknown").replace("_", " ").lower())
