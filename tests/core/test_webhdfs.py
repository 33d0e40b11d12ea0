"""WebHDFS over a real local HTTP server: ranges, two NameNodes, and everything that they can answer instead."""

from __future__ import annotations

import contextlib
import io
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.files import Entry
from mlvitals.core.settings import HttpSettings
from mlvitals.core.webhdfs import WebHdfsStore
from tests.support.hdfs import MODIFIED, STANDBY, FakeHdfs, refused, running
from tests.support.pki import Pki
from tests.support.replay import FAULTS, Answer, Replay, Request, always, json_answer, redirect

RECORDED = Path(__file__).parent / "responses/webhdfs"
CONTENT = bytes(range(256)) * 40
PATH = "/data/a b%20c.bin"


def http(url: str, **more: Any) -> HttpSettings:
    return HttpSettings.model_validate({"name": "x", "type": "evidently", "url": url, **more})


class Make(Protocol):
    def __call__(self, *urls: str, user: str | None = None, **more: Any) -> WebHdfsStore: ...


@pytest.fixture
def store() -> Iterator[Make]:
    """Makes stores and closes them."""
    with contextlib.ExitStack() as made:

        def make(*urls: str, user: str | None = None, **more: Any) -> WebHdfsStore:
            files = WebHdfsStore([http(url, **more) for url in urls], user, Deadline(20))
            made.callback(files.close)
            return files

        yield make


@pytest.fixture
def hdfs() -> FakeHdfs:
    return FakeHdfs({PATH: CONTENT, "/data/dt=1/part-0": b"x", "/data/_SUCCESS": b""})


@pytest.fixture
def servers(hdfs: FakeHdfs) -> Iterator[tuple[Replay, Replay]]:
    with running(hdfs) as both:
        yield both


def reason(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(UpstreamError) as caught:
        call()
    return caught.value.reason, str(caught.value)


def test_what_is_there(store: Make, servers: tuple[Replay, Replay]) -> None:
    files = store(servers[0].url)
    assert files.entry(PATH) == Entry(PATH, False, len(CONTENT), MODIFIED / 1000)
    assert files.entry("/data") == Entry("/data", True, 0, MODIFIED / 1000)
    assert files.entry("/nope") is None
    assert files.entries("/nope") == ()
    assert sorted((entry.path, entry.is_folder) for entry in files.entries("/data/")) == [
        ("/data/_SUCCESS", False),
        (PATH, False),
        ("/data/dt=1", True),
    ]


@pytest.mark.parametrize("name", ["webhdfs_liststatus.json", "webhdfs_liststatus_3.4.3.json"])
def test_a_real_listing(store: Make, name: str) -> None:
    recorded = (RECORDED / name).read_bytes()
    with Replay(always(Answer(200, recorded, {"Content-Type": "application/json"}))) as server:
        success, partition = store(server.url).entries("/data/churn")
    told = json.loads(recorded)["FileStatuses"]["FileStatus"]
    assert success == Entry("/data/churn/_SUCCESS", False, 0, told[0]["modificationTime"] / 1000)
    assert partition == Entry("/data/churn/dt=2026-11-22", True, 0, told[1]["modificationTime"] / 1000)


def test_real_refusals(store: Make) -> None:
    missing = (RECORDED / "webhdfs_filenotfound_404_3.4.3.json").read_bytes()
    with Replay(always(Answer(404, missing))) as server:
        assert store(server.url).entry("/nope") is None
    unknown = (RECORDED / "webhdfs_unknown_op_400_3.4.3.json").read_bytes()
    with Replay(always(Answer(400, unknown))) as server:
        why, words = reason(lambda: store(server.url).entry("/x"))
    assert why == "http"
    assert "IllegalArgumentException" in words


def test_a_real_summary(store: Make) -> None:
    for name in ("webhdfs_contentsummary_quota.json", "webhdfs_contentsummary_quota_3.4.3.json"):
        with Replay(always(Answer(200, (RECORDED / name).read_bytes()))) as server:
            summary = store(server.url).summary("/data")
        assert summary
        assert (summary.directory_count, summary.file_count) == (2, 2)
        assert (summary.quota, summary.space_quota) == (100, 1 << 30)
        assert summary.length == summary.space_consumed > 0


def test_nothing_is_known_of_what_is_not_there(store: Make, servers: tuple[Replay, Replay]) -> None:
    assert store(servers[0].url).summary("/nope") is None


def test_a_folder_may_have_the_name_of_a_question_to_the_library(store: Make) -> None:
    hdfs = FakeHdfs({"/data/#LATEST/a": b"x", "/data/#LATEST{2}/b": b"x", "/data/x/c": b"x"})
    with running(hdfs) as (name_node, _):
        files = store(name_node.url)
        assert [entry.path for entry in files.entries("/data/#LATEST")] == ["/data/#LATEST/a"]
        assert [entry.path for entry in files.entries("/data/#LATEST{2}")] == ["/data/#LATEST{2}/b"]


def test_ranges_are_asked_for_one_by_one(store: Make, servers: tuple[Replay, Replay]) -> None:
    name_node, data_node = servers
    files = store(name_node.url, user="etl")
    entry = files.entry(PATH)
    assert entry
    with files.open(entry) as file:
        file.seek(-5, io.SEEK_END)
        assert file.read(100) == CONTENT[-5:]
        assert file.read(1) == b""
        file.seek(300)
        assert file.read(10) == CONTENT[300:310]
        assert file.tell() == 310
    assert [(each.query["offset"], each.query["length"]) for each in data_node.requests] == [
        ([str(len(CONTENT) - 5)], ["5"]),
        (["300"], ["10"]),
    ]
    assert {each.query["user.name"][0] for each in name_node.requests} == {"etl"}
    assert all(each.headers["Accept-Encoding"] == "identity" for each in data_node.requests)


def test_only_the_columns_that_are_needed_come_over_the_wire(store: Make) -> None:
    sink = io.BytesIO()
    wide = {f"c{index}": np.random.default_rng(index).integers(0, 2**60, 200_000) for index in range(9)}
    pq.write_table(pa.table(wide), sink, compression="none", use_dictionary=False)
    hdfs = FakeHdfs({"/wide.parquet": sink.getvalue()})
    with running(hdfs) as (name_node, data_node):
        files = store(name_node.url)
        entry = files.entry("/wide.parquet")
        assert entry
        with files.open(entry) as file:
            table = pq.ParquetFile(pa.PythonFile(file, "r"), pre_buffer=True).read(columns=["c2", "c7"])
        assert table.equals(pa.table(wide).select(["c2", "c7"]))
        fetched = sum(int(each.query["length"][0]) for each in data_node.requests)
    assert fetched < 0.3 * entry.size
    assert len(data_node.requests) < 10


@pytest.mark.parametrize("exception", ["StandbyException", "RetriableException"])
def test_the_second_name_node_is_asked_when_the_first_is_not_active(
    store: Make, servers: tuple[Replay, Replay], exception: str
) -> None:
    with Replay(always(refused(403, exception, STANDBY))) as standby:
        files = store(standby.url, servers[0].url)
        assert [entry.name for entry in files.entries("/data/dt=1")] == ["part-0"]
        assert len(standby.requests) == 1


def test_the_second_name_node_is_asked_when_the_first_is_gone(store: Make, servers: tuple[Replay, Replay]) -> None:
    with Replay(always(Answer())) as gone:
        pass
    files = store(gone.url, servers[0].url)
    entry = files.entry(PATH)
    assert entry
    assert files.open(entry).read(3) == CONTENT[:3]


def test_no_name_node_is_active(store: Make) -> None:
    with Replay(always(refused(403, "StandbyException", STANDBY))) as one, Replay(one.respond) as other:
        why, words = reason(lambda: store(one.url, other.url).entry("/x"))
    assert (why, "is active" in words, STANDBY[:20] in words) == ("http", True, True)


def test_no_name_node_is_there(store: Make) -> None:
    with Replay(always(Answer())) as one, Replay(always(Answer())) as other:
        pass
    assert reason(lambda: store(one.url, other.url).entry("/x"))[0] == "connect"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refused(403, "AccessControlException", "Permission denied: user=x, access=READ"), "auth"),
        (refused(401, "SecurityException", "Failed to obtain user group information"), "auth"),
        (refused(403, "SafeModeException", "Name node is in safe mode."), "http"),
        (refused(403, "IOException", "Could not obtain block: BP-1"), "http"),
        (refused(500, "RuntimeException", "x"), "http"),
        (Answer(404, b"<h1>Not Found</h1>", {"Content-Type": "text/html"}), "http"),
        (json_answer({"RemoteException": "what?"}, 500), "http"),
        (json_answer({"FileStatus": {"type": "FILE", "length": -1, "modificationTime": 0}}), "parse"),
        (json_answer({"FileStatus": [1]}), "parse"),
        (json_answer([]), "parse"),
        (redirect("ftp://127.0.0.1/webhdfs/v1/x"), "http"),
        (redirect("http://169.254.169.254/latest/meta-data"), "http"),
        (redirect("http://[::1"), "http"),
    ],
)
def test_answers_that_are_refused(store: Make, answer: Answer, expected: str) -> None:
    with Replay(always(answer)) as server:
        assert reason(lambda: store(server.url).entry("/x"))[0] == expected


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"hang", "drip", "dripping headers", "very many values"}))
@pytest.mark.parametrize("operation", ["entry", "entries", "open"])
def test_faults_end_in_a_reason(store: Make, fault: str, operation: str) -> None:
    entry = Entry("/x", size=1000)
    with Replay(FAULTS[fault]) as server:
        files = store(server.url)
        calls: dict[str, Callable[[], object]] = {
            "entry": lambda: files.entry("/x"),
            "entries": lambda: files.entries("/x"),
            "open": lambda: files.open(entry).read(1000),
        }
        why, words = reason(calls[operation])
    assert why in ("auth", "connect", "http", "parse", "limit")
    assert words.isprintable()


@pytest.mark.parametrize("fault", ["hang", "drip", "dripping headers"])
def test_what_never_ends_is_ended_with_the_deadline(fault: str) -> None:
    with Replay(FAULTS[fault]) as server:
        deadline = Deadline(20)
        files = WebHdfsStore([http(server.url)], None, deadline)
        timer = threading.Timer(0.3, deadline.expire)
        timer.start()
        assert reason(lambda: files.entry("/x"))[0] == "timeout"
        timer.join()
        files.close()


def test_the_data_node_cannot_be_reached(store: Make, hdfs: FakeHdfs, servers: tuple[Replay, Replay]) -> None:
    with Replay(always(Answer())) as gone:
        pass
    hdfs.data_url = gone.url
    why, words = reason(lambda: store(servers[0].url).open(Entry(PATH, size=9)).read(9))
    assert why == "connect"
    assert gone.url in words
    assert "do-not-tell" not in words


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(200, b"short"), "5 bytes came in the place of 10 from 20 on"),
        (Answer(200, CONTENT), "11 bytes came in the place of 10 from 20 on"),
        (Answer(raw=lambda _: iter([b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"])), "short"),
    ],
)
def test_a_range_that_is_another_one(
    store: Make, servers: tuple[Replay, Replay], answer: Answer, expected: str
) -> None:
    name_node, data_node = servers
    data_node.respond = always(answer)
    file = store(name_node.url).open(Entry(PATH, size=1000))
    file.seek(20)
    why, words = reason(lambda: file.read(10))
    assert why == "parse"
    assert expected in words


def test_an_error_of_a_range_comes_through_pyarrow_as_it_is(store: Make, servers: tuple[Replay, Replay]) -> None:
    name_node, data_node = servers
    data_node.respond = always(refused(403, "AccessControlException", "Permission denied"))
    file = store(name_node.url).open(Entry(PATH, size=1000))
    assert reason(lambda: pq.ParquetFile(pa.PythonFile(file, "r")))[0] == "auth"


def test_the_password_stays_with_the_name_node_and_out_of_messages(store: Make, servers: tuple[Replay, Replay]) -> None:
    name_node, data_node = servers
    files = store(name_node.url, auth={"username": "vitals", "password": "hunter2-and-more"})
    assert files.open(Entry(PATH, size=9)).read(9) == CONTENT[:9]
    assert all("Authorization" in request.headers for request in name_node.requests)
    assert all("Authorization" not in request.headers for request in data_node.requests)

    def echo(request: Request) -> Answer:
        return refused(403, "AccessControlException", "who is hunter2-and-more?")

    name_node.respond = echo
    assert "hunter2" not in reason(lambda: files.entry(PATH))[1]


def test_tls_with_an_authority_of_ones_own(store: Make, tmp_path: Path, hdfs: FakeHdfs) -> None:
    pki = Pki(tmp_path / "pki")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pki.folder / "server.pem", pki.folder / "server.key")
    with Replay(hdfs.data_node, tls=context) as data, Replay(hdfs.name_node, tls=context) as names:
        hdfs.data_url = data.url
        trusted = store(names.url, tls_config={"ca_file": str(pki.folder / "ca.pem")})
        assert trusted.shown("/x").startswith("swebhdfs://127.0.0.1:")
        assert trusted.open(Entry(PATH, size=9)).read(9) == CONTENT[:9]
        assert reason(lambda: store(names.url).entry(PATH))[0] == "connect"
        hdfs.data_url = data.url.replace("https:", "http:")
        assert reason(lambda: trusted.open(Entry(PATH, size=9)).read(9))[0] == "http"


def test_names_that_would_lead_elsewhere_are_left_out(store: Make) -> None:
    told = {"type": "FILE", "length": 1, "modificationTime": 1}
    names = ["ok", "..", "a/b", ".", "half\ud800"]
    listing = {"FileStatuses": {"FileStatus": [told | {"pathSuffix": name} for name in names]}}
    with Replay(always(json_answer(listing))) as server:
        assert [entry.path for entry in store(server.url).entries("/d")] == ["/d/ok"]
