"""Objectives by pattern: which one counts."""

from __future__ import annotations

from mlvitals.core.objectives import ByPattern


def test_the_first_pattern_that_matches_wins_and_case_counts() -> None:
    within = ByPattern([(("a-*",), 1), (("a-b",), 2), (("*",), None), (("[ab]?",), 3)])
    assert {name: within.of(name) for name in ("a-", "a-b", "A-b", "bx", "cx", "")} == {
        "a-": 1,
        "a-b": 1,
        "A-b": None,
        "bx": 3,
        "cx": None,
        "": None,
    }


def test_what_no_entry_is_about_has_the_default() -> None:
    within = ByPattern([(("a",), 1)], default=9)
    assert (within.of("a"), within.of("b")) == (1, 9)


def test_every_part_of_a_name_has_to_match_its_own_pattern() -> None:
    within = ByPattern([(("churn", "*"), 1)])
    assert within.of("churn", "champion") == 1
    assert within.of("churn@x", "champion") is None
