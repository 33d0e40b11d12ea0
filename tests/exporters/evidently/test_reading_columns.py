"""Names of columns as they are read, what patterns find among them, and text in which there are none."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from mlvitals.core.collector import UpstreamError
from mlvitals.evidently import formats
from mlvitals.evidently.engine import unreadable
from tests.exporters.evidently.sides import both, parquet, taken


def test_a_column_without_a_name_gets_one(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(",x\n2026-01-01,1\n2026-01-02,2\n")
    (tmp_path / "r.jsonl").write_text('{"": "2026-01-01", "x": 1}\n')
    parquet(tmp_path / "p.parquet", {"": [1, 2], "x": [3, 4]})
    sample = taken(current=str(tmp_path / "c.csv"), time_column="(unnamed)")
    assert sample.table.column_names == ["(unnamed)", "x"]
    assert sample.about.newest == 1767312000
    assert taken(current=str(tmp_path / "r.jsonl")).table.column_names == ["(unnamed)", "x"]
    assert taken(current=str(tmp_path / "p.parquet"), row_limit=10).table["(unnamed)"].to_pylist() == [1, 2]
    without = taken(current=str(tmp_path / "p.parquet"), columns={"exclude": ["(unnamed)"]})
    assert without.table.column_names == ["x"]


@pytest.mark.parametrize("header", [",x,", ",x,(unnamed)"])
def test_two_columns_without_a_name_are_two_of_one_name(tmp_path: Path, header: str) -> None:
    (tmp_path / "c.csv").write_text(f"{header}\n1,2,3\n")
    table = taken(current=str(tmp_path / "c.csv")).table
    assert table["x"].to_pylist() == [2]
    assert {field.name for field in table.schema if unreadable(field)} == {"(unnamed)"}


@pytest.mark.parametrize("header", ["a;b;c", "a\tb", "a|b"])
def test_a_file_of_csv_without_commas_is_none(tmp_path: Path, header: str) -> None:
    (tmp_path / "c.csv").write_text(f"{header}\n{header}\n")
    with pytest.raises(UpstreamError, match=re.escape(f"c.csv: its only column has {header[1]!r} in its name")) as told:
        taken(current=str(tmp_path / "c.csv"))
    assert "expected commas" in str(told.value)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["c.csv", "c.csv.gz", "c.jsonl"])
def test_utf_16_is_called_by_its_name(tmp_path: Path, encoding: str, name: str) -> None:
    text = '\ufeff{"a": 1}\n' if "jsonl" in name else "\ufeffa,b\n1,2\n"
    data = text.encode(encoding)
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    with pytest.raises(UpstreamError, match="it is UTF-16: expected UTF-8"):
        taken(current=str(tmp_path / name))


def test_what_each_pattern_of_columns_matches(tmp_path: Path) -> None:
    parquet(tmp_path / "r.parquet", {name: [1] for name in ("amount", "gone", "id", "z")})
    parquet(tmp_path / "c.parquet", {name: [1] for name in ("amount", "amount_net", "id", "z")})
    sides = both(
        reference=str(tmp_path / "r.parquet"),
        current=str(tmp_path / "c.parquet"),
        max_columns=3,
        columns={"exclude": ["id", "idd"]},
        categorical=["amount", "id"],
        categories=["*", "z"],
        drift={"columns": [{"column": "amount*", "threshold": 0.3}, {"column": "amuont", "threshold": 0.3}]},
        tests=[
            {"test": "TestColumnShareOfMissingValues", "column": "gone", "lte": 0.7},
            {"test": "TestColumnShareOfMissingValues", "column": "Amount", "lte": 0.7},
            {"test": "TestColumnQuantile", "column": "gone", "lte": 0.7},
            {"test": "TestHighlyCorrelatedColumns", "critical": False},
        ],
    )
    assert sides["current"].matches == sides["reference"].matches
    assert [(each.key, each.pattern, each.columns) for each in sides["current"].matches] == [
        ("columns.exclude", "id", 1),
        ("columns.exclude", "idd", 0),
        # Left out by `columns`, and so is what is beyond max_columns.
        ("categorical", "amount", 1),
        ("categorical", "id", 0),
        ("categories", "z", 0),
        ("drift.columns", "amount*", 2),
        ("drift.columns", "amuont", 0),
        ("tests", "gone", 1),
        ("tests", "Amount", 0),
    ]


def test_a_column_that_is_excluded_and_comes_late_was_matched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "BLOCK", 997)
    lines = [json.dumps({"a": row}) for row in range(200)] + [json.dumps({"a": 1, "late": 1})]
    (tmp_path / "c.jsonl").write_text("\n".join(lines))
    sample = taken(current=str(tmp_path / "c.jsonl"), columns={"exclude": ["late"]})
    assert [each.columns for each in sample.matches] == [1]


def test_nothing_is_said_of_patterns_while_no_column_is_known(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("")
    assert taken(current=str(tmp_path / "c.csv"), categories=["a"]).matches == ()
