"""The fault table: every installed exporter type meets every fault in a real process, and gets well again."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from mlvitals import registry
from tests.faults.watch import KEPT, Seen, Watch, faults, reasons, upstream_only, values, watch
from tests.support.faults import REASONS, Subject, subject
from tests.support.replay import FAULTS

MEMORY = 400
"""MiB that all faults together may add: two collectors each for a gigabyte and for a bomb, 64 MiB at most for each."""


@functools.cache
def watched(type_name: str) -> Watch:
    with tempfile.TemporaryDirectory() as folder:
        return watch(type_name, subject(type_name), Path(folder))


def _subjects() -> dict[str, Subject]:
    found = {}
    for name in registry.type_names():
        try:
            found[name] = subject(name)
        except LookupError:
            continue  # test_every_type_says_how_it_meets_faults fails for it
    return found


SUBJECTS = _subjects()
TYPES = pytest.mark.parametrize("name", SUBJECTS)
EACH = pytest.mark.parametrize(
    ("name", "fault"), [(name, fault) for name, each in SUBJECTS.items() for fault in ("down", *faults(each))]
)
FAILING = pytest.mark.parametrize(
    ("name", "fault"), [(name, fault) for name, each in SUBJECTS.items() for fault in reasons(each)]
)


def seen(name: str, fault: str) -> Seen:
    return watched(name).seen[fault]


@pytest.mark.parametrize("name", registry.type_names())
def test_every_type_says_how_it_meets_faults(name: str) -> None:
    assert subject(name).shows


def test_every_fault_has_a_reason() -> None:
    assert REASONS.keys() == FAULTS.keys() - {"empty object"}


@TYPES
def test_the_page_stays_up(name: str) -> None:
    assert not watched(name).errors, watched(name).log


@FAILING
def test_the_reason_is_right(name: str, fault: str) -> None:
    assert seen(name, fault).reasons() == dict.fromkeys(watched(name).targets, reasons(SUBJECTS[name])[fault])


@FAILING
def test_a_failure_is_told_by_number_and_not_by_silence(name: str, fault: str) -> None:
    page = seen(name, fault).ill
    assert values(page, "mlvitals_target_up") == {
        frozenset({("target", target)}): 0.0 for target in watched(name).targets
    }
    assert list(values(page, "mlvitals_exporter_up").values()) == [0.0]
    assert len(values(page, "mlvitals_target_last_success_timestamp_seconds")) == len(watched(name).targets)


@EACH
def test_nothing_stale_is_shown_as_fresh(name: str, fault: str) -> None:
    assert not seen(name, fault).stale
    if fault in reasons(SUBJECTS[name]):
        assert not upstream_only(seen(name, fault).ill)


@EACH
def test_it_recovers_as_if_nothing_had_been(name: str, fault: str) -> None:
    assert upstream_only(seen(name, fault).recovered) == upstream_only(watched(name).untouched)
    assert not values(seen(name, fault).recovered, "mlvitals_target_failure")


@TYPES
def test_what_an_empty_object_means(name: str) -> None:
    empty = SUBJECTS[name].empty
    page = seen(name, "empty object").ill
    if isinstance(empty, Mapping):
        assert {metric: next(iter(values(page, metric).values()), None) for metric in empty} == empty
        assert all(values(page, "mlvitals_target_up").values())


@TYPES
def test_what_is_no_number_is_left_out_and_counted(name: str) -> None:
    page = seen(name, "nan").ill
    metric, reason = SUBJECTS[name].nan_counted
    counted = values(page, "mlvitals_exporter_series_dropped")
    assert counted[frozenset({("metric", metric), ("reason", reason)})] >= 1
    assert all(values(page, "mlvitals_target_up").values())
    assert all(value == value for value in page.values())
    missing = upstream_only(watched(name).untouched).keys() - page.keys()
    assert {sample for sample, _ in missing} == {metric}


@TYPES
def test_a_clock_ahead_is_taken_as_it_is(name: str) -> None:
    page = seen(name, "clock ahead").ill
    assert all(values(page, "mlvitals_target_up").values())
    assert page.keys() >= watched(name).untouched.keys()


@TYPES
def test_others_are_untouched(name: str) -> None:
    assert not watched(name).touched
    assert watched(name).reads.keys() == watched(name).targets
    # Those of a minute, at 2 s each: what is not read again would stay as it was, too.
    assert min(watched(name).reads.values()) > 2
    assert not any(values(watched(name).untouched, "mlvitals_exporter_collection_errors_total").values())


@TYPES
def test_memory_is_bounded(name: str) -> None:
    assert watched(name).peak - watched(name).before < MEMORY
    assert watched(name).after - watched(name).before < KEPT


@TYPES
def test_only_changes_are_logged(name: str) -> None:
    log = watched(name).log
    assert "Traceback" not in log
    assert log.count("target failed") <= 2 * len(reasons(SUBJECTS[name])) * len(watched(name).targets)
