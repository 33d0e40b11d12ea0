"""A real HTTP server on loopback that plays an upstream system: recorded answers, and every way to go wrong.

Large answers are streamed, never held, so a test can measure the memory of the one that reads them.
"""

from __future__ import annotations

import json
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import requests

GIGABYTE = 1 << 30
_KEPT_HEADERS = ("Content-Type", "Date")


@dataclass(frozen=True)
class Request:
    """A request as it came. `query` holds every value of each key."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's JSON; None without a body."""
        return json.loads(self.body) if self.body else None


Stream = Callable[[threading.Event], Iterator[bytes]]
"""Makes the bytes of an answer; the event is set when the server closes, so that waiting can end."""


@dataclass(frozen=True)
class Answer:
    """What to answer: a body, or a stream that ends with the connection; `raw` bytes stand in for all of HTTP."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: Stream | None = None
    raw: Stream | None = None


Responder = Callable[[Request], Answer]


class Replay:
    """The server. `respond` may be replaced at any time; `requests` are those that came, in order."""

    def __init__(self, respond: Responder, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.respond = respond
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.replay = self
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "https" if tls else "http"
        self.port = int(self._server.server_address[1])
        self.url = f"{scheme}://127.0.0.1:{self.port}"
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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    replay: Replay

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet: clients that hang up are what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are two writes: with Nagle the second would wait 40 ms for the first one's receipt.
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, parts.path, parse_qs(parts.query), dict(self.headers), body)
        if self.server.replay.closing.is_set():
            # A connection that is kept alive outlives the listening socket.
            self.close_connection = True
            return
        self.server.replay.requests.append(request)
        self._send(self.server.replay.respond(request))

    def _send(self, answer: Answer) -> None:
        if answer.raw:
            self._pour(answer.raw)
            return
        # Not send_response: it writes a Date of its own.
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.stream:
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.stream:
            self._pour(answer.stream)
        else:
            self.wfile.write(answer.body)

    def _pour(self, stream: Stream) -> None:
        closing = self.server.replay.closing
        self.close_connection = True
        for part in stream(closing):
            self.wfile.write(part)
            if closing.is_set():
                return

    do_GET = do_POST = do_HEAD = _handle  # noqa: N815


def always(answer: Answer) -> Responder:
    """The same answer to everything."""
    return lambda _: answer


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer."""
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})


def redirect(location: str, status: int = 302) -> Answer:
    """A redirect."""
    return Answer(status, b"moved", {"Location": location})


def _hang(closing: threading.Event) -> Iterator[bytes]:
    closing.wait()
    yield b""


def _drip(closing: threading.Event) -> Iterator[bytes]:
    yield b"{"
    while not closing.wait(0.02):
        yield b" "


def _drip_headers(closing: threading.Event) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nX-Slow: "
    while not closing.wait(0.02):
        yield b"z"


def _cut(_: threading.Event) -> Iterator[bytes]:
    yield b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"cut": '


def _gigabyte(closing: threading.Event) -> Iterator[bytes]:
    spaces = b" " * (1 << 16)
    yield b"["
    for _ in range(GIGABYTE // len(spaces)):
        yield spaces


def _many_values(closing: threading.Event) -> Iterator[bytes]:
    yield b'{"x": ['
    for _ in range(100):
        yield b"0," * 100_000
    yield b"0]}"


def _gzip_bomb(closing: threading.Event) -> Iterator[bytes]:
    mebibyte = bytes(1 << 20)
    press = zlib.compressobj(9, wbits=31)
    member = b"".join(press.compress(mebibyte) for _ in range(64)) + press.flush()
    # gzip members one after the other are one gzip stream.
    for _ in range(GIGABYTE // (64 << 20)):
        yield member


GIGABYTE_BODY = Answer(headers={"Content-Type": "application/json"}, stream=_gigabyte)

FAULTS: dict[str, Responder] = {
    "401": always(Answer(401, b"who are you?", {"WWW-Authenticate": "Basic"})),
    "403": always(Answer(403, b"not for you")),
    "404": always(Answer(404, b"<h1>Not Found</h1>", {"Content-Type": "text/html"})),
    "429": always(Answer(429, b"slow down", {"Retry-After": "3600"})),
    "500": always(Answer(500, b"something broke")),
    "503": always(Answer(503, b"starting")),
    "html": always(Answer(200, b"<!doctype html><title>Log in</title>", {"Content-Type": "text/html"})),
    "empty object": always(json_answer({})),
    "null": always(json_answer(None)),
    "wrong types": always(json_answer([{"name": ["not", "a", "name"]}])),
    "truncated JSON": always(Answer(200, b'{"registered_models": [{"name": "chu')),
    "cut": always(Answer(raw=_cut)),
    "empty": always(Answer()),
    "hang": always(Answer(raw=_hang)),
    "drip": always(Answer(stream=_drip)),
    "dripping headers": always(Answer(raw=_drip_headers)),
    "hang up": always(Answer(raw=lambda _: iter(()))),
    "not HTTP": always(Answer(raw=lambda _: iter((b"SSH-2.0-OpenSSH_9.2\r\n",)))),
    "redirect loop": lambda request: redirect(request.path, 308),
    "redirect to another host": lambda request: redirect(f"http://127.0.0.2:9{request.path}", 308),
    "gigabyte": always(GIGABYTE_BODY),
    "gzip bomb": always(Answer(headers={"Content-Encoding": "gzip"}, stream=_gzip_bomb)),
    "very many values": always(Answer(stream=_many_values)),
    "not gzip": always(Answer(200, b"plain", {"Content-Encoding": "gzip"})),
}
"""Every way in which an upstream can fail a reader, by name."""


def recorded(folder: Path) -> Responder:
    """Plays the answers that `recorder` wrote, those to the same request in their order, the last one again and again.

    An unknown request gets 501 and says what was asked.
    """
    answers: dict[str, list[Answer]] = {}
    for path in sorted(folder.glob("*.json")):
        key, answer = _load(path)
        answers.setdefault(key, []).append(answer)

    def respond(request: Request) -> Answer:
        key = _key(request.method, request.path, dict(request.query), request.json)
        found = answers.get(key)
        if not found:
            return Answer(501, f"not recorded: {key}".encode())
        return found.pop(0) if len(found) > 1 else found[0]

    return respond


def forwarder(upstream: str) -> Responder:
    """Passes every request on to a real server."""

    def respond(request: Request) -> Answer:
        answer = requests.request(
            request.method,
            upstream + request.path,
            params=dict(request.query),
            data=request.body or None,
            headers={"Content-Type": "application/json"} | _proof(request),
            timeout=30,
        )
        headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
        return Answer(answer.status_code, answer.content, headers)

    return respond


def _proof(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name == "Authorization"}


def recorder(upstream: str, folder: Path, public: Mapping[str, str] | None = None) -> Responder:
    """Passes requests on to a real server and writes each with its answer to a numbered file.

    `public` says what stands in the file for what should not: a path of this machine.
    """
    forward = forwarder(upstream)

    def respond(request: Request) -> Answer:
        answer = forward(request)
        text = answer.body.decode()
        for private, instead in (public or {}).items():
            text = text.replace(private, instead)
        saved = {
            "request": [request.method, request.path, dict(request.query), request.json],
            "status": answer.status,
            "headers": answer.headers,
            "body": json.loads(text) if text.startswith("{") else text,
        }
        name = f"{len(list(folder.glob('*.json'))):02}-{request.path.strip('/').replace('/', '-')}.json"
        (folder / name).write_text(json.dumps(saved, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return answer

    return respond


def _load(path: Path) -> tuple[str, Answer]:
    saved = json.loads(path.read_text(encoding="utf-8"))
    body = saved["body"] if isinstance(saved["body"], str) else json.dumps(saved["body"])
    return _key(*saved["request"]), Answer(saved["status"], body.encode(), saved["headers"])


def _key(method: str, path: str, query: Mapping[str, list[str]], body: object) -> str:
    return json.dumps([method, path, query, body], sort_keys=True)
