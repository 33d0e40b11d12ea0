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
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection


class SocketGuard:
    """The open sockets of one client."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()

    def watch(self, sock: socket.socket | None) -> None:
        """Remember a socket for as long as somebody else holds it."""
        if sock is not None:
            with self._lock:
                self._sockets.add(sock)

    def cut(self) -> None:
        """Shut every socket down; a thread that reads or writes one gets an error."""
        with self._lock:
            sockets = list(self._sockets)
        for sock in sockets:
            with contextlib.suppress(OSError):
                # Not sock.shutdown(): SSLSocket's drops its TLS state under the reading thread.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class GuardedAdapter(HTTPAdapter):
    """requests' transport, with every socket known to a guard. No proxy is used unless the session names one."""

    def __init__(self, guard: SocketGuard, **options: Any) -> None:
        self._guard = guard
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Build the pools from guarded connections."""
        super().init_poolmanager(*args, **options)  # type: ignore[no-untyped-call]
        _guard_pools(self.poolmanager, self._guard)

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        """Build the proxied pools from guarded connections."""
        manager = super().proxy_manager_for(*args, **options)  # type: ignore[no-untyped-call]
        _guard_pools(manager, self._guard)
        return manager


def _guard_pools(manager: PoolManager, guard: SocketGuard) -> None:
    class Http(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            guard.watch(sock)
            return sock

    class Https(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            guard.watch(sock)
            return sock

        def connect(self) -> None:
            super().connect()
            # The TLS socket took the place of the plain one.
            guard.watch(self.sock)

    class HttpPool(HTTPConnectionPool):
        ConnectionCls = Http

    class HttpsPool(HTTPSConnectionPool):
        ConnectionCls = Https

    manager.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}
