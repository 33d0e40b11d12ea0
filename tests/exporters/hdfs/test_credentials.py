"""What proves who asks reaches the daemons: a password, a client certificate."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from mlvitals.hdfs.collector import DaemonCollector
from tests.exporters.hdfs.fake import FakeHdfs, beans, live, namenode, settings
from tests.exporters.hdfs.test_collector import Read, read
from tests.support.replay import Answer, Replay, Request

PASSWORD = "a-long-secret"
ALL: dict[str, Any] = {"namenodes": ["nn1"], "datanodes": ["dn1"], "journalnodes": ["jn1"]}


def daemons() -> FakeHdfs:
    return FakeHdfs(nn1=namenode(), dn1=beans("datanode"), jn1=beans("journalnode"))


def reading(url: str, **keys: Any) -> Read:
    collector = DaemonCollector(settings(url, **keys))
    found = read(collector)
    collector.close()
    return found


@pytest.mark.parametrize(("password", "failures"), [(PASSWORD, set()), ("another", {"auth"})])
def test_every_daemon_gets_the_password(password: str, failures: set[str], tmp_path: Path) -> None:
    known, fake = base64.b64encode(f"mlvitals:{PASSWORD}".encode()).decode(), daemons()

    def guarded(request: Request) -> Answer:
        return fake(request) if request.headers.get("Authorization") == f"Basic {known}" else Answer(401)

    (tmp_path / "password").write_text(password)
    auth = {"username": "mlvitals", "password_file": str(tmp_path / "password")}
    with Replay(guarded) as server:
        found = reading(server.url, **ALL, auth=auth)
    assert {failure.reason for failure in found.failures.values()} == failures
    assert len(found.snapshots) == (0 if failures else 4)


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    """A CA; in the folder `ca.pem`, and `client.pem` with its key."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    ca.issue_cert("mlvitals@example.org").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "client.pem"))
    return ca


def asks_for_a_certificate(ca: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    ca.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def tls(folder: Path, *, shown: bool = True) -> dict[str, str]:
    client = str(folder / "client.pem")
    return {"ca_file": str(folder / "ca.pem"), **({"cert_file": client, "key_file": client} if shown else {})}


@pytest.mark.parametrize(("shown", "failures"), [(True, set()), (False, {"connect"})])
def test_every_daemon_gets_the_client_certificate(
    shown: bool, failures: set[str], tmp_path: Path, authority: trustme.CA
) -> None:
    with Replay(daemons(), asks_for_a_certificate(authority)) as server:
        found = reading(server.url, **ALL, tls_config=tls(tmp_path, shown=shown))
    assert {failure.reason for failure in found.failures.values()} == failures
    assert len(found.snapshots) == (0 if failures else 4)


@pytest.mark.parametrize(("hosts", "reason"), [([], "connect"), (["127.0.0.*"], None)])
def test_discovered_datanodes_get_it_where_their_hosts_are_bounded(
    hosts: list[str], reason: str | None, tmp_path: Path, authority: trustme.CA
) -> None:
    page = namenode()
    with (
        Replay(FakeHdfs(**{"": beans("datanode")}), asks_for_a_certificate(authority)) as dn,
        Replay(FakeHdfs(nn1=page), asks_for_a_certificate(authority)) as nn,
    ):
        name = f"127.0.0.1:{dn.port}"
        page["NameNodeInfo"]["LiveNodes"] = live(name)
        found = reading(nn.url, namenodes=["nn1"], datanode_hosts=hosts, tls_config=tls(tmp_path))
    assert {target: failure.reason for target, failure in found.failures.items()} == ({name: reason} if reason else {})
    assert (name in found.snapshots) is not bool(reason)
