"""Database servers that are not there, or are something else: what the exporter says of them, and that it ends."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mlvitals.core.collector import Deadline, UpstreamError
from tests.exporters.airflow.reading import sql_source
from tests.support.waiting import until

SCHEMES = ("postgresql", "mysql")
Behaviour = Callable[[socket.socket], None]


class Listener:
    """A server that does one thing to every connection; `seen` counts them."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._sockets: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.seen = 0

    def serve(self) -> None:
        while True:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            self._sockets.append(sock)
            self.seen += 1
            threading.Thread(target=self._serve_one, args=(sock,), daemon=True).start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for sock in self._sockets:
            sock.close()

    def _serve_one(self, sock: socket.socket) -> None:
        try:
            self._behaviour(sock)
        except OSError:
            return


@contextmanager
def listener(behaviour: Behaviour) -> Iterator[Listener]:
    made = Listener(behaviour)
    thread = threading.Thread(target=made.serve)
    thread.start()
    try:
        yield made
    finally:
        made.close()
        thread.join()


def hang(sock: socket.socket) -> None:
    while sock.recv(1000):
        pass


def hang_up(sock: socket.socket) -> None:
    sock.close()


def speak_http(sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2000\r\n\r\n" + b"no" * 1000)
    hang_up(sock)


def speak_nonsense(sock: socket.socket) -> None:
    sock.sendall(bytes(range(256)) * 16)
    hang_up(sock)


def drip(sock: socket.socket) -> None:
    while True:
        sock.sendall(b"R")
        time.sleep(0.1)


def failure(url: str, deadline: Deadline, **more: object) -> UpstreamError:
    options = {"username": "vitals", "password": "hunter2hunter2", **more}
    with sql_source(url, **options) as source, pytest.raises(UpstreamError) as caught:
        list(source.dags(deadline))
    assert "hunter2" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("scheme", SCHEMES)
def test_refused(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = failure(f"{scheme}://127.0.0.1:{port}/airflow", Deadline(30))
    assert (error.reason, str(error)) == ("connect", f"{scheme}://127.0.0.1:{port}/airflow: Connection refused")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_unknown_host(scheme: str) -> None:
    error = failure(f"{scheme}://no-such-host.invalid/airflow", Deadline(30))
    assert error.reason == "connect"
    assert str(error).startswith(f"{scheme}://no-such-host.invalid/airflow: ")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("behaviour", "reasons"),
    [(hang_up, {"connect"}), (speak_http, {"parse", "connect"}), (speak_nonsense, {"parse", "connect"})],
)
def test_something_else_answers(scheme: str, behaviour: Behaviour, reasons: set[str]) -> None:
    with listener(behaviour) as server:
        error = failure(f"{scheme}://127.0.0.1:{server.port}/airflow", Deadline(30))
    assert error.reason in reasons, error


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("behaviour", [hang, drip])
def test_the_deadline_frees_a_call_that_is_blocked(scheme: str, behaviour: Behaviour) -> None:
    deadline = Deadline(600)
    with listener(behaviour) as server:

        def expire() -> None:
            until(lambda: server.seen)
            deadline.expire()

        thread = threading.Thread(target=expire)
        thread.start()
        error = failure(f"{scheme}://127.0.0.1:{server.port}/airflow", deadline)
        thread.join()
    assert error.reason == "timeout"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_server_that_says_nothing_is_given_up(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("network", "mysql"):
        monkeypatch.setattr(f"mlvitals.airflow.sql.{module}.CONNECT_TIMEOUT", 0.1)
    with listener(hang) as server:
        error = failure(f"{scheme}://127.0.0.1:{server.port}/airflow", Deadline(0.5))
    assert error.reason == "timeout"
    assert str(error).startswith(f"{scheme}://127.0.0.1:{server.port}/airflow: no")


def test_a_port_where_no_mysql_speaks_is_told_before_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlvitals.airflow.sql.mysql.GREETING_TIMEOUT", 0.1)
    with listener(hang) as server:
        error = failure(f"mysql://127.0.0.1:{server.port}/airflow", Deadline(600))
    assert error.reason == "timeout"
    assert str(error).endswith(": no greeting, with which MySQL and MariaDB begin: is this their port?")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_one_attempt_in_a_collection(scheme: str) -> None:
    with listener(hang_up) as server:
        url = f"{scheme}://127.0.0.1:{server.port}/airflow"
        with sql_source(url, username="vitals") as source:
            for seen in (1, 2):
                deadline = Deadline(30)
                for _ in range(3):
                    with pytest.raises(UpstreamError):
                        list(source.dags(deadline))
                assert server.seen == seen


def test_a_postgresql_without_tls() -> None:
    def refuse(sock: socket.socket) -> None:
        assert sock.recv(8) == b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
        sock.sendall(b"N")
        hang(sock)

    with listener(refuse) as server:
        error = failure(f"postgresql://127.0.0.1:{server.port}/airflow", Deadline(30), tls_config={})
    assert error.reason == "connect"
    assert "the server does not speak TLS: leave tls_config out, or set it up there" in str(error)


def test_a_password_file_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes(b"\xff\xfe")
    with listener(hang) as server:
        url = f"postgresql://127.0.0.1:{server.port}/airflow"
        error = failure(url, Deadline(30), password=None, password_file=str(file))
        assert server.seen == 0
    assert (error.reason, str(error)) == ("auth", f"{url}: cannot read {file}: not UTF-8 text")


def test_a_server_that_says_the_password_back() -> None:
    def say_it(sock: socket.socket) -> None:
        sock.recv(1000)
        # AuthenticationCleartextPassword, and after the answer an ErrorResponse.
        sock.sendall(b"R" + struct.pack("!ii", 8, 3))
        password = sock.recv(1000)[5:-1]
        fields = b"SFATAL\0C28P01\0M" + password + b" is not the password, try " + password + b"1\0\0"
        sock.sendall(b"E" + struct.pack("!i", len(fields) + 4) + fields)
        hang(sock)

    with listener(say_it) as server:
        url = f"postgresql://127.0.0.1:{server.port}/airflow"
        error = failure(url, Deadline(30))
    assert (error.reason, str(error)) == ("auth", f"{url}: *** is not the password, try ***1")
