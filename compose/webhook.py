"""A webhook that keeps the notifications that Alertmanager sends it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Notification:
    """One alert of one notification: `status` is firing or resolved."""

    status: str
    labels: dict[str, str]
    annotations: dict[str, str]


class Webhook:
    """The URL to notify, and all that came so far. `on_notification` is called in a thread of the server."""

    def __init__(self, url: str, on_notification: Callable[[Notification], None]) -> None:
        self.url = url
        self._on_notification = on_notification
        self._lock = threading.Lock()
        self._received: list[Notification] = []

    def received(self) -> list[Notification]:
        """Everything that came so far, oldest first."""
        with self._lock:
            return list(self._received)

    def take(self, body: dict[str, Any]) -> None:
        """Keep the alerts of one request of Alertmanager, version 4."""
        for alert in body["alerts"]:
            notification = Notification(alert["status"], alert["labels"], alert["annotations"])
            with self._lock:
                self._received.append(notification)
            self._on_notification(notification)


@contextmanager
def webhook_server(on_notification: Callable[[Notification], None] = lambda _: None) -> Iterator[Webhook]:
    """Listen on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            try:
                webhook.take(json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0)))))
                self.send_response(200)
            except (ValueError, KeyError, TypeError):
                self.send_response(400)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        webhook = Webhook(f"http://127.0.0.1:{server.server_port}/", on_notification)
        threading.Thread(target=server.serve_forever, args=(0.05,), name="webhook", daemon=True).start()
        try:
            yield webhook
        finally:
            server.shutdown()
