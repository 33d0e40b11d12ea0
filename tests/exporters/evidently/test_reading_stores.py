"""Whole sides of data sets on WebHDFS and on S3."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests

from compose.processes import wait_for
from mlvitals.core.collector import UpstreamError
from mlvitals.evidently.reading import Sample
from tests.exporters.evidently.sides import taken
from tests.support.bucket import MOTO, filled
from tests.support.hdfs import MODIFIED, FakeHdfs, running
from tests.support.replay import Answer, Replay, Request


def table(*values: int) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"x": list(values), "y": ["text"] * len(values)}), sink)
    return sink.getvalue()


FILES: Mapping[str, bytes] = {
    "/data/churn/dt=2026-11-21/part-0.parquet": table(1),
    "/data/churn/dt=2026-11-22/part-0.parquet": table(2, 3),
    "/data/churn/dt=2026-11-22/part-1.parquet": table(4),
    "/data/churn/dt=2026-11-22/_SUCCESS": b"",
    "/data/churn/dt=2026-11-23/_temporary/0/part-0.parquet": b"half",
    "/data/lines.jsonl": b'{"x": 5}\n' * 1000,
}


@pytest.fixture
def hdfs() -> FakeHdfs:
    return FakeHdfs(FILES)


@pytest.fixture
def servers(hdfs: FakeHdfs) -> Iterator[tuple[Replay, Replay]]:
    with running(hdfs) as both:
        yield both


@pytest.fixture(scope="module")
def bucket() -> Iterator[dict[str, Any]]:
    """The same files in a bucket; the key `s3` of the exporter."""
    with filled("lake", FILES) as reached:
        yield reached


def url_of(server: Replay) -> str:
    return server.url.replace("http:", "webhdfs:")


def newest(base: str, settle: str = "2m", **exporter: Any) -> list[Sample]:
    """The newest partition and the one before."""
    current = {"path": f"{base}/data/churn/dt=*/", "newest": 1, "settle": settle}
    dataset: dict[str, Any] = {"current": current, "reference": "previous"}
    return [taken("current", exporter, **dataset), taken("reference", exporter, **dataset)]


def settled(base: str, **exporter: Any) -> list[Sample]:
    """The same of files that were written just now. S3's times are whole seconds."""
    written = time.time()
    assert wait_for(lambda: time.time() - written > 1, 5)
    return newest(base, settle="1s", **exporter)


def test_partitions_on_hdfs(servers: tuple[Replay, Replay]) -> None:
    current, previous = newest(url_of(servers[0]), hdfs_user="vitals")
    assert (current.table["x"].to_pylist(), previous.table["x"].to_pylist()) == ([2, 3, 4], [1])
    assert (current.about.files, current.about.modified) == (2, MODIFIED / 1000)
    assert current.about.location == f"{url_of(servers[0])}/data/churn/dt=*/"
    # Of a partition that is not read nothing but its name is looked at.
    assert not [each for each in servers[1].requests if "2026-11-23" in each.path]


def test_partitions_on_s3(bucket: Mapping[str, Any]) -> None:
    current, previous = settled("s3://lake", s3=bucket)
    assert (current.table["x"].to_pylist(), previous.table["x"].to_pylist()) == ([2, 3, 4], [1])
    assert (current.about.files, current.about.location) == (2, "s3://lake/data/churn/dt=*/")
    assert current.about.modified


RIGHTS = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/data/churn/*"},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::lake"},
    ],
}
"""Those that the guide names."""


@pytest.fixture(scope="module")
def user(bucket: Mapping[str, Any]) -> dict[str, Any]:
    """The bucket for somebody who has no more than these rights."""
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    iam = pytest.importorskip("boto3", reason=MOTO).client("iam", endpoint_url=bucket["endpoint_url"], **keys)
    iam.create_user(UserName="vitals")
    iam.put_user_policy(UserName="vitals", PolicyName="read", PolicyDocument=json.dumps(RIGHTS))
    key = iam.create_access_key(UserName="vitals")["AccessKey"]
    iam.close()
    return {**bucket, "access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}


@pytest.fixture
def limited(user: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The same, while the server looks at rights at all."""
    switch = f"{user['endpoint_url']}/moto-api/reset-auth"
    requests.post(switch, data="0", timeout=10).raise_for_status()
    yield user
    requests.post(switch, data="inf", timeout=10).raise_for_status()


def test_the_rights_that_the_guide_names_are_enough_on_s3(limited: Mapping[str, Any]) -> None:
    current, previous = settled("s3://lake", s3=limited)
    assert (current.table["x"].to_pylist(), previous.table["x"].to_pylist()) == ([2, 3, 4], [1])
    for path in ("s3://lake/data/churn", "s3://lake/data/churn/dt=2026-11-22/part-1.parquet"):
        assert taken(current=path, more={"s3": limited}).about.rows


@pytest.mark.parametrize("path", ["s3://lake/data/lines.jsonl", "s3://lake/nothing/", "s3://lake/data/churn/gone.csv"])
def test_what_may_not_be_read_on_s3_says_so(limited: Mapping[str, Any], path: str) -> None:
    with pytest.raises(UpstreamError) as caught:
        taken(current=path, more={"s3": limited})
    assert caught.value.reason == ("connect" if "gone" in path else "auth")


def test_text_comes_in_large_parts(servers: tuple[Replay, Replay], bucket: Mapping[str, Any]) -> None:
    sample = taken(current=f"{url_of(servers[0])}/data/lines.jsonl")
    assert (sample.about.rows, sample.table["x"].to_pylist()[-1]) == (1000, 5)
    assert len(servers[1].requests) == 2
    assert taken(current="s3://lake/data/lines.jsonl", more={"s3": bucket}).about.rows == 1000


def test_a_file_on_hdfs_that_changes_while_it_is_read(hdfs: FakeHdfs, servers: tuple[Replay, Replay]) -> None:
    path = "/data/churn/dt=2026-11-21/part-0.parquet"
    name_node, data_node = servers

    def changing(request: Request) -> Answer:
        hdfs.times[path] = MODIFIED + 1
        return hdfs.data_node(request)

    data_node.respond = changing
    with pytest.raises(UpstreamError, match=r"part-0\.parquet changed while it was read"):
        taken(current=url_of(name_node) + path)


def test_a_file_on_hdfs_that_is_gone_when_it_is_read(hdfs: FakeHdfs, servers: tuple[Replay, Replay]) -> None:
    name_node, _ = servers

    def forgetting(request: Request) -> Answer:
        if request.query["op"] == ["OPEN"]:
            hdfs.files.pop("/data/lines.jsonl", None)
        return hdfs.name_node(request)

    name_node.respond = forgetting
    with pytest.raises(UpstreamError, match=r"lines\.jsonl changed while it was read"):
        taken(current=url_of(name_node) + "/data/lines.jsonl")


def test_a_bucket_that_is_not_ours(bucket: Mapping[str, Any]) -> None:
    with pytest.raises(UpstreamError) as caught:
        taken(current="s3://nobodys/data/x.csv", more={"s3": bucket})
    assert "s3://nobodys/data/x.csv" in str(caught.value)


def test_what_s3_refuses_in_the_middle_is_not_taken_for_a_broken_file() -> None:
    code = "<Error><Code>AccessDenied</Code><Message>kms:Decrypt is not allowed</Message></Error>"
    denied = Answer(403, code.encode(), {"Content-Type": "application/xml"})
    headers = {"Last-Modified": "Sun, 22 Nov 2026 00:00:00 GMT", "ETag": '"1"'}

    def answer(request: Request) -> Answer:
        return Answer(200, FILES["/data/lines.jsonl"], headers) if request.method == "HEAD" else denied

    with Replay(answer) as server:
        keys = {"endpoint_url": server.url, "access_key": "a", "secret_key": "b", "region": "us-east-1"}
        with pytest.raises(UpstreamError, match=r"^s3://lake/x\.jsonl: AWS Error ACCESS_DENIED") as caught:
            taken(current="s3://lake/x.jsonl", more={"s3": keys})
    assert caught.value.reason == "auth"
