"""The collectors against an Airflow that is empty, hostile, huge, slow or broken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from prometheus_client.parser import text_string_to_metric_families

from mlvitals.airflow import EXPORTER
from mlvitals.airflow import metrics as m
from mlvitals.core.collector import Collector, Deadline, Failure, Snapshot, UpstreamError
from mlvitals.core.metric import Metric
from mlvitals.core.runner import collect_once
from tests.exporters.airflow.fake import NOW, FakeAirflow
from tests.exporters.airflow.faults import SUBJECT
from tests.exporters.airflow.reading import settings
from tests.exporters.airflow.test_client import ANY_JSON
from tests.support.exposition import Samples, sample, samples, text
from tests.support.faults import REASONS
from tests.support.replay import FAULTS, Answer, Replay, Request, json_answer

TARGETS = (m.SERVER, m.DAGS, m.TASKS, m.ASSETS, m.TRIGGERED)


class Whole:
    """All collectors of an exporter, read one after the other."""

    def __init__(self, url: str, **keys: object) -> None:
        self.collectors: list[Collector] = list(EXPORTER.build(settings(url, **keys)))

    def __enter__(self) -> Whole:
        return self

    def __exit__(self, *_: object) -> None:
        for collector in self.collectors:
            collector.close()

    def results(self) -> list[Snapshot | Failure]:
        """One collection of each, which may fail."""
        return [result for collector in self.collectors for result in _results(collector)]

    def snapshots(self) -> list[Snapshot]:
        """One collection of each, which does not fail."""
        results = self.results()
        assert [result for result in results if isinstance(result, Failure)] == []
        return [result for result in results if isinstance(result, Snapshot)]

    def page(self) -> Samples:
        """All samples of one collection."""
        return samples(*self.snapshots())

    def dropped(self) -> dict[tuple[Metric, str], int]:
        """What one collection left out."""
        return {key: number for snapshot in self.snapshots() for key, number in snapshot.dropped.items()}


def _results(collector: Collector) -> Iterator[Snapshot | Failure]:
    """As the runner takes them."""
    silent = set(collector.targets)
    try:
        for result in collector.collect(Deadline(30)):
            silent.discard(result.target)
            yield result
    except UpstreamError as error:
        yield from (Failure(target, error.reason, str(error)) for target in silent)


@pytest.fixture(params=["v1", "v2"])
def airflow(request: pytest.FixtureRequest) -> FakeAirflow:
    return FakeAirflow(request.param)


@pytest.fixture
def server(airflow: FakeAirflow) -> Iterator[Replay]:
    with Replay(airflow) as replay:
        yield replay


# Faults


@pytest.mark.parametrize("below", ["", "/api/v1", "/api/v2"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_every_target_with_its_reason(fault: str, below: str) -> None:
    expected = REASONS.get(fault, "parse")
    deadline = "1s" if expected == "timeout" else "30s"
    with Replay(FAULTS[fault]) as server:
        targets = collect_once("x", EXPORTER.build(settings(server.url + below, deadline=deadline))).targets()
    assert targets.keys() == set(TARGETS)
    for target in targets.values():
        assert target is not None
        assert target.failure is not None
        assert (target.failure.reason, target.series) == (expected, 0), target.failure


@pytest.mark.parametrize("fault", ["401", "500", "html", "truncated JSON", "cut", "null", "wrong types"])
def test_what_a_failing_call_kept_from_us_comes_next_time(fault: str) -> None:
    keys: dict[str, Any] = {key: value for key, value in SUBJECT.settings("").items() if key.endswith("keys")}
    well = SUBJECT.well()
    with Replay(well) as server, Whole(server.url, **keys) as untouched:
        untouched.snapshots()
        whole = text([family for snapshot in untouched.snapshots() for family in snapshot.families])
        calls = len(server.requests) // 2
    assert "airflow_triggered_run_state" in whole
    for call in range(calls):
        with Replay(well) as server, Whole(server.url, **keys) as airflow:

            def respond(request: Request, server: Replay = server, call: int = call) -> Answer:
                return (FAULTS[fault] if len(server.requests) - 1 == call else well)(request)

            server.respond = respond
            failures = [result for result in airflow.results() if isinstance(result, Failure)]
            assert {failure.reason for failure in failures} == {REASONS[fault]}, call
            server.respond = well
            assert text([family for snapshot in airflow.snapshots() for family in snapshot.families]) == whole, call


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers=st.lists(ANY_JSON, min_size=1, max_size=5))
def test_any_answers_give_a_page_or_a_failure(answers: list[Any]) -> None:
    fake, given_answers = FakeAirflow(), iter(answers * 100)

    def respond(request: Request) -> Answer:
        return fake(request) if request.path.endswith("version") else json_answer(next(given_answers))

    with Replay(respond) as server, Whole(server.url) as airflow:
        for result in airflow.results():
            if isinstance(result, Snapshot):
                list(text_string_to_metric_families(text(result.families)))
            else:
                assert result.reason in ("parse", "limit", "http")


# Lists of one item each, with whatever stands in it
_ROWS = st.fixed_dictionaries(
    {
        "dag_id": st.text(max_size=300),
        "dag_run_id": st.text(max_size=20),
        "task_id": st.text(max_size=300),
        "state": st.sampled_from([*m.RUN_STATES, *m.TASK_STATES, "shutdown", ""]),
        "run_type": st.text(max_size=9),
        "is_paused": st.booleans(),
        "owners": st.lists(st.text(max_size=300), max_size=3),
        "tags": st.lists(st.fixed_dictionaries({"name": st.text(max_size=300)}), max_size=3),
        "timetable_summary": st.none() | st.text(max_size=300),
        "run_after": st.just("2027-01-15T08:00:00Z"),
        "start_date": st.none() | st.just("2027-01-15T07:00:00Z"),
        "end_date": st.none() | st.just("0001-01-01T00:00:00Z") | st.just("9999-12-31T23:59:59Z"),
        "conf": st.none() | ANY_JSON | st.fixed_dictionaries({"model": ANY_JSON | st.text(max_size=300)}),
        "uri": st.text(max_size=300),
        "name": st.text(max_size=300),
        "filename": st.text(max_size=300),
        "import_error_id": st.just(1),
        "try_number": st.integers() | st.just(10**400),
        "rendered_fields": ANY_JSON | st.just({"trigger_dag_id": "child", "trigger_run_id": "c"}),
        **dict.fromkeys(("slots", "open_slots", "running_slots", "queued_slots", "scheduled_slots"), st.floats()),
    }
)


@hypothesis_settings(max_examples=60, deadline=None)
@given(rows=st.lists(_ROWS, max_size=4))
def test_any_rows_give_a_page(rows: list[dict[str, object]]) -> None:
    lists = ("dags", "dag_runs", "task_instances", "pools", "import_errors", "assets")
    fake, one = FakeAirflow(), {"dag_id": "child", "dag_run_id": "c", "run_type": "x", "run_after": "2027-01-15"}

    def respond(request: Request) -> Answer:
        if request.path.endswith(("version", "health")):
            return fake(request)
        if request.path.endswith("/dagRuns/c"):
            return json_answer({**one, "state": "odd"})
        key = next((key for key in lists if request.path.lower().endswith(key.replace("_", ""))), "dags")
        return json_answer({key: rows, "total_entries": len(rows)})

    with Replay(respond) as server, Whole(server.url, conf_keys=["model"], tasks={"include": ["*"]}) as airflow:
        for snapshot in airflow.snapshots():
            list(text_string_to_metric_families(text(snapshot.families)))


def test_one_target_fails_without_the_others(airflow: FakeAirflow, server: Replay) -> None:
    cases = {
        "/pools": {m.SERVER},
        "/dags": {m.DAGS, m.TASKS, m.TRIGGERED},
        "/dags/~/dagRuns": {m.DAGS},
        "/taskInstances": {m.TASKS, m.TRIGGERED},
        "/assets" if airflow.api == "v2" else "/datasets": {m.ASSETS},
    }
    for end, expected in cases.items():

        def respond(request: Request, end: str = end) -> Answer:
            return Answer(500) if request.path.endswith(end) else airflow(request)

        server.respond = respond
        with Whole(server.url) as whole:
            failed = {result.target for result in whole.results() if isinstance(result, Failure)}
        assert failed == expected, end


def test_a_dead_metadata_database_is_told_by_those_that_live(airflow: FakeAirflow, server: Replay) -> None:
    # Of what it cannot look up, and what does not run at all, Airflow says the same.
    airflow.health = dict.fromkeys(m.COMPONENTS, "unhealthy")

    def respond(request: Request) -> Answer:
        lives = request.path.endswith(("/version", "/health", "/auth/token"))
        return airflow(request) if lives else Answer(500)

    server.respond = respond
    with Whole(server.url) as whole:
        results = {result.target: result for result in whole.results()}
    assert {name for name, result in results.items() if isinstance(result, Failure)} == set(TARGETS) - {m.SERVER}
    told = results[m.SERVER]
    assert isinstance(told, Snapshot)
    assert samples(told) == {
        sample(m.SERVER_INFO, version=airflow.version, source=f"rest_{airflow.api}"): 1,
        sample(m.COMPONENT_HEALTHY, component="metadatabase"): 0,
    }, "more is not known"


# An empty one, and a huge one


def test_an_empty_airflow(airflow: FakeAirflow, server: Replay) -> None:
    airflow.pools.clear()
    airflow.health |= {"triggerer": None, "dag_processor": None, "scheduler": "unhealthy"}
    with Whole(server.url) as whole:
        page = whole.page()
    version, source = airflow.version, f"rest_{airflow.api}"
    assert {key: value for key, value in page.items() if "heartbeat" not in key[0]} == {
        sample(m.SERVER_INFO, version=version, source=source): 1,
        sample(m.COMPONENT_HEALTHY, component="metadatabase"): 1,
        sample(m.COMPONENT_HEALTHY, component="scheduler"): 0,
        sample(m.IMPORT_ERRORS): 0,
        sample(m.DAGS_TOTAL): 0,
        sample(m.ASSETS_TOTAL): 0,
    }


def test_calls_of_a_warm_collection_of_500_dags(airflow: FakeAirflow, server: Replay) -> None:
    for number in range(500):
        dag_id, at = f"dag-{number:03}", NOW - 60 - number * 30
        airflow.dag(dag_id, "0 * * * *")
        airflow.run(dag_id, "r", "success", run_after=at - 9, start_date=at - 9, end_date=at, updated_at=at)
        airflow.task(dag_id, "r", "t", "success", start_date=at - 9, end_date=at, updated_at=at)
    for number in range(50):
        airflow.asset(number, f"s3://bucket/{number}")
        airflow.event(number, NOW - 3600 - number)
    airflow.trigger("dag-000", "r", "go", "dag-001", "r", start_date=NOW - 50)
    with Whole(server.url) as whole:
        first = whole.page()
        for _ in range(2):
            airflow.now += 30
            airflow.run("dag-007", f"r{airflow.now}", "success", start_date=airflow.now - 9, end_date=airflow.now)
            server.requests.clear()
            page = whole.page()
            asked = [request.path.rpartition("/")[2] for request in server.requests]
            assert len(asked) < 25, asked
    assert len({key for key in page if key[0] == str(m.DAG_PAUSED)}) == 500
    recent = sample(m.DAG_RECENT_RUNS, dag_id="dag-007", state="success")
    assert (first[recent], page[recent]) == (1, 3)
    assert page[sample(m.TRIGGERED_STATE, dag_id="dag-000", task_id="go", child_dag_id="dag-001", state="success")] == 1


def test_an_overlong_run_is_as_long_as_it_is(airflow: FakeAirflow, server: Replay) -> None:
    day_and_more = 25.5 * 3600
    airflow.dag("long")
    airflow.run("long", "r1", "success", start_date=NOW - 2 * day_and_more, end_date=NOW - day_and_more)
    airflow.run("long", "r2", "running", start_date=NOW - day_and_more)
    airflow.run("long", "r3", "running", start_date=NOW - 60)
    with Whole(server.url) as whole:
        page = whole.page()
    assert page[sample(m.DAG_LAST_SUCCESS_DURATION, dag_id="long")] == 91_800
    assert page[sample(m.DAG_OLDEST_RUNNING_START, dag_id="long")] == NOW - 91_800
    assert page[sample(m.DAG_RUNNING_RUNS, dag_id="long")] == 2
    assert sample(m.DAG_LAST_RUN_DURATION, dag_id="long") not in page


# What is left out is counted


def test_limits_are_counted(airflow: FakeAirflow, server: Replay) -> None:
    for number in range(3):
        tags = [{"name": f"tag-{each}"} for each in range(3)]
        airflow.dag(f"d{number}", "x" * 300 if number == 0 else "@daily", tags=tags)
        airflow.asset(number, f"s3://{number}")
        airflow.pools.append({"name": f"p{number}", "slots": 1, "open_slots": 1})
        error = {"import_error_id": number, "filename": f"{number}.py", "timestamp": NOW - number}
        airflow.import_errors.append(error)
        conf = {"model": f"m{number}", "long": "x" * 300, "list": [1], "number": 1.5, "yes": True}
        airflow.run("d0", f"r{number}", "success", run_after=NOW - number, end_date=NOW, conf=conf)
        airflow.run("child", f"c{number}", "success", end_date=NOW)
        airflow.trigger("d0", "r0", f"go{number}", "child", f"c{number}")
        airflow.task("d0", "r0", f"t{number}", "success", end_date=NOW)
    limits = dict.fromkeys(("dags", "tags", "import_errors", "pools", "assets", "tasks", "triggers", "conf_values"), 1)
    keys = {f"max_{name}": limit for name, limit in limits.items()}
    conf_keys = ["model", "long", "list", "number", "yes"]
    with Whole(server.url, conf_keys=conf_keys, tasks={"include": ["*"]}, **keys) as whole:
        dropped, page = whole.dropped(), whole.page()
    assert dropped == {
        (m.DAG_PAUSED, "limit"): 2,
        (m.DAG_TAG_INFO, "limit"): 2,
        (m.DAG_INFO, "too_long"): 1,
        (m.IMPORT_ERROR_TIMESTAMP, "limit"): 2,
        (m.POOL_OPEN_SLOTS, "limit"): 3,
        (m.ASSET_LAST_EVENT, "limit"): 2,
        (m.TASK_RECENT, "limit"): 2,
        (m.TRIGGERED_STATE, "limit"): 2,
        (m.DAG_CONF_LAST_RUN_STATE, "limit"): 2,
        (m.DAG_CONF_LAST_RUN_STATE, "too_long"): 1,
    }
    assert {dict(labels)["value"] for (name, labels) in page if name == str(m.DAG_CONF_LAST_SUCCESS)} == {
        "m0",
        "1.5",
        "true",
    }
    assert sample(m.IMPORT_ERROR_TIMESTAMP, filename="0.py") in page, "the newest"
    assert page[sample(m.IMPORT_ERRORS)] == 3
    assert page[sample(m.DAGS_TOTAL)] == 3


def test_a_pool_without_limit_has_no_slots_to_count(airflow: FakeAirflow, server: Replay) -> None:
    airflow.pools[:] = [{"name": "endless", "slots": -1, "open_slots": float("inf"), "running_slots": 3}]
    with Whole(server.url) as whole:
        page = whole.page()
    assert sample(m.POOL_SLOTS, pool="endless") not in page
    assert sample(m.POOL_OPEN_SLOTS, pool="endless") not in page
    assert page[sample(m.POOL_RUNNING_SLOTS, pool="endless")] == 3


def test_owners_are_shown_in_one_order(airflow: FakeAirflow, server: Replay) -> None:
    airflow.dag("a", "@daily", owners=["bob", " ann", "bob"])
    with Whole(server.url) as whole:
        assert sample(m.DAG_INFO, dag_id="a", dag_owner="ann,bob", schedule="@daily") in whole.page()


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("scheduled", "scheduled"),
        ("dataset_triggered", "asset_triggered"),
        ("asset_materialization", "asset_materialization"),
        ("of tomorrow", "other"),
        ("", "other"),
    ],
)
def test_run_types(airflow: FakeAirflow, server: Replay, told: str, shown: str) -> None:
    airflow.dag("a")
    airflow.run("a", "r", "paused?", run_type=told)
    with Whole(server.url) as whole:
        page = whole.page()
    assert sample(m.DAG_LAST_RUN_INFO, dag_id="a", run_type=shown) in page
    states = [page[sample(m.DAG_LAST_RUN_STATE, dag_id="a", state=state)] for state in m.RUN_STATES]
    assert states == [0, 0, 0, 0], "a state that is not known is none of them"


def test_delays_of_a_run(airflow: FakeAirflow, server: Replay) -> None:
    for dag_id, run_type in (("a", "scheduled"), ("b", "manual")):
        airflow.dag(dag_id)
        times = {"run_after": NOW - 100, "queued_at": NOW - 90, "start_date": NOW - 70}
        airflow.run(dag_id, "r", "running", run_type=run_type, **times)
    airflow.dag("c")
    airflow.run("c", "r", "queued", run_after=NOW - 86_400, queued_at=NOW - 40)
    with Whole(server.url) as whole:
        page = whole.page()
    told = airflow.api == "v2"
    assert page[sample(m.DAG_LAST_RUN_DELAY, dag_id="a")] == 30
    assert sample(m.DAG_LAST_RUN_DELAY, dag_id="b") not in page
    assert page.get(sample(m.DAG_LAST_RUN_QUEUED_DURATION, dag_id="b")) == (20 if told else None)
    assert page[sample(m.DAG_OLDEST_QUEUED, dag_id="c")] == NOW - (40 if told else 86_400)


def test_a_queued_run_waits_once_it_is_due_and_those_of_a_backfill_wait_for_each_other(
    airflow: FakeAirflow, server: Replay
) -> None:
    for dag_id in ("tomorrow", "backfilled", "both"):
        airflow.dag(dag_id)
    tomorrow = {"run_after": NOW + 86_400, "queued_at": NOW - 900, "run_type": "manual"}
    backfill = {"run_after": NOW - 9 * 86_400, "queued_at": NOW - 7200, "run_type": "backfill"}
    airflow.run("tomorrow", "r", "queued", **tomorrow)
    airflow.run("backfilled", "r", "queued", **backfill)
    airflow.run("both", "r1", "queued", **backfill)
    airflow.run("both", "r2", "queued", run_after=NOW - 60, queued_at=NOW - 60)
    with Whole(server.url) as whole:
        page = whole.page()
    oldest = {dag_id: page.get(sample(m.DAG_OLDEST_QUEUED, dag_id=dag_id)) for dag_id in airflow.dags}
    assert oldest == {"tomorrow": None, "backfilled": None, "both": NOW - 60}
    assert page[sample(m.DAG_QUEUED_RUNS, dag_id="both")] == 2


def test_a_run_for_tomorrow_waits_from_tomorrow_on(airflow: FakeAirflow, server: Replay) -> None:
    airflow.dag("a")
    airflow.run("a", "tomorrow", "queued", run_after=NOW + 86_400, queued_at=NOW - 3600)
    with Whole(server.url) as whole:
        assert sample(m.DAG_LAST_RUN_STATE, dag_id="a", state="queued") not in whole.page()
        airflow.now += 86_400
        airflow.run("a", "tomorrow", "running", start_date=airflow.now + 7)
        queued = whole.page().get(sample(m.DAG_LAST_RUN_QUEUED_DURATION, dag_id="a"))
        assert queued == (7 if airflow.api == "v2" else None)


def test_a_continuous_dag_that_runs_has_no_run_that_is_due(airflow: FakeAirflow, server: Replay) -> None:
    field = "next_dagrun_run_after" if airflow.api == "v2" else "next_dagrun_create_after"
    for dag_id, schedule in (("runs on", "@continuous"), ("hourly", "0 * * * *")):
        airflow.dag(dag_id, schedule, paused=False, **{field: NOW - 3600})
        airflow.run(dag_id, "r", "running", run_after=NOW - 3600, start_date=NOW - 3600)
    with Whole(server.url) as whole:
        page = whole.page()
    assert {key: value for key, value in page.items() if key[0] == str(m.DAG_NEXT_RUN)} == {
        sample(m.DAG_NEXT_RUN, dag_id="hourly"): NOW - 3600
    }


def test_a_run_for_tomorrow_does_not_wait_yet(airflow: FakeAirflow, server: Replay) -> None:
    airflow.dag("a")
    airflow.run("a", "tomorrow", "queued", run_after=NOW + 86_400, queued_at=NOW - 3600)
    with Whole(server.url) as whole:
        page = whole.page()
        assert page[sample(m.DAG_QUEUED_RUNS, dag_id="a")] == 1
        assert sample(m.DAG_OLDEST_QUEUED, dag_id="a") not in page
        assert sample(m.DAG_LAST_RUN_STATE, dag_id="a", state="queued") not in page
        airflow.run("a", "now", "queued", queued_at=NOW)
        page = whole.page()
        assert page[sample(m.DAG_QUEUED_RUNS, dag_id="a")] == 2
        assert page[sample(m.DAG_OLDEST_QUEUED, dag_id="a")] == NOW


def test_objectives_stand_beside_what_they_bound(airflow: FakeAirflow, server: Replay) -> None:
    airflow.dag("overall", paused=True)
    airflow.dag("other")
    airflow.asset(1, "s3://a")
    objectives = [
        {"dag": "over*", "success_within": "26h"},
        {"dag": "*", "success_within": "1h", "duration_within": "2h", "start_within": "5m"},
        {"asset": "s3://*", "updated_within": "1d"},
    ]
    with Whole(server.url, objectives=objectives) as whole:
        page = whole.page()
    assert page[sample(m.DAG_SUCCESS_OBJECTIVE, dag_id="overall")] == 93_600
    assert page[sample(m.DAG_SUCCESS_OBJECTIVE, dag_id="other")] == 3600
    assert page[sample(m.DAG_DURATION_OBJECTIVE, dag_id="overall")] == 7200
    assert page[sample(m.DAG_START_OBJECTIVE, dag_id="other")] == 300
    assert page[sample(m.ASSET_UPDATE_OBJECTIVE, asset="s3://a")] == 86_400
    assert page[sample(m.DAG_PAUSED, dag_id="overall")] == 1


def test_a_renewal_can_be_asked_for(airflow: FakeAirflow, server: Replay) -> None:
    airflow.dag("a")
    airflow.run("a", "r", "success", end_date=NOW)
    with Whole(server.url) as whole:
        whole.page()
        airflow.runs.clear()
        recent = sample(m.DAG_RECENT_RUNS, dag_id="a", state="success")
        assert whole.page()[recent] == 1, "not noticed yet"
        main: Any = whole.collectors[0]
        main.renew()
        assert whole.page()[recent] == 0
