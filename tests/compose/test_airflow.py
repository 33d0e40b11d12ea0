"""Calls of a server that starts: what it cannot answer yet is asked again, what it refuses is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from compose.airflow import AIRFLOW_2, Airflow
from compose.processes import Server
from tests.support.replay import Answer, Replay, Request


def _airflow(url: str) -> Airflow:
    server = Server("none", [], Path(), lambda: True, {})
    return Airflow(AIRFLOW_2, url, ("admin", "pw"), ("viewer", "pw"), "", Path(), {}, server, server, server, server)


def test_a_call_that_the_server_could_not_answer_is_made_again() -> None:
    answers = [Answer(500), Answer(503), Answer(200, b"{}")]
    with Replay(lambda _: answers.pop(0)) as replay:
        answer = _airflow(replay.url).call("POST", "/dags/one/dagRuns", {"conf": {}})
    assert answer == {}
    assert [request.json for request in replay.requests] == [{"conf": {}}] * 3


def test_a_call_that_is_refused_is_not_made_again() -> None:
    def refused(_: Request) -> Answer:
        return Answer(403)

    with Replay(refused) as replay, pytest.raises(requests.HTTPError, match="403"):
        _airflow(replay.url).call("POST", "/dags/one/dagRuns", {"conf": {}})
    assert len(replay.requests) == 1
