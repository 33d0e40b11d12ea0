"""What the collector says of a cluster: roles, totals of the active NameNode only, and a failure for each target."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from mlvitals.core.collector import Deadline, Failure, Snapshot
from mlvitals.core.outbound import MAX_VALUES
from mlvitals.hdfs import metrics
from mlvitals.hdfs.collector import DaemonCollector
from tests.exporters.hdfs.fake import Beans, FakeHdfs, beans, live, namenode, settings, starting
from tests.support.exposition import Samples, samples, text
from tests.support.replay import Answer, Replay, json_answer

REFUSED = Answer(401, b"who are you?")


@dataclass
class Read:
    """One collection: target -> its samples, by metric; the failures by target; what was dropped."""

    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)

    def of(self, target: str) -> Samples:
        return samples(self.snapshots[target])

    def names(self, target: str) -> set[str]:
        return {name for name, _ in self.of(target)}

    def values(self, metric: object) -> dict[Mapping[str, str], float]:
        """Labels as text -> value, over all targets."""
        found = samples(*self.snapshots.values())
        return {_Labels(labels): value for (name, labels), value in found.items() if name == str(metric)}

    def by(self, metric: object, label: str) -> dict[str, float]:
        return {labels[label]: value for labels, value in self.values(metric).items()}

    def state(self) -> dict[str, str]:
        """Daemon -> the state that is 1."""
        return {
            labels["daemon"]: labels["state"] for labels, value in self.values(metrics.HA_STATE).items() if value == 1
        }


class _Labels(dict[str, str]):
    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


def read(collector: DaemonCollector, seconds: float = 30.0) -> Read:
    found = Read()
    for result in collector.collect(Deadline(seconds)):
        into: dict[str, Any] = found.failures if isinstance(result, Failure) else found.snapshots
        assert result.target not in {*found.failures, *found.snapshots}
        into[result.target] = result
    return found


@contextmanager
def cluster(fake: FakeHdfs, **keys: Any) -> Iterator[tuple[DaemonCollector, Replay]]:
    with Replay(fake) as server:
        collector = DaemonCollector(settings(server.url, **{"discover_datanodes": False, **keys}))
        yield collector, server
        collector.close()


def once(fake: FakeHdfs, **keys: Any) -> Read:
    """One collection; daemons are named by their paths."""
    with cluster(fake, **keys) as (collector, server):
        found = read(collector)
    return _named(found, f"127.0.0.1:{server.port}/")


def _named(found: Read, address: str) -> Read:
    """The collection with the port of this run cut off from all names."""
    names = {name.removeprefix(address): name for name in [*found.snapshots, *found.failures]}
    short = Read()
    for name, target in names.items():
        if target in found.snapshots:
            short.snapshots[name] = _shortened(found.snapshots[target], address)
        else:
            short.failures[name] = found.failures[target]
    return short


def _shortened(snapshot: Snapshot, address: str) -> Snapshot:
    for family in snapshot.families:
        family.samples = {
            tuple(value.removeprefix(address) for value in key): value for key, value in family.samples.items()
        }
    return snapshot


TWO: dict[str, Any] = {"namenodes": ["nn1", "nn2"]}


def test_totals_are_those_of_the_active_namenode() -> None:
    found = once(FakeHdfs(nn1=namenode("standby", CapacityTotal=7), nn2=namenode(CapacityTotal=9)), **TWO)
    assert found.state() == {"nn1": "standby", "nn2": "active"}
    assert found.by(metrics.CAPACITY, "daemon") == {"nn2": 9}
    assert found.by(metrics.MISSING_BLOCKS, "daemon").keys() == {"nn2"}
    assert found.by(metrics.SAFE_MODE, "daemon") == {"nn1": 0, "nn2": 0}
    assert found.by(metrics.JVM_GC_COLLECTIONS, "daemon").keys() == {"nn1", "nn2"}
    assert list(found.values(metrics.ACTIVE_NAMENODES).values()) == [1]


def test_a_single_namenode_is_active() -> None:
    found = once(FakeHdfs(nn1=namenode()), namenodes=["nn1"])
    assert found.state() == {"nn1": "active"}
    assert list(found.values(metrics.ACTIVE_NAMENODES).values()) == [1]


@pytest.mark.parametrize(
    ("states", "active"), [(("standby", "standby"), 0), (("active", "active"), 2), (("observer", "active"), 1)]
)
def test_active_namenodes_are_counted(states: tuple[str, str], active: int) -> None:
    found = once(FakeHdfs(nn1=namenode(states[0]), nn2=namenode(states[1])), **TWO)
    assert list(found.values(metrics.ACTIVE_NAMENODES).values()) == [active]


def test_the_role_is_that_of_namenodestatus_and_no_cached_one() -> None:
    late = namenode("standby")
    late["FSNamesystem"]["tag.HAState"] = "active"
    late["NameNode"] = {"name": "Hadoop:service=NameNode,name=NameNode", "NameNodeState": 1}
    assert once(FakeHdfs(nn1=late), namenodes=["nn1"]).state() == {"nn1": "standby"}


def test_a_namenode_that_refuses_has_no_state_and_none_of_the_other() -> None:
    found = once(FakeHdfs(nn1=namenode(CapacityTotal=7), nn2=REFUSED), **TWO)
    assert found.state() == {"nn1": "active", "nn2": "unknown"}
    assert found.failures["nn2"].reason == "auth"
    assert found.values(metrics.ACTIVE_NAMENODES) == {}
    shown = [labels for _, labels in samples(*found.snapshots.values())]
    about = [dict(labels) for labels in shown if dict(labels).get("daemon") == "nn2"]
    assert {frozenset(labels) for labels in about} == {frozenset({"daemon", "state"})}


def test_a_state_that_is_not_known_is_no_other() -> None:
    for state in ("Active", "primary", "starting", "unknown", "", 1, None, ["active"]):
        page = namenode()
        page["NameNodeStatus"]["State"] = state
        told = once(FakeHdfs(nn1=page), namenodes=["nn1"]).state()["nn1"]
        assert told == ("starting" if state is None else "unknown"), state


def test_a_failover_leaves_nothing_of_the_old_active_one() -> None:
    fake = FakeHdfs(nn1=namenode(CapacityTotal=7), nn2=namenode("standby"))
    with cluster(fake, **TWO) as (collector, server):
        before = _named(read(collector), f"127.0.0.1:{server.port}/")
        fake.daemons |= {"nn1": Answer(503), "nn2": namenode(CapacityTotal=8)}
        after = _named(read(collector), f"127.0.0.1:{server.port}/")
    assert before.by(metrics.CAPACITY, "daemon") == {"nn1": 7}
    # One target, so that this snapshot stands instead of the one before.
    assert {name for name, _ in before.of("cluster")} >= {str(metrics.CAPACITY), str(metrics.HA_STATE)}
    assert after.by(metrics.CAPACITY, "daemon") == {"nn2": 8}
    assert after.state() == {"nn1": "unknown", "nn2": "active"}


def test_a_namenode_that_starts_has_no_values() -> None:
    found = once(FakeHdfs(nn1=starting(), nn2=namenode("standby")), **TWO)
    assert found.state() == {"nn1": "starting", "nn2": "standby"}
    assert found.names("nn1") == {
        str(metrics.STARTUP_COMPLETE),
        str(metrics.STARTUP_ELAPSED),
        str(metrics.STARTUP_PHASE_COMPLETE),
    }
    assert list(found.values(metrics.ACTIVE_NAMENODES).values()) == [0]


def test_without_any_namenode_the_cluster_fails_too() -> None:
    found = once(FakeHdfs(nn1=REFUSED, nn2=Answer(500)), **TWO)
    assert {name: failure.reason for name, failure in found.failures.items()} == {
        "nn1": "auth",
        "nn2": "http",
        "cluster": "auth",
    }
    assert not found.snapshots


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "malformed"),
        ({"beans": []}, "no MBean matches"),
        ({"beans": None}, "malformed"),
        ({"beans": [{"name": 1}]}, "expected a NameNode"),
        ({"beans": [{"name": "java.lang:type=Memory"}]}, "none of HDFS's daemons"),
    ],
)
def test_an_empty_answer_is_a_failure_and_never_zero(body: object, told: str) -> None:
    found = once(FakeHdfs(nn1=json_answer(body)), namenodes=["nn1"])
    assert found.failures["nn1"].reason == "parse"
    assert told in found.failures["nn1"].message
    assert not found.snapshots


def test_the_page_of_another_daemon_is_not_taken() -> None:
    fake = FakeHdfs(nn1=beans("datanode"), nn2=namenode(), dn1=beans("journalnode"), jn1=namenode())
    found = once(fake, **TWO, datanodes=["dn1"], journalnodes=["jn1"])
    assert found.failures.keys() == {"nn1", "dn1", "jn1"}
    assert "this is DataNode" in found.failures["nn1"].message
    assert found.state()["nn1"] == "unknown"


def test_the_bean_asked_for_is_the_bean_read() -> None:
    page = namenode()
    page["FSNamesystem"]["name"] = "Hadoop:service=NameNode,name=FSNamesystem,sub=Other"
    page["NameNodeInfo"]["name"] = "Other:service=NameNode,name=NameNodeInfo"
    found = once(FakeHdfs(nn1=page), namenodes=["nn1"])
    assert str(metrics.MISSING_BLOCKS) not in found.names("cluster")
    assert str(metrics.NAMENODE_INFO) not in found.names("nn1")
    assert str(metrics.CAPACITY) in found.names("cluster")


def test_only_datanode_dead_gives_what_the_namenode_says_and_no_ratio() -> None:
    page = namenode(CapacityTotal=0, CapacityUsed=0, CapacityRemaining=0, NumLiveDataNodes=0, NumDeadDataNodes=1)
    page["NameNodeInfo"] |= {"LiveNodes": "{}", "DeadNodes": json.dumps({"dn1:9866": {"lastContact": 40}})}
    found = once(FakeHdfs(nn1=page), namenodes=["nn1"], discover_datanodes=True)
    assert found.by(metrics.CAPACITY, "daemon") == {"nn1": 0}
    assert found.by(metrics.DATANODE_LIVE, "datanode") == {"dn1:9866": 0}
    assert found.values(metrics.DATANODE_SEEN_CAPACITY) == {}
    assert not any("ratio" in name for name in found.names("cluster"))
    assert not found.failures


@pytest.mark.parametrize("version", [3, True, ["3"], {"a": 1}])
def test_a_version_that_is_no_text_is_left_out(version: Any) -> None:
    page = namenode()
    page["NameNodeInfo"]["SoftwareVersion"] = version
    found = once(FakeHdfs(nn1=page), namenodes=["nn1"])
    assert found.snapshots["nn1"].dropped == {(metrics.NAMENODE_INFO, "not_a_text"): 1}


def test_safe_mode() -> None:
    found = once(FakeHdfs(nn1=namenode(FSState="safeMode"), nn2=namenode(FSState="odd")), **TWO)
    assert found.by(metrics.SAFE_MODE, "daemon") == {"nn1": 1}
    assert found.snapshots["nn2"].dropped == {(metrics.SAFE_MODE, "not_a_number"): 1}


def test_what_never_happened_has_no_time() -> None:
    page = namenode()
    page["FSNamesystem"]["LastCheckpointTime"] = 0
    found = once(FakeHdfs(nn1=page), namenodes=["nn1"])
    assert found.values(metrics.LAST_CHECKPOINT) == found.values(metrics.LAST_HA_TRANSITION) == {}
    page["NameNodeStatus"]["LastHATransitionTime"] = 1795410151500
    found = once(FakeHdfs(nn1=page), namenodes=["nn1"])
    assert found.by(metrics.LAST_HA_TRANSITION, "daemon") == {"nn1": 1795410151.5}


@pytest.mark.parametrize(
    ("created", "files", "mkdirs"), [(7, 3, 4), (3, 3, 0), (2, 3, None), (None, 3, None), (7, "3", None)]
)
def test_mkdirs_are_a_difference_of_one_read(created: Any, files: Any, mkdirs: float | None) -> None:
    page = namenode()
    page["NameNodeActivity"] |= {"FilesCreated": created, "CreateFileOps": files}
    found = once(FakeHdfs(nn1=page), namenodes=["nn1"])
    assert list(found.values(metrics.MKDIRS).values()) == ([] if mkdirs is None else [mkdirs])


def test_mkdirs_do_not_fall_while_the_namenode_lives() -> None:
    """Its attributes are asked for one after the other, and may be renewed in between."""
    page = namenode()
    shown = []
    with cluster(FakeHdfs(nn1=page), namenodes=["nn1"]) as (collector, _):
        for created, files in ((100, 60), (109, 70), (109, 110), (None, 70), (120, 71), (5, 2), (6, 9)):
            page["NameNodeActivity"] |= {"FilesCreated": created, "CreateFileOps": files}
            shown.append([*read(collector).values(metrics.MKDIRS).values()])
    # The last but one is a NameNode that was started again.
    assert shown == [[40], [40], [40], [], [49], [3], [3]]


def test_failed_name_directories_are_counted() -> None:
    page = namenode()
    page["NameNodeInfo"]["NameDirStatuses"] = json.dumps({"active": {}, "failed": {"/a": "IMAGE", "/b": "EDITS"}})
    found = once(FakeHdfs(nn1=page), namenodes=["nn1"])
    assert found.by(metrics.NAME_DIRECTORIES, "state") == {"active": 0, "failed": 2}


def test_one_daemon_that_fails_touches_no_other() -> None:
    fake = FakeHdfs(nn1=namenode(), dn1=beans("datanode"), dn2=Answer(500), jn1=Answer(404), jn2=beans("journalnode"))
    found = once(fake, namenodes=["nn1"], datanodes=["dn1", "dn2"], journalnodes=["jn1", "jn2"])
    assert found.failures.keys() == {"dn2", "jn1"}
    assert found.snapshots.keys() == {"cluster", "nn1", "dn1", "jn2"}


def test_each_daemon_is_asked_once_for_hadoops_beans() -> None:
    fake = FakeHdfs(nn1=namenode(), nn2=namenode("standby"), dn1=beans("datanode"), jn1=beans("journalnode"))
    with cluster(fake, **TWO, datanodes=["dn1"], journalnodes=["jn1"]) as (collector, server):
        read(collector)
        asked = sorted((request.method, request.path, str(dict(request.query))) for request in server.requests)
    query = str({"qry": ["Hadoop:*"]})
    assert asked == [("GET", f"/{name}/jmx", query) for name in ("dn1", "jn1", "nn1", "nn2")]


@pytest.mark.parametrize("listed", ['{"a": 1}', "[]", "nope", "", 7, "{" * 5000, "[" + "0," * MAX_VALUES + "0]"])
def test_json_inside_of_json_that_is_none(listed: Any) -> None:
    page: Beans = namenode()
    page["NameNodeInfo"] |= {"LiveNodes": listed, "DeadNodes": listed, "NameDirStatuses": listed}
    found = once(FakeHdfs(nn1=page), namenodes=["nn1"], discover_datanodes=True)
    assert not found.failures
    assert found.values(metrics.DATANODE_LIVE) == found.values(metrics.NAME_DIRECTORIES) == {}


ODD = [None, True, -1, 1e308, 10**400, "", "x", "active", "7", "x" * 5000, [], [[1]], {}, {"a": {"b": None}}]
ODD_TEXTS = [
    '{"a": 1}',
    '{"a": {"b": []}}',
    '{"a:1": {"infoAddr": {}, "lastContact": "x"}}',
    '{"active": 3}',
    '{"\\ud800:1": {"usedSpace": 1}}',
]


@pytest.mark.parametrize("value", [*ODD, *ODD_TEXTS], ids=lambda value: repr(value)[:20])
def test_whatever_stands_in_the_place_of_a_value_no_daemon_is_lost(value: Any) -> None:
    fake = FakeHdfs()
    for name, page in (("nn1", namenode()), ("dn1", beans("datanode")), ("jn1", beans("journalnode"))):
        fake.daemons[name] = {key: dict.fromkeys(bean, value) | {"name": bean["name"]} for key, bean in page.items()}
        if name == "nn1":
            # So that the totals are read.
            page["NameNodeStatus"] |= dict.fromkeys(page["NameNodeStatus"].keys() - {"name", "State"}, value)
            fake.daemons[name] |= {"NameNodeStatus": page["NameNodeStatus"]}  # type: ignore[operator]
    found = once(fake, namenodes=["nn1"], datanodes=["dn1"], journalnodes=["jn1"])
    assert found.snapshots.keys() == {"cluster", "nn1", "dn1", "jn1"}
    assert text(family for snapshot in found.snapshots.values() for family in snapshot.families).encode()


def test_half_a_character_is_no_answer() -> None:
    page = namenode()
    page["NameNodeInfo"]["SoftwareVersion"] = "\ud800"
    assert once(FakeHdfs(nn1=page), namenodes=["nn1"]).failures["nn1"].reason == "parse"


def test_volumes() -> None:
    page = beans("datanode")
    volumes = {
        "/data 1/dn": {"usedSpace": 5, "freeSpace": 6, "reservedSpace": 0, "numBlocks": 2},
        "/" + "x" * 300: {"usedSpace": 1},
        "/odd": {"usedSpace": "much", "freeSpace": None},
    }
    page["DataNodeInfo"]["VolumeInfo"] = json.dumps(volumes)
    found = once(FakeHdfs(nn1=namenode(), dn1=page), namenodes=["nn1"], datanodes=["dn1"])
    assert found.by(metrics.DATANODE_VOLUME_USED, "volume") == {"/data 1/dn": 5}
    assert found.by(metrics.DATANODE_VOLUME_FREE, "volume") == {"/data 1/dn": 6}
    assert found.snapshots["dn1"].dropped == {
        (metrics.DATANODE_VOLUME_USED, "too_long"): 1,
        (metrics.DATANODE_VOLUME_USED, "not_a_number"): 1,
    }


def test_what_a_journalnode_cannot_read_has_no_value() -> None:
    page = beans("journalnode")
    journal = next(name for name in page if name.startswith("Journal-"))
    page[journal] |= {"LastWriterEpoch": -1, "LastPromisedEpoch": -1, "LastWrittenTxId": -1, "CurrentLagTxns": 0}
    found = once(FakeHdfs(nn1=namenode(), jn1=page), namenodes=["nn1"], journalnodes=["jn1"])
    unread = (metrics.JOURNAL_WRITER_EPOCH, metrics.JOURNAL_PROMISED_EPOCH, metrics.JOURNAL_LAST_TRANSACTION)
    assert [found.values(metric) for metric in unread] == [{}, {}, {}]
    assert found.by(metrics.JOURNAL_LAG, "daemon") == {"jn1": 0}


def test_every_rpc_port_has_its_own_series() -> None:
    page = namenode()
    first = next(name for name in page if name.startswith("RpcActivityForPort"))
    page["second"] = {
        **page[first],
        "name": "Hadoop:name=RpcActivityForPort8040,service=NameNode",
        "CallQueueLength": 3,
    }
    found = once(FakeHdfs(nn1=page), namenodes=["nn1"])
    assert found.by(metrics.RPC_QUEUE_LENGTH, "port") == {first.removeprefix("RpcActivityForPort"): 0, "8040": 3}


def test_live_is_given_first() -> None:
    page = namenode()
    page["NameNodeInfo"] |= {"LiveNodes": live("dn1:9864"), "DeadNodes": live("dn1:9864", "dn2:9864")}
    found = once(FakeHdfs(nn1=page), namenodes=["nn1"])
    assert found.by(metrics.DATANODE_LIVE, "datanode") == {"dn1:9864": 1, "dn2:9864": 0}
    # The page's clock, 05:03:10, two seconds before.
    assert set(found.by(metrics.DATANODE_LAST_CONTACT, "datanode").values()) == {1795410188.0}
