"""Widgets are left out of any JSON, however it is cut into pieces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from mlvitals.evidently.workspace.sieve import without_widgets

KEYS = st.sampled_from(["widget", "widgets", "tests_widgets", "a", "", "widgets\\", '"widgets":['])
TEXTS = st.text('[]{}":\\,ws', max_size=8) | st.sampled_from(['"widgets": [', "\\", '\\"', "widgets"])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | TEXTS, inner, max_size=3),
    max_leaves=20,
)


def pieces(text: bytes, size: int) -> Iterator[bytes]:
    return (text[at : at + size] for at in range(0, len(text), size))


def sifted(text: bytes, size: int) -> bytes:
    return b"".join(without_widgets(pieces(text, size)))


def expected(value: Any) -> Any:
    if isinstance(value, list):
        return [expected(each) for each in value]
    if not isinstance(value, dict):
        return value
    left_out = ("widget", "widgets", "tests_widgets")
    return {
        key: None if key in left_out and isinstance(each, list | dict) else expected(each)
        for key, each in value.items()
    }


@given(ANY_JSON, st.integers(1, 70), st.sampled_from([None, 1]))
@example({"widgets": ["\\"], "a": {"widget": {"b": '"]'}}, "tests_widgets": "]"}, 1, None)
@example({"a": "\\", "widgets": [[], {}]}, 3, 1)
def test_nothing_but_widgets_is_left_out(value: Any, size: int, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False).encode()
    assert json.loads(sifted(text, size)) == expected(value)


@given(ANY_JSON, st.integers(0, 200), st.integers(1, 70))
def test_what_was_cut_short_is_no_json(value: Any, at: int, size: int) -> None:
    text = json.dumps({"a": 0, "b": value, "widgets": [value], "c": [value]}).encode()
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|Invalid"):
        json.loads(sifted(text[: min(at, len(text) - 1)], size))


@given(st.binary(max_size=200), st.integers(1, 70))
def test_any_bytes_are_taken(text: bytes, size: int) -> None:
    assert len(sifted(text, size)) <= 2 * len(text) + 40


def test_nan_stays() -> None:
    assert sifted(b'{"value": NaN, "widget": [NaN, {"x": -Infinity}], "b": 1}', 7).rstrip() == (
        b'{"value": NaN, "widget": null, "b": 1}'
    )
