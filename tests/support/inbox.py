"""Where notifications arrive: an HTTP server that stands for Slack, PagerDuty, Teams and a webhook, and a mail server.

Each message is kept as the text that a person would read, with the channel that it came through.
"""

from __future__ import annotations

import email
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from compose.processes import free_port


class Inbox:
    """All messages so far."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received: list[tuple[str, str]] = []

    def put(self, channel: str, text: str) -> None:
        """Keep one."""
        with self._lock:
            self._received.append((channel, text))

    def of(self, channel: str, *words: str) -> list[str]:
        """Those of the channel that contain all the words, oldest first."""
        with self._lock:
            return [text for known, text in self._received if known == channel and all(word in text for word in words)]


def _slack(body: Any) -> str:
    (attachment,) = body["attachments"]
    head = f"{body.get('channel')} {attachment['color']} {attachment['fallback']}"
    return f"{head}\n{attachment['title']}\n{attachment['text']}"


def _pagerduty(body: Any) -> str:
    payload = body["payload"]
    head = f"{body['event_action']} {payload['severity']} {payload.get('component')} {payload['class']}"
    details = [f"{name}: {payload['custom_details'][name] or ''}" for name in ("firing", "resolved")]
    links = [f"{link['text']}: {link['href']}" for link in body.get("links", [])]
    return "\n".join([f"{body['routing_key']} {head}", payload["summary"], *details, *links])


def _teams(body: Any) -> str:
    (attachment,) = body["attachments"]
    return "\n".join(block["text"] for block in attachment["content"]["body"])


READERS: dict[str, Callable[[Any], str]] = {
    "slack": _slack,
    "pagerduty": _pagerduty,
    "teams": _teams,
    "webhook": lambda body: json.dumps(body, ensure_ascii=False),
}


@contextmanager
def http_inbox(inbox: Inbox) -> Iterator[str]:
    """Take `POST /<channel>/<anything>`; yields the base URL."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            channel = self.path.split("/")[1]
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            inbox.put(channel, READERS[channel](json.loads(body)))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


class _Mailbox:
    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def handle_DATA(  # noqa: N802 aiosmtpd calls it by this name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        for channel, kind in (("email", "plain"), ("html", "html")):
            part = message.get_body((kind,))
            assert part is not None
            head = f"From: {message['From']}\nTo: {message['To']}\nSubject: {message['Subject']}\n\n"
            self._inbox.put(channel, (head + part.get_content()).replace("\r\n", "\n"))
        return "250 OK"


@contextmanager
def smtp_inbox(inbox: Inbox, tls: ssl.SSLContext, login: tuple[str, str]) -> Iterator[str]:
    """A mail server that wants STARTTLS, then this user and password; yields HOST:PORT."""
    starttls = {"tls_context": tls, "require_starttls": True, "auth_required": True}
    with _mail_server(inbox, login, "127.0.0.1", free_port(), starttls) as address:
        yield address


@contextmanager
def smtps_inbox(inbox: Inbox, tls: ssl.SSLContext, login: tuple[str, str], host: str) -> Iterator[str]:
    """A mail server that speaks TLS from the start, which Alertmanager does at this port only; yields HOST:PORT."""
    # The server does not know that its connections are encrypted.
    with _mail_server(inbox, login, host, 465, {"ssl_context": tls, "auth_require_tls": False}) as address:
        yield address


@contextmanager
def _mail_server(
    inbox: Inbox, login: tuple[str, str], host: str, port: int, encryption: Mapping[str, Any]
) -> Iterator[str]:
    wanted = LoginPassword(*(text.encode() for text in login))

    def authenticated(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data == wanted)

    controller = Controller(
        _Mailbox(inbox),
        hostname=host,
        port=port,
        authenticator=authenticated,
        # Alertmanager does not know the words with which this server asks for a user name.
        auth_exclude_mechanism=["LOGIN"],
        **encryption,
    )
    controller.start()
    try:
        yield f"{host}:{port}"
    finally:
        controller.stop()
