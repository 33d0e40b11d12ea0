"""Connections that can be cut from another thread.

A socket timeout bounds one receive, not an answer: a server that drips a byte a second is never late. Python cannot
end a blocked thread, but shutting down its socket frees it, so a client remembers its sockets.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import weakref
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class SocketGuard:
    """The open sockets of one client. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._is_cut = False
        self._mended = 0

    def watch(self, sock: socket.socket | None) -> None:
        """Remember a socket for as long as somebody else holds it; after `cut` it is shut down at once."""
        if sock is None:
            return
        with self._lock:
            self._sockets.add(sock)
            is_cut = self._is_cut
        if is_cut:
            _shut_down(sock)

    def cut(self, collection: int) -> None:
        """Shut every socket down, those to come too; a thread that reads or writes one gets an error.

        A cut that comes after the next `mend` does nothing: it must not hit the collection after its own.
        """
        with self._lock:
            if collection != self._mended:
                return
            self._is_cut = True
            sockets = list(self._sockets)
        for sock in sockets:
            _shut_down(sock)

    def mend(self) -> int:
        """Let new sockets live again; gives what `cut` takes."""
        with self._lock:
            self._is_cut = False
            self._mended += 1
            return self._mended


def _shut_down(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Not sock.shutdown(): SSLSocket's drops its TLS state under the reading thread.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


class GuardedAdapter(HTTPAdapter):
    """requests' transport, with every socket known to a guard."""

    def __init__(self, guard: SocketGuard, **options: Any) -> None:
        self._guard = guard
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Build the pools from guarded connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _guarded_pools(self._guard)


def _guarded_pools(guard: SocketGuard) -> dict[str, type[HTTPConnectionPool]]:
    # Classes made here, because urllib3 builds pools and connections itself and passes on only arguments it knows.
    class Http(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            guard.watch(self.sock)

    class Https(HTTPSConnection):
        # Until the handshake is done nothing can be cut, but Python bounds it as a whole by the connect timeout.
        def connect(self) -> None:
            super().connect()
            guard.watch(self.sock)

    class HttpPool(HTTPConnectionPool):
        ConnectionCls = Http

    class HttpsPool(HTTPSConnectionPool):
        ConnectionCls = Https

    return {"http": HttpPool, "https": HttpsPool}
