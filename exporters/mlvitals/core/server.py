"""The HTTP server: bounded in header size, header time, body and answer time; it knows no path of its own.

Tornado holds no worker for a request that is still being read, and bounds the whole header in time, the TLS handshake
included. Handlers run in a few threads, so a slow one does not keep a scrape waiting.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn, cast

import structlog
from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.iostream import IOStream, StreamClosedError
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler

from mlvitals.core.access import BusyError, Guard
from mlvitals.core.failures import plain
from mlvitals.core.listener import Listener
from mlvitals.core.refusals import Refusals
from mlvitals.core.webconfig import WebConfig, tls_context

log = structlog.get_logger()

HEADER_SECONDS = 10.0
ANSWER_SECONDS = 60.0
DRAIN_SECONDS = 5.0
MAX_HEADER = 16 * 1024
_READ_HEADER = 4 * MAX_HEADER
"""A larger one is not read to its end, so that it gets no answer."""
_SLICE = 256 * 1024
_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What a handler sees: `host` is the Host header, known to be well-formed; `args` are the groups of the path."""

    args: tuple[str, ...]
    host: str
    scheme: str
    headers: Mapping[str, str]

    @property
    def accepts_gzip(self) -> bool:
        """The client takes gzip."""
        entries = (entry.partition(";") for entry in self.headers.get("Accept-Encoding", "").lower().split(","))
        codings = {coding.strip(): quality.replace(" ", "") for coding, _, quality in entries}
        return codings.get("gzip", codings.get("*", "q=0")) not in ("q=0", "q=0.0", "q=0.00", "q=0.000")


@dataclass(frozen=True, slots=True)
class Response:
    """What a handler answers."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """A path (a regular expression that matches all of it) and what answers there: GET and HEAD, or POST."""

    path: str
    handle: Callable[[Request], Response]
    method: Literal["GET", "POST"] = "GET"

    @property
    def allowed(self) -> str:
        """The value of the header Allow."""
        return "GET, HEAD" if self.method == "GET" else self.method


def listen(address: str) -> list[socket.socket]:
    """Open sockets at `HOST:PORT` or `[v6]:PORT`; port 0 asks for a free one. Raises ValueError or OSError."""
    match = re.fullmatch(r"(?:\[(?P<six>[^]]+)\]|(?P<host>[^:]*)):(?P<port>\d{1,5})", address)
    if match is None or int(match["port"]) > 65535:
        raise ValueError(f"expected HOST:PORT, got {address!r}")
    sockets = bind_sockets(int(match["port"]), match["six"] or match["host"] or None, reuse_port=False)
    for sock in sockets:
        # A stolen port would split the traffic with another process; restarts are covered by SO_REUSEADDR.
        sock.setblocking(False)
    return sockets


def address_of(sockets: Sequence[socket.socket]) -> str:
    """`HOST:PORT` of the first socket."""
    host, port = sockets[0].getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


Underway = dict[asyncio.Task[None], IOStream]
"""Requests that are being answered, and their connections."""


class Server:
    """Serves routes on sockets. `secure` may be called at any time and holds for new connections and requests."""

    def __init__(self, sockets: Sequence[socket.socket], routes: Sequence[Route], refusals: Refusals) -> None:
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="http")
        self._guard = Guard()
        self._underway: Underway = {}
        common = {"guard": self._guard, "underway": self._underway, "refusals": refusals}
        of_all = {"threads": self._threads, **common}
        handlers = [(f"(?:{route.path})", _Handler, {"route": route, **of_all}) for route in routes]
        application = Application(
            handlers,
            default_handler_class=_NotFound,
            default_handler_args=common,
            log_function=_log_request,
        )
        self._http = Listener(
            application,
            refusals=refusals,
            busy=lambda: {*self._underway.values()},
            idle_connection_timeout=HEADER_SECONDS,
            body_timeout=HEADER_SECONDS,
            max_header_size=_READ_HEADER,
            max_body_size=MAX_HEADER,
            max_buffer_size=2 * _READ_HEADER,
        )
        self._sockets = sockets

    def secure(self, web: WebConfig) -> None:
        """Take TLS and users from `web`. Raises OSError, and changes nothing, when a certificate cannot be used."""
        context = tls_context(web.tls_server_config) if web.tls_server_config else None
        self._http.ssl_options = context
        self._guard.auth.take(web.basic_auth_users)

    async def run(self, until: Callable[[], Awaitable[object]]) -> None:
        """Serve until `until()` returns; answers under way are finished first, for five seconds at most."""
        self._http.add_sockets(self._sockets)
        try:
            await until()
        finally:
            self._http.stop()
            await self._drain()
            self._guard.close()
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _drain(self) -> None:
        if self._underway:
            await asyncio.wait(self._underway, timeout=DRAIN_SECONDS)
        await self._http.close_all_connections()


class _Base(RequestHandler):
    SUPPORTED_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in _HEADERS.items():
            self.set_header(name, value)

    def compute_etag(self) -> None:
        """No ETag: hashing a large page costs more than sending it, and scrapers do not ask."""

    def initialize(self, *, guard: Guard, underway: Underway, refusals: Refusals, **_: Any) -> None:
        self.sent = 0
        self._guard = guard
        self._underway = underway
        self._refusals = refusals

    async def prepare(self) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._underway[task] = self._stream
        task.add_done_callback(self._underway.pop)
        if _header_size(self.request) > MAX_HEADER:
            self._refuse("header", 431)
        header = self.request.headers.get("Authorization", "")
        try:
            admitted = await self._guard.admits(header, self._stream.closed)
        except BusyError:
            self._refuse("busy", 503)
        if not admitted:
            self._refuse("wrong_credentials" if header else "no_credentials", 401)

    def _refuse(self, reason: str, status: int) -> NoReturn:
        # Nobody looked at the password of a client that is gone.
        if not self._stream.closed():
            self._refusals.note(reason, self.request.remote_ip or "")
        raise HTTPError(status)

    @property
    def _stream(self) -> IOStream:
        return cast(HTTP1Connection, self.request.connection).stream

    def write_error(self, status_code: int, **_: object) -> None:
        if status_code == 401:
            self.set_header("WWW-Authenticate", 'Basic realm="mlvitals", charset="UTF-8"')
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        body = f"{status_code} {self._reason}\n"
        self.sent = len(body)
        self.finish(body)

    def log_exception(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Only our own errors: a stranger's bad requests, and guesses that are turned away, must not fill the log."""
        if not isinstance(error, HTTPError):
            log.error("request failed", path=plain(self.request.path), exc_info=error)


class _NotFound(_Base):
    async def prepare(self) -> None:
        await super().prepare()
        raise HTTPError(404)


class _Handler(_Base):
    def initialize(self, *, route: Route, threads: ThreadPoolExecutor, **common: Any) -> None:  # type: ignore[override]
        super().initialize(**common)
        self._route = route
        self._threads = threads

    async def get(self, *args: str) -> None:
        if self._route.method != "GET":
            raise HTTPError(405)
        await self._handle(args)

    head = get

    async def post(self, *args: str) -> None:
        if self._route.method != "POST":
            raise HTTPError(405)
        await self._handle(args)

    async def _handle(self, args: tuple[str, ...]) -> None:
        host = self.request.headers.get("Host", "")
        if not host and self.request.version == "HTTP/1.0":
            # Load balancers' health checks send none.
            host = address_of([self._stream.socket])
        if not _HOST.fullmatch(host):
            raise HTTPError(400)
        request = Request(args, host, self.request.protocol, _Headers(self.request.headers))
        loop = asyncio.get_running_loop()
        await self._answer(await loop.run_in_executor(self._threads, self._route.handle, request))

    def write_error(self, status_code: int, **kwargs: object) -> None:
        if status_code == 405:
            self.set_header("Allow", self._route.allowed)
        super().write_error(status_code, **kwargs)

    async def _answer(self, response: Response) -> None:
        self.set_status(response.status)
        self.set_header("Content-Type", response.content_type)
        for name, value in response.headers.items():
            self.set_header(name, value)
        self.set_header("Content-Length", str(len(response.body)))
        try:
            await asyncio.wait_for(self._send(response.body), ANSWER_SECONDS)
        except TimeoutError:
            self._stream.close()
        except StreamClosedError:
            """The reader went away."""

    async def _send(self, body: bytes) -> None:
        """Slice by slice: a reader that does not read costs a slice of memory, not the page."""
        if self.request.method != "HEAD":
            for start in range(0, len(body), _SLICE):
                self.write(body[start : start + _SLICE])
                self.sent = min(start + _SLICE, len(body))
                await self.flush()
        await self.finish()


class _Headers(dict[str, str]):
    """Headers with names in any case."""

    def __init__(self, headers: HTTPHeaders) -> None:
        super().__init__({name.lower(): value for name, value in headers.get_all()})

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        return super().get(name.lower(), default)


def _header_size(request: HTTPServerRequest) -> int:
    """Bytes, without what stands between names and values."""
    return len(request.uri or "") + sum(len(name) + len(value) for name, value in request.headers.get_all())


def _log_request(handler: RequestHandler) -> None:
    # Not the whole address: people put secrets into queries.
    log.debug(
        "request answered",
        method=plain(handler.request.method or ""),
        path=plain(handler.request.path),
        status=handler.get_status(),
        seconds=round(handler.request.request_time(), 4),
        bytes=cast(_Base, handler).sent,
        client=handler.request.remote_ip,
    )
