"""The samples of one collection."""

from __future__ import annotations

import pytest

from mlvitals.core.metric import gauge
from mlvitals.core.report import Report

THINGS = gauge("report_things", "things", "thing")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), pytest.param(10**400, id="huge")])
def test_what_is_no_finite_number_is_counted_and_not_shown(value: float) -> None:
    report = Report()
    report.add(THINGS, value, thing="a")
    report.add(THINGS, None, thing="b")
    report.add(THINGS, 3, thing="c")
    report.drop(THINGS, {"limit": 2, "too_long": 0})
    snapshot = report.snapshot("target")
    assert [dict(family.samples) for family in snapshot.families] == [{("c",): 3.0}]
    assert snapshot.dropped == {(THINGS, "not_finite"): 1, (THINGS, "limit"): 2}
