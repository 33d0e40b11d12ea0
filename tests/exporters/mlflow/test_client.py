"""MLflow's API: parsing, paging, quoting, and what its errors mean."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings
from pydantic import TypeAdapter, ValidationError

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.mlflow import answers
from mlvitals.mlflow import client as api
from mlvitals.mlflow.answers import RegisteredModel, Run
from mlvitals.mlflow.client import MlflowClient, batches
from mlvitals.mlflow.config import MlflowSettings
from tests.exporters.mlflow.fake import FakeMlflow
from tests.support.replay import FAULTS, Answer, Replay, Request, always, json_answer

_KEYS = (
    "registered_models",
    "model_versions",
    "experiments",
    "runs",
    "name",
    "version",
    "aliases",
    "tags",
    "latest_versions",
    "creation_timestamp",
    "info",
    "data",
    "metrics",
    "run_id",
    "end_time",
    "next_page_token",
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_KEYS) | st.text(), inner, max_size=6),
    max_leaves=30,
)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/:"), min_size=1, max_size=30)


@pytest.fixture
def mlflow() -> FakeMlflow:
    return FakeMlflow()


@pytest.fixture
def server(mlflow: FakeMlflow) -> Iterator[Replay]:
    with Replay(mlflow) as replay:
        yield replay


@pytest.fixture
def client(server: Replay) -> Iterator[MlflowClient]:
    made = MlflowClient(MlflowSettings.model_validate({"name": "x", "type": "mlflow", "url": server.url}))
    yield made
    made.close()


# Parsing

SHAPES = (answers.MODELS, answers.VERSIONS, answers.EXPERIMENTS, answers.RUN_HEADERS, answers.RUNS)


@pytest.mark.parametrize(
    "shape", [answers.MODELS, answers.VERSIONS, answers.EXPERIMENTS, answers.RUN_HEADERS, answers.RUNS]
)
@given(answer=ANY_JSON)
def test_any_json_is_parsed_or_refused(shape: TypeAdapter[Any], answer: object) -> None:
    try:
        shape.validate_json(json.dumps(answer))
    except ValidationError as error:
        assert error.errors()


@pytest.mark.parametrize(
    "shape", [answers.MODELS, answers.VERSIONS, answers.EXPERIMENTS, answers.RUN_HEADERS, answers.RUNS]
)
@given(body=st.binary(max_size=60))
def test_any_bytes_are_parsed_or_refused(shape: TypeAdapter[Any], body: bytes) -> None:
    try:
        shape.validate_json(body)
    except ValidationError as error:
        assert error.errors()


@given(name=NAMES, version=st.integers(0, 2**53 - 1), unknown=ANY_JSON)
def test_unknown_keys_are_ignored_and_versions_are_strings(name: str, version: int, unknown: object) -> None:
    answer = {"name": name, "aliases": [{"alias": "a", "version": str(version), "more": unknown}], "new": unknown}
    model = TypeAdapter(RegisteredModel).validate_json(json.dumps(answer))
    assert (model.name, model.aliases[0].version, model.tags) == (name, version, ())


def test_nan_comes_as_a_string_and_empty_lists_do_not_come() -> None:
    body = '{"info": {"run_id": "r", "experiment_id": "1", "status": "RUNNING"}, "data": {"metrics": %s}}'
    run = TypeAdapter(Run).validate_json(body % '[{"key": "a", "value": "NaN"}, {"key": "b", "value": 1e-3}]')
    assert math.isnan(run.data.metrics[0].value)
    assert run.data.metrics[1].value == 0.001
    bare = TypeAdapter(Run).validate_json('{"info": {"run_id": "r", "experiment_id": "1", "status": "RUNNING"}}')
    assert bare.data.metrics == ()


@pytest.mark.parametrize("number", ["1e400", "99999999999999999999999", "-99999999999999999999999"])
def test_times_beyond_mlflows_own_range_are_refused(number: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(RegisteredModel).validate_json(f'{{"name": "a", "creation_timestamp": {number}}}')


# Quoting


@settings(deadline=None)
@given(st.lists(NAMES, max_size=150, unique=True))
@example(["it's", "plain", 'say "x"', "new\nline", "back\\", "% _", "`"])
def test_every_name_is_in_a_filter_that_mlflow_understands(names: list[str]) -> None:
    mlflow = pytest.importorskip(
        "mlflow.utils.search_utils", reason="MLflow does not install beside the oldest releases"
    )
    groups = list(batches(names))
    assert [name for group in groups for name in group] == names
    for group in groups:
        assert len(group) <= api.IN_LIST
        text = api._named(set(group))
        assert len(quote(text)) < api.FILTER_LENGTH + 1000
        (found,) = mlflow.SearchModelVersionUtils.parse_search_filter(text)
        assert found["key"] == "name"
        if found["comparator"] == "IN":
            assert set(found["value"]) == set(group)
        else:
            assert found["comparator"] == "LIKE"
            assert len(group) == 1
            assert re.fullmatch(found["value"].replace("_", "."), group[0], re.DOTALL)
            assert not set(found["value"]) & set("%'\"`\\[")


def test_long_names_share_no_request_line() -> None:
    groups = list(batches(["é" * 256 + str(number) for number in range(20)]))
    assert max(map(len, groups)) <= 3


@pytest.mark.parametrize("run_id", ["", "a'b", "a b", "x" * 65, "a\n", "é", "a,b", "a)"])
def test_what_is_no_run_id_is_never_put_into_a_filter(run_id: str, client: MlflowClient, server: Replay) -> None:
    assert not api.is_run_id(run_id)
    assert client.runs_by_id([run_id], ["1"], Deadline(10)) == ()
    assert not server.requests


# Paging


def test_pages_are_read_to_the_end(client: MlflowClient, mlflow: FakeMlflow) -> None:
    for number in range(7):
        mlflow.model(f"m{number}", 0)
    mlflow.page_size = 3
    assert [model.name for model in client.models(Deadline(10))] == [f"m{number}" for number in range(7)]


def test_what_moves_to_the_next_page_is_not_counted_twice(
    client: MlflowClient, mlflow: FakeMlflow, server: Replay
) -> None:
    for number in range(4):
        mlflow.model(f"m{number}", 0)
    mlflow.page_size = 2

    def respond(request: Request) -> Answer:
        answer = mlflow(request)
        if len(server.requests) == 1:
            mlflow.model("a-new-one", 0)
        return answer

    server.respond = respond
    assert [model.name for model in client.models(Deadline(10))] == ["m0", "m1", "m2", "m3"]


def test_a_page_that_repeats_itself_ends(client: MlflowClient, server: Replay) -> None:
    server.respond = always(json_answer({"registered_models": [{"name": "a"}], "next_page_token": "again"}))
    with pytest.raises(UpstreamError, match="again and again") as caught:
        list(client.models(Deadline(10)))
    assert caught.value.reason == "parse"


def test_pages_without_end_end(client: MlflowClient, server: Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "MAX_PAGES", 5)
    server.respond = lambda _: json_answer(
        {"registered_models": [{"name": str(len(server.requests))}], "next_page_token": "more"}
    )
    with pytest.raises(UpstreamError, match="more than 5 pages") as caught:
        list(client.models(Deadline(10)))
    assert caught.value.reason == "limit"


def test_no_experiment_needs_no_call(client: MlflowClient, server: Replay) -> None:
    assert list(client.runs([], Deadline(10), order="attributes.start_time ASC")) == []
    assert not server.requests


# Errors


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [
        (Answer(403, b"Invalid Host header - possible DNS rebinding attack detected"), "http", "--allowed-hosts"),
        (Answer(403, b'{"error_code": "PERMISSION_DENIED"}'), "auth", "answered 403: this user lacks a permission"),
        (Answer(403, b"Permission denied"), "auth", "or the path of url is wrong"),
        (Answer(401, b"You are not authenticated."), "auth", "answered 401"),
        (Answer(404, b"<!doctype html>"), "http", "no MLflow REST API below"),
        (Answer(400, b'{"message": "Invalid clause\\n(s)"}'), "http", "refused the request: Invalid clause?(s)"),
        (Answer(400, b'{"message": ["x"]}'), "http", "refused the request"),
        (Answer(400, b"[]"), "http", "answered 400"),
        (Answer(400, b'{"message": "' + b"x" * 2000 + b'"}'), "http", "refused the request: xxx"),
    ],
)
def test_errors_are_explained(client: MlflowClient, server: Replay, answer: Answer, reason: str, words: str) -> None:
    server.respond = always(answer)
    with pytest.raises(UpstreamError, match=re.escape(words)) as caught:
        list(client.experiments(Deadline(10)))
    assert caught.value.reason == reason
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("fault", ["404", "401", "500", "html", "empty", "not HTTP"])
def test_mlflows_version_may_be_out_of_reach(client: MlflowClient, server: Replay, fault: str) -> None:
    assert client.version(Deadline(10)) == "3.17.2"
    server.respond = FAULTS[fault]
    assert client.version(Deadline(10)) is None
