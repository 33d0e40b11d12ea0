"""Clients that connect, send nothing or half a request, and wait."""

from __future__ import annotations

import selectors
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

HALF = b"GET /metrics HTTP/1.1\r\nHost: a\r\nX-Never-En"


class IdleConnections:
    """So many connections to a server, open all the time: one that the server closes is opened again."""

    def __init__(self, url: str, wanted: int) -> None:
        self.wanted = wanted
        self.cut = 0
        self._to = urlsplit(url).hostname or "", urlsplit(url).port or 80
        self._selector = selectors.DefaultSelector()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Self:
        for number in range(self.wanted):
            self._connect(number)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            self._close(key)
        self._selector.close()

    def __str__(self) -> str:
        return f"{self.wanted} idle connections were kept open; the server closed {self.cut}, each was opened again"

    def _keep(self) -> None:
        while not self._ended.is_set():
            for key, _ in self._selector.select(0.1):
                self.cut += 1
                self._close(key)
                self._connect(key.data)

    def _connect(self, number: int) -> None:
        sock = socket.create_connection(self._to, timeout=10)
        # Every other one begins to ask.
        sock.sendall(HALF if number % 2 else b"")
        self._selector.register(sock, selectors.EVENT_READ, number)

    def _close(self, key: selectors.SelectorKey) -> None:
        self._selector.unregister(key.fileobj)
        assert isinstance(key.fileobj, socket.socket)
        key.fileobj.close()
