"""What is said when others can reach the server, or learn its passwords."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import requests
from structlog.testing import capture_logs

from compose.processes import Server, free_port
from mlvitals import exposure
from mlvitals.core.server import listen
from mlvitals.core.webconfig import WebConfig
from tests.support.pki import Pki

USERS = {"ann": bcrypt.hashpw(b"hunter2", bcrypt.gensalt(4)).decode()}
OPEN = "other machines can read everything that is served"
UNENCRYPTED = "passwords travel unencrypted: basic auth without TLS"
LOOPBACK, ALL, NAMED = "127.0.0.1:0", "0.0.0.0:0", ":0"
TLS = {"cert_file": "server.pem", "key_file": "server.key"}
IF_GIVEN = {"client_auth_type": "VerifyClientCertIfGiven", "client_ca_file": "ca.pem"}
REQUIRED = {"client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": "ca.pem"}


def config(folder: Path, tls: dict[str, str] | None, users: dict[str, str]) -> WebConfig:
    Pki(folder)
    data = {"tls_server_config": tls, "basic_auth_users": users}
    return WebConfig.model_validate({key: value for key, value in data.items() if value}, context={"folder": folder})


def told(address: str, web: WebConfig) -> list[tuple[str, str | None]]:
    """Events and what is lacking."""
    sockets = listen(address)
    with capture_logs() as logs:
        exposure.tell(sockets, web)
    for sock in sockets:
        sock.close()
    assert all(line["log_level"] == "warning" for line in logs)
    return [(line["event"], line.get("lacks")) for line in logs]


@pytest.mark.parametrize(
    ("tls", "users", "auth", "on_loopback", "beyond"),
    [
        (None, {}, "none", [], [(OPEN, "TLS and authentication")]),
        (TLS, {}, "none", [], [(OPEN, "authentication")]),
        (TLS | IF_GIVEN, {}, "none", [], [(OPEN, "authentication")]),
        (TLS | REQUIRED, {}, "client-certificate", [], []),
        (TLS, USERS, "basic", [], []),
        (TLS | REQUIRED, USERS, "basic+client-certificate", [], []),
        (None, USERS, "basic", [(UNENCRYPTED, None)], [(UNENCRYPTED, None)]),
    ],
)
def test_one_line_says_what_is_lacking(
    tmp_path: Path, tls: dict[str, str] | None, users: dict[str, str], auth: str, on_loopback: Any, beyond: Any
) -> None:
    web = config(tmp_path, tls, users)
    assert exposure.asked(web) == (tls is not None, auth)
    assert told(LOOPBACK, web) == on_loopback
    for address in (ALL, NAMED):
        assert told(address, web) == beyond


@pytest.mark.parametrize(("address", "hinted"), [(LOOPBACK, False), ("[::1]:0", False), (ALL, True), (NAMED, True)])
def test_links_that_lead_to_this_machine_only(address: str, hinted: bool) -> None:
    sockets = listen(address)
    with capture_logs() as logs:
        exposure.hint_at_links(sockets)
    for sock in sockets:
        sock.close()
    assert [line["url"] for line in logs] == (["http://127.0.0.1:10847"] if hinted else [])


def test_the_log_begins_with_it(tmp_path: Path) -> None:
    (tmp_path / "mlvitals.yml").write_text("exporters: []\n")
    (tmp_path / "web.yml").write_text(f"basic_auth_users: {{ann: {USERS['ann']}}}\n")
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "mlvitals", "run", "--listen", address, "--web-config", "web.yml"]
    with Server("mlvitals", command, tmp_path, lambda: asks(address)) as server:
        lines = [line for line in server.log.read_text().splitlines() if "no exporters" not in line]
    first, second = lines[:2]
    assert f'level=warning event="{UNENCRYPTED}"' in first
    assert "event=listening" in second
    assert "tls=false auth=basic" in second
    assert "hunter2" not in first + second


def asks(address: str) -> bool:
    """It serves, and asks for a password."""
    try:
        return requests.get(f"http://{address}/", timeout=10).status_code == 401
    except requests.ConnectionError:
        return False
