from __future__ import annotations

import asyncio
import base64
import select
import socket
import ssl
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import requests
from requests.auth import HTTPBasicAuth
from structlog.testing import capture_logs

from mlvitals.config import ConfigError, load_web
from mlvitals.core.access import Guard
from mlvitals.core.refusals import Refusals
from mlvitals.core.server import Response, Route
from mlvitals.core.webconfig import WebConfig
from tests.support.http_server import refused, serving
from tests.support.pki import Pki as Certificates
from tests.support.waiting import until

ROUTES = (Route("/hello", lambda request: Response(request.scheme.encode())),)


class Pki(Certificates):
    """What is served and asked with them."""

    def web(self, *lines: str) -> Path:
        path = self.folder / "web.yml"
        path.write_text("\n".join(["tls_server_config:", "  cert_file: server.pem", "  key_file: server.key", *lines]))
        return path

    @property
    def client(self) -> tuple[str, str]:
        return str(self.folder / "client.pem"), str(self.folder / "client.key")

    def get(self, address: str, **options: Any) -> requests.Response:
        return requests.get(f"https://{address}/hello", verify=str(self.folder / "ca.pem"), timeout=10, **options)


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return Pki(tmp_path / "one")


def hashed(password: str, rounds: int = 4) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds)).decode()


def test_tls(pki: Pki) -> None:
    with serving(ROUTES, load_web(pki.web())) as (address, _):
        assert pki.get(address).text == "https"
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://{address}/hello", timeout=10)


def test_a_refused_handshake_is_counted_and_logged_with_its_client(pki: Pki, tmp_path: Path) -> None:
    refusals, other = Refusals(), Pki(tmp_path / "other")
    web = load_web(pki.web("  client_auth_type: RequireAndVerifyClientCert", "  client_ca_file: ca.pem"))
    with capture_logs() as logs, serving(ROUTES, web, refusals) as (address, _):
        assert pki.get(address, cert=pki.client).ok
        with socket.create_connection(("127.0.0.1", int(address.partition(":")[2])), timeout=10):
            """A port scan, or a load balancer that looks whether the port is open."""
        for cert in (None, other.client):
            with pytest.raises(requests.ConnectionError):
                pki.get(address, cert=cert)
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://{address}/hello", timeout=10)
        until(lambda: refused(refusals) == {"tls": 3})
    (line,) = [entry for entry in logs if entry["event"] == "client refused"]
    assert line["client"] == "127.0.0.1"
    assert line["error"] == "peer did not return a certificate"


def test_a_refused_login_is_counted_and_logged_without_what_was_sent() -> None:
    refusals = Refusals()
    with (
        capture_logs() as logs,
        serving(ROUTES, WebConfig(basic_auth_users={"prom": hashed("right")}), refusals) as (address, _),
    ):
        for auth, code in (
            (None, 401),
            (("prom", "guessed"), 401),
            (("nobody", "guessed"), 401),
            (("prom", "right"), 200),
        ):
            assert requests.get(f"http://{address}/hello", auth=auth, timeout=10).status_code == code
    assert refused(refusals) == {"no_credentials": 1, "wrong_credentials": 2}
    assert {(entry["reason"], entry["client"]) for entry in logs if entry["event"] == "client refused"} == {
        ("no_credentials", "127.0.0.1"),
        ("wrong_credentials", "127.0.0.1"),
    }
    assert not any(secret in str(logs) for secret in ("guessed", "nobody", "right", "Basic"))


def test_a_client_certificate_is_required_and_verified(pki: Pki, tmp_path: Path) -> None:
    other = Pki(tmp_path / "other")
    web = pki.web("  client_auth_type: RequireAndVerifyClientCert", "  client_ca_file: ca.pem")
    with serving(ROUTES, load_web(web)) as (address, _):
        assert pki.get(address, cert=pki.client).ok
        for cert in (None, other.client):
            with pytest.raises(requests.ConnectionError):
                pki.get(address, cert=cert)


def test_new_connections_follow_new_certificates(pki: Pki, tmp_path: Path) -> None:
    new = Pki(tmp_path / "new")
    with serving(ROUTES, load_web(pki.web())) as (address, server):
        assert pki.get(address).ok
        require = new.web("  client_auth_type: RequireAndVerifyClientCert", "  client_ca_file: ca.pem")
        server.secure(load_web(require))
        assert new.get(address, cert=new.client).ok
        with pytest.raises(requests.exceptions.SSLError):
            pki.get(address)


def test_a_certificate_that_cannot_be_used_changes_nothing(pki: Pki) -> None:
    with serving(ROUTES, load_web(pki.web())) as (address, server):
        (pki.folder / "server.key").write_text("nonsense")
        with pytest.raises(OSError, match=r"cannot use .*server\.key: it holds no private key"):
            server.secure(load_web(pki.web()))
        assert pki.get(address).ok


def test_old_tls_is_refused(pki: Pki) -> None:
    web = pki.web("  min_version: TLS13")
    with serving(ROUTES, load_web(web)) as (address, _):
        assert pki.get(address).ok
        context = ssl.create_default_context(cafile=str(pki.folder / "ca.pem"))
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        host, _, port = address.partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as plain, pytest.raises(ssl.SSLError):
            context.wrap_socket(plain, server_hostname=host)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    web = tmp_path_factory.mktemp("web") / "web.yml"
    web.write_text(f"basic_auth_users:\n  prom: {hashed('right')}\n  ümlaut: {hashed('pässword')}\n")
    with serving(ROUTES, load_web(web)) as (address, _):
        yield f"http://{address}"


@pytest.mark.parametrize(
    ("user", "password", "status"),
    [
        ("prom", "right", 200),
        ("ümlaut", "pässword", 200),
        ("prom", "wrong", 401),
        ("prom", "", 401),
        ("nobody", "right", 401),
        ("", "", 401),
        ("prom", "x" * 4000, 401),
        ("prom", "right\x00", 401),
    ],
)
def test_basic_auth(guarded: str, user: str, password: str, status: int) -> None:
    for _ in range(2):
        answer = requests.get(f"{guarded}/hello", auth=HTTPBasicAuth(user.encode(), password.encode()), timeout=10)
        assert answer.status_code == status


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic !!!", "Basic cHJvbQ==", "Bearer right", "Basic /////w==", "basic"]
)
def test_malformed_credentials_are_401(guarded: str, header: str) -> None:
    answer = requests.get(f"{guarded}/hello", headers={"Authorization": header}, timeout=10)
    assert (answer.status_code, answer.headers["WWW-Authenticate"][:5]) == (401, "Basic")


def guess(address: str, password: str) -> socket.socket:
    """Ask and do not wait for the answer."""
    coded = base64.b64encode(f"prom:{password}".encode()).decode()
    host, _, port = address.rpartition(":")
    sock = socket.create_connection((host, int(port)), timeout=60)
    sock.sendall(
        f"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Basic {coded}\r\n\r\n".encode()
    )
    return sock


def status(sock: socket.socket) -> int:
    with sock, sock.makefile("rb") as file:
        return int(file.readline().split()[1])


def test_guessing_fills_no_queue_and_a_reload_sends_no_scraper_to_its_end() -> None:
    users = {"prom": hashed("right", rounds=11)}
    with serving(ROUTES, WebConfig(basic_auth_users=users)) as (address, server):
        assert status(guess(address, "right")) == 200
        guesses = [guess(address, str(number)) for number in range(60)]
        server.secure(WebConfig(basic_auth_users={**users, "new": hashed("other")}))
        right = status(guess(address, "right"))
        answers = Counter([status(sock) for sock in guesses])
        assert (right, set(answers)) == (200, {401, 503})
        assert answers[401] < 30
        server.secure(WebConfig(basic_auth_users={"prom": hashed("another")}))
        assert status(guess(address, "right")) == 401


def test_guesses_under_way_at_the_end_leave_no_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    users = {"prom": hashed("right", rounds=9)}
    with capture_logs() as logs, serving(ROUTES, WebConfig(basic_auth_users=users)) as (address, _):
        guesses = [guess(address, str(number)) for number in range(20)]
        # The first are answered, the others wait or are turned away.
        until(lambda: select.select(guesses, [], [], 0)[0])
        for sock in guesses[:2]:
            sock.close()
    assert {status(sock) for sock in guesses[2:]} <= {401, 503}
    assert not caplog.records
    assert {entry["log_level"] for entry in logs} <= {"warning", "debug"}


@pytest.mark.parametrize("text", ["", "\n", "# users\n"])
def test_an_empty_file_does_not_open_the_server(tmp_path: Path, text: str) -> None:
    web = tmp_path / "web.yml"
    web.write_text(text)
    with pytest.raises(ConfigError, match="empty"):
        load_web(web)


def test_nobody_checks_the_password_of_a_client_that_is_gone() -> None:
    async def admitted() -> list[bool]:
        guard = Guard()
        guard.auth.take({"prom": hashed("right")})
        header = f"Basic {base64.b64encode(b'prom:right').decode()}"
        answers = [await guard.admits(header, gone) for gone in (lambda: True, lambda: False)]
        guard.close()
        return answers

    assert asyncio.run(admitted()) == [False, True]


@pytest.mark.parametrize("path", ["/nothing", "/hello"])
def test_every_path_asks_for_the_password(guarded: str, path: str) -> None:
    assert requests.get(guarded + path, timeout=10).status_code == 401


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tls_server_confg: {}", "unknown key; did you mean 'tls_server_config'?"),
        ("tls_server_config: {cert_file: a.pem, key_file: b.pem}", "no such file"),
        ("tls_server_config: {cert_file: web.yml}", "key_file: required key is missing"),
        ("basic_auth_users: {prom: secret}", "basic_auth_users.prom: expected a bcrypt hash"),
        (
            "tls_server_config: {cert_file: web.yml, key_file: web.yml, client_auth_type: RequireAnyClientCert}",
            "client_auth_type: expected",
        ),
        (
            "tls_server_config: {cert_file: web.yml, key_file: web.yml, client_auth_type: RequireAndVerifyClientCert}",
            "expected client_ca_file together with",
        ),
        (
            "tls_server_config: {cert_file: web.yml, key_file: web.yml, min_version: TLS10}",
            "expected 'TLS12' or 'TLS13'",
        ),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "web.yml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_web(tmp_path / "web.yml")
    line = caught.value.problems[0]
    assert line.startswith(f"{tmp_path}/web.yml:1: ")
    assert problem in line
    assert "secret" not in line


def test_promtool_accepts_the_same_file(pki: Pki, program: Callable[[str], Path]) -> None:
    web = pki.web("  client_auth_type: RequireAndVerifyClientCert", "  client_ca_file: ca.pem", "  min_version: TLS13")
    web.write_text(web.read_text() + f"\nbasic_auth_users:\n  prom: {hashed('right')}\n")
    load_web(web)
    checked = subprocess.run([program("promtool"), "check", "web-config", web], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
