"""Watched paths against an HDFS that has everything, and one that does not behave."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from mlvitals.core.collector import Deadline, Failure, Snapshot, UpstreamError
from mlvitals.hdfs.paths import metrics
from mlvitals.hdfs.paths.collector import PathCollector
from tests.exporters.hdfs.paths.scenario import options
from tests.support.exposition import Samples, sample, samples, text
from tests.support.hdfs import MODIFIED, STANDBY, FakeHdfs, refused, running
from tests.support.replay import FAULTS, Answer, Replay, Request, always, json_answer

TRAIN = "/data/train"
NEWEST = sample(metrics.PATH_NEWEST_MODIFICATION, path=TRAIN)


@pytest.fixture
def hdfs() -> FakeHdfs:
    return FakeHdfs({f"{TRAIN}/dt={day}/part-0": b"x" * day for day in (1, 2)} | {"/data/test/part-0": b"x"})


@pytest.fixture
def server(hdfs: FakeHdfs) -> Iterator[Replay]:
    with running(hdfs) as (name_node, _):
        yield name_node


def collector(servers: list[str], *paths: str, **more: Any) -> PathCollector:
    return PathCollector(options(*({"path": path} for path in paths), **more), servers)


def look(collector: PathCollector) -> dict[str, Snapshot | Failure]:
    return {result.target: result for result in collector.collect(Deadline(20))}


def seen(server: Replay, *paths: str, **more: Any) -> Samples:
    """What the page would show of these paths, all of which can be read."""
    results = look(collector([server.url], *paths, **more)).values()
    assert not [result for result in results if isinstance(result, Failure)]
    return samples(*(result for result in results if isinstance(result, Snapshot)))


def test_a_folder(server: Replay, hdfs: FakeHdfs) -> None:
    hdfs.times[f"{TRAIN}/dt=1/part-0"] = MODIFIED + 5000
    shown = seen(server, TRAIN)
    expected = {
        metrics.PATH_EXISTS: 1,
        metrics.PATH_FILES: 2,
        metrics.PATH_DIRECTORIES: 3,
        metrics.PATH_SIZE: 3,
        metrics.PATH_SPACE_CONSUMED: 9,
        metrics.PATH_NEWEST_MODIFICATION: MODIFIED / 1000 + 5,
        metrics.PATH_WALK_ENTRIES: 4,
    }
    assert {metric: shown.pop(sample(metric, path=TRAIN)) for metric in expected} == expected
    assert {name for name, _ in shown} == {str(metrics.PATH_SUMMARY_DURATION), str(metrics.PATH_WALK_DURATION)}


def test_quotas(server: Replay, hdfs: FakeHdfs) -> None:
    hdfs.quotas = {TRAIN: (10, -1), "/data/test": (-1, 0)}
    shown = seen(server, TRAIN, "/data/test")
    assert {key: value for key, value in shown.items() if "quota" in key[0]} == {
        sample(metrics.PATH_NAME_QUOTA, path=TRAIN): 10,
        sample(metrics.PATH_SPACE_QUOTA, path="/data/test"): 0,
    }


def test_the_quota_that_every_root_has_is_none(server: Replay, hdfs: FakeHdfs) -> None:
    hdfs.quotas = {TRAIN: ((1 << 63) - 1, -1)}
    assert not [name for name, _ in seen(server, TRAIN) if "quota" in name]


def test_of_a_path_that_is_missing_only_that_is_known(server: Replay) -> None:
    assert seen(server, "/nope") == {sample(metrics.PATH_EXISTS, path="/nope"): 0}


def test_a_path_that_vanishes_while_it_is_looked_at(server: Replay, hdfs: FakeHdfs) -> None:
    gone = refused(404, "FileNotFoundException", "File does not exist")
    server.respond = lambda request: hdfs.name_node(request) if "STATUS" in request.query["op"][0] else gone
    assert seen(server, TRAIN) == {sample(metrics.PATH_EXISTS, path=TRAIN): 0}


@pytest.mark.parametrize("name", ["_SUCCESS", ".part-1.crc", "_temporary/0/part-1", "part-1._COPYING_"])
def test_what_a_failing_job_leaves_makes_nothing_new(server: Replay, hdfs: FakeHdfs, name: str) -> None:
    hdfs.files[f"{TRAIN}/{name}"] = b""
    hdfs.times[f"{TRAIN}/{name}"] = MODIFIED + 5000
    assert seen(server, TRAIN)[NEWEST] == MODIFIED / 1000


def test_the_empty_file_of_a_refused_write_makes_nothing_new(server: Replay, hdfs: FakeHdfs) -> None:
    hdfs.files[f"{TRAIN}/part-9"] = b""
    hdfs.times[f"{TRAIN}/part-9"] = MODIFIED + 5000
    assert seen(server, TRAIN)[NEWEST] == MODIFIED / 1000
    marker = f"{TRAIN}/part-9"
    assert seen(server, marker)[sample(metrics.PATH_NEWEST_MODIFICATION, path=marker)] == MODIFIED / 1000 + 5


def test_a_time_to_come_is_not_the_newest(server: Replay, hdfs: FakeHdfs) -> None:
    hdfs.times[f"{TRAIN}/dt=2/part-0"] = int((time.time() + 86400) * 1000)
    assert seen(server, TRAIN)[NEWEST] == MODIFIED / 1000
    hdfs.times = {path: int((time.time() + 86400) * 1000) for path in hdfs.files}
    assert NEWEST not in seen(server, TRAIN)


def test_a_search_that_is_cut_off_names_no_time(server: Replay, hdfs: FakeHdfs) -> None:
    assert NEWEST in seen(server, TRAIN, max_path_entries=4)
    shown = seen(server, TRAIN, max_path_entries=3)
    assert NEWEST not in shown
    assert shown[sample(metrics.PATH_FAILURE, path=TRAIN, reason="limit")] == 1
    assert shown[sample(metrics.PATH_FILES, path=TRAIN)] == 2


def test_what_is_below_a_hidden_folder_is_not_looked_at_and_does_not_count(server: Replay, hdfs: FakeHdfs) -> None:
    hdfs.files |= {f"{TRAIN}/_temporary/0/part-{index}": b"" for index in range(50)}
    shown = seen(server, TRAIN, max_path_entries=5)
    assert shown[NEWEST] == MODIFIED / 1000
    assert shown[sample(metrics.PATH_WALK_ENTRIES, path=TRAIN)] == 5
    assert shown[sample(metrics.PATH_FILES, path=TRAIN)] == 52


def test_a_pattern(server: Replay) -> None:
    shown = seen(server, TRAIN, "/data/*", "/data/t*", "/nobody/*")
    assert {key: value for key, value in shown.items() if key[0] == str(metrics.PATH_EXISTS)} == {
        sample(metrics.PATH_EXISTS, path=TRAIN): 1,
        sample(metrics.PATH_EXISTS, path="/data/test"): 1,
    }
    matches = {key: value for key, value in shown.items() if key[0] == str(metrics.PATTERN_MATCHES)}
    assert matches == {
        sample(metrics.PATTERN_MATCHES, pattern="/data/*"): 1,
        sample(metrics.PATTERN_MATCHES, pattern="/data/t*"): 0,
        sample(metrics.PATTERN_MATCHES, pattern="/nobody/*"): 0,
    }


def test_matches_beyond_the_limit_are_counted(server: Replay) -> None:
    result = look(collector([server.url], "/data/*", max_path_matches=1))["/data/*"]
    assert isinstance(result, Snapshot)
    assert dict(result.dropped) == {(metrics.PATH_EXISTS, "limit"): 1}
    shown = samples(result)
    assert shown[sample(metrics.PATTERN_MATCHES, pattern="/data/*")] == 2
    assert sample(metrics.PATH_EXISTS, path="/data/test") in shown


def test_a_path_that_may_not_be_read_hides_no_other(server: Replay, hdfs: FakeHdfs) -> None:
    hdfs.denied = {TRAIN}
    results = look(collector([server.url], TRAIN, "/data/test"))
    denied = results[TRAIN]
    assert isinstance(denied, Failure)
    assert denied.reason == "auth"
    assert "Permission denied" in denied.message
    assert isinstance(results["/data/test"], Snapshot)


def test_a_match_that_may_not_be_read_is_counted(server: Replay, hdfs: FakeHdfs) -> None:
    hdfs.files["/models/churn/v1"] = hdfs.files["/models/fraud/v1"] = b"x"
    hdfs.denied = {"/models/churn/v1"}
    result = look(collector([server.url], "/models/*"))["/models/*"]
    assert isinstance(result, Snapshot)
    assert dict(result.dropped) == {(metrics.PATH_EXISTS, "auth"): 1}
    shown = samples(result)
    assert shown[sample(metrics.PATH_FAILURE, path="/models/churn", reason="auth")] == 1
    assert shown[sample(metrics.PATH_EXISTS, path="/models/fraud")] == 1
    assert sample(metrics.PATH_EXISTS, path="/models/churn") not in shown


def test_when_no_match_may_be_read_the_target_fails(server: Replay, hdfs: FakeHdfs) -> None:
    hdfs.files = {"/models/churn/v1": b"x"}
    hdfs.denied = {"/models/churn/v1"}
    result = look(collector([server.url], "/models/*"))["/models/*"]
    assert isinstance(result, Failure)
    assert result.reason == "auth"


def test_the_second_name_node_is_asked_when_the_first_is_not_active(server: Replay) -> None:
    with Replay(always(refused(403, "StandbyException", STANDBY))) as standby:
        result = look(collector([standby.url, server.url], TRAIN))[TRAIN]
    assert isinstance(result, Snapshot)


def test_a_name_node_that_is_starting(server: Replay) -> None:
    server.respond = always(refused(403, "RetriableException", "NameNode still not started"))
    result = look(collector([server.url], TRAIN))[TRAIN]
    assert isinstance(result, Failure)
    assert (result.reason, "is active" in result.message) == ("http", True)


def test_paths_may_be_read_elsewhere(server: Replay) -> None:
    with Replay(always(Answer(500))) as name_node:
        result = look(collector([name_node.url], TRAIN, webhdfs=[server.url]))[TRAIN]
        assert not name_node.requests
    assert isinstance(result, Snapshot)


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"hang", "drip", "dripping headers", "very many values"}))
def test_faults_end_in_a_reason(fault: str) -> None:
    with Replay(FAULTS[fault]) as server:
        results = look(collector([server.url], TRAIN, "/data/*"))
    for result in results.values():
        assert isinstance(result, Failure)
        assert result.reason in ("auth", "connect", "http", "parse", "limit")
        assert result.message.isprintable()


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"ContentSummary": None},
        {"ContentSummary": {"fileCount": 1}},
        {"ContentSummary": {"directoryCount": 1, "fileCount": -1, "length": 1, "spaceConsumed": 1}},
        {"ContentSummary": {"directoryCount": 1, "fileCount": "many", "length": 1, "spaceConsumed": 1}},
        {"ContentSummary": {"directoryCount": 1, "fileCount": 1, "length": 1e400, "spaceConsumed": 1}},
    ],
)
def test_a_summary_that_is_none(server: Replay, hdfs: FakeHdfs, wrong: object) -> None:
    def respond(request: Request) -> Answer:
        return json_answer(wrong) if request.query["op"] == ["GETCONTENTSUMMARY"] else hdfs.name_node(request)

    server.respond = respond
    result = look(collector([server.url], TRAIN))[TRAIN]
    assert isinstance(result, Failure)
    assert (result.reason, TRAIN in result.message) == ("parse", True)


def test_a_path_that_hangs_is_the_last_one_the_next_time(server: Replay, hdfs: FakeHdfs) -> None:
    hang = FAULTS["hang"](Request("GET", "/", {}, {}, b""))
    server.respond = lambda request: hang if TRAIN in request.path else hdfs.name_node(request)
    watched = collector([server.url], TRAIN, "/data/test", "/nope")
    first = first_of(watched)
    assert isinstance(first, Failure)
    assert (first.target, first.reason) == (TRAIN, "timeout")
    server.respond = hdfs.name_node
    assert list(look(watched)) == ["/data/test", "/nope", TRAIN]


def test_a_name_node_that_hangs_keeps_no_path_from_being_read(server: Replay) -> None:
    with Replay(FAULTS["hang"]) as frozen:
        watched = PathCollector(options({"path": TRAIN}), [frozen.url, server.url], patience=0.3)
        assert isinstance(look(watched)[TRAIN], Snapshot)
        assert len(frozen.requests) == 1


def test_where_no_name_node_answers_the_paths_say_why() -> None:
    with Replay(FAULTS["hang"]) as frozen, Replay(FAULTS["hang"]) as second:
        watched = PathCollector(options({"path": TRAIN}), [frozen.url, second.url], patience=0.1)
        failed = first_of(watched)
    assert isinstance(failed, Failure)
    assert failed.reason == "timeout"


def first_of(watched: PathCollector) -> Snapshot | Failure:
    """The first result of a look whose time is over soon."""
    deadline = Deadline(20)
    timer = threading.Timer(0.3, deadline.expire)
    timer.start()
    results = watched.collect(deadline)
    first = next(results)
    with pytest.raises(UpstreamError) if len(watched.targets) > 1 else nullcontext():
        assert [*results] == []
    timer.join()
    return first


HOSTILE = ('a"b', "two\nlines", "back\\slash", "#LATEST", "é\u202e", "%2e%2e", "{}", "x" * 200, "a;b=c", "?op=x&y#z")


def test_hostile_names_stay_on_the_page_as_they_are(server: Replay, hdfs: FakeHdfs) -> None:
    hdfs.files = {f"/models/{name}/v1": b"x" for name in HOSTILE}
    result = look(collector([server.url], "/models/*"))["/models/*"]
    assert isinstance(result, Snapshot)
    shown = samples(result)
    for name in HOSTILE:
        assert shown[sample(metrics.PATH_FILES, path=f"/models/{name}")] == 1
        assert sample(metrics.PATH_NEWEST_MODIFICATION, path=f"/models/{name}") in shown
    assert "\nlines" not in text(result.families)


def test_names_that_are_too_long_are_counted(server: Replay, hdfs: FakeHdfs) -> None:
    hdfs.files = {f"/models/{'x' * 255}/v1": b"x", "/models/churn/v1": b"x"}
    result = look(collector([server.url], "/models/*"))["/models/*"]
    assert isinstance(result, Snapshot)
    assert dict(result.dropped) == {(metrics.PATH_EXISTS, "too_long"): 1}


@pytest.mark.parametrize("name", ["\ud800", "", "..", "a/b"])
def test_names_that_cannot_be(server: Replay, hdfs: FakeHdfs, name: str) -> None:
    told = {"type": "FILE", "length": 1, "modificationTime": 1}
    listing = json_answer({"FileStatuses": {"FileStatus": [{**told, "pathSuffix": each} for each in (name, "ok")]}})
    server.respond = lambda request: listing if request.query["op"] == ["LISTSTATUS"] else hdfs.name_node(request)
    result = look(collector([server.url], "/data/*"))["/data/*"]
    shown = result.message if isinstance(result, Failure) else text(result.families)
    assert shown.encode()
    assert f'/{name}"' not in shown
