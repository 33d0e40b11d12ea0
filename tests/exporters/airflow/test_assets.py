"""Assets and their last events."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mlvitals.airflow.rest import assets
from mlvitals.airflow.rest.source import RestSource
from mlvitals.core.collector import Deadline
from tests.exporters.airflow.fake import NOW, FakeAirflow
from tests.exporters.airflow.reading import rest_source
from tests.support.replay import Replay


@pytest.fixture(params=["v1", "v2"])
def airflow(request: pytest.FixtureRequest) -> FakeAirflow:
    return FakeAirflow(request.param)


@pytest.fixture
def server(airflow: FakeAirflow) -> Iterator[Replay]:
    with Replay(airflow) as replay:
        yield replay


@pytest.fixture
def source(server: Replay) -> Iterator[RestSource]:
    with rest_source(server.url) as made:
        yield made


def read(source: RestSource) -> dict[str, float | None]:
    """URI -> last event."""
    return {asset.uri: asset.last_event for asset in source.assets(Deadline(30))}


def test_the_last_event_of_each(airflow: FakeAirflow, source: RestSource) -> None:
    for number, uri in enumerate(("s3://b", "s3://a", "s3://never")):
        airflow.asset(number, uri)
    airflow.event(0, NOW - 500)
    airflow.event(1, NOW - 90)
    airflow.event(1, NOW - 100)
    assert list(read(source).items()) == [("s3://a", NOW - 90), ("s3://b", NOW - 500), ("s3://never", None)]
    airflow.event(0, NOW - 10)
    airflow.event(2, NOW - 20)
    assert read(source) == {"s3://a": NOW - 90, "s3://b": NOW - 10, "s3://never": NOW - 20}
    del airflow.assets[0]
    assert read(source) == {"s3://a": NOW - 90, "s3://never": NOW - 20}


def test_a_warm_collection_of_airflow_2_reads_new_events_only() -> None:
    airflow = FakeAirflow("v1")
    for number in range(50):
        airflow.asset(number, f"s3://{number:02}")
        airflow.event(number, NOW - 100_000 - number)
    airflow.asset(99, "s3://never")
    with Replay(airflow) as server, rest_source(server.url) as source:
        first = read(source)
        assert len(first) == 51
        server.requests.clear()
        airflow.event(7, NOW)
        assert read(source) == {**first, "s3://07": NOW}
        assert len(server.requests) == 2, "data sets, events"


def test_what_old_events_hide_is_asked_for_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "MAX_EVENTS", 5)
    airflow = FakeAirflow("v1")
    for number in range(3):
        airflow.asset(number, f"s3://{number}")
        airflow.event(number, NOW - 100_000 - number)
    for number in range(9):
        airflow.event(0, NOW - 5000 - number)
    with Replay(airflow) as server, rest_source(server.url) as source:
        assert read(source) == {"s3://0": NOW - 5000, "s3://1": NOW - 100_001, "s3://2": NOW - 100_002}
        # More than is read at once comes between two collections.
        airflow.event(1, NOW - 1000)
        for number in range(9):
            airflow.event(2, NOW - number)
        assert read(source) == {"s3://0": NOW - 5000, "s3://1": NOW - 1000, "s3://2": NOW}


def test_an_event_of_an_unknown_data_set_is_left_out() -> None:
    airflow = FakeAirflow("v1")
    airflow.event(1, NOW)
    with Replay(airflow) as server, rest_source(server.url) as source:
        assert read(source) == {}


def test_an_event_of_a_clock_that_is_ahead_hides_no_other(airflow: FakeAirflow, source: RestSource) -> None:
    airflow.asset(0, "s3://ahead")
    airflow.asset(1, "s3://right")
    airflow.event(0, NOW + 3600)
    airflow.event(1, NOW - 600)
    assert read(source) == {"s3://ahead": NOW + 3600, "s3://right": NOW - 600}
    airflow.now += 30
    airflow.event(1, airflow.now)
    assert read(source) == {"s3://ahead": NOW + 3600, "s3://right": NOW + 30}


def test_an_event_of_a_clock_that_is_behind_is_found_in_time(
    airflow: FakeAirflow, server: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "MAX_EVENTS", 3)
    for number in range(3):
        airflow.asset(number, f"s3://{number}")
        for age in range(3):
            airflow.event(number, NOW - 9000 - number - age)
    airflow.event(1, NOW)
    with rest_source(server.url, baseline_interval="1ms") as source:
        assert read(source) == {"s3://0": NOW - 9000, "s3://1": NOW, "s3://2": NOW - 9002}
        airflow.event(2, NOW - 600)
        server.requests.clear()
        assert read(source) == {"s3://0": NOW - 9000, "s3://1": NOW, "s3://2": NOW - 600}
        assert not any("dataset_id" in request.query for request in server.requests), "what is known stays"
