"""Objectives by pattern: which one counts, and what each matches."""

from __future__ import annotations

from mlvitals.core.metric import gauge
from mlvitals.core.objectives import ByPattern
from mlvitals.core.report import Report


def test_the_first_pattern_that_matches_wins_and_case_counts() -> None:
    within = ByPattern("within", [(("a-*",), 1), (("a-b",), 2), (("*",), None), (("[ab]?",), 3)])
    assert {name: within.of(name) for name in ("a-", "a-b", "A-b", "bx", "cx", "")} == {
        "a-": 1,
        "a-b": 1,
        "A-b": None,
        "bx": 3,
        "cx": None,
        "": None,
    }


def test_what_no_entry_is_about_has_the_default() -> None:
    within = ByPattern("within", [(("a",), 1)], default=9)
    assert (within.of("a"), within.of("b")) == (1, 9)


def test_every_part_of_a_name_has_to_match_its_own_pattern() -> None:
    within = ByPattern("within", [(("churn", "*"), 1)])
    assert within.of("churn", "champion") == 1
    assert within.of("churn@x", "champion") is None


MATCHES = gauge("x_objective_matches", "Names that match", "pattern", objective=("within",))


def counted(within: ByPattern[int], names: list[tuple[str, ...]]) -> dict[str, float]:
    """Pattern -> how many names it matches."""
    report = Report()
    within.count(names, MATCHES, report)
    (family,) = report.snapshot("x").families
    return {pattern: value for (pattern, _), value in family.samples.items()}


def test_each_pattern_counts_all_that_it_matches_also_what_another_decides() -> None:
    within = ByPattern("within", [(("a*",), 1), (("*",), 2), (("none",), 3), (("a*",), 4), (("unset",), None)])
    assert counted(within, [("a",), ("ab",), ("b",)]) == {"a*": 2, "*": 3, "none": 0}
    assert counted(within, []) == {"a*": 0, "*": 0, "none": 0}


def test_the_patterns_of_a_name_with_parts_are_shown_with_an_at_sign() -> None:
    within = ByPattern("within", [(("churn*", "champ*"), 1)])
    assert counted(within, [("churn-eu", "champion"), ("churn-us", "challenger"), ("fraud", "champion")]) == {
        "churn*@champ*": 1
    }
