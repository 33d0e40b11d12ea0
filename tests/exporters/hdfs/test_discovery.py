"""DataNodes that the active NameNode names: which are asked, and what goes along."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mlvitals.core.jmxpage import JmxPage
from mlvitals.core.outbound import MAX_VALUES
from mlvitals.core.runner import Collection
from mlvitals.core.state import ExporterState
from mlvitals.hdfs import metrics
from mlvitals.hdfs.collector import DaemonCollector, for_discovered
from mlvitals.hdfs.config import HdfsSettings
from mlvitals.hdfs.datanodes import Found, discover
from tests.exporters.hdfs.fake import Beans, FakeHdfs, beans, live, namenode, settings
from tests.exporters.hdfs.test_collector import read
from tests.support.pki import Pki
from tests.support.replay import FAULTS, Answer, Replay


def _page(listed: str) -> JmxPage:
    page = namenode()
    page["NameNodeInfo"]["LiveNodes"] = listed
    return JmxPage(page.values())


def _discovered(listed: str, url: str = "http://nn1:9870", **keys: Any) -> Found | None:
    configured = HdfsSettings.model_validate({"name": "hdfs", "type": "hdfs", "namenodes": [url], **keys})
    return discover(_page(listed), configured, url)


def _found(listed: str, url: str = "http://nn1:9870", **keys: Any) -> Found:
    found = _discovered(listed, url, **keys)
    assert found is not None
    return found


def test_the_address_is_the_namenodes_name_with_the_web_servers_port() -> None:
    listed = json.dumps({"DN1.example:9866": {"infoAddr": "10.0.0.7:9864", "infoSecureAddr": "10.0.0.7:9865"}})
    assert _found(listed).urls == {"dn1.example:9864": "http://dn1.example:9864"}
    assert _found(listed, "https://nn1:9871").urls == {"dn1.example:9865": "https://dn1.example:9865"}


def test_ipv6() -> None:
    listed = json.dumps({"fd00:0:0:0:0:0:0:7:9866": {"infoAddr": "fd00:0:0:0:0:0:0:7:9864"}})
    assert _found(listed).urls == {"[fd00::7]:9864": "http://[fd00::7]:9864"}


@pytest.mark.parametrize(
    "name",
    [
        "9866",
        ":9866",
        "a b:9866",
        "user@host:9866",
        "host/path:9866",
        "host?query:9866",
        "host#part:9866",
        "ho\nst:9866",
        "-host:9866",
        "host%41:9866",
        "x" * 300 + ":9866",
        "0.0.0.0:9866",
        "169.254.169.254:9866",
        "224.0.0.1:9866",
        "fe80::1%eth0:9866",
        "ünïcode:9866",
        "2852039166:9866",
        "0xA9FEA9FE:9866",
        "169.254.43518:9866",
        "0xa9.0xfe.0xa9.0xfe:9866",
        "0251.0376.0251.0376:9866",
        "::ffff:169.254.169.254:9866",
        "::ffff:127.0.0.1:9866",
        "127.0.0.1:9866",
        "127.1:9866",
        "::1:9866",
        "localhost:9866",
        "LocalHost.localdomain:9866",
        "a.localhost:9866",
        "ip6-localhost:9866",
    ],
)
def test_what_is_no_host_is_not_asked(name: str) -> None:
    found = _found(json.dumps({name: {"infoAddr": "10.0.0.7:9864"}}))
    assert found == Found({}, Counter(malformed=1))


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("url", ["http://localhost:9870", "http://127.0.0.1:9870", "https://[::1]:9871"])
def test_datanodes_are_on_this_host_only_where_the_namenode_is(name: str, url: str) -> None:
    assert list(_found(json.dumps({f"{name}:9866": {"infoAddr": "x:9", "infoSecureAddr": "x:9"}}), url).urls) == [
        f"{name}:9"
    ]


@pytest.mark.parametrize("name", ["dn1", "dn-1.10.example", "0xa.example", "localhosts.example", "10.0.0.7", "dn1.7e"])
def test_what_looks_alike_is_a_host(name: str) -> None:
    assert list(_found(live(f"{name}:9864")).urls) == [f"{name}:9864"]


@pytest.mark.parametrize(
    "address", ["10.0.0.7:0", "10.0.0.7", ":", "x:65536", "x:-1", "x:80/jmx", "x: 80", None, 7, "x:٣"]
)
def test_what_is_no_port_is_not_asked(address: object) -> None:
    assert _found(json.dumps({"dn1:9866": {"infoAddr": address}})) == Found({}, Counter(malformed=1))


def test_their_number_is_bounded_and_the_rest_is_counted() -> None:
    found = _found(live(*(f"dn{index:05}:9864" for index in range(5000))), max_datanodes=3)
    assert list(found.urls) == ["dn00000:9864", "dn00001:9864", "dn00002:9864"]
    assert found.dropped == {"limit": 4997}


def test_their_hosts_can_be_bounded() -> None:
    listed = live("dn1.data.example:9864", "DN2.data.example:9864", "evil.example:9864", "data.example.evil:9864")
    found = _found(listed, datanode_hosts=["*.Data.example"])
    assert list(found.urls) == ["dn2.data.example:9864", "dn1.data.example:9864"]
    # What the configuration leaves out is not lost.
    assert found.dropped == {}


@pytest.mark.parametrize("listed", ["nope", "", "[]", "{" * 5000, "[" + "0," * MAX_VALUES + "0]"])
def test_a_list_that_cannot_be_read_is_not_an_empty_one(listed: str) -> None:
    assert _discovered(listed) is None
    assert _discovered("{}") == Found()
    assert _discovered('{"dn1:9866": 1}') == Found({}, Counter(malformed=1))


class _Cluster:
    """A NameNode that names DataNodes, each a server of its own."""

    def __init__(self, *listed: str) -> None:
        self.page: Beans = namenode()
        self.page["NameNodeInfo"]["LiveNodes"] = live(*listed)
        self.fake = FakeHdfs(nn1=self.page)


def _secret(tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "token"
    path.write_text("a-long-secret")
    return {"auth": {"token_file": str(path)}}


def _headers(server: Replay) -> list[str | None]:
    return [request.headers.get("Authorization") for request in server.requests]


@pytest.mark.parametrize(("keys", "sent"), [({}, None), ({"datanode_hosts": ["127.0.0.*"]}, "Bearer a-long-secret")])
def test_credentials_go_only_to_hosts_that_are_configured(
    keys: dict[str, Any], sent: str | None, tmp_path: Path
) -> None:
    with Replay(FakeHdfs(**{"": beans("datanode")})) as dn:
        name = f"127.0.0.1:{dn.port}"
        with Replay(_Cluster(name).fake) as nn:
            collector = DaemonCollector(settings(nn.url, namenodes=["nn1"], **_secret(tmp_path), **keys))
            found = read(collector)
            collector.close()
        assert _headers(nn) == ["Bearer a-long-secret"]
        assert _headers(dn) == [sent]
        assert str(metrics.DATANODE_CAPACITY) in found.names(name)


@pytest.mark.parametrize(("hosts", "kept"), [((), False), (("*.example",), True)])
def test_the_client_certificate_goes_the_same_way(hosts: tuple[str, ...], kept: bool, tmp_path: Path) -> None:
    Pki(tmp_path)
    files = {key: str(tmp_path / f"{name}.pem") for key, name in (("cert_file", "client"), ("key_file", "client"))}
    made = settings("https://nn", namenodes=["nn1"], tls_config=files, datanode_hosts=list(hosts))
    assert made.tls_config.cert_file is not None
    tls = for_discovered(made).tls_config
    assert (tls.cert_file is not None, tls.key_file is not None) == (kept, kept)


def test_a_datanode_does_not_send_us_on(tmp_path: Path) -> None:
    with Replay(FakeHdfs(**{"": beans("datanode")})) as other:
        away = Answer(307, b"", {"Location": f"{other.url}/jmx"})
        with Replay(lambda _: away) as dn, Replay(_Cluster(f"127.0.0.1:{dn.port}").fake) as nn:
            collector = DaemonCollector(settings(nn.url, namenodes=["nn1"], datanode_hosts=["*"], **_secret(tmp_path)))
            found = read(collector)
            collector.close()
        assert found.failures[f"127.0.0.1:{dn.port}"].reason == "http"
        assert not other.requests


def test_a_daemon_that_is_listed_is_not_asked_again() -> None:
    with Replay(FakeHdfs(nn1=namenode())) as first:
        listed = live(f"127.0.0.1:{first.port}")
        page = namenode()
        page["NameNodeInfo"]["LiveNodes"] = listed
        first.respond = FakeHdfs(**{"": page})
        collector = DaemonCollector(settings(first.url, namenodes=[""]))
        found = read(collector)
        collector.close()
    assert found.snapshots.keys() == {"cluster", f"127.0.0.1:{first.port}"}
    assert not found.snapshots["cluster"].dropped


def test_while_no_namenode_tells_those_known_before_are_asked() -> None:
    with Replay(FakeHdfs(**{"": beans("datanode")})) as dn:
        name = f"127.0.0.1:{dn.port}"
        made = _Cluster(name)
        with Replay(made.fake) as nn:
            collector = DaemonCollector(settings(nn.url, namenodes=["nn1"]))
            assert name in read(collector).snapshots
            made.page["NameNodeStatus"]["State"] = "standby"
            assert name in read(collector).snapshots
            made.page["NameNodeStatus"]["State"] = "active"
            made.page["NameNodeInfo"]["LiveNodes"] = "broken"
            found = read(collector)
            assert name in found.snapshots
            assert found.snapshots["cluster"].dropped == {
                (metrics.DATANODE_INFO, "malformed"): 1,
                (metrics.DATANODE_LIVE, "malformed"): 1,
            }
            made.page["NameNodeInfo"]["LiveNodes"] = "{}"
            assert read(collector).snapshots.keys() == {"cluster", f"127.0.0.1:{nn.port}/nn1"}
            collector.close()


def test_listed_datanodes_are_not_looked_for() -> None:
    with Replay(FakeHdfs(nn1=_Cluster("127.0.0.1:9").page, dn1=beans("datanode"))) as server:
        collector = DaemonCollector(settings(server.url, namenodes=["nn1"], datanodes=["dn1"]))
        found = read(collector)
        collector.close()
    address = f"127.0.0.1:{server.port}"
    assert found.snapshots.keys() == {"cluster", f"{address}/nn1", f"{address}/dn1"}
    assert not found.failures


def test_datanodes_that_a_collection_has_no_time_for_fail_and_keep_their_values() -> None:
    daemon = FakeHdfs(**{"": beans("datanode")})
    with Replay(daemon) as first, Replay(daemon) as second:
        names = [f"127.0.0.1:{server.port}" for server in (first, second)]
        with Replay(_Cluster(*names).fake) as nn:
            collector = DaemonCollector(settings(nn.url, namenodes=["nn1"], workers=1, deadline="2s"))
            state = ExporterState("hdfs", [collector])
            Collection(collector, state).run()
            first.respond = second.respond = FAULTS["hang"]
            Collection(collector, state).run()
            collector.close()
    targets = {name: state.targets()[name] for name in names}
    reasons = {name: target and target.failure and target.failure.reason for name, target in targets.items()}
    assert reasons == dict.fromkeys(names, "timeout")
    shown = {key[0] for each in state.families() if each.metric == metrics.DATANODE_CAPACITY for key in each.samples}
    assert shown == set(names)
