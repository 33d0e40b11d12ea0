"""Whatever the data: nothing is raised, a column that cannot be scored has a reason, and the others their scores."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlvitals.evidently.plan import NUMERIC_METHODS, Method
from mlvitals.evidently.results import Results
from tests.support.datasets import churn, column, score

ODD_NAMES = [
    "",
    "index",
    "target",
    "prediction",
    "column",
    "timestamp",
    "id",
    "a b",
    "ключ",
    "{x}",
    '"',
    "\n",
    "x" * 300,
]
INVALID = pa.Array.from_buffers(
    pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")]
)


def reasons(results: Results) -> dict[str, str | None]:
    """By column."""
    return {column.name: column.reason for column in results.columns}


def test_a_poisoned_column_leaves_the_others_as_they_are() -> None:
    reference, current = churn(1), churn(2)
    clean = score(reference, current)
    poison = pa.array(["text"] * 499 + [None]), pa.array([[number] for number in range(500)])
    results = score(reference.append_column("poison", poison[0]), current.append_column("poison", poison[1]))
    assert column(results, "poison").reason == "type"
    assert [each for each in results.columns if each.name != "poison"] == list(clean.columns)


def test_what_evidently_fails_on_is_the_columns_own_trouble() -> None:
    results = score(
        churn(1).append_column("huge", pa.array([1e308, -1e308] * 250)),
        churn(2).append_column("huge", pa.array([-1e308, 1e308] * 250)),
    )
    huge = column(results, "huge")
    assert huge.reason == "error"
    assert "Evidently" in huge.message
    assert results.scored == 4


@pytest.mark.parametrize(
    ("reference", "current", "reason", "changes"),
    [
        ([1.5, 2.5], None, "missing", ("missing",)),
        (None, [1.5, 2.5], "missing", ("new",)),
        ([1.5, 2.5], ["1.5", "2.5"], "type", ("type_changed",)),
        ([True, False], ["a", "b"], "type", ("type_changed",)),
        ([1.5, 2.5], [datetime.date(2026, 1, 1)] * 2, "type", ("type_changed",)),
        ([1.5, 2.5], [[1.5], [2.5]], "type", ("type_changed",)),
        ([1, 2], [1.5, None], "too_few", ()),
        ([1.5, 2.5], [None, None], "all_null", ("all_null",)),
        ([1.5, 2.5], [math.nan, math.nan], "all_null", ("all_null",)),
        ([None, None], [1.5, 2.5], "all_null", ()),
        ([None, None], ["a", "b"], "all_null", ()),
        ([1.5, 2.5], [math.inf, -math.inf], "all_null", ()),
        ([1.5, 2.5], [], "all_null", ()),
        ([], [1.5, 2.5], "all_null", ()),
        ([[1], [2]], [[1], [2]], "unsupported", ()),
        ([{"a": 1}] * 2, [{"a": 2}] * 2, "unsupported", ()),
        ([b"1", b"2"], [b"1", b"2"], "unsupported", ()),
    ],
)
def test_reasons_and_changes(
    reference: list[object] | None, current: list[object] | None, reason: str, changes: tuple[str, ...]
) -> None:
    tables = [pa.table({} if side is None else {"x": side}) for side in (reference, current)]
    found = column(score(*tables), "x")
    assert (found.drift, found.reason, found.changes) == (None, reason, changes)
    assert found.message


def test_integers_that_became_floats_for_a_null_are_no_other_type() -> None:
    found = column(score(pa.table({"x": [1, 2, 3]}), pa.table({"x": pa.array([1.0, None, 3.0])})), "x")
    assert found.changes == ()
    assert found.drift is not None


def test_any_name_is_a_name() -> None:
    tables = [pa.table({name: churn(seed).column("age") for name in ODD_NAMES}) for seed in (1, 2)]
    results = score(*tables)
    assert [each.name for each in results.columns] == sorted(ODD_NAMES)
    assert len({each.drift.score for each in results.columns if each.drift}) == 1
    assert results.scored == len(ODD_NAMES)


def test_a_name_that_is_there_twice_is_an_error_of_that_name() -> None:
    twice = pa.Table.from_arrays([pa.array([1.5, 2.5]), pa.array([1, 2]), pa.array([1, 2])], ["a", "b", "b"])
    results = score(twice, twice)
    assert reasons(results) == {"a": None, "b": "error"}
    assert results.overview["current"].columns == 3


def test_bytes_that_are_no_text_do_not_stop_anything() -> None:
    table = pa.table({"bad": INVALID, "good": ["a", "b"]})
    results = score(table, table, categories=["*"])
    assert reasons(results)["good"] is None
    assert results.overview["current"].rows == 2


@pytest.mark.parametrize("rows", [0, 1])
def test_tables_of_hardly_anything(rows: int) -> None:
    results = score(churn(1).slice(0, rows), churn(2).slice(0, rows))
    assert results.scored == 0
    assert {each.reason for each in results.columns} == {"all_null" if rows == 0 else "too_few"}
    assert results.overview["current"].rows == rows


def test_tables_without_a_common_column() -> None:
    results = score(pa.table({"a": [1.5, 2.5]}), pa.table({"b": [1.5, 2.5]}))
    assert results.drifted_ratio is None
    assert {test.status for test in results.tests if test.test == "TestShareOfDriftedColumns"} == {"error"}


def test_only_matching_columns_are_looked_at_and_only_so_many() -> None:
    results = score(churn(1), churn(2), columns={"exclude": ["plan"]}, max_columns=2)
    assert [each.name for each in results.columns] == ["active", "age"]
    assert results.dropped_columns == 1
    assert results.overview["current"].columns == 3


def test_text_is_not_scored() -> None:
    words = pa.table({"x": [f"comment {number}" for number in range(1500)]})
    found = column(score(words, words), "x")
    assert (found.kind, found.reason) == ("text", "unsupported")
    assert found.statistics["current"].distinct == 1500


def test_more_categories_than_evidently_can_stand_are_not_scored() -> None:
    few, many = pa.table({"x": ["a", "b"] * 6000}), pa.table({"x": [str(number) for number in range(12_000)]})
    found = column(score(few, many), "x")
    assert (found.kind, found.reason) == ("categorical", "too_many")
    assert "12002 categories" in found.message


def test_a_single_category_is_too_few_for_chi_square_only() -> None:
    table = pa.table({"x": ["a"] * 10})
    assert column(score(table, table, drift={"categorical": "chisquare"}), "x").reason == "too_few"
    assert column(score(table, table, drift={"categorical": "psi"}), "x").reason is None


def test_dictionaries_are_what_they_hold() -> None:
    plain = [churn(seed).select(["plan"]) for seed in (1, 2)]
    encoded = [pa.table({"plan": table.column("plan").dictionary_encode()}) for table in plain]
    assert score(*plain) == score(*encoded) == score(plain[0], encoded[1])


VALUES: dict[str, st.SearchStrategy[object]] = {
    "float": st.floats(),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "small": st.integers(0, 3),
    "string": st.text(max_size=3),
    "boolean": st.booleans(),
    "time": st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2250, 1, 1)),
    "date": st.dates(),
    "decimal": st.decimals(-1000, 1000, places=2),
    "list": st.lists(st.integers(0, 1), max_size=2),
    "nothing": st.none(),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """A table of up to four columns, some of them missing, each with its own kind of values."""
    rows = draw(st.integers(0, 12))
    names = draw(st.lists(st.sampled_from(["a", "b", "c", ""]), unique=True))
    columns = {}
    for name in names:
        value = st.none() | VALUES[draw(st.sampled_from(sorted(VALUES)))]
        columns[name] = pa.array(draw(st.lists(value, min_size=rows, max_size=rows)))
    return pa.table(columns)


def ratios(told: object) -> Iterator[float]:
    """Every number whose name says that it is a share; `ratio` alone is of a threshold."""
    for key, value in told.items() if isinstance(told, dict) else ():
        if isinstance(value, float) and (key.endswith("_ratio") or key == "p_value"):
            yield value
    for value in told.values() if isinstance(told, dict) else told if isinstance(told, list) else ():
        yield from ratios(value)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(reference=tables(), current=tables(), numeric=st.sampled_from(NUMERIC_METHODS))
def test_any_small_tables(reference: pa.Table, current: pa.Table, numeric: Method) -> None:
    results = score(
        reference,
        current,
        drift={"numeric": numeric, "categorical": "psi" if numeric == "psi" else "chisquare"},
        predictions=[{"target": "a", "prediction": "b", "kind": kind} for kind in ("regression", "classification")],
        categories=["*"],
    )
    told = json.loads(results.model_dump_json())
    assert Results.model_validate(told) == results
    assert [share for share in ratios(told) if not 0 <= share <= 1] == []
    for each in results.columns:
        assert (each.drift is None) == (each.reason is not None)
        if each.bins:
            assert all(sum(shares) == pytest.approx(1) for shares in each.bins.shares.values())
