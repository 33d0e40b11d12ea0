"""The configuration of the Airflow exporter, which objectives count, and what is taken of a run's conf."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from pydantic import ValidationError

from mlvitals.airflow.config import AirflowSettings, Objective
from mlvitals.airflow.facts import chosen_conf, due
from mlvitals.airflow.objectives import Objectives
from mlvitals.core.selection import MAX_LABEL
from tests.exporters.airflow.reading import settings
from tests.exporters.airflow.test_client import ANY_JSON


def _objective(**keys: Any) -> Objective:
    return Objective.model_validate(keys)


def test_the_first_objective_that_speaks_of_a_key_wins() -> None:
    objectives = Objectives(
        [
            _objective(dag="train-*", success_within="26h"),
            _objective(dag="train-eu", success_within="1h", duration_within="2h"),
            _objective(dag="*", duration_within="1d", start_within="10m"),
            _objective(asset="s3://*", updated_within="1h"),
            _objective(asset="*", updated_within="1d"),
        ]
    )
    assert objectives.of_dag("train-eu", "success_within") == 26 * 3600
    assert objectives.of_dag("train-eu", "duration_within") == 2 * 3600
    assert objectives.of_dag("train-us", "duration_within") == 86_400
    assert objectives.of_dag("train-us", "start_within") == 600
    assert objectives.of_dag("Train-us", "success_within") is None
    assert objectives.of_asset("s3://a") == 3600
    assert objectives.of_asset("file:///a") == 86_400


def test_without_objectives_nothing_is_expected() -> None:
    assert Objectives([]).of_dag("a", "success_within") is None
    assert Objectives([]).of_asset("a") is None


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
