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
from urllib.parse import urlsplit

import urllib3
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from mlvitals.core.tls import ClientTls

# Whoever sets insecure_skip_verify knows it; the log is not the place to say it before every call.
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


class SocketGuard:
    """The open sockets of one client. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._is_cut = False
        self._mended = 0

    def watch(self, sock: Any) -> None:
        """Remember a socket for as long as somebody else holds it; after `cut` it is shut down at once."""
        while sock is not None and not isinstance(sock, socket.socket):
            # TLS inside the TLS of a proxy is no socket but wraps one.
            sock = sock.socket
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
    """requests' transport, with every socket known to a guard and TLS of our own, also behind a proxy."""

    def __init__(self, guard: SocketGuard, tls: ClientTls, **options: Any) -> None:
        self._pools = _guarded_pools(guard)
        self._tls = tls
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Build the pools from guarded connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """The same for connections through a proxy."""
        if urlsplit(proxy).scheme == "https":
            options["proxy_ssl_context"] = self._tls.context()
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def build_connection_pool_key_attributes(self, *args: Any, **options: Any) -> Any:
        """Which connections may be shared: those of the same host with the same TLS."""
        host: Any
        pool: Any
        host, pool = super().build_connection_pool_key_attributes(*args, **options)
        if host["scheme"] == "https":
            pool["cert_reqs"] = "CERT_REQUIRED" if self._tls.verifies else "CERT_NONE"
            pool["ssl_context"] = self._tls.context()
            if self._tls.server_name:
                pool["server_hostname"] = self._tls.server_name
        return host, pool

    def cert_verify(self, *args: Any, **options: Any) -> None:
        """Keep requests from trusting its own list of authorities beside ours."""

    def close(self) -> None:
        """Close every connection; the next call makes new ones."""
        super().close()
        self.proxy_manager.clear()


def _guarded_pools(guard: SocketGuard) -> dict[str, type[HTTPConnectionPool]]:
    # Classes made here, because urllib3 builds pools and connections itself and passes on only arguments it knows.
    class Http(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            guard.watch(sock)
            return sock

    class Https(HTTPSConnection):
        # Watched before, because a proxy can drip its answer to CONNECT, and after the handshake, which makes another
        # socket of it. In between nothing can be cut, but Python bounds a handshake as a whole by the connect timeout.
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            guard.watch(sock)
            return sock

        def connect(self) -> None:
            super().connect()
            guard.watch(self.sock)

    class HttpPool(HTTPConnectionPool):
        ConnectionCls = Http

    class HttpsPool(HTTPSConnectionPool):
        ConnectionCls = Https

    return {"http": HttpPool, "https": HttpsPool}
