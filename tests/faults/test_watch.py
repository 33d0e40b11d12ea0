"""The witness of the fault table sees each way in which another exporter can be touched."""

from __future__ import annotations

import pytest

from tests.faults.watch import FRESH, Witness
from tests.support.vitals import Samples

NOW = 1_000_000.0


def page(age: float = 1.0, *, up: float = 1.0, models: float = 7.0, failure: bool = False) -> Samples:
    """Of two targets, of which `runs` may be touched."""

    def key(metric: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
        return metric, frozenset(labels.items())

    said = {
        key("mlvitals_target_up", target="server"): 1.0,
        key("mlvitals_target_up", target="runs"): up,
        key("mlvitals_target_last_success_timestamp_seconds", target="server"): NOW - 1,
        key("mlvitals_target_last_success_timestamp_seconds", target="runs"): NOW - age,
        key("mlvitals_exporter_collection_duration_seconds", collector="server"): age,
        key("models"): models,
    }
    return {**said, key("mlvitals_target_failure", target="runs", reason="http"): 1.0} if failure else said


def test_what_is_read_again_and_again_is_untouched() -> None:
    witness = Witness(page(age=3))
    for age in (2, 2, 1):
        witness.look(page(age), NOW)
    assert not witness.touched
    assert witness.reads == {"server": 0, "runs": 2}


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (page(up=0.0), "mlvitals_target_up{'target': 'runs'} was 1.0, is 0.0"),
        (page(failure=True), "mlvitals_target_failure"),
        (page(FRESH + 1), f"runs: last read {FRESH + 1} s ago"),
        (page(2), "runs: last success went back"),
        (page(models=6.0), "models{} was 7.0, is 6.0"),
    ],
)
def test_one_target_that_is_touched_is_seen(seen: Samples, said: str) -> None:
    witness = Witness(page())
    witness.look(seen, NOW)
    witness.look(page(), NOW)
    assert [each for each in witness.touched if each.startswith(said)]
    assert not [each for each in witness.touched if "server" in each]
