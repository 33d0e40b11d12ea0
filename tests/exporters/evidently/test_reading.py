"""What is read of files: every format, schemas that differ, samples, times, and files that are not what they seem."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from mlvitals.core.collector import UpstreamError
from mlvitals.evidently import formats
from tests.exporters.evidently.sides import both, parquet, taken

ROWS = 3000
COLUMNS: Mapping[str, Any] = {
    "id": list(range(ROWS)),
    "price": [None if row % 11 == 0 else row / 4 for row in range(ROWS)],
    "country": [["de", "fr", None][row % 3] for row in range(ROWS)],
    "seen": [datetime(2026, 1, 1) + timedelta(minutes=row) for row in range(ROWS)],
}
TABLE = pa.table(dict(COLUMNS)).set_column(3, "seen", pa.array(COLUMNS["seen"], pa.timestamp("us")))


def as_parquet(path: Path) -> None:
    pq.write_table(TABLE, path, row_group_size=137, write_page_checksum=True)


def as_csv(path: Path) -> None:
    text = pa.BufferOutputStream()
    pacsv.write_csv(TABLE, text)
    plain = text.getvalue().to_pybytes()
    path.write_bytes(gzip.compress(plain) if path.name.endswith(".gz") else plain)


def as_jsonl(path: Path) -> None:
    lines = (json.dumps({key: value for key, value in row.items() if value is not None}, default=str) for row in ROW)
    plain = "\n".join(lines).encode()
    path.write_bytes(gzip.compress(plain) if path.name.endswith(".gz") else plain)


def as_arrow(path: Path) -> None:
    opened = pa.ipc.new_file if path.name.endswith(".arrow") else pa.ipc.new_stream
    with opened(str(path), TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=501)


ROW = TABLE.to_pylist()
WRITERS: Mapping[str, Callable[[Path], None]] = {
    "x.parquet": as_parquet,
    "x.csv": as_csv,
    "x.csv.gz": as_csv,
    "x.jsonl": as_jsonl,
    "x.jsonl.gz": as_jsonl,
    "x.arrow": as_arrow,
    "x.arrows": as_arrow,
}


@pytest.fixture(params=WRITERS)
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The table in a format."""
    path = tmp_path / str(request.param)
    WRITERS[path.name](path)
    return path


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "BLOCK", 997)
    monkeypatch.setattr(formats, "BATCH", 101)


def test_the_whole_file(file: Path) -> None:
    sample = taken(current=str(file), time_column="seen")
    assert sample.table.select(TABLE.column_names).cast(TABLE.schema).to_pylist() == ROW
    assert sample.table.num_columns == 4
    assert (sample.about.rows, sample.about.rows_read, sample.about.files) == (ROWS, ROWS, 1)
    assert (sample.about.size, sample.about.location) == (file.stat().st_size, str(file))
    newest = COLUMNS["seen"][-1].replace(tzinfo=UTC).timestamp()
    assert sample.about.newest == newest
    assert sample.about.modified == file.stat().st_mtime


def test_a_sample_is_the_same_in_every_format(file: Path, tmp_path: Path, small_blocks: None) -> None:
    as_parquet(tmp_path / "same.parquet")
    limits: dict[str, Any] = {"row_limit": 250, "seed": 7, "time_column": "seen"}
    expected = taken(current=str(tmp_path / "same.parquet"), **limits)
    sample = taken(current=str(file), **limits)
    assert sample.table["id"].to_pylist() == expected.table["id"].to_pylist()
    assert (sample.about.rows, sample.about.rows_read, sample.about.newest) == (ROWS, 250, expected.about.newest)
    other = taken(current=str(file), row_limit=250, seed=8).table["id"].to_pylist()
    assert other != expected.table["id"].to_pylist()


def test_only_the_columns_that_match(file: Path) -> None:
    one = taken(current=str(file), columns={"include": ["price"]})
    assert (one.table.column_names, one.table.num_rows, one.about.rows) == (["price"], ROWS, ROWS)
    more = taken(
        current=str(file),
        columns={"include": ["price"]},
        time_column="seen",
        predictions=[{"target": "id", "prediction": "guess", "kind": "regression"}],
    )
    assert set(more.table.column_names) == {"id", "price", "seen"}
    none = taken(current=str(file), columns={"include": ["other"]}, row_limit=100)
    assert (none.table.num_columns, none.about.rows, none.about.rows_read) == (0, ROWS, 100)


def test_columns_are_limited_over_both_sides(tmp_path: Path) -> None:
    parquet(tmp_path / "r.parquet", {name: [1] for name in "abcde"})
    parquet(tmp_path / "c.parquet", {name: [1] for name in "bcdef"})
    sides = both(reference=str(tmp_path / "r.parquet"), current=str(tmp_path / "c.parquet"), max_columns=3)
    assert sides["reference"].table.column_names == ["a", "b", "c"]
    # Not d too: it would look like a new one.
    assert sides["current"].table.column_names == ["b", "c"]
    assert sides["current"].dropped == sides["reference"].dropped == 3


def test_columns_of_later_lines_of_json_are_limited_too(tmp_path: Path, small_blocks: None) -> None:
    lines = [json.dumps({"b": row, "c": row}) for row in range(200)] + [json.dumps({"a": 1, "d": 1})]
    (tmp_path / "c.jsonl").write_text("\n".join(lines))
    sample = taken(current=str(tmp_path / "c.jsonl"), max_columns=2)
    assert sorted(sample.table.column_names) == ["a", "b"]
    assert (sample.dropped, sample.about.rows) == (2, 201)


def test_files_whose_schemas_differ(tmp_path: Path) -> None:
    parquet(tmp_path / "1.parquet", {"a": pa.array([1], pa.int8()), "b": ["x"]})
    parquet(tmp_path / "2.parquet", {"a": pa.array([2.5]), "c": [Decimal("1.50")]})
    parquet(tmp_path / "3.parquet", {"a": pa.nulls(1), "c": [Decimal("12345678901.1")]})
    table = taken(current=str(tmp_path)).table
    assert table["a"].type == pa.float64()
    assert table.to_pydict() == {
        "a": [1.0, 2.5, None],
        "b": ["x", None, None],
        "c": [None, Decimal("1.50"), Decimal("12345678901.10")],
    }


def test_types_that_have_nothing_in_common(tmp_path: Path) -> None:
    parquet(tmp_path / "1.parquet", {"a": [1], "b": [1]})
    parquet(tmp_path / "2.parquet", {"a": [2], "b": ["two"]})
    with pytest.raises(UpstreamError, match=r"2\.parquet: the column 'b' is string here and int64 before") as caught:
        taken(current=str(tmp_path))
    assert caught.value.reason == "parse"
    # Where nobody asks for the column, it does no harm.
    assert taken(current=str(tmp_path), columns={"include": ["a"]}).table["a"].to_pylist() == [1, 2]


def test_the_type_of_text_is_that_of_all_values(tmp_path: Path, small_blocks: None) -> None:
    rows = [f"{row},{row},{row},true,2026-01-01,2026-01-01T00:00:00Z,007,,{row}" for row in range(500)]
    rows.append("501, 1.5 ,n/a,false,,2026-01-02T00:00:00+01:00,8,,x")
    (tmp_path / "x.csv").write_text("i,f,n,b,d,t,z,e,s\n" + "\n".join(rows))
    # A sample without the last row has the same types.
    table = taken(current=str(tmp_path / "x.csv"), row_limit=10).table
    times = pa.timestamp("us", "UTC")
    expected = [
        pa.int64(),
        pa.float64(),
        pa.int64(),
        pa.bool_(),
        pa.date32(),
        times,
        pa.int64(),
        pa.null(),
        pa.string(),
    ]
    assert table.schema.types == expected


def test_text_in_csv(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes('\ufeffa,"b, c"\n"two\nlines","say ""hi"""\n NA ,\u00e9\nNA,""\n'.encode())
    table = taken(current=str(tmp_path / "x.csv")).table
    assert table.to_pydict() == {"a": ["two\nlines", " NA ", None], "b, c": ['say "hi"', "é", None]}


def test_empty_files_of_text_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "0.csv").write_bytes(b"")
    (tmp_path / "1.csv").write_text("a,b\n")
    (tmp_path / "2.csv").write_text("a,b\n1,2")
    sample = taken(current=str(tmp_path))
    assert (sample.table.to_pydict(), sample.about.files) == ({"a": [1], "b": [2]}, 3)
    nothing = taken(current=str(tmp_path / "1.csv"))
    assert (nothing.table.column_names, nothing.about.rows) == ([], 0)


def test_lines_of_json_that_differ(tmp_path: Path, small_blocks: None) -> None:
    lines: list[Mapping[str, Any]] = [{"o": {"x": [1]}}]
    lines += [{"a": row, "s": "2026-01-01", "t": f"2026-01-{row % 28 + 1:02}"} for row in range(99)]
    lines += [{"a": 1.5, "s": "later", "o": {"x": "y"}}, {"a": None, "o": None}, {"o": {"z": 1}}]
    (tmp_path / "x.jsonl").write_text("\n\n".join(map(json.dumps, lines)) + "\n")
    table = taken(current=str(tmp_path / "x.jsonl")).table
    kinds = {field.name: field.type for field in table.schema}
    assert kinds == {"a": pa.float64(), "s": pa.string(), "t": pa.date32(), "o": pa.struct([])}
    assert table["s"].to_pylist()[-4:] == ["2026-01-01", "later", None, None]
    assert table["o"].is_valid().to_pylist()[-4:] == [False, True, False, True]


def test_a_line_that_is_too_long(tmp_path: Path, small_blocks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "MAX_LINE", 5000)
    (tmp_path / "x.jsonl").write_text(json.dumps({"a": "x" * 10_000}))
    with pytest.raises(UpstreamError, match="a line is longer"):
        taken(current=str(tmp_path / "x.jsonl"))


def test_nested_values_and_dictionaries(tmp_path: Path) -> None:
    columns = {
        "list": pa.array([[1, 2], None, []]),
        "struct": pa.array([{"a": 1}, {"a": None}, None]),
        "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
        "category": pa.array(["x", None, "x"]).dictionary_encode(),
    }
    table = taken(current=str(parquet(tmp_path / "x.parquet", columns))).table
    assert [pa.types.is_nested(kind) for kind in table.schema.types] == [True, True, True, False]
    assert table["struct"].null_count == table["list"].null_count == 1
    assert table["category"].to_pylist() == ["x", None, "x"]


def test_very_many_columns_and_a_very_long_name(tmp_path: Path) -> None:
    columns = {f"column-{index}": [index] for index in range(10_000)} | {"x" * 100_000: [0], "a.b": [1], "a": [2]}
    path = parquet(tmp_path / "x.parquet", columns)
    sample = taken(current=str(path), max_columns=3)
    assert sample.table.to_pydict() == {"column-0": [0], "a.b": [1], "a": [2]}
    assert sample.dropped == 10_000
    (tmp_path / "x.csv").write_text(",".join(columns) + "\n" + ",".join("1" for _ in columns))
    assert taken(current=str(tmp_path / "x.csv"), max_columns=3).dropped == 10_000


@pytest.mark.parametrize("name", ["x.parquet", "x.csv", "x.arrow"])
def test_two_columns_of_one_name(tmp_path: Path, name: str) -> None:
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    path = tmp_path / name
    if name.endswith(".parquet"):
        pq.write_table(twice, path)
    elif name.endswith(".csv"):
        path.write_text("a,a\n1,2\n")
    else:
        with pa.ipc.new_file(str(path), twice.schema) as writer:
            writer.write_table(twice)
    with pytest.raises(UpstreamError, match=f"{name}: two columns have the same name"):
        taken(current=str(path))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([datetime(2026, 1, 1), None], pa.timestamp("ns")), 1767225600.0),
        (pa.array([datetime(2026, 1, 1, tzinfo=UTC)], pa.timestamp("s", "Europe/Berlin")), 1767225600.0),
        (pa.array([date(2026, 1, 1)], pa.date32()), 1767225600.0),
        (pa.array([date(2026, 1, 1)], pa.date64()), 1767225600.0),
        (pa.array([1767225600, 0]), 1767225600.0),
        (pa.array([1767225600500]), 1767225600.5),
        (pa.array([1767225600500000]), 1767225600.5),
        (pa.array([1767225600500000000]), 1767225600.5),
        (pa.array([1767225600.5, float("nan"), float("inf")]), 1767225600.5),
        (pa.array([Decimal("1767225600.5")]), 1767225600.5),
        (pa.array(["2026-01-01", "2025-12-31 23:59:59"]), 1767225600.0),
        (pa.array(["2026-01-01T01:00:00+01:00"]), 1767225600.0),
        (pa.array(["1767225600"]), 1767225600.0),
        # What says `never` does not make old data new.
        (pa.array([datetime(2026, 1, 1), datetime(9999, 12, 31)], pa.timestamp("ms")), 1767225600.0),
        (pa.array([datetime(9999, 12, 31)], pa.timestamp("ms")), None),
        (pa.nulls(2), None),
    ],
)
def test_the_newest_time(tmp_path: Path, values: pa.Array, expected: float | None) -> None:
    path = parquet(tmp_path / "x.parquet", {"t": values})
    sample = taken(current=str(path), time_column="t") if expected else taken("reference", reference=str(path))
    assert sample.about.newest == expected


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"t": ["soon"]}, "time_column 't': its text is not in ISO 8601"),
        ({"t": [True]}, "time_column 't': a column of bool holds no times"),
        ({"t": pa.nulls(1)}, "time_column 't' has no time that is past"),
        ({"other": [1]}, "time_column 't' has no time that is past"),
    ],
)
def test_a_time_column_that_tells_no_time(tmp_path: Path, columns: Mapping[str, Any], expected: str) -> None:
    path = str(parquet(tmp_path / "x.parquet", columns))
    with pytest.raises(UpstreamError, match=expected) as caught:
        taken(current=path, time_column="t")
    assert caught.value.reason == "parse"
    # A reference need not have one.
    assert taken("reference", reference=path, time_column="t").about.newest is None


def test_the_newest_time_is_that_of_all_rows(tmp_path: Path) -> None:
    times = np.arange(10_000) + 1_767_225_600
    path = parquet(tmp_path / "x.parquet", {"t": times, "x": times}, row_group_size=50)
    sample = taken(current=str(path), time_column="t", row_limit=10)
    assert (sample.about.newest, sample.table.num_rows) == (float(times[-1]), 10)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def noise(path: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(5000))


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for at in range(len(data) // 3, len(data), max(1, len(data) // 40)):
        data[at] ^= 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [cut, noise, flipped])
def test_a_damaged_file_is_named(file: Path, damage: Callable[[Path], None]) -> None:
    damage(file)
    if damage is cut and file.name in ("x.csv", "x.arrows", "x.jsonl"):
        # The format has no end; what is cut within a line or a message is found.
        data = file.read_bytes()
        file.write_bytes(data[: data.rindex(b",") - 3] if file.name == "x.csv" else data)
    with pytest.raises(UpstreamError, match=file.name) as caught:
        taken(current=str(file))
    assert caught.value.reason == "parse"


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow", "x.arrows"])
def test_an_empty_file_of_bytes_is_damaged(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(UpstreamError, match=name):
        taken(current=str(tmp_path / name))


def test_a_footer_that_says_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "MAX_ROWS", ROWS - 1)
    with pytest.raises(UpstreamError, match=rf"x\.parquet: its footer says that it has {ROWS} rows"):
        taken(current=str(parquet(tmp_path / "x.parquet", COLUMNS)))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("x.csv", b"a,b\n1,2\nhidden-value\n", "Expected 2 columns, got 1"),
        ("x.csv", b"a,b\n1,hidden-value\xff\n", "invalid UTF8"),
        ("x.jsonl", b'{"a": 1}\n{"a": "hidden-value"}\n', "the column 'a' changes from number to string"),
        ("x.jsonl", b'{"a": 1}\n{"a": hidden-value}\n', "it is not jsonl, or cut short"),
        ("x.csv.gz", b"hidden-value", "it is not csv, or cut short"),
    ],
)
def test_no_message_shows_what_is_in_a_file(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UpstreamError, match=f"{name}: .*{expected}") as caught:
        taken(current=str(tmp_path / name))
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("change", [lambda path: path.write_bytes(b"x"), lambda path: path.unlink(), cut])
def test_a_file_that_changes_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object]
) -> None:
    path = parquet(tmp_path / "x.parquet", COLUMNS, row_group_size=100)
    real = formats.Parquet.batches

    def batches(*args: Any) -> Any:
        found = real(*args)
        yield next(found)
        change(path)
        yield from found

    monkeypatch.setattr(formats.Parquet, "batches", batches)
    with pytest.raises(UpstreamError, match=r"x\.parquet changed while it was read") as caught:
        taken(current=str(path))
    assert caught.value.reason == "parse"
