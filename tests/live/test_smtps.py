"""Mail through the port that speaks TLS from the start, by a real Alertmanager with the generated configuration."""

from __future__ import annotations

import secrets
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
import trustme

from compose.alertmanager import alertmanager_server
from compose.processes import free_port
from mlvitals.generate import write
from mlvitals.model import Config
from tests.support.inbox import Inbox, smtps_inbox
from tests.support.waiting import until

pytestmark = pytest.mark.live

# Alertmanager knows the port by its number: an address of the test's own keeps it free.
HOST = f"127.{secrets.randbelow(254) + 1}.{secrets.randbelow(254) + 1}.{secrets.randbelow(254) + 1}"


def mail(smarthost: str, folder: Path) -> dict[str, object]:
    """`notifications:` with a receiver of mail; the password stands in a file."""
    (folder / "password").write_text("hunter2")
    login = {"username": "vitals", "password_file": str(folder / "password"), "ca_file": str(folder / "ca.pem")}
    return {
        "smtp": {"smarthost": smarthost, "from": "vitals@example.org", **login},
        "receivers": [{"name": "ops", "email": {"to": ["ops@example.org"]}}],
        "receiver": "ops",
        "group_wait": "1s",
    }


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """For a server at HOST, trusted by the CA in `ca.pem`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    return context


def may_listen() -> bool:
    """Whether this user may take a port below 1024."""
    try:
        socket.create_server((HOST, 465)).close()
    except PermissionError:
        return False
    return True


@pytest.mark.skipif(not may_listen(), reason="NOT TESTED: MAIL THROUGH PORT 465: it needs root")
def test_mail_arrives_through_port_465(
    each_program: Callable[[str], Path], tls: ssl.SSLContext, tmp_path: Path
) -> None:
    inbox, url = Inbox(), f"http://127.0.0.1:{free_port()}"
    with smtps_inbox(inbox, tls, ("vitals", "hunter2"), HOST) as smarthost:
        write(Config.model_validate({"notifications": mail(smarthost, tmp_path)}), tmp_path)
        config = tmp_path / "alertmanager/alertmanager.yml"
        with alertmanager_server(each_program("alertmanager"), config, tmp_path, url):
            ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
            alerts = [{"labels": {"alertname": "MlflowDown"}, "endsAt": ends}]
            requests.post(f"{url}/api/v2/alerts", json=alerts, timeout=10).raise_for_status()
            assert until(lambda: inbox.of("email", "MlflowDown"), 30)
