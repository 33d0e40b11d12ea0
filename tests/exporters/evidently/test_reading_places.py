"""Which files are read: globs, partitions, windows, and what is said when there are none."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mlvitals.core.collector import UpstreamError
from mlvitals.evidently.partitions import period_end
from tests.exporters.evidently.sides import found, names, settings

DAY = 86400


def touch(folder: Path, *paths: str) -> Path:
    """Files, each of one byte, that were last changed ten minutes ago."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"x")
        changed(folder / path, ago=600)
    return folder


def changed(path: Path, ago: float) -> None:
    """Its last change was so many seconds ago."""
    os.utime(path, (time.time() - ago, time.time() - ago))


def day(ago: int) -> str:
    return datetime.fromtimestamp(time.time() - ago * DAY, UTC).strftime("%Y-%m-%d")


@pytest.fixture
def days(tmp_path: Path) -> Path:
    paths = [f"dt=2026-{month}/part-{part}.parquet" for month in ("9-30", "10-01", "10-02") for part in (0, 1)]
    noise = ["dt=2026-10-02/_SUCCESS", "dt=2026-10-02/.part-0.parquet.crc", "dt=2026-10-02/_temporary/0/part-9.parquet"]
    touch(tmp_path, *paths, *noise, "dt=__HIVE_DEFAULT_PARTITION__/part-0.parquet", "README.md")
    # The folder of a day that has just begun.
    (tmp_path / "dt=2026-10-03").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("dt=2026-10-01/part-1.parquet", ["dt=2026-10-01/part-1.parquet"]),
        ("dt=2026-10-01", ["dt=2026-10-01/part-0.parquet", "dt=2026-10-01/part-1.parquet"]),
        ("dt=2026-10-01/", ["dt=2026-10-01/part-0.parquet", "dt=2026-10-01/part-1.parquet"]),
        ("dt=2026-10-0[12]/part-0*", ["dt=2026-10-01/part-0.parquet", "dt=2026-10-02/part-0.parquet"]),
        ("*/part-1.parquet", [f"dt=2026-{day}/part-1.parquet" for day in ("10-01", "10-02", "9-30")]),
    ],
)
def test_files_globs_and_folders(days: Path, place: str, expected: list[str]) -> None:
    assert names(root=days, current=f"{days}/{place}") == expected


@pytest.mark.parametrize("place", ["dt=*/", "dt=*", "", "dt=*/*.parquet"])
@pytest.mark.parametrize(
    ("newest", "expected"), [(1, ["10-02"]), (2, ["10-01", "10-02"]), (3, ["10-01", "10-02", "9-30"])]
)
def test_the_newest_partitions_in_the_order_of_dates(days: Path, place: str, newest: int, expected: list[str]) -> None:
    current = {"path": f"{days}/{place}", "newest": newest}
    wanted = [f"dt=2026-{day}/part-{part}.parquet" for day in expected for part in (0, 1)]
    assert names(root=days, current=current) == wanted


def test_what_was_before_the_newest(days: Path) -> None:
    current = {"path": f"{days}/dt=*/", "newest": 1}
    before = names("reference", root=days, current=current, reference="previous")
    assert before == ["dt=2026-10-01/part-0.parquet", "dt=2026-10-01/part-1.parquet"]
    two = {"path": f"{days}/dt=2026-*/", "newest": 2}
    # There is only one.
    assert {name[:12] for name in names("reference", root=days, current=two, reference="previous")} == {"dt=2026-9-30"}


def test_a_partition_counts_once_its_files_have_settled(days: Path) -> None:
    current = {"path": f"{days}/dt=*/", "newest": 1}
    changed(days / "dt=2026-10-02/part-1.parquet", ago=60)
    assert {name[:13] for name in names(root=days, current=current)} == {"dt=2026-10-01"}
    before = names("reference", root=days, current=current, reference="previous")
    assert {name[:12] for name in before} == {"dt=2026-9-30"}
    assert {name[:13] for name in names(root=days, current={**current, "settle": "30s"})} == {"dt=2026-10-02"}
    # The clock that wrote it is wrong: it would never settle.
    changed(days / "dt=2026-10-02/part-1.parquet", ago=-9 * DAY)
    assert {name[:13] for name in names(root=days, current=current)} == {"dt=2026-10-02"}


def test_a_file_of_a_window_counts_once_it_has_settled(tmp_path: Path) -> None:
    touch(tmp_path, "a.csv", "b.csv")
    changed(tmp_path / "b.csv", ago=10)
    for choice in ({"newest": 2}, {"within": "1d"}):
        assert names(root=tmp_path, current={"path": f"{tmp_path}/*.csv", **choice}) == ["a.csv"]
    # What is not chosen by time is read as it is.
    assert names(root=tmp_path, current=f"{tmp_path}/*.csv") == ["a.csv", "b.csv"]


def test_a_partition_counts_once_it_has_the_marker_of_success(days: Path) -> None:
    place = {"path": f"{days}/dt=*/", "newest": 1, "success_marker": True}
    assert {name[:13] for name in names(root=days, current=place)} == {"dt=2026-10-02"}
    touch(days, "dt=2026-10-04/part-0.parquet")
    assert {name[:13] for name in names(root=days, current=place)} == {"dt=2026-10-02"}
    touch(days, "dt=2026-10-04/_SUCCESS")
    assert {name[:13] for name in names(root=days, current=place)} == {"dt=2026-10-04"}


def test_a_folder_without_the_marker_of_success_is_not_read(days: Path) -> None:
    with pytest.raises(UpstreamError, match=r"has no data; there is dt=2026-10-01, not complete yet") as caught:
        found(current={"path": f"{days}/dt=2026-10-01/", "success_marker": True})
    assert caught.value.reason == "empty"
    assert len(names(root=days, current={"path": f"{days}/dt=*/", "success_marker": True})) == 2


def test_nothing_has_settled(tmp_path: Path) -> None:
    touch(tmp_path, "dt=2026-10-01/a.csv", "dt=2026-10-02/a.csv")
    for day in (1, 2):
        changed(tmp_path / f"dt=2026-10-0{day}/a.csv", ago=1)
    expected = "newest: 1; there is dt=2026-10-01, dt=2026-10-02, 2 of them not complete yet"
    with pytest.raises(UpstreamError, match=expected):
        found(current={"path": f"{tmp_path}/dt=*/", "newest": 1})


def test_several_levels(tmp_path: Path) -> None:
    touch(tmp_path, *[f"dt=2026-10-0{day}/hour={hour}/x.csv" for day in (1, 2) for hour in (8, 9, 10)])
    hours = {"path": f"{tmp_path}/dt=*/hour=*/", "newest": 2}
    assert names(root=tmp_path, current=hours) == ["dt=2026-10-02/hour=10/x.csv", "dt=2026-10-02/hour=9/x.csv"]
    days = {"path": f"{tmp_path}/dt=*/", "newest": 1}
    assert len(names(root=tmp_path, current=days)) == 3


@pytest.mark.parametrize(
    "order",
    [
        ["v2", "v10", "v11"],
        ["n=-3", "n=2", "n=10"],
        ["n=1.5", "n=1.25e"],
        ["dt=__HIVE_DEFAULT_PARTITION__", "dt=0"],
        ["t=2026-01-01 00%3A00", "t=2026-01-01 09%3A30"],
    ],
)
def test_names_are_ordered_as_people_do(tmp_path: Path, order: list[str]) -> None:
    touch(tmp_path, *[f"{name}/x.csv" for name in order])
    for count in range(1, len(order) + 1):
        chosen = names(root=tmp_path, current={"path": f"{tmp_path}/*/", "newest": count})
        assert {name.removesuffix("/x.csv") for name in chosen} == set(order[-count:])


def test_the_newest_files_by_name(tmp_path: Path) -> None:
    touch(tmp_path, *[f"day-{number}.csv" for number in (2, 9, 10)])
    for place in (f"{tmp_path}/day-*.csv", str(tmp_path)):
        assert names(root=tmp_path, current={"path": place, "newest": 2}) == ["day-10.csv", "day-9.csv"]


def test_a_window_of_time_by_the_dates_of_partitions(tmp_path: Path) -> None:
    touch(tmp_path, *[f"dt={day(ago)}/x.csv" for ago in range(6)])
    current = {"path": f"{tmp_path}/dt=*/", "within": "2d"}
    # A day is in as long as a part of it is.
    assert names(root=tmp_path, current=current) == [f"dt={day(ago)}/x.csv" for ago in (2, 1, 0)]
    before = names("reference", root=tmp_path, current=current, reference="previous")
    assert before == [f"dt={day(ago)}/x.csv" for ago in (4, 3)]


def test_a_window_of_time_by_the_times_of_files(tmp_path: Path) -> None:
    touch(tmp_path, *[f"part-{hours}.csv" for hours in range(6)])
    for hours in range(6):
        changed(tmp_path / f"part-{hours}.csv", ago=3600 * hours + 600)
    current = {"path": f"{tmp_path}/*.csv", "within": "2h"}
    assert names(root=tmp_path, current=current) == ["part-0.csv", "part-1.csv"]
    assert names("reference", root=tmp_path, current=current, reference="previous") == ["part-2.csv", "part-3.csv"]


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (["dt=2026-11-22"], "2026-11-23T00:00"),
        (["20261122"], "2026-11-23T00:00"),
        (["dt=2026-11"], "2026-12-01T00:00"),
        (["dt=2026112207"], "2026-11-22T08:00"),
        (["ts=2026-11-22T07%3A30%3A00"], "2026-11-22T07:30"),
        (["dt=2026-11-22", "hour=7"], "2026-11-22T08:00"),
        (["dt=2026-12-31", "hr=23"], "2027-01-01T00:00"),
        (["year=2026", "month=2", "day=28"], "2026-03-01T00:00"),
        (["year=2024"], "2025-01-01T00:00"),
        (["country=de", "dt=2026-11-22"], "2026-11-23T00:00"),
        (["dt=2026-13-01"], None),
        (["dt=2026-02-30"], None),
        (["hour=7"], None),
        (["dt=today"], None),
        (["year=0"], None),
        (["dt=٢٠٢٦-11-22"], None),
        ([], None),
    ],
)
def test_the_end_of_a_period(folders: list[str], expected: str | None) -> None:
    end = period_end(folders)
    assert (end and datetime.fromtimestamp(end, UTC).isoformat()[:16]) == expected


@pytest.mark.parametrize(
    ("place", "reason", "expected"),
    [
        ("nowhere/x.parquet", "connect", "there is no {root}/nowhere/x.parquet"),
        ("nowhere/dt=*/", "connect", "there is no {root}/nowhere"),
        ("month=*/", "empty", "nothing matches {root}/month=*/"),
        ("dt=2026-10-03", "empty", "{root}/dt=2026-10-03 has no data"),
        (
            {"path": "dt=2026-10-*/", "within": "1h"},
            "empty",
            "no data for within: 3600 s; there is dt=2026-10-01, dt=2026-10-02",
        ),
    ],
)
def test_nothing_is_found(days: Path, place: Any, reason: str, expected: str) -> None:
    place = {**place, "path": f"{days}/{place['path']}"} if isinstance(place, dict) else f"{days}/{place}"
    with pytest.raises(UpstreamError, match=re.escape(expected.format(root=days))) as caught:
        found(current=place)
    assert caught.value.reason == reason


def test_there_is_nothing_before(days: Path) -> None:
    current = {"path": f"{days}/dt=2026-1*/", "newest": 5}
    with pytest.raises(UpstreamError, match="no data before those of current for newest: 5; there is dt=2026-10-01"):
        found("reference", current=current, reference="previous")


def test_previous_of_everything_is_a_mistake() -> None:
    with pytest.raises(ValidationError, match="expected newest or within at current"):
        settings(current="/data/*.csv", reference="previous")


@pytest.mark.parametrize("current", ["previous", "mlflow:registry/churn@champion/x.csv", {"path": "mlflow:a/b@c/d"}])
def test_only_a_reference_can_be_another_ones_data(current: Any) -> None:
    with pytest.raises(ValidationError, match="only reference can be"):
        settings(current=current)


def test_a_malformed_location_of_a_model() -> None:
    with pytest.raises(ValidationError, match="expected mlflow:REGISTRY/MODEL@ALIAS/ARTIFACT"):
        settings(reference="mlflow:churn")


def test_two_formats(tmp_path: Path) -> None:
    touch(tmp_path, "a.csv", "b.parquet")
    with pytest.raises(UpstreamError, match=r"one format, found .*a\.csv and .*b\.parquet"):
        found(current=str(tmp_path))
    touch(tmp_path, "part-0")
    with pytest.raises(UpstreamError, match=r"part-0 has no ending that is known: set format"):
        found(current=f"{tmp_path}/part-*")
    assert found(current={"path": f"{tmp_path}/part-*", "format": "jsonl"}).format == "jsonl"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.snappy.parquet", "parquet"), ("a.CSV.gz", "csv"), ("a.json", "jsonl"), ("a.arrows", "arrow")],
)
def test_the_format_by_the_ending(tmp_path: Path, name: str, expected: str) -> None:
    touch(tmp_path, name)
    assert found(current=f"{tmp_path}/{name}").format == expected


def test_the_identity_follows_what_is_there(tmp_path: Path) -> None:
    touch(tmp_path, "a.csv", "b.csv")
    place = f"{tmp_path}/*.csv"
    first = found(current=place)
    assert found(current=place).identity == first.identity
    os.utime(tmp_path / "a.csv", (1, 1))
    second = found(current=place)
    touch(tmp_path, "c.csv")
    assert len({first.identity, second.identity, found(current=place).identity}) == 3
    assert (second.size, len(second.files), second.modified) == (2, 2, (tmp_path / "b.csv").stat().st_mtime)


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, *[f"{number}.csv" for number in range(8)])
    monkeypatch.setattr("mlvitals.core.files.MAX_FILES", 7)
    with pytest.raises(UpstreamError, match="more than 7 files") as caught:
        found(current=str(tmp_path))
    assert caught.value.reason == "limit"
    monkeypatch.setattr("mlvitals.core.files.MAX_ENTRIES", 7)
    with pytest.raises(UpstreamError, match="more than 7 files and folders"):
        found(current=f"{tmp_path}/1*")


def test_a_link_that_leads_back(tmp_path: Path) -> None:
    touch(tmp_path, "data/a.csv")
    (tmp_path / "data/again").symlink_to(tmp_path / "data")
    with pytest.raises(UpstreamError) as caught:
        found(current=f"{tmp_path}/data")
    assert caught.value.reason == "limit"


def test_what_is_no_file_is_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "a.csv")
    os.mkfifo(tmp_path / "b.csv")
    (tmp_path / "c.csv").symlink_to(tmp_path / "gone")
    assert names(root=tmp_path, current=str(tmp_path)) == ["a.csv"]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("gs://bucket/x", "expected a local path, or a URL"),
        ("hdfs://nn:8020/x", "expected a local path, or a URL"),
        ("webhdfs://user:secret@nn1/x", "credentials do not belong"),
        ("s3://key:secret@bucket/x", "credentials do not belong"),
        ("s3://bucket/x?secret_key=abc", "without a query"),
        ("s3:///x", "s3://BUCKET/KEY"),
        ("s3://buck*/x", "one bucket"),
        ("webhdfs://nn1:port/x", "NAMENODE:PORT"),
        ("webhdfs://nn1,,nn2/x", "NAMENODE:PORT"),
        ("file://host/x", "file:///"),
        ("/data/**/x.csv", r"no \*\*"),
    ],
)
def test_locations_that_cannot_be(place: str, expected: str) -> None:
    for dataset in ({"current": place}, {"reference": {"path": place}}):
        with pytest.raises(ValidationError, match=expected) as caught:
            settings(**dataset)
        assert "secret@" not in str(caught.value)
