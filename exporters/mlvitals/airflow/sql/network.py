"""A database server: its address, sockets to it that can be cut, TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from mlvitals.airflow.config import Database
from mlvitals.core.collector import Deadline
from mlvitals.core.connections import SocketGuard
from mlvitals.core.failures import shown
from mlvitals.core.tls import client_context

CONNECT_TIMEOUT = 5.0


class Server:
    """Where a database is, and the sockets that lead there."""

    def __init__(self, settings: Database, port: int) -> None:
        parts = urlsplit(settings.url)
        self.name = shown(settings.url)
        self.host, self.port = parts.hostname or "", parts.port or port
        self.database = unquote(parts.path[1:])
        self.guard = SocketGuard()
        self._tls = settings.tls_config
        self._socket: socket.socket | None = None

    @property
    def name_in_certificate(self) -> str:
        """The name that the server's certificate must have."""
        return (self._tls and self._tls.server_name) or self.host

    @contextlib.contextmanager
    def dialled(self, deadline: Deadline) -> Iterator[socket.socket]:
        """A socket; closed when what is done with it fails. Raises OSError."""
        timeout = min(CONNECT_TIMEOUT, deadline.remaining())
        sock = socket.create_connection((self.host, self.port), timeout)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._watch(sock)
            yield sock
        except BaseException:
            sock.close()
            raise

    def context(self) -> ssl.SSLContext | None:
        """TLS for one connection, with the files as they are now; None without. Raises OSError."""
        if self._tls is None:
            return None
        watch = self._watch

        class Watched(ssl.SSLSocket):
            # It is another socket than the one that was dialled, and can be cut from here on.
            def do_handshake(self, block: bool = False) -> None:
                watch(self)
                super().do_handshake(block)

        context = client_context(self._tls)
        context.sslsocket_class = Watched
        return context

    def allow(self, seconds: float) -> None:
        """Let nothing that is read from now on take longer to begin."""
        if self._socket is not None:
            self._socket.settimeout(seconds)

    def _watch(self, sock: socket.socket) -> None:
        self._socket = sock
        self.guard.watch(sock)
