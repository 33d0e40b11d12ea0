from __future__ import annotations

import pytest

from mlvitals.core.metric import Kind, Metric, counter, gauge, info


@pytest.mark.parametrize(
    ("name", "kind", "labels", "problem"),
    [
        ("Upper", Kind.GAUGE, (), "lower case"),
        ("a:b", Kind.GAUGE, (), "lower case"),
        ("things_total", Kind.GAUGE, (), "does not end in"),
        ("things", Kind.COUNTER, (), "ends in _total"),
        ("things", Kind.INFO, (), "ends in _info"),
        ("things_count", Kind.GAUGE, (), "does not end in"),
        ("things", Kind.GAUGE, ("exporter",), "reserved"),
        ("things", Kind.GAUGE, ("quantile",), "reserved"),
        ("things", Kind.GAUGE, ("a", "a"), "twice"),
    ],
)
def test_a_declaration_that_breaks_a_rule_is_refused(
    name: str, kind: Kind, labels: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        Metric(name, "help", labels, kind)


def test_help_is_required() -> None:
    with pytest.raises(ValueError, match="help"):
        gauge("things", " ")


@pytest.mark.parametrize("labels", [{}, {"a": "1", "b": "2"}, {"b": "1"}])
def test_wrong_labels_are_an_error(labels: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="takes the labels"):
        gauge("things", "help", "a").family().add(1, **labels)


def test_a_value_outside_a_closed_label_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"state=on\|off"):
        gauge("things", "help", state=("on", "off")).family().add(1, state="maybe")


def test_two_samples_with_the_same_labels_are_an_error() -> None:
    family = gauge("things", "help", "a").family()
    family.add(1, a="x")
    with pytest.raises(ValueError, match="two samples"):
        family.add(2, a="x")


def test_a_state_set_has_one_series_for_each_state() -> None:
    family = gauge("role", "help", "host", state=("active", "standby")).family()
    family.add_states("state", "standby", host="a")
    assert family.samples == {("a", "active"): 0.0, ("a", "standby"): 1.0}


def test_units_come_from_the_name() -> None:
    assert gauge("a_seconds", "help").unit == "seconds"
    assert counter("a_bytes_total", "help").unit == "bytes"
    assert info("a_info", "help").unit == ""


def test_exposition_names_follow_the_kind() -> None:
    family = counter("reads_total", "help", "a").family()
    family.add(3, a="x")
    shown = family.exposition()
    assert (shown.name, shown.type) == ("reads", "counter")
    assert [(sample.name, sample.labels, sample.value) for sample in shown.samples] == [
        ("reads_total", {"a": "x"}, 3.0)
    ]
