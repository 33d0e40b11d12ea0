"""A real forward proxy on loopback: absolute URLs for http, CONNECT for https."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.support.replay import Stream


class Proxy:
    """`asked` is what came, such as `CONNECT host:port`. With `refuse` it answers that status to everything; with
    `stream` it answers those bytes.
    """

    def __init__(self, *, refuse: int = 0, stream: Stream | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.refuse, self.stream = refuse, stream
        self.asked: list[str] = []
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep quiet."""

        def do_GET(self) -> None:
            if self._noted():
                return
            parts = urlsplit(self.path)
            self.close_connection = True
            with socket.create_connection((parts.hostname, parts.port), timeout=10) as upstream:
                lines = [f"GET {parts.path} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers.items())]
                upstream.sendall("\r\n".join([*lines, "", ""]).encode())
                with contextlib.suppress(OSError):
                    _shovel(self.connection, upstream, proxy.closing)

        def do_CONNECT(self) -> None:
            if self._noted():
                return
            parts = urlsplit(f"//{self.path}")
            with socket.create_connection((parts.hostname, parts.port), timeout=10) as upstream:
                self.send_response_only(200, "Connection established")
                self.end_headers()
                with contextlib.suppress(OSError):
                    _shovel(self.connection, upstream, proxy.closing)

        def _noted(self) -> bool:
            proxy.asked.append(f"{self.command} {self.path}")
            if proxy.stream:
                with contextlib.suppress(OSError):
                    for part in proxy.stream(proxy.closing):
                        self.wfile.write(part)
            elif proxy.refuse:
                self.send_error(proxy.refuse)
            return bool(proxy.stream or proxy.refuse)

    return Handler


def _shovel(client: socket.socket, upstream: socket.socket, closing: threading.Event) -> None:
    while not closing.is_set():
        # TLS may hold bytes that select does not see.
        held = isinstance(client, ssl.SSLSocket) and client.pending()
        ready = [client] if held else select.select([client, upstream], [], [], 0.05)[0]
        for source in ready:
            data = source.recv(1 << 16)
            if not data:
                return
            (upstream if source is client else client).sendall(data)
