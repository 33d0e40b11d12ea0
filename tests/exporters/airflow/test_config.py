"""The configuration of the Airflow exporter, which objectives count, and what is taken of a run's conf."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from pydantic import ValidationError

from mlvitals.airflow.config import AirflowSettings
from mlvitals.airflow.facts import chosen_conf, due
from mlvitals.airflow.objectives import Objectives
from mlvitals.core.selection import MAX_LABEL
from tests.exporters.airflow.reading import settings
from tests.exporters.airflow.test_client import ANY_JSON


def expected(*objectives: dict[str, Any]) -> Objectives:
    """What these entries of `objectives:` expect."""
    return Objectives(settings("http://h", objectives=objectives))


def test_the_first_objective_that_speaks_of_a_key_wins() -> None:
    of = expected(
        {"dag": "train-*", "success_within": "26h"},
        {"dag": "train-eu", "success_within": "1h", "duration_within": "2h"},
        {"dag": "*", "duration_within": "1d", "start_within": "10m"},
        {"asset": "s3://*", "updated_within": "1h"},
        {"asset": "*", "updated_within": "1d"},
    )
    assert of.success_within.of("train-eu") == 26 * 3600
    assert of.duration_within.of("train-eu") == 2 * 3600
    assert of.duration_within.of("train-us") == 86_400
    assert of.start_within.of("train-us") == 600
    assert of.success_within.of("Train-us") is None
    assert of.updated_within.of("s3://a") == 3600
    assert of.updated_within.of("file:///a") == 86_400


def test_without_objectives_nothing_is_expected() -> None:
    assert expected().success_within.of("a") is None
    assert expected().updated_within.of("a") is None


@pytest.mark.parametrize("key", [key for key in AirflowSettings.model_fields if key.startswith("max_")])
def test_limits_are_at_least_one(key: str) -> None:
    least = 0 if key == "max_xcom_calls" else 1
    assert settings("http://h", **{key: least})
    with pytest.raises(ValidationError):
        settings("http://h", **{key: least - 1})


def test_by_default_no_task_is_shown_one_by_one() -> None:
    made = settings("http://h")
    assert made.dags.matches("any")
    assert not made.tasks.matches("any")
    assert (made.window, made.baseline_interval) == (86_400, 3600)


def test_http_settings_carry_every_option() -> None:
    made = settings("http://h/", auth={"token": "tok"}, proxy_url="http://p:1", tls_config={"server_name": "x"})
    http = made.http("http://h")
    assert (http.url, http.auth, http.proxy_url, http.tls_config.server_name) == (
        "http://h",
        made.auth,
        "http://p:1",
        "x",
    )


# conf


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("fraud", "fraud"),
        (3, "3"),
        (1.5, "1.5"),
        (True, "true"),
        (False, "false"),
        ("", None),
        (None, None),
        (["a"], None),
        ({"a": 1}, None),
        ("x" * 5000, "x" * (MAX_LABEL + 1)),
    ],
)
def test_single_values_of_a_conf_are_taken_as_text(value: object, text: str | None) -> None:
    assert chosen_conf({"key": value, "other": "never"}, ["key", "missing"]) == ({} if text is None else {"key": text})


@pytest.mark.parametrize("conf", [None, [], "text", 3, {}])
def test_a_conf_that_holds_nothing(conf: object) -> None:
    assert chosen_conf(conf, ["key"]) == {}


@given(conf=ANY_JSON, keys=st.lists(st.text(max_size=5), max_size=3))
def test_any_conf_is_taken(conf: object, keys: list[str]) -> None:
    assert all(text and len(text) <= MAX_LABEL + 1 for text in chosen_conf(conf, keys).values())


@pytest.mark.parametrize(
    ("interval_end", "date", "expected"),
    [(200.0, 100.0, 200.0), (100.0, 150.0, 150.0), (None, 100.0, 100.0), (200.0, None, 200.0), (None, None, 0.0)],
)
def test_when_a_run_of_airflow_2_is_due(interval_end: float | None, date: float | None, expected: float) -> None:
    assert due(interval_end, date) == expected
