"""Airflow's REST API: which version it is, who calls, paging, and what its errors mean."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import hypothesis.strategies as st
import pytest
from hypothesis import given
from pydantic import TypeAdapter, ValidationError

from mlvitals.airflow.rest import answers, client
from mlvitals.airflow.rest.client import RestClient
from mlvitals.core.collector import Deadline, UpstreamError
from tests.exporters.airflow.fake import FakeAirflow
from tests.exporters.airflow.reading import rest_client
from tests.support.replay import Answer, Replay, Request, always, json_answer

Api = Literal["v1", "v2"]
APIS: tuple[Api, ...] = ("v1", "v2")
ANN = {"username": "ann", "password": "a-good-password"}


@pytest.fixture(params=APIS)
def airflow(request: pytest.FixtureRequest) -> FakeAirflow:
    return FakeAirflow(request.param)


@pytest.fixture
def server(airflow: FakeAirflow) -> Iterator[Replay]:
    with Replay(airflow) as replay:
        yield replay


def dags(reader: RestClient, deadline: Deadline | None = None) -> list[str]:
    """The ids of all DAGs."""
    deadline = deadline or Deadline(10)
    shape: TypeAdapter[Any] = answers.DAGS_V1 if reader.api(deadline) == "v1" else answers.DAGS_V2
    found = reader.list("dags", shape, lambda dag: dag.dag_id, deadline, {"order_by": "dag_id"})
    return [dag.dag_id for dag in found]


def failure(url: str, **changes: object) -> UpstreamError:
    """How listing the DAGs fails."""
    with rest_client(url, **changes) as reader, pytest.raises(UpstreamError) as caught:
        dags(reader)
    return caught.value


# Which API


@pytest.mark.parametrize("below", ["", "/", "/api/{api}", "/api/{api}/"])
def test_the_api_is_found_by_itself(airflow: FakeAirflow, server: Replay, below: str) -> None:
    with rest_client(server.url + below.format(api=airflow.api)) as reader:
        assert reader.version(Deadline(10)) == airflow.version
        assert reader.api(Deadline(10)) == airflow.api
        assert dags(reader) == []
    assert not any("Authorization" in request.headers for request in server.requests)


def test_a_path_prefix_is_kept(airflow: FakeAirflow, server: Replay) -> None:
    server.respond = lambda request: airflow(Request(**{**vars(request), "path": request.path.removeprefix("/x")}))
    with rest_client(server.url + "/x") as reader:
        assert reader.version(Deadline(10)) == airflow.version
    assert all(request.path.startswith("/x/api/") for request in server.requests)


def test_a_url_of_the_other_api_is_explained(airflow: FakeAirflow, server: Replay) -> None:
    other = {"v1": "v2", "v2": "v1"}[airflow.api]
    error = failure(f"{server.url}/api/{other}")
    words = {
        "v1": "this is Airflow 2 (2.11.2): its API is /api/v1, but url says /api/v2",
        "v2": "this is Airflow 3 (3.3.2): its API is /api/v2, but url says /api/v1",
    }
    assert str(error) == f"{words[airflow.api]}; set url to {server.url}, and the API is found by itself"
    assert error.reason == "http"


def test_nothing_of_airflow_below_the_url(server: Replay) -> None:
    error = failure(server.url + "/elsewhere")
    assert str(error) == f"there is no Airflow REST API below {server.url}/elsewhere: check url and its path"
    assert error.reason == "http"


def test_an_upgrade_is_noticed() -> None:
    old, new = FakeAirflow("v1"), FakeAirflow("v2")
    new.dag("new")
    with Replay(old) as server, rest_client(server.url) as reader:
        assert dags(reader) == []
        server.respond = new
        with pytest.raises(UpstreamError, match="404"):
            dags(reader)
        assert dags(reader) == ["new"]
        server.respond = old
        assert reader.version(Deadline(10)) == old.version
        assert reader.api(Deadline(10)) == "v1"


@pytest.mark.parametrize(
    ("version", "newer"),
    [("3.3.2", True), ("3.10.0", True), ("4.0", True), ("3.2.9", False), ("3", False), ("x", False)],
)
def test_which_releases_are_newer(version: str, newer: bool) -> None:
    airflow = FakeAirflow()
    airflow.version = version
    with Replay(airflow) as server, rest_client(server.url) as reader:
        assert reader.newer_than((3, 3), Deadline(10)) == newer


# Who calls


def test_a_password_buys_one_token_or_is_sent_as_it_is(airflow: FakeAirflow, server: Replay) -> None:
    airflow.passwords = {"ann": ANN["password"]}
    with rest_client(server.url, auth=ANN) as reader:
        for _ in range(3):
            assert dags(reader) == []
    logins = [request for request in server.requests if request.path == "/auth/token"]
    assert len(logins) == {"v1": 0, "v2": 1}[airflow.api]
    proofs = {request.headers.get("Authorization") for request in server.requests if request.path.endswith("/dags")}
    assert proofs == {"v1": {"Basic YW5uOmEtZ29vZC1wYXNzd29yZA=="}, "v2": {"Bearer token-0001"}}[airflow.api]


def test_a_given_token_is_sent(airflow: FakeAirflow, server: Replay) -> None:
    with rest_client(server.url, auth={"token": "given-token"}) as reader:
        assert dags(reader) == []
    assert {request.headers.get("Authorization") for request in server.requests} == {"Bearer given-token"}


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_bought_anew_once(status: int) -> None:
    airflow = FakeAirflow()
    airflow.passwords = {"ann": ANN["password"]}
    with Replay(airflow) as server, rest_client(server.url, auth=ANN) as reader:
        dags(reader)
        airflow.tokens.clear()
        server.requests.clear()
        dags(reader)
        asked = [request.path.rpartition("/")[2] for request in server.requests]
        assert asked == ["dags", "token", "dags"]
        server.requests.clear()
        # Now every token is refused: a new one is asked for once in a collection.
        server.respond = lambda request: airflow(request) if "token" in request.path else Answer(status, b"{}")
        for _ in range(2):
            deadline = Deadline(10)
            for _ in range(3):
                with pytest.raises(UpstreamError):
                    dags(reader, deadline)
        assert [request.path for request in server.requests].count("/auth/token") == 2


def test_a_wrong_password_is_tried_once_in_a_collection(tmp_path: Path) -> None:
    airflow = FakeAirflow()
    airflow.passwords = {"ann": ANN["password"]}
    secret = tmp_path / "password"
    secret.write_text("wrong")
    with (
        Replay(airflow) as server,
        rest_client(server.url, auth={"username": "ann", "password_file": secret}) as reader,
    ):
        for _ in range(2):
            deadline = Deadline(10)
            for _ in range(3):
                with pytest.raises(UpstreamError, match="refuses the user name or the password") as caught:
                    dags(reader, deadline)
                assert caught.value.reason == "auth"
        assert [request.path for request in server.requests].count("/auth/token") == 2
        secret.write_text(ANN["password"])
        assert dags(reader) == []


FORBIDDEN = json_answer({"detail": "Forbidden"}, 403)
VAGUE = json_answer({"title": "Forbidden", "detail": None, "status": 403}, 403)


@pytest.mark.parametrize(
    ("api", "auth", "answer", "reason", "words"),
    [
        ("v2", None, Answer(401, b'{"detail": "Not authenticated"}'), "auth", "asks who calls (dags: 401): set auth"),
        ("v1", None, VAGUE, "auth", "asks who calls (dags: 403): set auth"),
        ("v2", {"token": "tok-1"}, json_answer({"detail": "Invalid JWT token"}, 403), "auth", "refuses the token of"),
        ("v2", {"token": "tok-1"}, json_answer({"detail": "Token Expired"}, 401), "auth", "refuses the token of auth"),
        ("v2", {"token": "tok-1"}, FORBIDDEN, "auth", "may not read dags (403): give it the role Viewer"),
        ("v2", ANN, FORBIDDEN, "auth", "may not read dags (403): give it the role Viewer"),
        ("v1", ANN, VAGUE, "auth", "user name or password is wrong, or the user lacks the role Viewer, or Airflow's "),
        ("v1", ANN, VAGUE, "auth", "[api] auth_backends lacks airflow.api.auth.backend.basic_auth"),
        ("v1", {"token": "tok-1"}, VAGUE, "auth", "the token is wrong or has expired, or the user lacks the role"),
        ("v2", ANN, json_answer({"detail": "Ordering\nwith"}, 400), "http", "refused the request dags: Ordering?with"),
        ("v1", ANN, json_answer({"title": "No", "detail": None}, 400), "http", "refused the request dags: No"),
        ("v2", ANN, json_answer({"detail": [{"loc": 1}]}, 422), "http", "refused the request dags: [{'loc': 1}]"),
        ("v2", ANN, Answer(400, b"[]"), "http", "answered 400"),
        ("v2", ANN, Answer(400, b'{"detail": "' + b"x" * 3000 + b'"}'), "http", "refused the request dags: xxx"),
        ("v2", ANN, Answer(500, b"oh"), "http", "answered 500"),
    ],
)
def test_errors_are_explained(api: Api, auth: Any, answer: Answer, reason: str, words: str) -> None:
    airflow = FakeAirflow(api)
    airflow.passwords = {"ann": ANN["password"]}
    with Replay(lambda request: answer if request.path.endswith("/dags") else airflow(request)) as server:
        error = failure(server.url, auth=auth)
    assert words in str(error)
    assert error.reason == reason
    assert len(str(error)) < 400


def test_a_missing_permission_is_told_from_a_wrong_password_once_something_was_read() -> None:
    airflow = FakeAirflow("v1")
    airflow.passwords = {"ann": ANN["password"]}
    with Replay(airflow) as server, rest_client(server.url, auth=ANN) as reader:
        deadline = Deadline(10)
        dags(reader, deadline)
        server.respond = always(VAGUE)
        with pytest.raises(
            UpstreamError, match=re.escape("this user may not read pools (403): give it the role Viewer")
        ):
            reader.get("pools", answers.POOLS, deadline)
        # In the next collection the password may be another.
        with pytest.raises(UpstreamError, match="user name or password is wrong"):
            reader.get("pools", answers.POOLS, Deadline(10))


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [
        (Answer(404, b"<h1>"), "auth", "/auth/token gives no token for a password (404): give auth a token"),
        (Answer(405, b"{}"), "auth", "/auth/token gives no token for a password (405): give auth a token"),
        (json_answer({"access_token": 1}, 201), "parse", "/auth/token answered no token"),
        (json_answer({}, 200), "parse", "/auth/token answered no token"),
        (json_answer({"access_token": "two words"}, 201), "auth", "the bearer token is empty or has characters"),
        (json_answer({"detail": f"no, {ANN['password']}"}, 400), "http", "answered 400"),
        (Answer(raw=lambda _: iter([f"HTTP/1.1 500 {ANN['password']}\r\n\r\n".encode()])), "http", "answered 500 ***"),
    ],
)
def test_a_login_that_goes_wrong(answer: Answer, reason: str, words: str) -> None:
    airflow = FakeAirflow()
    with Replay(lambda request: answer if "token" in request.path else airflow(request)) as server:
        error = failure(server.url, auth=ANN)
    assert words in str(error)
    assert error.reason == reason
    assert ANN["password"] not in str(error)


# Paging


def test_pages_are_read_to_the_end_whatever_their_size(airflow: FakeAirflow, server: Replay) -> None:
    names = [f"d{number:03}" for number in range(250)]
    for name in names:
        airflow.dag(name)
    for limit, calls in ((100, 3), (7, 42), (1, 250)):
        airflow.maximum_page_limit = limit
        with rest_client(server.url) as reader:
            dags(reader)
            server.requests.clear()
            assert dags(reader) == names
            assert len(server.requests) == calls


def test_what_leaves_meanwhile_hides_nothing(airflow: FakeAirflow, server: Replay) -> None:
    names = [f"d{number:02}" for number in range(40)]
    for name in names:
        airflow.dag(name)
    airflow.maximum_page_limit = 10

    def respond(request: Request) -> Answer:
        answer = airflow(request)
        for _ in range(7 if len(server.requests) in (4, 6) else 0):
            del airflow.dags[min(airflow.dags)]
        return answer

    server.respond = respond
    with rest_client(server.url) as reader:
        assert dags(reader) == names
    assert min(airflow.dags) == "d14"


def test_what_comes_meanwhile_is_not_told_twice(airflow: FakeAirflow, server: Replay) -> None:
    names = [f"d{number}" for number in range(6)]
    for name in names:
        airflow.dag(name)
    airflow.maximum_page_limit = 3

    def respond(request: Request) -> Answer:
        answer = airflow(request)
        if request.path.endswith("/dags"):
            airflow.dag(f"a{len(airflow.dags)}")
        return answer

    server.respond = respond
    with rest_client(server.url) as reader:
        assert dags(reader) == names


def test_pages_in_no_order_end() -> None:
    airflow = FakeAirflow()

    asked: list[str] = []

    def respond(request: Request) -> Answer:
        asked.append(request.path)
        first = len(asked) * 100
        found = [{"dag_id": str(first + number), "is_paused": False} for number in range(100)]
        return (
            json_answer({"dags": found, "total_entries": 1000}) if request.path.endswith("dags") else airflow(request)
        )

    with Replay(respond) as server:
        error = failure(server.url)
    assert str(error) == "Airflow answers the pages of dags in no order"
    assert error.reason == "parse"
    assert len(asked) < 50


@pytest.mark.parametrize("total", [10**9, -5])
def test_pages_without_end_end(total: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_PAGES", 50)
    airflow = FakeAirflow()
    page = json_answer({"dags": [{"dag_id": "a", "is_paused": False}], "total_entries": total})
    with Replay(lambda request: page if request.path.endswith("dags") else airflow(request)) as server:
        if total < 0:
            with rest_client(server.url) as reader:
                assert dags(reader) == ["a"]
        else:
            assert failure(server.url).reason == "limit"


def test_a_page_that_is_too_large_is_asked_for_in_parts() -> None:
    airflow = FakeAirflow()
    for number in range(40):
        airflow.dag(f"d{number:02}", description="x" * (1 << 20))
    with Replay(airflow) as server, rest_client(server.url) as reader:
        assert len(dags(reader)) == 40
        limits = [request.query["limit"][0] for request in server.requests if "limit" in request.query]
    assert limits == ["100", "25", "25"]


@pytest.mark.parametrize("part", ["a/b", "a?b#c", "ü %41", "..", "manual__2026-11-23T00:26:27.898509+00:00"])
def test_any_name_stands_in_a_path(part: str) -> None:
    airflow = FakeAirflow()
    with Replay(airflow) as server, rest_client(server.url) as reader:
        reader.find(client.below("dags", part), answers.RUN_V2, Deadline(10))
        assert server.requests[-1].path.startswith("/api/v2/")
        assert not server.requests[-1].query


# Parsing

SHAPES: tuple[TypeAdapter[Any], ...] = tuple(
    shape for shape in vars(answers).values() if isinstance(shape, TypeAdapter)
)
_KEYS = (
    *("dags", "dag_runs", "task_instances", "pools", "import_errors", "assets", "datasets", "dataset_events"),
    *("total_entries", "version", "scheduler", "metadatabase", "status", "dag_id", "dag_run_id", "task_id", "state"),
    *("is_paused", "owners", "tags", "schedule_interval", "__type", "value", "days", "run_after", "logical_date"),
    *("start_date", "end_date", "queued_when", "conf", "rendered_fields", "trigger_dag_id", "uri", "last_asset_event"),
    *("timestamp", "name", "slots", "open_slots", "try_number", "map_index", "id", "filename"),
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.datetimes().map(str),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_KEYS) | st.text(), inner, max_size=6),
    max_leaves=30,
)


@pytest.mark.parametrize("shape", SHAPES)
@given(answer=ANY_JSON)
def test_any_json_is_parsed_or_refused(shape: TypeAdapter[Any], answer: object) -> None:
    try:
        shape.validate_json(json.dumps(answer))
    except ValidationError as error:
        assert error.errors()


@pytest.mark.parametrize("shape", SHAPES)
@given(body=st.binary(max_size=60))
def test_any_bytes_are_parsed_or_refused(shape: TypeAdapter[Any], body: bytes) -> None:
    try:
        shape.validate_json(body)
    except ValidationError as error:
        assert error.errors()


@pytest.mark.parametrize(
    ("text", "unix"),
    [
        ("2026-11-23T08:00:00Z", 1795420800.0),
        ("2026-11-23T08:00:00.250000+00:00", 1795420800.25),
        ("2026-11-23T09:30:00+01:30", 1795420800.0),
        ("2026-11-23T08:00:00", 1795420800.0),
        ("2026-11-23 08:00:00.5", 1795420800.5),
        ("0001-01-01T00:00:00+14:00", -62135647200.0),
        ("9999-12-31T23:59:59-14:00", 253402351199.0),
    ],
)
def test_times_with_and_without_a_zone(text: str, unix: float) -> None:
    assert TypeAdapter(answers.Time).validate_json(json.dumps(text)) == unix


@pytest.mark.parametrize("text", ['"soon"', '""', "1795420800", "true", '"2026-13-01T00:00:00Z"', '"nan"', "[]"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValidationError, match="expected a time such as"):
        TypeAdapter(answers.Time).validate_json(text)


@given(st.datetimes(timezones=st.timezones()))
def test_every_time_that_python_writes_is_read(time: Any) -> None:
    assert TypeAdapter(answers.Time).validate_json(json.dumps(time.isoformat())) == pytest.approx(time.timestamp())


@pytest.mark.parametrize(
    ("interval", "schedule", "periodic"),
    [
        (None, "None", False),
        ({"__type": "CronExpression", "value": "0 6 * * *"}, "0 6 * * *", True),
        ({"__type": "CronExpression", "value": "Dataset"}, "Dataset", False),
        ({"__type": "CronExpression", "value": "@once"}, "@once", False),
        ({"__type": "TimeDelta", "days": 1, "seconds": 90, "microseconds": 0}, "1 day, 0:01:30", True),
        ({"__type": "TimeDelta", "days": 10**12}, "TimeDelta", True),
        ({"__type": "RelativeDelta", "months": 1}, "RelativeDelta", True),
        ({}, "", True),
    ],
)
def test_the_schedules_of_airflow_2(interval: object, schedule: str, periodic: bool) -> None:
    body = {"dags": [{"dag_id": "a", "is_paused": None, "schedule_interval": interval}], "total_entries": 1}
    (dag,) = answers.DAGS_V1.validate_json(json.dumps(body)).items
    assert (dag.fact().schedule, dag.fact().periodic, dag.fact().paused) == (schedule, periodic, False)


@pytest.mark.parametrize(
    ("fields", "periodic"),
    [
        ({"timetable_summary": "0 6 * * *", "timetable_periodic": True}, True),
        ({"timetable_summary": "AfterWorkday", "timetable_periodic": False}, False),
        ({"timetable_summary": "0 6 * * *"}, True),
        ({"timetable_summary": "Asset"}, False),
        ({"timetable_summary": None}, False),
        ({}, False),
    ],
)
def test_which_dags_of_airflow_3_run_by_time(fields: dict[str, object], periodic: bool) -> None:
    body = {"dags": [{"dag_id": "a", "is_paused": False, **fields}], "total_entries": 1}
    (dag,) = answers.DAGS_V2.validate_json(json.dumps(body)).items
    assert dag.fact().periodic == periodic


@pytest.mark.parametrize(
    ("fields", "triggers"),
    [
        ({"trigger_dag_id": "child", "trigger_run_id": None}, ("child", "")),
        ({"trigger_dag_id": "child", "trigger_run_id": "mine"}, ("child", "mine")),
        ({"trigger_dag_id": ["child"], "trigger_run_id": 3}, ("", "")),
        ({"op_args": []}, ("", "")),
        ("text", ("", "")),
        (None, ("", "")),
    ],
)
def test_what_a_task_triggers(fields: object, triggers: tuple[str, str]) -> None:
    instance = answers.TaskInstance("d", "r", "t", rendered_fields=fields)
    assert instance.triggers == triggers
