"""Rules from the configuration against recorded pages of real daemons."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from mlvitals.core.collector import Deadline, Failure, Snapshot
from mlvitals.core.metric import Kind
from mlvitals.hdfs import metrics as hdfs
from mlvitals.jmx.collector import JmxCollector
from mlvitals.jmx.config import JmxSettings
from mlvitals.jmx.metrics import RULE_MATCHES
from tests.exporters.hdfs.fake import Beans, FakeHdfs, beans, namenode
from tests.exporters.hdfs.test_collector import once
from tests.support.exposition import Samples, sample, samples
from tests.support.replay import Answer, Replay

RULES = """
- {bean: "Hadoop:service=NameNode,name=FSNamesystemState", attribute: CapacityTotal, name: dfs_capacity_bytes}
- {bean: "Hadoop:service=*,name=JvmMetrics", attribute: MemHeapUsedM, name: dfs_heap_used_bytes, unit: mebibytes}
- {bean: "Hadoop:service=*,name=JvmMetrics", attribute: GcTimeMillis, name: dfs_gc_seconds_total, kind: counter,
   unit: milliseconds, help: Time that garbage collection took}
- {bean: "Hadoop:service=NameNode,name=RpcActivityForPort{port}", attribute: CallQueueLength, name: dfs_rpc_queue}
- {bean: "Hadoop:service=NameNode,name=JvmMetrics", attribute: ThreadsNew, name: dfs_threads, labels: {state: new}}
- {bean: "Hadoop:service=NameNode,name=JvmMetrics", attribute: ThreadsBlocked, name: dfs_threads,
   labels: {state: blocked}}
- {bean: "Hadoop:service=NameNode,name=FSNamesystemState", attribute: FSState, name: dfs_safe_mode,
   words: {safeMode: 1, Operational: 0}}
- {bean: "Hadoop:service=NameNode,name=NameNodeStatus", attribute: State, name: dfs_state, text_label: state}
- {bean: "Hadoop:service=NameNode,name=NameNodeInfo", attribute: LiveNodes, path: ["{datanode}", usedSpace],
   name: dfs_datanode_used_bytes}
- {bean: "Hadoop:service=NameNode,name=NameNodeInfo", attribute: NameDirSize, path: ["{folder}"],
   name: dfs_folder_bytes}
- {bean: "Hadoop:service=NameNode,name=FSNamesystem,*", attribute: "Snap{what}", name: dfs_snap}
- {bean: "Hadoop:service=NameNode,name=NameNodeActivity", attribute: OfHadoop9, name: dfs_reports_total, kind: counter}
- {bean: "Hadoop:service=NameNode,name=NameNodeActivity", attribute: StorageBlockReportNumOps,
   name: dfs_reports_total, kind: counter}
- {bean: "Hadoop:service=NameNode,name=Nowhere", attribute: X, name: dfs_nowhere}
"""


def settings(url: str, *daemons: str, rules: Any = None, **keys: Any) -> JmxSettings:
    data = {"daemons": [f"{url}/{name}" for name in daemons], "rules": rules or yaml.safe_load(RULES), **keys}
    return JmxSettings.model_validate({"name": "dfs", "type": "jmx", **data})


def collected(*daemons: Beans | Answer, rules: Any = None, **keys: Any) -> dict[str, Snapshot | Failure]:
    """Path of the daemon -> its result, with `d1`, `d2` … for daemons."""
    names = [f"d{index}" for index in range(1, len(daemons) + 1)]
    with Replay(FakeHdfs(**dict(zip(names, daemons, strict=True)))) as server:
        collector = JmxCollector(settings(server.url, *names, rules=rules, **keys))
        assert collector.targets == tuple(f"127.0.0.1:{server.port}/{name}" for name in names)
        results = {result.target.partition("/")[2]: result for result in collector.collect(Deadline(30))}
        collector.close()
    return results


def page(*daemons: Beans | Answer, rules: Any = None) -> tuple[Samples, Snapshot]:
    """The samples of one daemon, without the label of it."""
    (result,) = collected(*daemons, rules=rules).values()
    assert isinstance(result, Snapshot), result
    found = samples(result).items()
    return {(name, labels - {_daemon(labels)}): value for (name, labels), value in found}, result


def _daemon(labels: frozenset[tuple[str, str]]) -> tuple[str, str]:
    return next(each for each in labels if each[0] == "daemon")


def one(**rule: Any) -> list[dict[str, Any]]:
    return [{"bean": "Hadoop:service=NameNode,name=NameNodeInfo", "name": "x", **rule}]


def test_rules_of_a_configuration_find_what_those_of_hdfs_find() -> None:
    recorded = namenode()
    found, _ = page(recorded)
    ours = once(FakeHdfs(nn1=recorded), namenodes=["nn1"])

    def of(metric: object) -> float:
        return next(iter(ours.values(metric).values()))

    port = next(iter(ours.by(hdfs.RPC_QUEUE_LENGTH, "port")))
    assert found == {
        sample("dfs_capacity_bytes"): of(hdfs.CAPACITY),
        sample("dfs_heap_used_bytes"): of(hdfs.JVM_HEAP_USED),
        sample("dfs_gc_seconds_total"): of(hdfs.JVM_GC_SECONDS),
        sample("dfs_rpc_queue", port=port): of(hdfs.RPC_QUEUE_LENGTH),
        sample("dfs_threads", state="new"): 0,
        sample("dfs_threads", state="blocked"): 0,
        sample("dfs_safe_mode"): 0,
        sample("dfs_state", state="active"): 1,
        sample("dfs_datanode_used_bytes", datanode="127.0.0.1:32010"): of(hdfs.DATANODE_SEEN_USED),
        sample("dfs_folder_bytes", folder="/data/hdfs/nn"): 677,
        sample("dfs_snap", what="shots"): 1,
        sample("dfs_snap", what="shottableDirectories"): 1,
        sample("dfs_reports_total"): of(hdfs.BLOCK_REPORTS),
        sample(RULE_MATCHES, rule="dfs_nowhere"): 0,
        sample(RULE_MATCHES, rule="dfs_snap"): 2,
        **{
            sample(RULE_MATCHES, rule=rule): 1
            for rule in (
                *("dfs_capacity_bytes", "dfs_heap_used_bytes", "dfs_gc_seconds_total", "dfs_rpc_queue"),
                *('dfs_threads{state="new"}', 'dfs_threads{state="blocked"}', "dfs_safe_mode", "dfs_state"),
                *("dfs_datanode_used_bytes", "dfs_folder_bytes", "dfs_reports_total"),
            )
        },
    }


def test_declarations_are_made_from_the_rules() -> None:
    _, snapshot = page(namenode())
    made = {str(family.metric): family.metric for family in snapshot.families}
    assert made["dfs_gc_seconds_total"].kind is Kind.COUNTER
    assert made["dfs_gc_seconds_total"].unit == "seconds"
    assert made["dfs_gc_seconds_total"].help == "Time that garbage collection took"
    assert made["dfs_capacity_bytes"].help == "Hadoop:service=NameNode,name=FSNamesystemState.CapacityTotal"
    assert made["dfs_rpc_queue"].labels == ("daemon", "port")


def test_each_daemon_is_a_target_of_its_own() -> None:
    found = collected(namenode(), Answer(403), beans("datanode"))
    refused, other = found["d2"], found["d3"]
    assert isinstance(refused, Failure)
    assert refused.reason == "auth"
    assert isinstance(other, Snapshot)
    matches = {dict(labels).get("rule"): value for (name, labels), value in samples(other).items() if value}
    assert matches.keys() - {None} == {"dfs_heap_used_bytes", "dfs_gc_seconds_total"}


@pytest.mark.parametrize(
    ("value", "rule", "expected", "dropped"),
    [
        (True, {}, 1, {}),
        ("12", {}, 12, {}),
        ("-1.5e3", {}, -1500, {}),
        ("", {}, None, {"not_a_number": 1}),
        ("up", {}, None, {"not_a_number": 1}),
        ("nan", {}, None, {"not_a_number": 1}),
        ("1_000", {}, None, {"not_a_number": 1}),
        ("1" * 5000, {}, None, {"not_a_number": 1}),
        (None, {}, None, {}),
        ([1], {}, None, {"not_a_number": 1}),
        ({"a": 1}, {}, None, {"not_a_number": 1}),
        ({"a": 1}, {"path": ["a"]}, 1, {}),
        ('{"a": {"b": 3}}', {"path": ["a", "b"]}, 3, {}),
        ('{"a": 1}', {"path": ["b"]}, None, {}),
        ('{"a": 1}', {"path": ["a", "b"]}, None, {}),
        ("{", {"path": ["a"]}, None, {}),
        (float("nan"), {}, None, {"not_finite": 1}),
        (float("inf"), {}, None, {"not_finite": 1}),
        (10**400, {}, None, {"not_finite": 1}),
        (50, {"unit": "percent", "name": "x_ratio"}, 0.5, {}),
        (1795393713076, {"unit": "milliseconds", "name": "x_timestamp_seconds"}, 1795393713.076, {}),
        (2, {"unit": "gibibytes", "name": "x_bytes"}, 2**31, {}),
    ],
)
def test_values(value: Any, rule: dict[str, Any], expected: float | None, dropped: dict[str, int]) -> None:
    changed = namenode()
    changed["NameNodeInfo"]["Threads"] = value
    found, snapshot = page(changed, rules=one(attribute="Threads", **rule))
    name = rule.get("name", "x")
    assert found.get(sample(name)) == expected
    assert {reason: number for (_, reason), number in snapshot.dropped.items()} == dropped


def test_labels_of_an_upstream_are_bounded() -> None:
    changed = namenode()
    many = {f"queue{index}": index for index in range(1500)}
    changed["NameNodeInfo"]["Threads"] = json.dumps({"x" * 257: 1, **many})
    found, snapshot = page(changed, rules=one(attribute="Threads", path=["{queue}"]))
    assert sum(name == "x" for name, _ in found) == 1000
    assert {reason: number for (_, reason), number in snapshot.dropped.items()} == {"too_long": 1, "limit": 500}


def test_two_beans_with_the_same_labels_give_one_sample() -> None:
    changed = namenode()
    changed["again"] = {**changed["NameNodeInfo"], "name": "Hadoop:service=NameNode,name=NameNodeInfo,sub=b"}
    found, snapshot = page(changed, rules=[{**one(attribute="Threads")[0], "bean": "Hadoop:name=NameNodeInfo,*"}])
    assert found[sample("x")] == changed["NameNodeInfo"]["Threads"]
    assert {reason: number for (_, reason), number in snapshot.dropped.items()} == {"duplicate": 1}


def test_two_rules_of_one_name_that_find_the_same_labels_give_one_sample() -> None:
    changed = namenode()
    beans = {f"Hadoop:service=Yarn,name=Queue,q0={name}": value for name, value in (("root", 7), ("other", 8))}
    changed |= {name: {"name": name, "Apps": value} for name, value in beans.items()}
    fixed = {"bean": "Hadoop:service=NameNode,name=NameNodeInfo", "attribute": "Threads", "labels": {"queue": "root"}}
    found_there = {"bean": "Hadoop:service=Yarn,name=Queue,q0={queue}", "attribute": "Apps"}
    found, snapshot = page(changed, rules=[{**rule, "name": "apps"} for rule in (fixed, found_there)])
    assert found[sample("apps", queue="root")] == changed["NameNodeInfo"]["Threads"]
    assert found[sample("apps", queue="other")] == 8
    assert [found[sample(RULE_MATCHES, rule=rule)] for rule in ('apps{queue="root"}', "apps")] == [1, 1]
    assert {reason: number for (_, reason), number in snapshot.dropped.items()} == {"duplicate": 1}


def test_the_query_is_asked_for() -> None:
    with Replay(FakeHdfs(d1=namenode())) as server:
        collector = JmxCollector(settings(server.url, "d1", query="Hadoop:service=NameNode,*"))
        list(collector.collect(Deadline(30)))
        collector.close()
    assert [dict(request.query) for request in server.requests] == [{"qry": ["Hadoop:service=NameNode,*"]}]
