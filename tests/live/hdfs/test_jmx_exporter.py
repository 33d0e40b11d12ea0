"""jmx_exporter with our configurations on real daemons shows what the bridge shows, attribute by attribute."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import hdfs
import pytest
import requests
import yaml
from prometheus_client.parser import text_string_to_metric_families

from compose import jars, java
from compose.hdfs import SUPERUSER, Extra, Hdfs, hdfs_cluster
from compose.processes import Server, free_port
from jmx import generate
from mlvitals.core.collector import Deadline, Snapshot
from mlvitals.hdfs import metrics as m
from mlvitals.hdfs import rules
from mlvitals.hdfs.collector import DaemonCollector
from mlvitals.hdfs.config import HdfsSettings
from tests.support.exposition import Samples, sample, samples
from tests.support.missing import skipped_without
from tests.support.waiting import soon, until

pytestmark = pytest.mark.live

JMX = Path(generate.__file__).parent
Key = tuple[str, frozenset[tuple[str, str]]]
KINDS = {"nn1": "NameNode", "nn2": "NameNode", "datanode1": "DataNode", "journalnode": "JournalNode"}
ACTIVE = sample(m.HA_STATE, state="active")
_JVM = (m.JVM_HEAP_USED, m.JVM_HEAP_MAX, m.JVM_NON_HEAP_USED, m.JVM_GC_COLLECTIONS, m.JVM_GC_SECONDS, m.JVM_THREADS)
_RPC = (m.RPC_CALLS, m.RPC_RECEIVED_BYTES, m.RPC_SENT_BYTES)
COMPARED = {
    "nn1": {
        *(m.HA_STATE, m.NAMENODE_INFO, m.NAMENODE_START, m.LAST_HA_TRANSITION, m.STARTUP_COMPLETE),
        *(m.STARTUP_PHASE_COMPLETE, m.INODES_ADDED, m.CREATE_FILE_OPS, m.DELETE_FILE_OPS, m.RENAME_OPS),
        *(m.ADD_BLOCK_OPS, m.EDIT_LOG_SYNCS, m.LAST_WRITTEN_TRANSACTION, m.BLOCK_REPORTS, m.CAPACITY),
        *(m.CAPACITY_USED, m.CAPACITY_REMAINING, m.BLOCKS, m.FILES_AND_DIRECTORIES, m.LIVE_DATANODES),
        *(m.UNDER_REPLICATED_BLOCKS, *_RPC, *_JVM),
    },
    "nn2": {m.HA_STATE, m.NAMENODE_INFO, m.LAST_HA_TRANSITION, *_RPC, *_JVM},
    "datanode1": {
        *(m.DATANODE_INFO, m.DATANODE_START, m.DATANODE_CAPACITY, m.DATANODE_CAPACITY_USED, m.DATANODE_WRITTEN_BYTES),
        *(m.DATANODE_BLOCKS_WRITTEN, m.DATANODE_HEARTBEATS, *_JVM),
    },
    "journalnode": {
        *(m.JOURNAL_LAST_TRANSACTION, m.JOURNAL_LAST_TIME, m.JOURNAL_PROMISED_EPOCH, m.JOURNAL_WRITER_EPOCH),
        *(m.JOURNAL_BATCHES, m.JOURNAL_TRANSACTIONS, m.JOURNAL_BYTES, *_RPC, *_JVM),
    },
}
"""What is not 0 after what `fill` does; it is compared, and whatever else is not 0."""


@dataclass(frozen=True)
class Exported:
    """A running HDFS, and where the jmx_exporter of each daemon is."""

    cluster: Hdfs
    pages: Mapping[str, str]

    def shown(self, daemon: str) -> Samples:
        """What Prometheus stores of our metrics; nothing while there is no answer."""
        try:
            text = requests.get(self.pages[daemon], timeout=10).text
        except requests.ConnectionError:
            return {}
        found = [each for family in text_string_to_metric_families(text) for each in family.samples]
        ours = [each for each in found if each.name.startswith("hdfs_")]
        return {sample(relabelled(each.name), **each.labels): each.value for each in ours}


def relabelled(name: str) -> str:
    """As metric_relabel_configs of the example say."""
    for job in yaml.safe_load((JMX / "prometheus.yml").read_text("utf-8"))["scrape_configs"]:
        for rule in job.get("metric_relabel_configs", ()):
            if match := re.fullmatch(rule["regex"], name):
                return match.expand(rule["replacement"].replace("${1}", r"\1"))
    return name


def options(script: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Service -> the options of its daemons after this hadoop-env.sh."""
    run = subprocess.run(["bash", "-euc", f". {JMX / script}; env"], capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr
    return dict(re.findall(r"^HDFS_(\w+)_OPTS=(.*)$", run.stdout, re.MULTILINE))


def moved(text: str, port: int) -> list[str]:
    """The options with another port than the usual one, which several daemons of this machine would share."""
    (usual,) = {*re.findall(r"127\.0\.0\.1:(\d+):|\.port=(\d+)", text)}
    return text.replace(next(filter(None, usual)), str(port)).split()


def fill(cluster: Hdfs) -> None:
    """Operations of several kinds, a block without enough replicas, and a failover there and back."""
    client = hdfs.InsecureClient(cluster.namenodes[0].url, user=SUPERUSER)
    for number in range(5):
        client.write(f"/data/{number}/part", b"x" * 3000)
    client.write("/data/two", b"x", replication=2)
    client.delete("/data/0", recursive=True)
    client.rename("/data/1", "/data/one")
    cluster.ha_admin("-failover", "nn1", "nn2")
    cluster.ha_admin("-failover", "nn2", "nn1")


@pytest.fixture(scope="module", params=["1.0.1", "0.20.0"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exported]:
    """As Java agents, by hadoop-env.sh."""
    with skipped_without("HDFS"):
        agent = jars.agent("jmx_prometheus_javaagent", request.param)
        said = options("hadoop-env.sh", {"JMX_AGENT": str(agent), "JMX_EXPORTER": str(JMX)})
        ports = {daemon: free_port() for daemon in KINDS}
        extras = {daemon: Extra(moved(said[KINDS[daemon].upper()], port)) for daemon, port in ports.items()}
        folder = tmp_path_factory.mktemp("hdfs")
        for service in set(KINDS.values()):
            # Its metrics stay for a while, so that both sides can read the same also on a machine that is busy.
            (folder / f"hadoop-metrics2-{service.lower()}.properties").write_text("*.period=10\n")
        with hdfs_cluster(folder, ha=True, extras=extras) as cluster:
            fill(cluster)
            yield Exported(cluster, {daemon: f"http://127.0.0.1:{port}/metrics" for daemon, port in ports.items()})


@pytest.fixture(scope="module")
def bridge(exported: Exported) -> Iterator[DaemonCollector]:
    cluster = exported.cluster
    listed = {"namenodes": cluster.namenodes, "datanodes": cluster.datanodes, "journalnodes": cluster.journalnodes}
    urls = {kind: [daemon.url for daemon in daemons] for kind, daemons in listed.items()}
    collector = DaemonCollector(HdfsSettings.model_validate({"name": "hdfs", "type": "hdfs", **urls}))
    yield collector
    collector.close()


def bridged(bridge: DaemonCollector, exported: Exported, daemon: str) -> Samples:
    """What the bridge shows of a daemon and jmx_exporter can, without the label daemon."""
    service, name = KINDS[daemon], exported.cluster.daemons[daemon].url.removeprefix("http://")
    text = (JMX / f"{service.lower()}.yml").read_text("utf-8")
    known = {rule["name"] for rule in yaml.safe_load(text)["rules"]}
    found = samples(*(result for result in bridge.collect(Deadline(30)) if isinstance(result, Snapshot)))
    return {
        (metric, labels - {("daemon", name)}): value
        for (metric, labels), value in found.items()
        if metric in known and ("daemon", name) in labels
    }


@pytest.mark.parametrize("daemon", KINDS)
def test_every_value_that_is_not_zero_is_that_of_the_bridge(
    exported: Exported, bridge: DaemonCollector, daemon: str
) -> None:
    bridge_shows = partial(bridged, bridge, exported, daemon)
    agreed = set[Key]()

    def missing() -> list[str]:
        """What has never been the same on both sides, or between what the bridge shows before and after."""
        before, shown, after = (read() for read in (bridge_shows, partial(exported.shown, daemon), bridge_shows))
        ends = {key: sorted((before.get(key, value), value)) for key, value in after.items() if value != 0}
        agreed.update(key for key, (low, high) in ends.items() if between(shown.get(key), low, high))
        # Hadoop's own period has to pass before it counts the calls that filled it.
        lacking = {str(metric) for metric in COMPARED[daemon]} - {name for name, _ in agreed}
        return [*lacking, *(f"{key}: {shown.get(key)}, not {ends[key]}" for key in ends.keys() - agreed)]

    soon(missing, 90)


def between(value: float | None, low: float, high: float) -> bool:
    return value is not None and low * (1 - 1e-6) <= value <= high * (1 + 1e-6)


@pytest.mark.parametrize("daemon", KINDS)
def test_nothing_else_is_shown(exported: Exported, bridge: DaemonCollector, daemon: str) -> None:
    unknown = exported.shown(daemon).keys() - bridged(bridge, exported, daemon).keys()
    # The bridge takes the totals of the cluster from the active NameNode alone.
    totals = {rule.metric.name for rule in rules.TOTALS}
    assert {key for key in unknown if daemon != "nn2" or key[0] not in totals} == set()


def test_texts_are_states(exported: Exported) -> None:
    def state() -> tuple[float | None, ...]:
        shown = exported.shown("nn1")
        return shown.get(ACTIVE), shown.get(sample(m.SAFE_MODE))

    assert state() == (1, 0)
    exported.cluster.admin("-safemode", "enter")
    until(lambda: state() == (1, 1), 30)
    exported.cluster.admin("-safemode", "leave")
    until(lambda: state() == (1, 0), 30)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """What hadoop-env-standalone.sh asks for, and the configuration with the password before the rules."""
    listed = {"jmxremote.password": "vitals long-and-secret\n", "jmxremote.access": "vitals readonly\n"}
    for name, text in listed.items():
        (tmp_path / name).touch(0o600)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_beside_the_daemon_with_a_password(secrets: Path) -> None:
    with skipped_without("HDFS"):
        jar = jars.agent("jmx_prometheus_httpserver", "1.0.1")
        said = options("hadoop-env-standalone.sh", {"JMX_SECRETS": str(secrets)})["NAMENODE"]
        remote, port = free_port(), free_port()
        (secrets / "hdfs").mkdir()
        namenode = (JMX / "namenode.yml").read_text("utf-8")
        with hdfs_cluster(secrets / "hdfs", extras={"namenode": Extra(moved(said, remote))}) as cluster:
            url = f"http://127.0.0.1:{port}/metrics"
            exported = Exported(cluster, {"namenode": url})
            for password, shows in (("wrong", False), ("long-and-secret", True)):
                file = secrets / f"{password}.yml"
                file.touch(0o600)
                file.write_text(f"hostPort: 127.0.0.1:{remote}\nusername: vitals\npassword: {password}\n{namenode}")
                command = ("-jar", jar, f"127.0.0.1:{port}", file)
                standalone = Server(password, (java.program("java"), *command), secrets, partial(answers, url))
                with standalone:
                    assert (exported.shown("namenode").get(ACTIVE) == 1) is shows


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=10).ok
    except requests.ConnectionError:
        return False
