"""Recorded answers of a real Airflow 2 and a real Airflow 3, through the collectors, are the expected pages."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from mlvitals.airflow import EXPORTER, metrics
from mlvitals.airflow.config import AirflowSettings
from mlvitals.core.collector import Deadline, Snapshot
from mlvitals.core.metric import declared
from tests.support.exposition import text
from tests.support.replay import Replay, recorded

HERE = Path(__file__).parent
RESPONSES = HERE / "responses"
APIS = ("v1", "v2")


def configured(url: str, **changes: object) -> AirflowSettings:
    """A configuration under which every metric has a sample."""
    return AirflowSettings.model_validate(
        {
            "name": "airflow",
            "type": "airflow",
            "url": url,
            "conf_keys": ["model_name", "rows", "note"],
            "tasks": {"include": ["succeeds", "retries", "waits"]},
            "objectives": [
                {"dag": "long*", "success_within": "7d", "duration_within": "20h"},
                {"dag": "*", "start_within": "10m"},
                {"asset": "s3://world/*", "updated_within": "26h"},
            ],
            **changes,
        }
    )


@cache
def _snapshots(api: str) -> tuple[Snapshot, ...]:
    found = []
    with Replay(recorded(RESPONSES / api)) as server:
        for collector in EXPORTER.build(configured(server.url)):
            for result in collector.collect(Deadline(60)):
                assert isinstance(result, Snapshot), result
                found.append(result)
            collector.close()
    return tuple(found)


@pytest.mark.parametrize("api", APIS)
def test_recorded_answers_give_the_expected_page(api: str, refresh: bool) -> None:
    page = "".join(text(snapshot.families) for snapshot in _snapshots(api))
    expected = HERE / f"expected-{api}.prom"
    if refresh:
        expected.write_text(page, encoding="utf-8")
    assert page == expected.read_text(encoding="utf-8")


def test_every_declared_metric_is_emitted_and_no_other() -> None:
    families = [family for api in APIS for snapshot in _snapshots(api) for family in snapshot.families]
    emitted = {family.metric for family in families if family.samples}
    assert emitted == set(declared(metrics)) == set(EXPORTER.metrics)


@pytest.mark.parametrize("api", APIS)
def test_nothing_was_left_out(api: str) -> None:
    assert not any(snapshot.dropped for snapshot in _snapshots(api))
