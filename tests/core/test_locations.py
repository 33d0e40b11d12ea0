"""Where locations lead, and what of them is shown."""

from __future__ import annotations

import errno
import subprocess
import sys

import pytest

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.locations import opened, parts, shown_location
from tests.exporters.evidently.sides import settings


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/data/a?b#c/*.csv", ("file", "", "/data/a?b#c/*.csv")),
        ("relative/x.csv", ("file", "", "relative/x.csv")),
        ("C:stays", ("file", "", "C:stays")),
        ("file:///data/x", ("file", "", "/data/x")),
        ("S3://lake/a?b", ("s3", "lake", "/a?b")),
        ("webhdfs://nn1:9870,nn2:9870/x", ("webhdfs", "nn1:9870,nn2:9870", "/x")),
    ],
)
def test_parts(location: str, expected: tuple[str, str, str]) -> None:
    assert parts(location) == expected


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("webhdfs://user:secret@nn1:9870/x", "webhdfs://nn1:9870/x"),
        ("s3://key:se@cret@lake/x?token=secret&y=/z", "s3://lake/x"),
        ("s3://lake/day-?.csv", "s3://lake/day-?.csv"),
        ("/data/user@host/x?a=b", "/data/user@host/x?a=b"),
        ("/data/\x1b[31m", "/data/?[31m"),
    ],
)
def test_no_secret_is_shown(location: str, expected: str) -> None:
    assert shown_location(location) == expected


@pytest.mark.parametrize(
    ("location", "shown", "path"),
    [
        ("webhdfs://nn1,nn2:50070/data", "webhdfs://nn1:9870,nn2:50070/data", "/data"),
        ("swebhdfs://[::1]/", "swebhdfs://[::1]:9871/", "/"),
        ("s3://lake/a/b", "s3://lake/a/b", "lake/a/b"),
        ("file:///data/x", "/data/x", "/data/x"),
    ],
)
def test_the_store_and_the_path_in_it(location: str, shown: str, path: str) -> None:
    store, found = opened(location, settings(), Deadline(10))
    assert (store.shown(found), found) == (shown, path)
    store.close()


@pytest.mark.parametrize(
    ("location", "error", "reason"),
    [
        ("/data/x", OSError(errno.EIO, "Input/output error"), "connect"),
        ("/data/x", PermissionError(errno.EACCES, "Permission denied"), "auth"),
        ("/data/x", OSError("Truncated compressed stream"), None),
        ("s3://lake/x", OSError("AWS Error NETWORK_CONNECTION during GetObject: curlCode: 56"), "connect"),
        ("s3://lake/x", OSError("Corrupt snappy compressed data."), None),
        ("webhdfs://nn/x", ValueError("no such format"), None),
    ],
)
def test_a_lost_place_is_told_from_a_broken_file(location: str, error: Exception, reason: str | None) -> None:
    store, path = opened(location, settings(), Deadline(10))
    lost = store.lost(path, error)
    assert (lost and lost.reason) == reason
    store.close()


def test_a_location_that_cannot_be_is_no_crash() -> None:
    with pytest.raises(UpstreamError, match="s3://lake/x: credentials do not belong"):
        opened("s3://key:secret@lake/x", settings(), Deadline(10))


def test_nothing_is_imported_before_it_is_needed() -> None:
    code = """
import sys
from mlvitals.core.collector import Deadline
from mlvitals.core.locations import opened
opened("/tmp/x", None, Deadline(9))
assert not {"hdfs", "pyarrow", "numpy"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("library", "location", "extra"), [("hdfs", "webhdfs://nn1/x", "hdfs"), ("pyarrow", "s3://lake/x", "data")]
)
def test_a_missing_library_says_what_brings_it(library: str, location: str, extra: str) -> None:
    code = f"""
import sys
from types import SimpleNamespace
from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.locations import opened
from mlvitals.core.s3 import S3
sys.modules[{library!r}] = None
try:
    opened({location!r}, SimpleNamespace(hdfs_user=None, s3=S3(), http=None), Deadline(9))
except UpstreamError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout == f"{library} is not installed: pip install 'mlvitals[{extra}]'\n"
