"""Outgoing HTTP against a real server that does everything wrong."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import SecretStr, TypeAdapter

from mlvitals.core import outbound
from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.connections import SocketGuard
from mlvitals.core.credentials import Given, Proof
from mlvitals.core.outbound import Client, Explain
from mlvitals.core.room import PLACES
from mlvitals.core.settings import HttpSettings
from tests.support.faults import REASONS
from tests.support.replay import (
    FAULTS,
    GIGABYTE_BODY,
    Answer,
    Replay,
    Request,
    Responder,
    Stream,
    always,
    json_answer,
    redirect,
)
from tests.support.waiting import until

OBJECT = TypeAdapter(dict[str, int])
SECRET = "hunter2-and-more"
OK = always(json_answer({"a": 1}))


@contextlib.contextmanager
def ticking(seconds: float) -> Iterator[Deadline]:
    """A deadline with the clock that the runner gives it."""
    deadline = Deadline(seconds)
    timer = threading.Timer(seconds, deadline.expire)
    timer.start()
    try:
        yield deadline
    finally:
        timer.cancel()
        timer.join()


@contextlib.contextmanager
def client(
    url: str, *, explain: Explain | None = None, max_body: int = 1 << 20, ca_file: str | None = None, **auth: Any
) -> Iterator[Client]:
    """A client with a small limit, closed at the end."""
    given = {"name": "x", "type": "x", "url": url, "auth": auth or None, "tls_config": {"ca_file": ca_file}}
    settings = HttpSettings.model_validate(given)
    made = Client(settings, explain=explain, max_body=max_body)
    try:
        yield made
    finally:
        made.close()


def failure(url: str, seconds: float = 10.0, path: str = "api/things", **options: Any) -> UpstreamError:
    """How a GET fails."""
    with client(url, **options) as made, ticking(seconds) as deadline, pytest.raises(UpstreamError) as caught:
        made.get(path, OBJECT, deadline)
    return caught.value


def ask(url: str, **options: Any) -> dict[str, int]:
    """What a GET gives."""
    with client(url, **options) as made:
        return made.get("api/things", OBJECT, Deadline(10), {"max": 5})


def test_get_and_post_below_a_path_prefix() -> None:
    with Replay(OK) as server, client(f"{server.url}/mlflow/") as made:
        assert made.get("/api/things", OBJECT, Deadline(10), {"order": "name ASC", "none": None}) == {"a": 1}
        assert made.post("api/search", OBJECT, Deadline(10), {"filter": "é"}) == {"a": 1}
    got, posted = server.requests
    assert (got.path, got.query) == ("/mlflow/api/things", {"order": ["name ASC"]})
    assert (posted.path, posted.json) == ("/mlflow/api/search", {"filter": "é"})
    assert got.headers["User-Agent"].startswith("mlvitals/")


@pytest.mark.parametrize("path", ["//elsewhere.example/x", "http://elsewhere.example/x"])
def test_a_path_never_leaves_the_host(path: str) -> None:
    with Replay(OK) as server, client(server.url) as made:
        made.get(path, OBJECT, Deadline(10))
        assert server.requests


def test_one_connection_serves_many_calls() -> None:
    ports = set[int]()
    with Replay(OK) as server, client(server.url) as made:
        make = socket.socket.connect

        def counting(sock: socket.socket, address: Any) -> None:
            ports.add(id(sock))
            make(sock, address)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket.socket, "connect", counting)
            for _ in range(3):
                made.get("a", OBJECT, Deadline(10))
    assert len(server.requests) == 3
    assert len(ports) == 1


@pytest.mark.parametrize("fault", REASONS)
def test_reason_of(fault: str) -> None:
    slow = REASONS[fault] == "timeout"
    with Replay(FAULTS[fault]) as server:
        started = time.monotonic()
        error = failure(server.url, 0.5 if slow else 20.0, username="ann", password=SECRET)
        assert time.monotonic() - started < 10
    assert error.reason == REASONS[fault], error
    assert f"{server.url}/api/things" in str(error)
    assert SECRET not in str(error)
    assert len(str(error)) < 400


def test_messages_say_what_happened() -> None:
    words = {
        "401": "answered 401 Unauthorized",
        "html": "answered HTML",
        "truncated JSON": "cut short",
        "cut": "cut its answer short",
        "null": "the answer: Input should be an object",
        "redirect to another host": "redirects to http://127.0.0.2:9/api/things: that is another host",
        "redirect loop": "more than 3 redirects",
        "gigabyte": "more than 1 MiB",
        "not HTTP": "does not answer in HTTP: SSH-2.0-OpenSSH_9.2",
        "hang up": "Remote end closed connection without response",
        "not gzip": "cannot be decompressed",
    }
    for fault, text in words.items():
        with Replay(FAULTS[fault]) as server:
            assert text in str(failure(server.url))


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    error = failure(f"http://127.0.0.1:{port}")
    assert (error.reason, str(error)) == (
        "connect",
        f"cannot connect to http://127.0.0.1:{port}/api/things: Connection refused",
    )


def test_no_such_host() -> None:
    error = failure("http://mlvitals-test.invalid:1")
    assert error.reason == "connect"
    assert "cannot connect to http://mlvitals-test.invalid:1" in str(error)


# Retries


def test_an_overloaded_gateway_and_a_lost_connection_are_tried_again() -> None:
    answers = [Answer(503), Answer(raw=lambda _: iter(())), json_answer({"a": 2})]
    with Replay(lambda _: answers.pop(0)) as server:
        assert ask(server.url) == {"a": 2}
        assert len(server.requests) == 3


@pytest.mark.parametrize(("status", "calls"), [(502, 3), (503, 3), (504, 3), (500, 1), (429, 1), (401, 1), (404, 1)])
def test_how_often_a_status_is_tried(status: int, calls: int) -> None:
    with Replay(always(Answer(status, b"", {"Retry-After": "3600"}))) as server:
        assert str(status) in str(failure(server.url))
        assert len(server.requests) == calls


def test_a_slow_answer_is_not_asked_for_again() -> None:
    with Replay(FAULTS["hang"]) as server:
        failure(server.url, 0.3)
        until(lambda: server.requests)
        assert len(server.requests) == 1


def test_nothing_is_sent_after_the_deadline() -> None:
    deadline = Deadline(10)
    deadline.expire()
    with Replay(OK) as server, client(server.url) as made:
        with pytest.raises(UpstreamError, match="cut off"):
            made.get("a", OBJECT, deadline)
        assert made.get("a", OBJECT, Deadline(10)) == {"a": 1}
        assert len(server.requests) == 1


def test_a_late_deadline_does_not_cut_the_next_collection() -> None:
    first = Deadline(10)
    reached = threading.Event()

    def respond(request: Request) -> Answer:
        if request.path == "/slow":
            reached.set()
            first_expired.wait(10)
        return json_answer({"a": 1})

    first_expired = threading.Event()
    with Replay(respond) as server, client(server.url) as made:
        made.get("fast", OBJECT, first)
        found = list[dict[str, int]]()
        thread = threading.Thread(target=lambda: found.append(made.get("slow", OBJECT, Deadline(10))))
        thread.start()
        assert reached.wait(10)
        first.expire()
        first_expired.set()
        thread.join()
    assert found == [{"a": 1}]


# Redirects


def test_a_redirect_within_the_host_is_followed_with_credentials() -> None:
    def respond(request: Request) -> Answer:
        return json_answer({"a": 1}) if request.path.endswith("/") else redirect(f"{request.path}/?max=5", 301)

    with Replay(respond) as server:
        assert ask(server.url, token=SECRET) == {"a": 1}
    assert [request.headers["Authorization"] for request in server.requests] == [f"Bearer {SECRET}"] * 2
    assert server.requests[1].query == {"max": ["5"]}


def test_a_search_is_repeated_only_where_its_body_survives() -> None:
    for status, fine in ((307, True), (308, True), (301, False), (302, False), (303, False)):
        with Replay(_moved(status)) as server, client(server.url) as made:
            if fine:
                assert made.post("old", OBJECT, Deadline(10), {"q": 1}) == {"a": 1}
                assert server.requests[1].json == {"q": 1}
            else:
                with pytest.raises(UpstreamError, match=r"redirects a POST to .*: set url to that address"):
                    made.post("old", OBJECT, Deadline(10), {"q": 1})


def _moved(status: int) -> Responder:
    return lambda request: redirect("/new", status) if request.path == "/old" else json_answer({"a": 1})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_credentials_never_reach_another_host_or_port(host: str) -> None:
    with Replay(OK) as other:
        target = f"http://{host}:{other.port}/api/things"
        with Replay(always(redirect(target))) as server:
            error = failure(server.url, username="ann", password=SECRET)
        assert not other.requests
    assert error.reason == "http"
    assert f"redirects to {target}: " in str(error)


@pytest.mark.parametrize(
    "location",
    [
        "http://[broken/",
        "//[::1/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "http://127.0.0.1:99999999/",
        f"http://user:{SECRET}@elsewhere.example/?token={SECRET}",
        "http://elsewhere.example/" + "x" * 10_000,
    ],
)
def test_a_hostile_redirect_is_refused_in_few_words(location: str) -> None:
    with Replay(always(redirect(location))) as server:
        error = failure(server.url)
    assert error.reason == "http"
    assert SECRET not in str(error)
    assert len(str(error)) < 1000


def test_cookies_are_not_kept() -> None:
    with (
        Replay(always(json_answer({"a": 1}, headers={"Set-Cookie": "session=1"}))) as server,
        client(server.url) as made,
    ):
        for _ in range(2):
            made.get("a", OBJECT, Deadline(10))
        assert "Cookie" not in server.requests[1].headers


# Bounded memory


@pytest.mark.parametrize(
    "respond",
    [
        FAULTS["gigabyte"],
        FAULTS["gzip bomb"],
        always(Answer(500, stream=GIGABYTE_BODY.stream)),
        always(Answer(302, headers={"Location": "/elsewhere"}, stream=GIGABYTE_BODY.stream)),
        always(Answer(headers={"Content-Encoding": "gzip, gzip, gzip"}, stream=GIGABYTE_BODY.stream)),
    ],
)
def test_memory_is_bounded(respond: Responder) -> None:
    with Replay(respond) as server:
        failure(server.url)  # what is imported late is not counted
        tracemalloc.start()
        try:
            failure(server.url)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 6 << 20


@pytest.mark.parametrize("item", [b"0", b"[]", b"{}", b'{"a":0}', b'"a"'])
def test_an_answer_of_very_many_small_values_is_not_parsed(item: bytes) -> None:
    body = b'{"a": [' + b",".join([item] * (outbound.MAX_VALUES + 1)) + b"]}"
    with Replay(always(Answer(200, body))) as server:
        error = failure(server.url, max_body=64 << 20)
    assert (error.reason, "more than 400000 JSON values" in str(error)) == ("limit", True)


@pytest.mark.parametrize("end", [b'"}', b'\\"', b"\\", b'\\"\\"\\""'])
def test_commas_inside_text_are_no_values(end: bytes) -> None:
    body = b'{"a": "' + b'\\",' * (outbound.MAX_VALUES + 1) + end
    with Replay(always(Answer(200, body))) as server:
        assert failure(server.url, max_body=64 << 20).reason == "parse"


READ = """
import pathlib, re, sys
from pydantic import TypeAdapter
from mlvitals import logs
from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.outbound import Client
from mlvitals.core.settings import HttpSettings
logs.setup("error")
client = Client(HttpSettings.model_validate({"name": "x", "type": "x", "url": sys.argv[1]}))
try:
    client.get("a", TypeAdapter(list[dict[str, int]]), Deadline(60))
except UpstreamError as error:
    # Not ru_maxrss: a child begins with the peak of its parent.
    print(error.reason, int(re.search("VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]) >> 10)
"""


@pytest.mark.parametrize("unit", [b'{"a":1},', b"{},", b"[],", b"1,"])
def test_memory_is_bounded_for_very_many_small_values(unit: bytes) -> None:
    body = b"[" + unit * ((31 << 20) // len(unit)) + b"0]"
    with Replay(always(Answer(200, body))) as server:
        done = subprocess.run([sys.executable, "-c", READ, server.url], capture_output=True, text=True, check=True)
    reason, mebibytes = done.stdout.split()
    assert reason == "limit"
    assert int(mebibytes) < 150


READ_BY_TWENTY = """
import pathlib, re, sys
from concurrent.futures import ThreadPoolExecutor
from pydantic import TypeAdapter
from mlvitals import logs
from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.outbound import Client
from mlvitals.core.settings import HttpSettings

logs.setup("error")

def read(_):
    client = Client(HttpSettings.model_validate({"name": "x", "type": "x", "url": sys.argv[1]}))
    try:
        client.get("a", TypeAdapter(list[int]), Deadline(120))
    except UpstreamError as error:
        return error.reason

with ThreadPoolExecutor(20) as threads:
    reasons = set(threads.map(read, range(20)))
print(*reasons, int(re.search("VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]) >> 10)
"""


def test_memory_is_bounded_for_many_clients_at_once() -> None:
    with Replay(FAULTS["gigabyte"]) as server:
        command = [sys.executable, "-c", READ_BY_TWENTY, server.url]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    reason, mebibytes = done.stdout.split()
    assert reason == "limit"
    assert int(mebibytes) < 300


def test_a_large_answer_waits_for_its_place_and_a_small_one_does_not() -> None:
    go_on = threading.Event()
    large = b'{"a": 1' + b" " * (2 << 20)

    def held(_: threading.Event) -> Iterator[bytes]:
        yield large
        go_on.wait(60)
        yield b"}"

    answers = {"/held": Answer(stream=held), "/large": Answer(body=large + b"}"), "/small": json_answer({"a": 1})}

    def read(path: str, seconds: float) -> str | None:
        try:
            with client(server.url, max_body=4 << 20) as made:
                made.get(path, OBJECT, Deadline(seconds))
        except UpstreamError as error:
            return error.reason
        return None

    with Replay(lambda request: answers[request.path]) as server, ThreadPoolExecutor(PLACES) as threads:
        try:
            holders = [threads.submit(read, "held", 100.0) for _ in range(PLACES)]
            until(lambda: read("large", 1.0) == "timeout")
            assert read("small", 30.0) is None
        finally:
            go_on.set()
        assert [holder.result() for holder in holders] == [None] * PLACES
        assert read("large", 30.0) is None


def test_a_cut_that_comes_late_does_nothing() -> None:
    guard = SocketGuard()
    first = guard.mend()
    second = guard.mend()
    one, other = socket.socketpair()
    with one, other:
        guard.watch(one)
        guard.cut(first)
        other.sendall(b"x")
        assert one.recv(1) == b"x"
        guard.cut(second)
        assert one.recv(1) == b""


def test_a_compressed_answer_is_read() -> None:
    with Replay(always(Answer(200, gzip.compress(b'{"a": 7}'), {"Content-Encoding": "gzip"}))) as server:
        assert ask(server.url) == {"a": 7}


# Cutting


@pytest.mark.parametrize("stream", ["body", "headers"])
def test_a_dripped_answer_is_cut_at_the_deadline(stream: str) -> None:
    with Replay(FAULTS["drip" if stream == "body" else "dripping headers"]) as server:
        started = time.monotonic()
        error = failure(server.url, 0.3)
        assert time.monotonic() - started < 3
    assert error.reason == "timeout"


def test_a_dripped_error_answer_keeps_its_status() -> None:
    with Replay(always(Answer(401, stream=FAULTS["drip"](_ANY).stream))) as server:
        error = failure(server.url, 10.0, explain=lambda status, body: None)
    assert (error.reason, "answered 401" in str(error)) == ("auth", True)


_ANY = Request("GET", "/", {}, {}, b"")


def test_a_client_works_again_after_it_was_cut() -> None:
    with Replay(FAULTS["drip"]) as server, client(server.url) as made:
        with ticking(0.2) as deadline, pytest.raises(UpstreamError):
            made.get("a", OBJECT, deadline)
        server.respond = OK
        assert made.get("a", OBJECT, Deadline(10)) == {"a": 1}


# TLS


@pytest.fixture
def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_an_unknown_authority_is_refused(tls: ssl.SSLContext) -> None:
    with Replay(OK, tls) as server:
        error = failure(server.url, token=SECRET)
        assert not server.requests
    assert error.reason == "connect"
    assert "TLS failed: " in str(error)
    assert "certificate verify failed" in str(error)


def test_plain_http_to_a_tls_port_and_the_other_way_round(tls: ssl.SSLContext) -> None:
    with Replay(OK, tls) as server:
        assert failure(server.url.replace("https", "http")).reason in ("connect", "http")
    with Replay(OK) as server:
        error = failure(server.url.replace("http", "https"))
        assert (error.reason, "TLS failed" in str(error)) == ("connect", True)


def _listen(pour: Stream) -> Callable[[socket.socket, threading.Event], None]:
    def serve(listener: socket.socket, closing: threading.Event) -> None:
        accepted, _ = listener.accept()
        with accepted, contextlib.suppress(OSError):
            for part in pour(closing):
                accepted.sendall(part)

    return serve


def test_a_dripped_tls_handshake_ends_at_the_deadline() -> None:
    def pour(closing: threading.Event) -> Iterator[bytes]:
        yield b"\x16\x03\x03\x40\x00"  # a handshake record of 16 KiB, its bytes to come one by one
        while not closing.wait(0.02):
            yield b"\x02"

    closing = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_listen(pour), args=(listener, closing))
        thread.start()
        started = time.monotonic()
        error = failure(f"https://127.0.0.1:{listener.getsockname()[1]}", 0.3)
        assert time.monotonic() - started < 3
        closing.set()
        thread.join()
    assert error.reason == "timeout"


def test_tls_connections_are_cut_too() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with (
        authority.cert_pem.tempfile() as bundle,
        Replay(FAULTS["drip"], context) as server,
        client(server.url, ca_file=bundle) as made,
    ):
        with ticking(0.3) as deadline, pytest.raises(UpstreamError) as caught:
            made.get("a", OBJECT, deadline)
        assert caught.value.reason == "timeout"
        server.respond = OK
        assert made.get("a", OBJECT, Deadline(10)) == {"a": 1}


def test_no_descriptor_is_left_open(tls: ssl.SSLContext) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    with Replay(OK, tls) as server:
        failure(server.url)
        before = open_files()
        for _ in range(5):
            failure(server.url)
        until(lambda: open_files() <= before)


# Credentials


def test_a_password_file_is_read_before_every_call(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("old\n")
    with Replay(OK) as server, client(server.url, username="ann", password_file=secret) as made:
        made.get("a", OBJECT, Deadline(10))
        secret.write_text("new é\n")
        made.get("a", OBJECT, Deadline(10))
    sent = [request.headers["Authorization"] for request in server.requests]
    assert sent == ["Basic YW5uOm9sZA==", "Basic YW5uOm5ldyDDqQ=="]


def test_a_token_file_is_read_before_every_call(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("old\n")
    with Replay(OK) as server, client(server.url, token_file=secret) as made:
        made.get("a", OBJECT, Deadline(10))
        secret.write_text("new")
        made.get("a", OBJECT, Deadline(10))
        secret.unlink()
        with pytest.raises(UpstreamError, match=r"cannot read .*token: No such file") as caught:
            made.get("a", OBJECT, Deadline(10))
    assert caught.value.reason == "auth"
    assert [request.headers["Authorization"] for request in server.requests] == ["Bearer old", "Bearer new"]


@pytest.mark.parametrize("token", ["", "two\nlines", "with space", "ümlaut"])
def test_a_token_that_no_header_may_carry_is_not_sent_and_not_shown(tmp_path: Path, token: str) -> None:
    secret = tmp_path / "token"
    secret.write_text(token)
    with Replay(OK) as server:
        error = failure(server.url, token_file=secret)
        assert not server.requests
    assert error.reason == "auth"
    assert not token or token not in str(error)


def test_neither_proxies_nor_netrc_of_the_environment_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login ann password {SECRET}\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Replay(OK) as server, Replay(OK) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert ask(server.url) == {"a": 1}
        assert not proxy.requests
        assert "Authorization" not in server.requests[0].headers


def test_secrets_stand_in_no_representation() -> None:
    settings = HttpSettings.model_validate(
        {"name": "x", "type": "x", "url": "http://h", "auth": {"token": SecretStr(SECRET)}}
    )
    assert SECRET not in repr(settings) + str(settings)
    assert Given(settings.auth).proof(Deadline(1)) == Proof(f"Bearer {SECRET}", (SECRET,))


def _echo(where: str, secret: str) -> Responder:
    """An upstream that says the credentials back."""
    answers = {
        "reason": Answer(raw=lambda _: iter([f"HTTP/1.1 500 no {secret}\r\nContent-Length: 0\r\n\r\n".encode()])),
        "long reason": Answer(
            raw=lambda _: iter([f"HTTP/1.1 500 {'x' * 290} {secret}\r\nContent-Length: 0\r\n\r\n".encode()])
        ),
        "not HTTP": Answer(raw=lambda _: iter([f"{secret}\r\n\r\n".encode()])),
        "location": redirect(f"http://elsewhere.example/{secret}/"),
        "long location": redirect(f"http://elsewhere.example/{'x' * 265}{secret}/"),
        "key": json_answer({secret: "no number"}),
        "body": Answer(400, f"not {secret}".encode()),
        "JSON body": Answer(400, json.dumps(f"not {secret}").encode()),
        "long body": Answer(400, b"x" * 190 + secret.encode()),
    }
    return always(answers[where])


@pytest.mark.parametrize(
    "where",
    ["reason", "long reason", "not HTTP", "location", "long location", "key", "body", "JSON body", "long body"],
)
@pytest.mark.parametrize("auth", [{"token": "tok-0123456789"}, {"username": "ann", "password": 'pa"ß-0123456789'}])
def test_an_upstream_that_says_the_credentials_back_does_not_make_them_shown(where: str, auth: dict[str, str]) -> None:
    def explain(status: int, body: bytes) -> UpstreamError | None:
        text = json.loads(body) if body.startswith(b'"') else body.decode(errors="replace")
        return UpstreamError("http", f"refused: {text[:200]}") if status == 400 else None

    secret = auth.get("token") or auth["password"]
    sent = secret if "token" in auth else base64.b64encode(f"ann:{secret}".encode()).decode()
    options: dict[str, Any] = {**auth, "explain": explain}
    for said in {secret, sent} if where in ("body", "JSON body", "key") else {sent}:
        with Replay(_echo(where, said)) as server:
            words = str(failure(server.url, **options))
        assert said[:6] not in words
        assert "***" in words


# What the answer says beside its body


def test_the_clock_of_the_upstream(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        Replay(always(json_answer({}, headers={"Date": "Mon, 23 Nov 2026 08:00:00 GMT"}))) as server,
        client(server.url) as made,
    ):
        assert made.clock is None
        made.get("a", OBJECT, Deadline(10))
        assert made.clock == 1795420800.0
        server.respond = always(json_answer({}, headers={"Date": "Mon, 23 Nov 2026 08:00:00 -0000"}))
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        made.get("a", OBJECT, Deadline(10))
        monkeypatch.undo()
        time.tzset()
        assert made.clock == 1795420800.0
        for nonsense in ("", "tomorrow", "Mon, 99 Nov 99999 08:00:00 GMT"):
            server.respond = always(json_answer({}, headers={"Date": nonsense}))
            made.get("a", OBJECT, Deadline(10))
            assert made.clock is None


def test_an_upstreams_own_words_can_replace_the_refusal() -> None:
    def explain(status: int, body: bytes) -> UpstreamError | None:
        return UpstreamError("http", "explained") if (status, body) == (403, b"not for you") else None

    with Replay(FAULTS["403"]) as server:
        error = failure(server.url, explain=explain)
        assert (error.reason, str(error)) == ("http", "explained")
        server.respond = FAULTS["401"]
        assert failure(server.url, explain=explain).reason == "auth"


def test_control_characters_do_not_reach_the_message() -> None:
    def pour(_: threading.Event) -> Iterator[bytes]:
        yield b"HTTP/1.1 500 bad\x1b[31m\x07thing\r\nContent-Length: 0\r\n\r\n"

    with Replay(always(Answer(raw=pour))) as server:
        assert str(failure(server.url)).isprintable()


def test_a_download_goes_into_the_file(tmp_path: Path) -> None:
    body = bytes(range(256)) * 4096
    with Replay(always(Answer(200, body))) as server, (tmp_path / "x").open("wb") as into:
        client = Client(HttpSettings.model_validate({"name": "x", "type": "x", "url": server.url}))
        client.download("file", into, len(body), Deadline(20))
        client.close()
    assert (tmp_path / "x").read_bytes() == body


@pytest.mark.parametrize(
    ("fault", "expected"),
    [("401", "auth"), ("404", "http"), ("cut", "parse"), ("gigabyte", "limit"), ("hang up", "connect")],
)
def test_a_download_that_fails(tmp_path: Path, fault: str, expected: str) -> None:
    with Replay(FAULTS[fault]) as server, (tmp_path / "x").open("wb") as into:
        client = Client(HttpSettings.model_validate({"name": "x", "type": "x", "url": server.url}))
        with pytest.raises(UpstreamError) as caught:
            client.download("file", into, 1 << 20, Deadline(20))
        client.close()
    assert caught.value.reason == REASONS[fault]
    assert (tmp_path / "x").stat().st_size <= 1 << 20


def test_a_download_without_room_on_the_disk() -> None:
    with Replay(always(Answer(200, bytes(100_000)))) as server, Path("/dev/full").open("wb", buffering=0) as into:
        client = Client(HttpSettings.model_validate({"name": "x", "type": "x", "url": server.url}))
        with pytest.raises(UpstreamError, match=r"cannot save .*: No space left on device") as caught:
            client.download("file", into, 1 << 20, Deadline(20))
        client.close()
    assert caught.value.reason == "limit"
