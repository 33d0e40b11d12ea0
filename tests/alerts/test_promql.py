"""The check of queries finds what it is for."""

from __future__ import annotations

import pytest

from mlvitals.core import metrics
from tests.support import promql

KNOWN = promql.known(metrics, extra=[("target:mlvitals_target_up:sum", ["target"])])


@pytest.mark.parametrize(
    "query",
    [
        "mlvitals_target_up == 0 unless ignoring (target) mlvitals_exporter_up == 0",
        'sum without (reason) (mlvitals_target_failure{reason=~"auth|connect",instance!="x"})',
        'avg_over_time(mlvitals_target_up{target="a"}[5m:1m] offset 1h)',
        "target:mlvitals_target_up:sum * on (exporter) group_left (version) mlvitals_build_info",
        'absent(up{exporter_type!=""}) or vector(1)',
    ],
)
def test_a_sound_query_has_no_problem(query: str) -> None:
    assert promql.problems(query, KNOWN) == []


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("mlvitals_target_upp", "mlvitals_target_upp is not declared"),
        ("rate(mlvitals_target_gone[5m])", "mlvitals_target_gone is not declared"),
        ('mlvitals_target_up{targt="a"}', "mlvitals_target_up has no label 'targt'"),
        ('mlvitals_target_failure{reason="auht"}', 'mlvitals_target_failure never has reason="auht"'),
        ('mlvitals_target_failure{reason=~"auht|x.*"}', 'mlvitals_target_failure never has reason=~"auht|x.*"'),
        ("sum without (targt) (mlvitals_target_up)", "no metric here has the label 'targt'"),
        ("mlvitals_target_up and ignoring (targt) up", "no metric here has the label 'targt'"),
        ("mlvitals_target_up * on (target) group_left (x) up", "no metric here has the label 'x'"),
    ],
)
def test_what_is_not_declared_is_named(query: str, problem: str) -> None:
    assert promql.problems(query, KNOWN) == [problem]


def test_what_does_not_parse_is_named() -> None:
    (problem,) = promql.problems("sum(", KNOWN)
    assert problem.startswith("does not parse: ")


@pytest.mark.parametrize(
    ("query", "drops"),
    [
        ("sum without (target) (mlvitals_target_up)", False),
        ("up and ignoring (target) up", False),
        ("max_over_time(up[5m])", False),
        ("up and on (exporter) up unless on (exporter) up", False),
        ("sum(up)", True),
        ("sum by (exporter) (up)", True),
        ("1 - (up * on (exporter) up)", True),
    ],
)
def test_a_query_that_drops_configured_labels_is_told(query: str, drops: bool) -> None:
    assert promql.aggregates_by(query) is drops


def test_metrics_of_a_query() -> None:
    assert promql.metric_names("sum(rate(a[5m])) / on () b > bool 3") == {"a", "b"}
