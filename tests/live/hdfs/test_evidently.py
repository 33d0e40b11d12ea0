"""Data sets and a workspace of Evidently on a real HDFS with two NameNodes, before and after a failover.

And the reference pipeline, which hands its data on there.
"""

from __future__ import annotations

import io
import signal
from collections.abc import Iterator

import hdfs
import pandas as pd
import pytest
import requests

from compose.hdfs import SUPERUSER, Hdfs, hdfs_cluster
from mlvitals.core.collector import UpstreamError
from mlvitals.evidently.workspace.collector import WorkspaceCollector
from pipeline import data
from pipeline.run import raw_url
from tests.exporters.evidently.sides import taken
from tests.exporters.evidently.test_reading_stores import FILES, settled
from tests.exporters.evidently.workspace.configured import collector
from tests.exporters.evidently.workspace.test_golden import HERE, SHOWN
from tests.exporters.evidently.workspace.test_hdfs import copied
from tests.support.exposition import read, text
from tests.support.missing import skipped_without

pytestmark = [pytest.mark.live, pytest.mark.ordered]

PRIVATE = "/private/salaries.jsonl"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hdfs]:
    """With all files in it; one of them only its owner may read."""
    with skipped_without("HDFS"), hdfs_cluster(tmp_path_factory.mktemp("hdfs"), ha=True) as running:
        client = hdfs.InsecureClient(";".join(daemon.url for daemon in running.namenodes), user=SUPERUSER)
        for path, data in {**FILES, **copied(), PRIVATE: b'{"x": 1}\n'}.items():
            client.write(path, data=data)
        client.set_permission(PRIVATE, "600")
        yield running


@pytest.fixture(scope="module")
def workspace(pair: Hdfs) -> Iterator[WorkspaceCollector]:
    """One that outlives the failover."""
    reading = collector(path=f"{pair.url}/evidently", **SHOWN)
    yield reading
    reading.close()


def is_read(pair: Hdfs, workspace: WorkspaceCollector) -> None:
    """What a local folder would give."""
    current, previous = settled(pair.url)
    assert (current.table["x"].to_pylist(), previous.table["x"].to_pylist()) == ([2, 3, 4], [1])
    assert taken(current=f"{pair.url}/data/lines.jsonl").about.rows == 1000
    assert text(read(workspace).families) == (HERE / "expected.prom").read_text(encoding="utf-8")


def test_partitions_lines_and_a_workspace(pair: Hdfs, workspace: WorkspaceCollector) -> None:
    is_read(pair, workspace)


def test_what_is_not_there(pair: Hdfs) -> None:
    with pytest.raises(UpstreamError, match=r"there is no .*webhdfs://.*/data/nowhere\.parquet"):
        taken(current=f"{pair.url}/data/nowhere.parquet")


def test_what_others_may_not_read(pair: Hdfs) -> None:
    with pytest.raises(UpstreamError, match="AccessControlException: Permission denied: user=vitals") as told:
        taken(current=pair.url + PRIVATE, more={"hdfs_user": "vitals"})
    assert told.value.reason == "auth"
    assert taken(current=pair.url + PRIVATE, more={"hdfs_user": SUPERUSER}).table["x"].to_pylist() == [1]


def test_the_reference_pipeline_hands_its_data_on(pair: Hdfs) -> None:
    base = f"webhdfs://{SUPERUSER}@{pair.namenodes[0].url.removeprefix('http://')}/digits"
    data.deliver(base)
    for _ in range(2):  # a retry
        data.prepare(raw_url(base), f"{base}/run")
    train = data.read(f"{base}/run", "train")
    assert len(train) == 1347
    opened = requests.get(data.web_url(data.file_url(f"{base}/run", "train")), timeout=30)
    assert pd.read_parquet(io.BytesIO(opened.content)).equals(train)


def test_after_a_failover_the_other_namenode_is_asked(pair: Hdfs, workspace: WorkspaceCollector) -> None:
    pair.ha_admin("-failover", "nn1", "nn2")
    is_read(pair, workspace)


def test_the_first_namenode_may_be_gone(pair: Hdfs, workspace: WorkspaceCollector) -> None:
    pair.daemons["nn1"].server.send(signal.SIGKILL)
    is_read(pair, workspace)


def test_two_standby_namenodes_are_told(pair: Hdfs) -> None:
    pair.daemons["nn1"].server.stop()
    pair.daemons["nn1"].server.start()
    pair.daemons["nn1"].server.wait_until_ready()
    pair.ha_admin("-transitionToStandby", "nn2")
    with pytest.raises(UpstreamError, match=r"no NameNode of webhdfs://127\.0\.0\.1:.* is active"):
        taken(current=f"{pair.url}/data/lines.jsonl")
