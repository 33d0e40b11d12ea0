"""One column that cannot be read has a reason, whatever the format; the others are read and scored as without it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlvitals.core.collector import UpstreamError
from mlvitals.evidently.engine import unreadable
from mlvitals.evidently.reading import Sample
from tests.exporters.evidently.sides import parquet, taken
from tests.support.datasets import column, score

ROWS = 40
NUMBERS = list(range(ROWS))
TEXTS = [b"caf\xe9" if row == 7 else b"tea" for row in range(ROWS)]
NOT_UTF8 = pa.array(TEXTS, pa.binary()).view(pa.string())


def whys(sample: Sample) -> dict[str, str]:
    """Column -> why it cannot be read."""
    return {field.name: why for field in sample.table.schema if (why := unreadable(field))}


def bad(sample: Sample, name: str, why: str) -> None:
    """All is read but this column."""
    (told,) = [whys(sample)]
    assert list(told) == [name]
    assert why in told[name]
    assert sample.table["good"].to_pylist() == NUMBERS
    assert sample.about.rows == ROWS


def write(table: pa.Table, path: Path) -> Path:
    """In the format of the ending."""
    if path.name.endswith(".parquet"):
        pq.write_table(table, path)
    elif path.name.endswith(".csv"):
        rows = zip(*(column.cast(pa.binary()).to_pylist() for column in map(_text, table.columns)), strict=True)
        head = ",".join(table.column_names).encode()
        path.write_bytes(b"\n".join([head, *(b",".join(row) for row in rows)]))
    elif path.name.endswith(".jsonl"):
        rows = zip(table["good"].to_pylist(), TEXTS, strict=True)
        path.write_bytes(b"\n".join(b'{"good": %d, "text": "%b"}' % row for row in rows))
    else:
        with pa.ipc.new_file(str(path), table.schema) as writer:
            writer.write_table(table)
    return path


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column if pa.types.is_string(column.type) else column.cast(pa.string())


@pytest.mark.parametrize("name", ["x.parquet", "x.csv", "x.arrow"])
def test_two_columns_of_one_name(tmp_path: Path, name: str) -> None:
    twice = pa.Table.from_arrays([pa.array(NUMBERS)] * 3, names=["a", "good", "a"])
    sample = taken(current=str(write(twice, tmp_path / name)))
    bad(sample, "a", f"{name}: two columns have this name")


@pytest.mark.parametrize("name", ["x.parquet", "x.csv", "x.arrow", "x.jsonl"])
def test_text_that_is_not_utf8(tmp_path: Path, name: str) -> None:
    table = pa.table({"good": NUMBERS, "text": NOT_UTF8})
    sample = taken(current=str(write(table, tmp_path / name)))
    bad(sample, "text", f"{name}: it holds what is not UTF-8")


def test_another_type_from_file_to_file(tmp_path: Path) -> None:
    parquet(tmp_path / "1.parquet", {"good": NUMBERS[:9], "b": [1] * 9})
    parquet(tmp_path / "2.parquet", {"good": NUMBERS[9:20], "b": ["two"] * 11})
    parquet(tmp_path / "3.parquet", {"good": NUMBERS[20:], "b": [3] * 20})
    bad(taken(current=str(tmp_path)), "b", "2.parquet: it is string here and int64 before")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ('"two"', "it changed from number to string"),
        ("[2]", "it changed from number to array"),
        ('1, "b": 2', "it was specified twice"),
    ],
)
def test_another_type_from_line_to_line_of_json(tmp_path: Path, value: str, why: str) -> None:
    lines = [f'{{"good": {row}, "b": {value if row == 20 else 1}, "é": "\\ud83d\\ude00"}}' for row in NUMBERS]
    (tmp_path / "x.jsonl").write_text("\n\n".join(lines))
    sample = taken(current=str(tmp_path / "x.jsonl"))
    bad(sample, "b", f"x.jsonl: {why}")
    assert set(sample.table["é"].to_pylist()) == {"😀"}


def test_several_columns_of_json_change_their_types(tmp_path: Path) -> None:
    lines = [{"good": row, "b": row if row % 2 else "x", "c": [row] if row % 3 else row} for row in NUMBERS]
    (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert set(whys(taken(current=str(tmp_path / "x.jsonl")))) == {"b", "c"}


def test_nothing_is_left_when_no_column_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,a\n1,2\n")
    with pytest.raises(UpstreamError, match=r"x\.csv: two columns have this name") as caught:
        taken(current=str(tmp_path / "x.csv"))
    assert caught.value.reason == "parse"


def test_a_time_column_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    parquet(tmp_path / "1.parquet", {"good": [1], "t": ["2026-01-01"]})
    parquet(tmp_path / "2.parquet", {"good": [2], "t": [1]})
    with pytest.raises(UpstreamError, match=r"time_column 't': .*2\.parquet: it is int64 here and string before"):
        taken(current=str(tmp_path), time_column="t")
    assert list(whys(taken("reference", reference=str(tmp_path), time_column="t"))) == ["t"]


def test_a_column_that_nobody_asks_for_does_no_harm(tmp_path: Path) -> None:
    twice = pa.Table.from_arrays([pa.array(NUMBERS)] * 3, names=["a", "good", "a"])
    sample = taken(current=str(write(twice, tmp_path / "x.csv")), columns={"include": ["good"]})
    assert (sample.table.column_names, whys(sample)) == (["good"], {})


def test_the_others_have_their_scores(tmp_path: Path) -> None:
    sides: list[Any] = []
    for side, text in (("reference", pa.array(["tea"] * ROWS)), ("current", NOT_UTF8)):
        table = pa.table({"good": NUMBERS, "text": text})
        sides.append(taken(current=str(write(table, tmp_path / f"{side}.parquet"))).table)
    results = score(*sides)
    text, good = column(results, "text"), column(results, "good")
    assert (text.drift, text.reason, text.changes) == (None, "unreadable", ())
    assert "UTF-8" in text.message
    assert good == column(score(*(side.select(["good"]) for side in sides)), "good")
    assert results.overview["current"].columns == 2
