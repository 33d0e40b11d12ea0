"""The collectors against an MLflow that is empty, hostile, huge, slow or broken."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from prometheus_client.parser import text_string_to_metric_families

from mlvitals.core.collector import Deadline, Failure, UpstreamError
from mlvitals.core.metric import total_samples
from mlvitals.core.runner import collect_once
from mlvitals.mlflow import EXPORTER, metrics, served
from mlvitals.mlflow import client as api
from mlvitals.mlflow.answers import RunMetric
from mlvitals.mlflow.client import MlflowClient
from mlvitals.mlflow.config import MlflowSettings
from mlvitals.mlflow.versions import VersionCache
from tests.exporters.mlflow.fake import FakeMlflow
from tests.exporters.mlflow.whole import Whole
from tests.support.exposition import Samples, read, sample, samples, text
from tests.support.faults import REASONS
from tests.support.replay import FAULTS, GIGABYTE_BODY, Answer, Replay, Request, Responder, always, json_answer


def configure(url: str, **keys: Any) -> MlflowSettings:
    return MlflowSettings.model_validate({"name": "x", "type": "mlflow", "url": url, **keys})


@pytest.fixture
def mlflow() -> FakeMlflow:
    return FakeMlflow()


@pytest.fixture
def server(mlflow: FakeMlflow) -> Iterator[Replay]:
    with Replay(mlflow) as replay:
        yield replay


Make = Callable[..., Whole]


@pytest.fixture
def make(server: Replay) -> Iterator[Make]:
    made = list[Whole]()

    def collector(**keys: Any) -> Whole:
        made.append(Whole(configure(server.url, **keys)))
        return made[-1]

    yield collector
    for each in made:
        each.close()


# Faults


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_every_target_with_its_reason(fault: str) -> None:
    # `{}` is the whole answer of an MLflow that holds nothing.
    expected = REASONS.get(fault)
    slow = "1s" if expected == "timeout" else "30s"
    with Replay(FAULTS[fault]) as server:
        settings = configure(server.url, deadline=slow, baseline_deadline=slow)
        state = collect_once("x", EXPORTER.build(settings))
    for name in ("server", "runs", "run-totals"):
        target = state.targets()[name]
        assert target is not None
        failure = target.failure
        assert (failure.reason if isinstance(failure, Failure) else None) == expected, failure
        holds = {"server": 1, "runs": 1}
        assert target.series == (holds.get(name, 0) if expected is None else 0)


@pytest.mark.parametrize("fault", ["401", "500", "html", "truncated JSON", "cut", "null", "wrong types"])
def test_what_a_failing_call_kept_from_us_comes_next_time(fault: str, mlflow: FakeMlflow, server: Replay) -> None:
    mlflow.model("churn", 2, champion="2")
    mlflow.experiment("1", "training")
    mlflow.run("r1", "1", "FAILED", 1, 2)
    whole = None
    for call in (*range(12), None):
        server.requests.clear()
        server.respond = _failing(server, call, FAULTS[fault], mlflow)
        collector = Whole(configure(server.url))
        try:
            read(collector)
        except UpstreamError as error:
            assert error.reason == REASONS[fault]
        server.respond = mlflow
        page = text(read(collector).families)
        collector.close()
        whole = whole or page
        assert page == whole


def _failing(server: Replay, call: int | None, fault: Responder, otherwise: Responder) -> Responder:
    def respond(request: Request) -> Answer:
        # A server whose version is out of reach is read all the same.
        fails = len(server.requests) - 1 == call and not request.path.endswith("/version")
        return (fault if fails else otherwise)(request)

    return respond


def test_runs_that_cannot_be_read_hide_no_model(mlflow: FakeMlflow, server: Replay) -> None:
    mlflow.model("churn", 2)
    mlflow.experiment("1")
    server.respond = lambda request: (
        FAULTS["500"] if request.path.endswith(("experiments/search", "runs/search")) else mlflow
    )(request)
    targets = collect_once("x", EXPORTER.build(configure(server.url))).targets()
    assert {name: target and target.up for name, target in targets.items()} == {
        "server": True,
        "runs": False,
        "run-totals": False,
    }


def test_pages_that_are_too_large_are_asked_for_in_parts(make: Make, mlflow: FakeMlflow, server: Replay) -> None:
    mlflow.experiment("1")
    now = int(time.time() * 1000)
    for number in range(130):
        mlflow.run(f"r{number:03}", "1", "FAILED", now - 2000, now - 1000)

    def respond(request: Request) -> Answer:
        fat = request.path.endswith("runs/search") and request.json["max_results"] > 70
        return GIGABYTE_BODY if fat else mlflow(request)

    server.respond = respond
    collector = make()
    assert samples(read(collector))[sample(metrics.EXPERIMENT_RECENT_RUNS, experiment="exp-1", status="FAILED")] == 130
    server.requests.clear()
    read(collector)
    sizes = [each.json["max_results"] for each in server.requests if each.path.endswith("runs/search")]
    assert set(sizes) == {api.RUNS_A_PAGE // 16}


def test_a_run_with_too_many_metrics_hides_no_other(make: Make, mlflow: FakeMlflow, server: Replay) -> None:
    mlflow.experiment("1")
    for number in range(4):
        mlflow.run(f"r{number}", "1", "FINISHED", 1, 2)
        mlflow.model(f"m{number}", 1, champion="1")
        mlflow.versions[-1]["run_id"] = f"r{number}"

    def respond(request: Request) -> Answer:
        if not request.path.endswith("runs/search"):
            return mlflow(request)
        fat = "'r2'" in request.json["filter"]
        answer = mlflow(request)
        if not fat:
            answer = Answer(200, answer.body.replace(b"}}", b'}, "data": {"metrics": [{"key": "mse", "value": 1}]}}'))
        return GIGABYTE_BODY if fat else answer

    server.respond = respond
    snapshot = read(make())
    assert _labels(samples(snapshot), metrics.MODEL_ALIAS_METRIC, "model") == {"m0", "m1", "m3"}
    assert dict(snapshot.dropped) == {(metrics.MODEL_ALIAS_METRIC, "limit"): 1}


# Empty and small


def test_an_mlflow_that_holds_nothing(make: Make) -> None:
    assert samples(read(make())) == {
        sample(metrics.SERVER_INFO, version="3.17.2"): 1,
        sample(metrics.MODELS): 0,
        sample(metrics.EXPERIMENTS): 0,
    }


def test_stages_that_nobody_declared_are_left_out(make: Make, mlflow: FakeMlflow) -> None:
    mlflow.model("churn", 1)
    mlflow.models[0]["latest_versions"] = [{"name": "churn", "version": "1", "current_stage": "Canary"}]
    shown = samples(read(make()))
    assert not [key for key in shown if key[0] == str(metrics.MODEL_STAGE_VERSION)]
    assert shown[sample(metrics.MODEL_LATEST_VERSION, model="churn")] == 1


# Limits


def test_limits_keep_the_first_by_name_and_count_the_rest(make: Make, mlflow: FakeMlflow) -> None:
    for name in ("c", "a", "b", "x" * 300, "scratch"):
        mlflow.model(name, 1, zulu="1", alpha="1", mike="1")
    for number, name in enumerate(("one", "two", "three")):
        mlflow.experiment(str(number), name)
    collector = make(max_models=2, max_experiments=1, max_aliases=2, models={"exclude": ["scratch"]})
    snapshot = read(collector)
    shown = samples(snapshot)
    assert shown[sample(metrics.MODELS)] == 4
    assert shown[sample(metrics.EXPERIMENTS)] == 3
    assert _labels(shown, metrics.MODEL_VERSIONS, "model") == {"a", "b"}
    assert _labels(shown, metrics.MODEL_ALIAS_VERSION, "alias") == {"alpha", "mike"}
    assert dict(snapshot.dropped) == {
        (metrics.MODEL_VERSIONS, "limit"): 1,
        (metrics.MODEL_VERSIONS, "too_long"): 1,
        (metrics.MODEL_ALIAS_VERSION, "limit"): 2,
        (metrics.EXPERIMENT_RUNNING_RUNS, "limit"): 2,
    }
    assert text(read(collector).families) == text(snapshot.families)


def _labels(shown: Samples, metric: object, label: str) -> set[str]:
    return {dict(labels)[label] for name, labels in shown if name == str(metric)}


def _metric(key: str, value: object) -> dict[str, object]:
    return {"key": key, "value": value, "timestamp": 1, "step": 0}


def test_metrics_with_an_objective_are_kept_first_and_others_by_name() -> None:
    settings = configure("http://h", metrics=["m*"], max_metrics=3)
    choose = served.Choice(settings, {"zeta", "none"})
    values = [RunMetric(key, 1.0) for key in ("m3", "other", "m1", "zeta", "m2", "m4")]
    values += [RunMetric("m0", float("nan")), RunMetric("m9", -1.7976931348623157e308)]
    chosen = choose(values)
    assert list(chosen.values) == ["zeta", "m1", "m2"]
    assert chosen.dropped == {"limit": 2, "not_finite": 2}


def test_largest_floats_but_one_are_numbers() -> None:
    choose = served.Choice(configure("http://h"), ())
    chosen = choose([RunMetric("big", 1.7e308), RunMetric("small", 5e-324), RunMetric("zero", -0.0)])
    assert chosen.values == {"big": 1.7e308, "small": 5e-324, "zero": 0.0}


# Incremental


class Steps:
    """Says yes so many times."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self) -> bool:
        self.left -= 1
        return self.left >= 0


def test_one_huge_model_keeps_no_other_unknown_when_time_is_short(
    mlflow: FakeMlflow, server: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "IN_LIST", 2)
    counts = {"a-huge": 40, "b": 1, "c": 2, "d-huge": 40, "e": 3}
    for name, count in counts.items():
        mlflow.model(name, count)
    mlflow.page_size = 10
    client = MlflowClient(configure(server.url))
    models = {model.name: model for model in client.models(Deadline(10))}
    cache = VersionCache()
    for _ in range(4):
        cache.refresh(models, client, Deadline(10), Steps(4))
    known = {name: cache.count(model) for name, model in models.items()}
    assert known == {"a-huge": None, "b": 1, "c": 2, "d-huge": None, "e": 3}
    cache.refresh(models, client, Deadline(10), Steps(100))
    assert {name: cache.count(model) for name, model in models.items()} == counts
    client.close()


def test_only_changed_models_are_read_again(make: Make, mlflow: FakeMlflow, server: Replay) -> None:
    for name in ("a", "b", "c"):
        mlflow.model(name, 2, champion="1")
    collector = make()
    read(collector)
    mlflow.model("b", 5, updated=2, champion="5")
    server.requests.clear()
    shown = samples(read(collector))
    asked = [request.query["filter"] for request in server.requests if request.path.endswith("model-versions/search")]
    assert asked == [["name IN ('b')"]]
    assert shown[sample(metrics.MODEL_VERSIONS, model="b")] == 5
    assert shown[sample(metrics.MODEL_VERSIONS, model="a")] == 2


def test_an_alias_that_names_no_version_is_asked_for_once(make: Make, mlflow: FakeMlflow, server: Replay) -> None:
    mlflow.model("a", 1, champion="9")
    collector = make()
    shown = samples(read(collector))
    assert shown[sample(metrics.MODEL_ALIAS_VERSION, model="a", alias="champion")] == 9
    assert sample(metrics.MODEL_ALIAS_VERSION_CREATED, model="a", alias="champion") not in shown
    server.requests.clear()
    read(collector)
    assert not [request for request in server.requests if request.path.endswith("model-versions/search")]


def test_many_served_runs_are_read_again_in_turn(make: Make, mlflow: FakeMlflow, server: Replay) -> None:
    now = 0.0
    mlflow.experiment("1")
    ids = [f"r{number:03}" for number in range(250)]
    for run_id in ids:
        mlflow.run(run_id, "1", "FINISHED", 1, 2)
    runs = served.ServedRuns(served.Choice(configure(server.url), ()), clock=lambda: now)
    client = MlflowClient(configure(server.url))

    def refresh() -> list[int]:
        server.requests.clear()
        runs.refresh(ids, lambda: ["1"], client, Deadline(10), lambda: True)
        return [request.json["filter"].count("'r") for request in server.requests]

    assert refresh() == [100, 100, 50]
    assert refresh() == []
    now = served.REREAD_AFTER
    assert [refresh(), refresh(), refresh(), refresh()] == [[100], [100], [50], []]
    client.close()


# Hostile

LABEL = st.text(st.characters(codec="utf-8"), max_size=12)
MODEL = st.fixed_dictionaries(
    {"name": LABEL},
    optional={
        "creation_timestamp": st.integers(-(2**63), 2**63 - 1),
        "last_updated_timestamp": st.integers(-(2**63), 2**63 - 1),
        "latest_versions": st.lists(
            st.fixed_dictionaries(
                {"name": LABEL, "version": st.integers(0, 2**53 - 1).map(str)},
                optional={"current_stage": st.sampled_from(["None", "Production", "?"]) | LABEL},
            ),
            max_size=3,
        ),
        "tags": st.lists(st.fixed_dictionaries({"key": LABEL}, optional={"value": LABEL}), max_size=4),
        "aliases": st.lists(st.fixed_dictionaries({"alias": LABEL, "version": st.integers(0, 9).map(str)}), max_size=4),
    },
)
RUN = st.fixed_dictionaries(
    {"run_id": LABEL, "experiment_id": st.sampled_from("123"), "status": st.sampled_from(metrics.RUN_STATUSES) | LABEL},
    optional={"start_time": st.integers(-(2**63), 2**63 - 1), "end_time": st.integers(-(2**63), 2**63 - 1)},
)
ANSWERS = st.fixed_dictionaries(
    {
        "registered_models": st.lists(MODEL, max_size=5),
        "model_versions": st.lists(
            st.fixed_dictionaries({"name": LABEL, "version": st.integers(0, 9).map(str)}, optional={"run_id": LABEL}),
            max_size=5,
        ),
        "experiments": st.lists(
            st.fixed_dictionaries({"experiment_id": st.sampled_from("123"), "name": LABEL}), max_size=4
        ),
        "runs": st.lists(st.fixed_dictionaries({"info": RUN}), max_size=5),
    }
)


@given(answers=st.lists(ANSWERS, min_size=1, max_size=3))
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_well_formed_nonsense_gives_a_page(server: Replay, answers: list[dict[str, object]]) -> None:
    collectors = EXPORTER.build(configure(server.url, tags=["*"]))
    for answer in answers:
        server.respond = always(json_answer(answer))
        for collector in collectors:
            snapshot = read(collector)
            page = text_string_to_metric_families(text(snapshot.families))
            assert sum(len(family.samples) for family in page) == total_samples(snapshot.families)
    for collector in collectors:
        collector.close()


def test_a_name_that_is_no_text_fails_the_target(make: Make, server: Replay) -> None:
    server.respond = always(Answer(200, json.dumps({"registered_models": [{"name": "\udc80"}]}).encode()))
    with pytest.raises(UpstreamError) as caught:
        read(make())
    assert caught.value.reason == "parse"


def test_credentials_and_prefix_go_with_every_call(mlflow: FakeMlflow, server: Replay) -> None:
    mlflow.model("a", 1, champion="1")
    mlflow.experiment("1")
    settings = configure(f"{server.url}/mlflow", auth={"username": "ann", "password": "x"})
    for collector in EXPORTER.build(settings):
        read(collector)
        collector.close()
    assert {request.headers.get("Authorization") for request in server.requests} == {"Basic YW5uOng="}
    assert all(request.path.startswith("/mlflow/") for request in server.requests)
