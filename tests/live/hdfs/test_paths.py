"""Watched paths of a real HDFS with two NameNodes, before and after a failover."""

from __future__ import annotations

import posixpath
import time
from collections.abc import Iterator

import hdfs
import pytest

from compose.hdfs import SUPERUSER, Hdfs, hdfs_cluster
from compose.processes import wait_for
from mlvitals.core.collector import Deadline, Failure, Snapshot
from mlvitals.hdfs.paths import metrics
from mlvitals.hdfs.paths.collector import PathCollector
from tests.exporters.hdfs.paths.scenario import DAY, PATHS, options, populate
from tests.support.exposition import Samples, sample, samples
from tests.support.missing import skipped_without

pytestmark = pytest.mark.live

TRAIN = "/data/train"
MODEL = "/models/churn/v2"
PRIVATE = "/private"
PRIVATE_MODEL = "/models/private/v1"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hdfs]:
    """Filled; of a folder and of a model only the owner may see what is in it."""
    with skipped_without("HDFS"), hdfs_cluster(tmp_path_factory.mktemp("hdfs"), ha=True) as running:
        populate(running.namenodes[0].url)
        writer = client(running)
        for folder in (PRIVATE, PRIVATE_MODEL):
            writer.write(f"{folder}/model.bin", b"x")
            writer.set_permission(folder, "700")
        yield running


def client(pair: Hdfs) -> hdfs.Client:
    made = hdfs.InsecureClient(";".join(daemon.url for daemon in pair.namenodes), user=SUPERUSER)
    made.resolve = posixpath.normpath
    return made


@pytest.fixture(scope="module")
def watched(pair: Hdfs) -> PathCollector:
    """As somebody who owns nothing; it outlives the failover."""
    settings = options(*PATHS, {"path": PRIVATE}, hdfs_user="vitals")
    return PathCollector(settings, [daemon.url for daemon in pair.namenodes])


def seen(watched: PathCollector) -> Samples:
    return samples(*(each for each in watched.collect(Deadline(30)) if isinstance(each, Snapshot)))


def of_model(shown: Samples) -> list[float | None]:
    kinds = (metrics.PATH_FILES, metrics.PATH_DIRECTORIES, metrics.PATH_NAME_QUOTA)
    return [shown.get(sample(metric, path=MODEL)) for metric in kinds]


def test_what_is_there_and_what_is_not(watched: PathCollector) -> None:
    shown = seen(watched)
    assert shown[sample(metrics.PATH_EXISTS, path="/data/missing")] == 0
    expected = {
        metrics.PATH_EXISTS: 1,
        metrics.PATH_FILES: 4,
        metrics.PATH_DIRECTORIES: 4,
        metrics.PATH_SIZE: 2500,
        metrics.PATH_SPACE_CONSUMED: 2500,
        metrics.PATH_NAME_QUOTA: 100,
        metrics.PATH_SPACE_QUOTA: 1 << 30,
    }
    assert {metric: shown[sample(metric, path=TRAIN)] for metric in expected} == expected


def test_what_others_may_not_see(watched: PathCollector) -> None:
    results = {result.target: result for result in watched.collect(Deadline(30))}
    private, models = results[PRIVATE], results["/models/*/[vV]*"]
    assert isinstance(private, Failure)
    assert private.reason == "auth"
    assert "AccessControlException: Permission denied: user=vitals" in private.message
    assert isinstance(models, Snapshot)
    assert models.dropped == {(metrics.PATH_EXISTS, "auth"): 1}
    assert samples(models)[sample(metrics.PATH_FAILURE, path=PRIVATE_MODEL, reason="auth")] == 1
    assert sample(metrics.PATH_FILES, path=MODEL) in samples(models)


def test_a_new_file_is_the_newest_and_a_failing_job_is_not(pair: Hdfs, watched: PathCollector) -> None:
    newest = sample(metrics.PATH_NEWEST_MODIFICATION, path=TRAIN)
    before = seen(watched)[newest]
    client(pair).write(f"{DAY}/_temporary/1/part-3.parquet", b"x")
    assert seen(watched)[newest] == before
    client(pair).write(f"{DAY}/part-3.parquet", b"x")
    after = seen(watched)[newest]
    assert before < after <= time.time()


def test_a_quota_that_is_used_up(pair: Hdfs, watched: PathCollector) -> None:
    assert of_model(seen(watched)) == [2, 1, 5]
    writer = client(pair)
    for name in ("a", "b"):
        writer.write(f"{MODEL}/{name}", b"x")
    with pytest.raises(hdfs.HdfsError, match="NameSpace quota"):
        writer.write(f"{MODEL}/c", b"x")
    assert of_model(seen(watched)) == [4, 1, 5]


def test_a_block_that_is_being_written_counts_whole(pair: Hdfs, watched: PathCollector) -> None:
    consumed = sample(metrics.PATH_SPACE_CONSUMED, path=TRAIN)
    with client(pair).write(f"{DAY}/open", buffersize=1) as stream:
        stream.write(b"x" * (1 << 20))
        assert wait_for(lambda: seen(watched)[consumed] >= 128 << 20, 20)
    assert seen(watched)[consumed] < 2 << 20


def test_safe_mode_and_a_failover_change_nothing(pair: Hdfs, watched: PathCollector) -> None:
    before = of_model(seen(watched))
    pair.admin("-safemode", "enter")
    assert of_model(seen(watched)) == before
    pair.admin("-safemode", "leave")
    pair.ha_admin("-failover", "nn1", "nn2")
    assert of_model(seen(watched)) == before


def test_what_is_deleted_is_missing(pair: Hdfs, watched: PathCollector) -> None:
    client(pair).delete(TRAIN, recursive=True)
    shown = seen(watched)
    assert shown[sample(metrics.PATH_EXISTS, path=TRAIN)] == 0
    about = {name for name, labels in shown if ("path", TRAIN) in labels}
    assert about == {str(metrics.PATH_EXISTS), str(metrics.PATH_FRESH_OBJECTIVE)}
