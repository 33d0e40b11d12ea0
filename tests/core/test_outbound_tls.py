"""Outgoing TLS and proxies, against real servers and a real proxy."""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from pydantic import TypeAdapter, ValidationError

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.outbound import Client
from mlvitals.core.settings import HttpSettings
from mlvitals.core.tls import in_words
from tests.support.proxy import Proxy
from tests.support.replay import FAULTS, Replay, always, json_answer

OBJECT = TypeAdapter(dict[str, int])
OK = always(json_answer({"a": 1}))


@contextlib.contextmanager
def client(url: str, **settings: Any) -> Iterator[Client]:
    made = Client(HttpSettings.model_validate({"name": "x", "type": "x", "url": url, **settings}))
    try:
        yield made
    finally:
        made.close()


def ask(made: Client, seconds: float = 10.0) -> dict[str, int]:
    return made.get("api", OBJECT, Deadline(seconds))


def failure(made: Client) -> str:
    """The words of a failure to connect."""
    with pytest.raises(UpstreamError) as caught:
        ask(made)
    assert caught.value.reason == "connect"
    return str(caught.value)


@dataclass(frozen=True)
class Authority:
    """A CA, its certificate in `file`, and the folder for what it issues."""

    ca: trustme.CA
    folder: Path
    file: Path

    def server(self, name: str = "127.0.0.1", clients: Authority | None = None) -> ssl.SSLContext:
        """A server's side; with `clients` it asks for a certificate of theirs."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(name).configure_cert(context)
        if clients:
            clients.ca.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def issue(self, name: str) -> dict[str, str]:
        """A client's certificate and key as keys of tls_config."""
        made = self.ca.issue_cert(f"{name}@example.org")
        cert, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        made.cert_chain_pems[0].write_to_path(str(cert))
        made.private_key_pem.write_to_path(str(key))
        return {"cert_file": str(cert), "key_file": str(key)}

    def key(self, kind: str) -> bytes:
        """The key of another certificate, `ECDSA` or `RSA`; nothing for no kind."""
        return (
            self.ca.issue_cert("a@example.org", key_type=trustme.KeyType[kind]).private_key_pem.bytes() if kind else b""
        )


def authority(folder: Path) -> Authority:
    folder.mkdir()
    made = Authority(trustme.CA(), folder, folder / "ca.pem")
    made.ca.cert_pem.write_to_path(str(made.file))
    return made


@pytest.fixture
def trusted(tmp_path: Path) -> Authority:
    return authority(tmp_path / "trusted")


@pytest.fixture
def strange(tmp_path: Path) -> Authority:
    return authority(tmp_path / "strange")


# Authorities


def test_a_server_of_a_private_authority_is_read(trusted: Authority) -> None:
    with Replay(OK, trusted.server()) as server, client(server.url, tls_config={"ca_file": trusted.file}) as made:
        assert ask(made) == {"a": 1}


@pytest.mark.parametrize("configured", [False, True])
def test_another_authority_is_refused_in_clear_words(trusted: Authority, strange: Authority, configured: bool) -> None:
    tls = {"ca_file": strange.file} if configured else {}
    with Replay(OK, trusted.server()) as server, client(server.url, tls_config=tls) as made:
        words = failure(made)
        assert not server.requests
    assert "TLS failed: certificate verify failed: unable to get local issuer certificate" in words
    assert words.endswith("name the CA that signed it as tls_config.ca_file")


def test_ca_file_stands_instead_of_the_authorities_of_the_system(
    trusted: Authority, strange: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted.file))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted.file))
    with Replay(OK, trusted.server()) as server:
        with client(server.url, tls_config={"min_version": "TLS13"}) as made:
            assert ask(made) == {"a": 1}
        with client(server.url, tls_config={"ca_file": strange.file}) as made:
            assert "certificate verify failed" in failure(made)


def test_the_name_in_the_certificate_counts(trusted: Authority) -> None:
    tls = {"ca_file": trusted.file}
    with Replay(OK, trusted.server("mlflow.internal")) as server:
        with client(server.url, tls_config=tls) as made:
            words = failure(made)
            assert "IP address mismatch" in words
            assert words.endswith("name it as tls_config.server_name")
        with client(server.url, tls_config={**tls, "server_name": "mlflow.internal"}) as made:
            assert ask(made) == {"a": 1}
        with client(server.url, tls_config={**tls, "server_name": "mlflow.external"}) as made:
            assert "Hostname mismatch" in failure(made)


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_certificate_goes_unverified_only_where_that_is_said(strange: Authority) -> None:
    with Replay(OK, strange.server("elsewhere")) as server:
        with client(server.url, tls_config={"insecure_skip_verify": True}) as made:
            assert ask(made) == {"a": 1}
        with client(server.url) as made:
            failure(made)


def test_an_old_tls_is_not_spoken(trusted: Authority) -> None:
    context = trusted.server()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with Replay(OK, context) as server:
        with client(server.url, tls_config={"ca_file": trusted.file}) as made:
            assert ask(made) == {"a": 1}
        with client(server.url, tls_config={"ca_file": trusted.file, "min_version": "TLS13"}) as made:
            assert "TLS failed" in failure(made)


# Client certificates


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_is_shown_to_a_server_that_asks(
    trusted: Authority, strange: Authority, version: ssl.TLSVersion
) -> None:
    context = trusted.server(clients=trusted)
    context.maximum_version = version
    ca = {"ca_file": trusted.file}
    with Replay(OK, context) as server:
        with client(server.url, tls_config={**ca, **trusted.issue("vitals")}) as made:
            assert ask(made) == {"a": 1}
        for tls in (ca, {**ca, **strange.issue("vitals")}):
            with client(server.url, tls_config=tls) as made:
                failure(made)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "it holds no certificate in PEM form"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "it holds no certificate in PEM form"),
        (None, "no such file or directory"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(trusted: Authority, content: str | None, words: str) -> None:
    tls = {"ca_file": str(trusted.file), **trusted.issue("vitals")}
    with Replay(OK, trusted.server()) as server, client(server.url, tls_config=tls) as made:
        for name in ("cert_file", "ca_file"):
            path = Path(tls[name])
            before = path.read_text()
            path.unlink() if content is None else path.write_text(content)
            text = failure(made)
            assert f"cannot use {path}" in text
            assert words in text
            path.write_text(before)
            assert ask(made) == {"a": 1}


def test_a_key_with_a_passphrase_is_not_asked_for_at_the_terminal(trusted: Authority, tmp_path: Path) -> None:
    tls = {"ca_file": str(trusted.file), **trusted.issue("vitals")}
    key = serialization.load_pem_private_key(Path(tls["key_file"]).read_bytes(), None)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    Path(tls["key_file"]).write_bytes(key.private_bytes(*form, serialization.BestAvailableEncryption(b"hunter2")))
    with Replay(OK, trusted.server()) as server, client(server.url, tls_config=tls) as made:
        assert failure(made).endswith(f"cannot use {tls['key_file']}: it has a passphrase")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("ECDSA", "it is not the key of the certificate {cert_file}"),
        ("RSA", "it is not the key of the certificate {cert_file}"),
        ("", "it holds no private key in PEM form"),
        (None, "no such file or directory"),
    ],
)
def test_a_key_that_cannot_be_used_is_named(trusted: Authority, tmp_path: Path, key: str | None, words: str) -> None:
    tls = {"ca_file": str(trusted.file), **trusted.issue("vitals")}
    path = Path(tls["key_file"])
    with Replay(OK, trusted.server()) as server, client(server.url, tls_config=tls) as made:
        path.unlink() if key is None else path.write_bytes(trusted.key(key))
        assert failure(made).endswith(f"cannot use {path}: {words.format(**tls)}")


def test_what_ends_a_handshake_is_said_in_words(trusted: Authority, strange: Authority) -> None:
    ca = {"ca_file": trusted.file}
    old, asking = trusted.server(), trusted.server(clients=trusted)
    # With TLS 1.3 a client learns only after the handshake, or not at all, that its certificate is refused.
    old.maximum_version = asking.maximum_version = ssl.TLSVersion.TLSv1_2
    cases: list[tuple[ssl.SSLContext | None, dict[str, Any], str]] = [
        (None, ca, "what answers there does not speak TLS: is it http://? (WRONG_VERSION_NUMBER)"),
        (old, {**ca, "min_version": "TLS13"}, "the server speaks no version of TLS that tls_config.min_version allows"),
        (asking, ca, "the server refuses; if it asks for a client certificate, name it as tls_config.cert_file"),
        (asking, {**ca, **strange.issue("vitals")}, "the server does not take the client certificate"),
    ]
    for context, tls, words in cases:
        with Replay(OK, context) as server, client(server.url.replace("http:", "https:"), tls_config=tls) as made:
            text = failure(made)
        assert f"TLS failed: {words}" in text
        assert "_ssl.c" not in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required (_ssl.c:2580)",
            "the server asks for a client certificate: name it as tls_config.cert_file and key_file "
            "(TLSV13_ALERT_CERTIFICATE_REQUIRED)",
        ),
        (
            "EOF occurred in violation of protocol (_ssl.c:2427)",
            "the server hung up; if it asks for a client certificate, name it as tls_config.cert_file and key_file "
            "(UNEXPECTED_EOF_WHILE_READING)",
        ),
        ("[SSL: DH_KEY_TOO_SMALL] dh key too small (_ssl.c:1006)", "dh key too small (DH_KEY_TOO_SMALL)"),
        ("Connection reset by peer", "Connection reset by peer"),
    ],
)
def test_what_openssl_says_comes_after_the_words(text: str, words: str) -> None:
    assert in_words(text) == words


# Rotation


def test_a_new_authority_is_taken_by_the_next_collection(trusted: Authority, strange: Authority) -> None:
    context = strange.server()
    with Replay(OK, context) as server, client(server.url, tls_config={"ca_file": trusted.file}) as made:
        failure(made)
        trusted.file.write_bytes(strange.file.read_bytes())
        assert ask(made) == {"a": 1}


def test_connections_of_an_old_certificate_are_not_used_any_more(trusted: Authority, strange: Authority) -> None:
    tls = {"ca_file": str(trusted.file), **trusted.issue("vitals")}
    with Replay(OK, trusted.server(clients=trusted)) as server, client(server.url, tls_config=tls) as made:
        assert ask(made) == {"a": 1}
        for name, path in strange.issue("vitals").items():
            Path(tls[name]).write_bytes(Path(path).read_bytes())
        failure(made)
        trusted.issue("vitals")
        assert ask(made) == {"a": 1}


# Proxies


def test_a_proxy_carries_plain_calls(trusted: Authority) -> None:
    with Replay(OK) as server, Proxy() as proxy, client(server.url, proxy_url=proxy.url) as made:
        assert ask(made) == {"a": 1}
        assert proxy.asked == [f"GET {server.url}/api"]


def test_tls_goes_through_a_proxy_to_the_end(trusted: Authority, strange: Authority) -> None:
    with Replay(OK, trusted.server(clients=trusted)) as server, Proxy() as proxy:
        tls = {"ca_file": str(trusted.file), **trusted.issue("vitals")}
        with client(server.url, proxy_url=proxy.url, tls_config=tls) as made:
            assert ask(made) == {"a": 1}
        with client(server.url, proxy_url=proxy.url, tls_config={"ca_file": strange.file}) as made:
            assert "certificate verify failed" in failure(made)
        assert set(proxy.asked) == {f"CONNECT 127.0.0.1:{server.port}"}


def test_a_proxy_may_speak_tls_itself(trusted: Authority, strange: Authority) -> None:
    with Replay(OK, trusted.server()) as server, Proxy(tls=trusted.server()) as proxy:
        with client(server.url, proxy_url=proxy.url, tls_config={"ca_file": trusted.file}) as made:
            assert ask(made) == {"a": 1}
        with client(server.url, proxy_url=proxy.url, tls_config={"ca_file": strange.file}) as made:
            words = failure(made)
    assert proxy.asked == [f"CONNECT 127.0.0.1:{server.port}"]
    assert f"through the proxy {proxy.url}" in words
    assert "certificate verify failed" in words


def test_a_proxy_that_fails_is_named(trusted: Authority) -> None:
    with Replay(OK, trusted.server()) as server:
        with Proxy(refuse=407) as proxy, client(server.url, proxy_url=proxy.url) as made:
            assert f"through the proxy {proxy.url}: Tunnel connection failed: 407" in failure(made)
        with client(server.url, proxy_url=proxy.url) as made:
            assert f"through the proxy {proxy.url}: Connection refused" in failure(made)
        assert not server.requests


@pytest.mark.parametrize("proxied", ["http", "https"])
@pytest.mark.parametrize("who", ["proxy", "upstream"])
def test_drips_through_a_proxy_are_cut_at_the_deadline(trusted: Authority, proxied: str, who: str) -> None:
    dripping = Proxy(stream=FAULTS["dripping headers"](_ANY).raw if who == "proxy" else None)
    context = trusted.server() if proxied == "https" else None
    with (
        Replay(FAULTS["drip"], context) as server,
        dripping as proxy,
        client(server.url, proxy_url=proxy.url, tls_config={"ca_file": trusted.file}) as made,
    ):
        deadline = Deadline(0.5)
        timer = threading.Timer(0.5, deadline.expire)
        timer.start()
        started = time.monotonic()
        with pytest.raises(UpstreamError) as caught:
            made.get("api", OBJECT, deadline)
        timer.join()
    assert time.monotonic() - started < 4
    assert caught.value.reason == "timeout"


_ANY: Any = None


def test_the_environment_names_a_proxy_only_where_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with Replay(OK) as server, Proxy() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with client(server.url) as made:
            assert ask(made) == {"a": 1}
        assert not proxy.asked
        with client(server.url, proxy_from_environment=True) as made:
            assert ask(made) == {"a": 1}
            assert len(proxy.asked) == 1
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            assert ask(made) == {"a": 1}
        assert len(proxy.asked) == 1


def test_a_password_for_a_proxy_in_the_environment_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    with Replay(OK) as server, Proxy(refuse=502) as proxy:
        pass
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", proxy.url.replace("://", "://ann:hunter2@"))
    with client(server.url, proxy_from_environment=True) as made:
        words = failure(made)
    assert "hunter2" not in words
    assert f"through the proxy {proxy.url}" in words


@pytest.mark.parametrize(
    "url",
    ["http://ann:hunter2@proxy:3128", "proxy:3128", "socks5://proxy:1", "http://proxy/x", "http://proxy:port", ""],
)
def test_what_is_no_proxy_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValidationError, match="expected the URL of a proxy") as caught:
        HttpSettings.model_validate({"name": "x", "type": "x", "url": "http://h", "proxy_url": url})
    assert "hunter2" not in str(caught.value)
