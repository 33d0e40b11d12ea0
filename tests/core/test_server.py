from __future__ import annotations

import contextlib
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from structlog.testing import capture_logs

from mlvitals.core import listener, server
from mlvitals.core.refusals import Refusals
from mlvitals.core.server import Request, Response, Route
from tests.support.http_server import refused, serving
from tests.support.waiting import until

BIG = b"x" * 20_000_000
GET_BIG = b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n"


def _raise(_: Request) -> Response:
    raise RuntimeError("secret details")


ROUTES = (
    Route("/hello", lambda _: Response(b"hello\n")),
    Route("/echo/([a-z]+)", lambda request: Response(" ".join((*request.args, request.host)).encode())),
    Route("/gzip", lambda request: Response(str(request.accepts_gzip).encode())),
    Route("/big", lambda _: Response(BIG)),
    Route("/broken", _raise),
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(ROUTES) as (address, _):
        yield address


def connect(address: str, *sent: bytes) -> socket.socket:
    host, _, port = address.rpartition(":")
    sock = socket.create_connection((host, int(port)), timeout=30)
    for part in sent:
        sock.sendall(part)
    return sock


def test_get_and_head(address: str) -> None:
    assert requests.get(f"http://{address}/hello", timeout=10).text == "hello\n"
    head = requests.head(f"http://{address}/hello", timeout=10)
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, "6", b"")
    assert "Server" not in head.headers
    assert head.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/hello/", "/hello/x", "/hellox", "//hello", "/echo/UPPER", "/../hello"])
def test_unknown_paths_are_404(address: str, path: str) -> None:
    with connect(address, f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()) as sock:
        assert sock.makefile("rb").readline() == b"HTTP/1.1 404 Not Found\r\n"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_other_methods_are_405(address: str, method: str) -> None:
    answer = requests.request(method, f"http://{address}/hello", timeout=10)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("host", ["a b", "a/b", "x@y", '"', "", "a:b", "<script>"])
def test_a_malformed_host_is_refused(address: str, host: str) -> None:
    with connect(address, f"GET /echo/a HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()) as sock:
        assert b"400" in sock.makefile("rb").readline()


def test_http_1_0_needs_no_host(address: str) -> None:
    with connect(address, b"GET /echo/a HTTP/1.0\r\n\r\n") as sock:
        received = _all_of(sock)
    assert received.split(b"\r\n", 1)[0].endswith(b"200 OK")
    assert received.endswith(f"a {address}".encode())


@pytest.mark.parametrize("host", ["vitals", "vitals.example:443", "127.0.0.1:1", "[::1]:10847"])
def test_a_handler_sees_the_path_and_the_host(address: str, host: str) -> None:
    answer = requests.get(f"http://{address}/echo/abc", headers={"Host": host}, timeout=10)
    assert answer.text == f"abc {host}"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip", "True"),
        ("br, gzip;q=0.5", "True"),
        ("gzip;q=0", "False"),
        ("identity", "False"),
        ("*;q=0, gzip", "True"),
    ],
)
def test_accept_encoding_is_understood(address: str, header: str, expected: str) -> None:
    assert requests.get(f"http://{address}/gzip", headers={"Accept-Encoding": header}, timeout=10).text == expected


def test_an_error_in_a_handler_shows_nothing_of_itself(address: str) -> None:
    answer = requests.get(f"http://{address}/broken", timeout=10)
    assert (answer.status_code, answer.text) == (500, "500 Internal Server Error\n")


def test_only_what_a_handler_raises_is_logged_as_an_error(caplog: pytest.LogCaptureFixture) -> None:
    refusing = [Route("/500", lambda _: Response(b"", status=500)), Route("/503", lambda _: Response(b"", status=503))]
    with capture_logs() as logs, serving([*ROUTES, *refusing]) as (address, _):
        for path in ("/broken?token=secret", "/nowhere", "/500", "/503"):
            requests.get(f"http://{address}{path}", timeout=10)
    (line,) = [entry for entry in logs if entry["log_level"] != "debug"]
    assert (line["event"], line["path"], type(line["exc_info"])) == ("request failed", "/broken", RuntimeError)
    assert not caplog.records
    assert "token" not in str(logs)


def test_every_answer_is_a_line_of_the_debug_log() -> None:
    with capture_logs() as logs, serving(ROUTES) as (address, _):
        assert requests.get(f"http://{address}/hello?token=secret", timeout=10).ok
    (line,) = logs
    assert 0 <= line.pop("seconds") < 60
    assert line == {
        "event": "request answered",
        "log_level": "debug",
        "method": "GET",
        "path": "/hello",
        "status": 200,
        "bytes": 6,
        "client": "127.0.0.1",
    }


def test_half_requests_hold_no_worker(address: str) -> None:
    half = [connect(address, b"GET /hello HTTP/1.1\r\nHost: a\r\nX") for _ in range(200)]
    try:
        assert requests.get(f"http://{address}/hello", timeout=10).ok
    finally:
        for sock in half:
            sock.close()


def test_a_header_that_is_dripped_is_cut(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEADER_SECONDS", 0.5)
    with serving(ROUTES) as (short, _), connect(short, b"GET /hello HTTP/1.1\r\nHost: a\r\nX: ") as sock:
        assert until(lambda: _cut(lambda: sock.sendall(b"a")), 20)


@pytest.mark.parametrize(
    "line", ["GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n"]
)
@pytest.mark.parametrize("size", [20_000, 60_000])
def test_a_header_that_is_too_large_is_431_and_counted(line: str, size: int) -> None:
    refusals = Refusals()
    with serving(ROUTES, refusals=refusals) as (address, _):
        with connect(address, line.format("a" * size).encode()) as sock:
            assert sock.makefile("rb").readline() == b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
        assert requests.get(f"http://{address}/hello", headers={"X": "a" * 16_000}, timeout=10).ok
    assert refused(refusals) == {"header": 1}


def test_a_header_without_end_is_cut_and_counted() -> None:
    refusals = Refusals()
    with serving(ROUTES, refusals=refusals) as (address, _):
        with connect(address) as sock:
            assert until(lambda: _cut(lambda: sock.sendall(b"GET /" + b"a" * 1_000_000)), 20)
        assert requests.get(f"http://{address}/hello", timeout=10).ok
        until(lambda: refused(refusals) == {"header": 1})


def test_a_body_that_is_too_large_is_refused(address: str) -> None:
    head = b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n"
    with connect(address, head) as sock:
        assert b"200" not in sock.makefile("rb").readline()


def test_a_reader_that_does_not_read_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "ANSWER_SECONDS", 0.5)
    done = threading.Event()

    def big(_: Request) -> Response:
        done.set()
        return Response(BIG)

    with serving((Route("/big", big),)) as (address, _), connect(address, GET_BIG) as sock:
        assert done.wait(10)
        until(lambda: _cut(lambda: sock.sendall(b"\r\n")), 20)
        assert len(_all_of(sock)) < len(BIG)


@pytest.mark.parametrize("address", ["", "nonsense", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "a:b:c"])
def test_a_malformed_listen_address_is_an_error(address: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        server.listen(address)


def test_ipv6_loopback() -> None:
    sockets = server.listen("[::1]:0")
    assert server.address_of(sockets).startswith("[::1]:")
    for sock in sockets:
        sock.close()


def test_answers_under_way_are_finished_at_the_end() -> None:
    asked, go_on = threading.Event(), threading.Event()

    def slow(_: Request) -> Response:
        asked.set()
        go_on.wait(30)
        return Response(BIG)

    with serving((Route("/slow", slow),)) as (address, _):
        sock = connect(address, b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        assert asked.wait(10)
        # The server is told to end right here; its answer comes half a second into the end.
        threading.Timer(0.5, go_on.set).start()
        reader = threading.Thread(target=lambda: received.append(_all_of(sock)))
        received: list[bytes] = []
        reader.start()
    reader.join(20)
    sock.close()
    assert received[0].endswith(BIG)


def test_readers_that_do_not_read_cost_little_memory() -> None:
    with serving((Route("/big", lambda _: Response(BIG)),)) as (address, _):
        before = _resident()
        idle = [connect(address, GET_BIG) for _ in range(40)]
        try:
            for sock in idle:
                assert sock.recv(1)
            assert _resident() - before < 100 << 20
        finally:
            for sock in idle:
                sock.close()


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _all_of(sock: socket.socket) -> bytes:
    received = bytearray()
    with contextlib.suppress(ConnectionError):
        while chunk := sock.recv(1 << 16):
            received += chunk
    return bytes(received)


HELLO = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"


def test_idle_and_half_read_connections_make_room_the_longest_waiting_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MAX_CONNECTIONS", 3)
    refusals = Refusals()
    with serving(ROUTES, refusals=refusals) as (address, _), contextlib.ExitStack() as stack:
        kept_alive, silent, half = (
            stack.enter_context(connect(address, sent)) for sent in (HELLO, b"", b"GET /hello HTTP/1.1\r\n")
        )
        # It was the first to connect, but has been served after the others began to wait.
        assert kept_alive.recv(1 << 16).endswith(b"hello\n")
        kept_alive.sendall(HELLO)
        assert kept_alive.recv(1 << 16).endswith(b"hello\n")
        for closed in (silent, half):
            assert stack.enter_context(connect(address, HELLO)).recv(1 << 16).endswith(b"hello\n")
            assert _all_of(closed) == b""
        kept_alive.sendall(HELLO)
        assert kept_alive.recv(1 << 16).endswith(b"hello\n")
    assert refused(refusals) == {"idle": 2}


def test_a_connection_with_a_request_in_progress_is_not_closed_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MAX_CONNECTIONS", 2)
    asked, go_on, refusals = threading.Semaphore(0), threading.Event(), Refusals()

    def slow(_: Request) -> Response:
        asked.release()
        go_on.wait(30)
        return Response(BIG)

    with serving((*ROUTES, Route("/slow", slow)), refusals=refusals) as (address, _):
        busy = [connect(address, b"GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") for _ in range(2)]
        assert all(asked.acquire(timeout=30) for _ in busy)
        with connect(address, HELLO) as one_more:
            assert _all_of(one_more) == b""
        go_on.set()
        for sock in busy:
            with sock:
                assert _all_of(sock).endswith(BIG)
        assert until(lambda: _status(f"http://{address}/hello")) == 200
    assert refused(refusals)["full"] >= 1
    assert "idle" not in refused(refusals)


def test_a_scrape_gets_through_512_strangers() -> None:
    with serving(ROUTES) as (address, _), contextlib.ExitStack() as stack:
        for number in range(listener.MAX_CONNECTIONS):
            stack.enter_context(connect(address, b"GET /hello HTTP/1.1\r\nX-Never-En" if number % 2 else b""))
        assert requests.get(f"http://{address}/hello", timeout=10).ok


@pytest.mark.parametrize(("method", "status"), [("POST", 200), ("GET", 405), ("HEAD", 405), ("PUT", 405)])
def test_a_post_route_takes_only_post(method: str, status: int) -> None:
    with serving((Route("/act", lambda _: Response(b"done"), "POST"),)) as (address, _):
        answer = requests.request(method, f"http://{address}/act", timeout=10)
    assert answer.status_code == status
    assert answer.headers.get("Allow", "POST") == "POST"


def _status(url: str) -> int | None:
    try:
        return requests.get(url, timeout=10).status_code
    except requests.ConnectionError:
        return None


def _cut(send: Callable[[], None]) -> bool:
    try:
        send()
    except OSError:
        return True
    return False
