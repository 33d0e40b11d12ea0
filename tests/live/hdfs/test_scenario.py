"""A real HDFS with two NameNodes, through what happens to one in its life. The tests follow each other."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import hdfs
import pytest

from compose.hdfs import SUPERUSER, Daemon, Extra, Hdfs, hdfs_cluster
from mlvitals.hdfs import metrics
from mlvitals.hdfs.collector import DaemonCollector
from mlvitals.hdfs.config import HdfsSettings
from tests.exporters.hdfs.test_collector import Read, read
from tests.support.exposition import samples
from tests.support.missing import skipped_without
from tests.support.processes import addresses, working_in
from tests.support.waiting import soon

pytestmark = [pytest.mark.live, pytest.mark.ordered]

Value = TypeVar("Value")

COUNTERS = (
    metrics.CREATE_FILE_OPS,
    metrics.MKDIRS,
    metrics.INODES_ADDED,
    metrics.DELETE_FILE_OPS,
    metrics.RENAME_OPS,
)
"""Of operations, since the NameNode started."""
TOTALS = (metrics.CAPACITY, metrics.FILES_AND_DIRECTORIES, metrics.BLOCKS, metrics.LIVE_DATANODES)
"""Of the cluster."""
REFUSES_ALL = Extra(
    settings={
        "hadoop.http.filter.initializers": "org.apache.hadoop.security.AuthenticationFilterInitializer",
        "hadoop.http.authentication.type": "simple",
        "hadoop.http.authentication.simple.anonymous.allowed": "false",
    }
)


@dataclass(frozen=True)
class Look:
    """One collection; `names` are those that daemons have here, by their addresses."""

    read: Read
    names: Mapping[str, str]

    def of(self, metric: object) -> dict[str, float]:
        """Name of daemon -> value."""
        return self._named(self.read.by(metric, "daemon"))

    def cluster(self, metric: object) -> list[float]:
        """The values, whichever NameNode they are from."""
        return list(self.read.values(metric).values())

    @property
    def states(self) -> dict[str, str]:
        """Of the NameNodes."""
        return self._named(self.read.state())

    @property
    def failures(self) -> dict[str, str]:
        """Name of target -> reason."""
        return self._named({target: failure.reason for target, failure in self.read.failures.items()})

    def wrong(self) -> list[str]:
        """What is wrong whenever one looks: below zero, or from a NameNode that is not in the state for it."""
        found = samples(*self.read.snapshots.values())
        below = [f"{name} {dict(labels)} is {value}" for (name, labels), value in found.items() if value < 0]
        active = {name for name, state in self.states.items() if state == metrics.ACTIVE}
        served = active | {name for name, state in self.states.items() if state == "standby"}
        places = {**dict.fromkeys(TOTALS, active), **dict.fromkeys(COUNTERS, served)}
        odd = [f"{metric} of {name}" for metric, right in places.items() for name in self.of(metric).keys() - right]
        return [*below, *odd, *(["two are active"] if len(active) > 1 else [])]

    def _named(self, values: Mapping[str, Value]) -> dict[str, Value]:
        return {self.names.get(address, address): value for address, value in values.items()}


@contextmanager
def watching(pair: Hdfs, *others: Daemon) -> Iterator[Callable[[], Look]]:
    """A function that looks at it, and at other NameNodes."""
    daemons = {**pair.daemons, **{daemon.name: daemon for daemon in others}}
    given = {
        "namenodes": [daemon.url for daemon in (*pair.namenodes, *others)],
        "journalnodes": [daemon.url for daemon in pair.journalnodes],
    }
    collector = DaemonCollector(HdfsSettings.model_validate({"name": "lake", "type": "hdfs", **given}))
    names = {daemon.url.removeprefix("http://"): name for name, daemon in daemons.items()}
    yield lambda: Look(read(collector), names)
    collector.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hdfs")


@pytest.fixture(scope="module")
def pair(folder: Path) -> Iterator[Hdfs]:
    with skipped_without("HDFS"), hdfs_cluster(folder, ha=True) as running:
        yield running


@pytest.fixture(scope="module")
def client(pair: Hdfs) -> hdfs.Client:
    return hdfs.InsecureClient(";".join(daemon.url for daemon in pair.namenodes), user=SUPERUSER)


@pytest.fixture(scope="module")
def look(pair: Hdfs) -> Iterator[Callable[[], Look]]:
    with watching(pair) as looks:
        yield looks


def counted(seen: Look, daemon: str) -> list[float]:
    return [seen.of(metric)[daemon] for metric in COUNTERS]


def comes_to(look: Callable[[], Look], check: Callable[[Look], object], wanted: object) -> Look:
    """The first look at which it is so; nothing may be wrong until then."""
    seen: list[Look] = []

    def differs() -> list[str]:
        seen.append(look())
        assert seen[-1].wrong() == []
        is_so = check(seen[-1])
        return [] if is_so == wanted else [f"{is_so} and not {wanted}; {seen[-1].states}, {seen[-1].failures}"]

    soon(differs)
    return seen[-1]


def test_all_daemons_are_seen(look: Callable[[], Look]) -> None:
    seen = look()
    assert (seen.states, seen.failures, seen.wrong()) == ({"nn1": "active", "nn2": "standby"}, {}, [])
    assert seen.cluster(metrics.ACTIVE_NAMENODES) == [1]
    assert seen.of(metrics.LIVE_DATANODES) == {"nn1": 1}
    assert seen.of(metrics.DATANODE_FAILED_VOLUMES) == {"datanode1": 0}
    assert seen.of(metrics.JOURNAL_LAG) == {"journalnode": 0}
    assert seen.of(metrics.JVM_HEAP_USED).keys() == {"nn1", "nn2", "datanode1", "journalnode"}


def test_only_this_machine_reaches_it(pair: Hdfs, folder: Path) -> None:
    assert len(working_in(folder)) == len(pair.daemons)
    assert addresses(folder) == {"127.0.0.1"}


def test_operations_are_counted_exactly(look: Callable[[], Look], client: hdfs.Client) -> None:
    before = counted(look(), "nn1")
    client.makedirs("/a/b/c")
    client.makedirs("/a/b")  # is there
    client.write("/a/b/one", data=b"1")
    client.write("/a/new/two", data=b"22")
    client.write("/a/b/one", data=b"again", overwrite=True)
    client.write("/kept", data=b"x" * 5000)
    client.rename("/a/new/two", "/a/b/three")
    assert client.delete("/a/new", recursive=True)
    assert client.delete("/a", recursive=True)
    assert not client.delete("/a", recursive=True)  # is gone
    changes = {
        metrics.CREATE_FILE_OPS: 4,
        metrics.MKDIRS: 4,
        metrics.INODES_ADDED: 8,
        metrics.DELETE_FILE_OPS: 2,
        metrics.RENAME_OPS: 1,
    }
    after = [was + changes[metric] for was, metric in zip(before, COUNTERS, strict=True)]
    seen = comes_to(look, lambda seen: counted(seen, "nn1"), after)
    assert seen.of(metrics.FILES_AND_DIRECTORIES) == {"nn1": 2}
    assert counted(look(), "nn1") == after


def test_the_only_datanode_is_killed_and_comes_back(look: Callable[[], Look], pair: Hdfs) -> None:
    datanode = pair.daemons["datanode1"].server
    datanode.send(signal.SIGKILL)
    datanode.stop()
    comes_to(look, lambda seen: seen.failures, {"datanode1": "connect"})
    comes_to(look, lambda seen: seen.cluster(metrics.DEAD_DATANODES), [1])
    # The NameNode takes its bytes and its blocks away a moment later.
    seen = comes_to(look, lambda seen: seen.cluster(metrics.CAPACITY) + seen.cluster(metrics.MISSING_BLOCKS), [0, 1])
    assert (seen.cluster(metrics.LIVE_DATANODES), seen.cluster(metrics.CAPACITY_USED)) == ([0], [0])
    # It is not asked any more, and nothing is made up for it.
    assert (seen.failures, seen.cluster(metrics.DATANODE_LIVE), seen.of(metrics.DATANODE_CAPACITY)) == ({}, [0], {})
    datanode.start()
    seen = comes_to(look, lambda seen: seen.cluster(metrics.MISSING_BLOCKS), [0])
    assert seen.cluster(metrics.LIVE_DATANODES) == [1]
    assert seen.cluster(metrics.CAPACITY) > [0]


def test_safe_mode(look: Callable[[], Look], pair: Hdfs) -> None:
    pair.admin("-safemode", "enter")
    assert look().of(metrics.SAFE_MODE)["nn1"] == 1
    pair.admin("-safemode", "leave")
    assert look().of(metrics.SAFE_MODE)["nn1"] == 0


def test_a_namenode_that_answers_401_is_in_no_state_and_shows_nothing(
    pair: Hdfs, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, extras = tmp_path_factory.mktemp("refuses"), {"namenode": REFUSES_ALL}
    with hdfs_cluster(folder, datanodes=0, extras=extras) as other, watching(pair, *other.namenodes) as look:
        seen = look()
    assert seen.failures == {"namenode": "auth"}
    assert seen.states == {"nn1": "active", "nn2": "standby", "namenode": "unknown"}
    assert seen.cluster(metrics.ACTIVE_NAMENODES) == []
    assert seen.of(metrics.FILES_AND_DIRECTORIES) == {"nn1": 2}
    about = [name for name, labels in samples(*seen.read.snapshots.values()) if ("daemon", address(other)) in labels]
    assert set(about) == {str(metrics.HA_STATE)}


def address(other: Hdfs) -> str:
    return other.namenodes[0].url.removeprefix("http://")


def test_a_failover_is_seen_at_once_and_never_two_active_ones(look: Callable[[], Look], pair: Hdfs) -> None:
    with ThreadPoolExecutor() as pool:
        failover = pool.submit(pair.ha_admin, "-failover", "nn1", "nn2")
        during = [look()]
        while not failover.done():
            during.append(look())
        failover.result()
    seen = look()
    assert (seen.states, seen.failures) == ({"nn1": "standby", "nn2": "active"}, {})
    assert [each.wrong() for each in (*during, seen) if each.wrong()] == []
    assert seen.cluster(metrics.ACTIVE_NAMENODES) == [1]
    assert seen.of(metrics.FILES_AND_DIRECTORIES) == {"nn2": 2}
    assert seen.of(metrics.LAST_HA_TRANSITION).keys() == {"nn1", "nn2"}


def test_a_namenode_that_starts_again_has_no_zeros(look: Callable[[], Look], pair: Hdfs, client: hdfs.Client) -> None:
    for number in range(3):
        client.write(f"/data/{number}", data=b"x")
    comes_to(look, lambda seen: seen.of(metrics.CREATE_FILE_OPS)["nn2"], 3)
    before = look()
    nn2 = pair.daemons["nn2"].server
    nn2.stop()
    assert (look().states, look().failures) == ({"nn1": "standby", "nn2": "unknown"}, {"nn2": "connect"})
    nn2.start()
    starting = comes_to(look, lambda seen: seen.states["nn2"], metrics.STARTING)
    assert starting.cluster(metrics.ACTIVE_NAMENODES) == [0]
    assert starting.of(metrics.STARTUP_COMPLETE).keys() == {"nn1", "nn2"}
    assert starting.of(metrics.JVM_HEAP_USED).keys() == {"nn1", "datanode1", "journalnode"}
    seen = comes_to(look, lambda seen: seen.states["nn2"], "standby")
    assert seen.cluster(metrics.FILES_AND_DIRECTORIES) == []
    pair.ha_admin("-transitionToActive", "nn2")
    seen = comes_to(look, lambda seen: seen.of(metrics.FILES_AND_DIRECTORIES), {"nn2": 6})
    assert before.of(metrics.FILES_AND_DIRECTORIES) == {"nn2": 6}
    assert counted(seen, "nn2") == [0] * len(COUNTERS)
    assert counted(seen, "nn1") == counted(before, "nn1")
