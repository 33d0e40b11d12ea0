"""What may be watched, and which entry a path belongs to."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from pydantic import ValidationError

from mlvitals.hdfs.paths.config import WatchedPath
from tests.exporters.hdfs.paths.scenario import options


def mistakes(*paths: Any) -> list[tuple[tuple[Any, ...], str]]:
    with pytest.raises(ValidationError) as caught:
        options(*paths)
    return [(error["loc"], error["msg"]) for error in caught.value.errors()]


@pytest.mark.parametrize(("written", "path"), [("/", "/"), ("/data", "/data"), ("/data/", "/data"), ("/a b", "/a b")])
def test_paths(written: str, path: str) -> None:
    assert WatchedPath(path=written).path == path


@pytest.mark.parametrize(
    "path",
    [
        *("", "data", "./data", "//", "//data", "/data//x", "/data/../x", "/./data", "/data/.", "hdfs://nn/data"),
        *("/data/{a,b}", "/data/**", "/**/x", "/two\nlines", "/\x00", "/" + "x" * 256),
    ],
)
def test_what_is_no_path(path: str) -> None:
    ((location, what),) = mistakes({"path": path})
    assert location == ("paths", 0, "path")
    assert "expected" in what


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/data", "/data", True),
        ("/data", "/data/x", False),
        ("/data/*", "/data/x", True),
        ("/data/*", "/data/x/y", False),
        ("/data/*", "/data", False),
        ("/*/x", "/data/x", True),
        ("/data/[ab]?", "/data/a1", True),
        ("/data/[ab]?", "/data/A1", False),
        ("/data/*", "/data/_temporary", False),
        ("/data/*", "/data/.staging", False),
        ("/data/_*", "/data/_temporary", True),
        ("/data/_x", "/data/_x", True),
    ],
)
def test_what_a_pattern_means(pattern: str, path: str, matches: bool) -> None:
    assert WatchedPath(path=pattern).matches(path) is matches


@pytest.mark.parametrize(
    "paths",
    [
        ("/data", "/data"),
        ("/data", "/data/"),
        ("/data/*", "/data/*"),
        ("/data/*", "/data/train"),
        ("/*/train", "/x", "/data/train"),
    ],
)
def test_two_entries_about_one_path(paths: tuple[str, ...]) -> None:
    assert mistakes(*({"path": path} for path in paths)) == [
        (("paths", len(paths) - 1, "path"), "an earlier entry is about this path already")
    ]


def test_all_mistakes_are_told_at_once() -> None:
    told = mistakes({"path": "/data"}, {"path": "data", "fresh_within": "soon"}, {"path": "/data"}, "/x", {"path": 7})
    assert {location for location, _ in told} == {
        ("paths", 1, "path"),
        ("paths", 1, "fresh_within"),
        ("paths", 2, "path"),
        ("paths", 3),
        ("paths", 4, "path"),
    }


def test_a_path_before_the_pattern_that_matches_it_is_its_own() -> None:
    assert len(options({"path": "/data/train", "fresh_within": "1h"}, {"path": "/data/*"}).paths) == 2


def test_data_stays_for_five_intervals() -> None:
    schedule = options(paths_interval="1m", paths_deadline="10m").paths_schedule()
    assert (schedule.interval, schedule.deadline, schedule.stale_after) == (60, 600, 660)
    assert options().paths_schedule().stale_after == 3000


def test_what_reads_paths_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hdfs", None)
    why = "are read with a library that is missing here: pip install 'mlvitals[hdfs]'"
    assert mistakes({"path": "/data"}) == [(("paths",), why)]
