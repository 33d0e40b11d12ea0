"""Task instances over REST: what ended within the window and what is active, against a count by brute force."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import ClassVar, Literal

import hypothesis.strategies as st
import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from mlvitals.airflow import metrics as m
from mlvitals.airflow.facts import LastTask, TaskKey, TaskReport
from mlvitals.airflow.rest import instances, tasks
from mlvitals.airflow.rest.instances import changed_instances
from mlvitals.airflow.rest.source import RestSource
from mlvitals.airflow.rest.tasks import TaskLedger
from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.selection import everything
from tests.exporters.airflow.fake import NOW, FakeAirflow, Json
from tests.exporters.airflow.reading import rest_client, rest_source, settings
from tests.support.replay import Replay

HOUR = 3600.0
WINDOW = 24 * HOUR
DAGS = ("a", "b")
STATES: tuple[str | None, ...] = (None, *m.TASK_STATES)
API = pytest.mark.parametrize("api", ["v1", "v2"])


def report(source: RestSource, *dag_ids: str) -> TaskReport:
    """One collection."""
    shown = dag_ids or DAGS
    list(source.dags(Deadline(30)))
    return source.tasks(source.clock() - WINDOW, shown, {"a"} & set(shown), Deadline(30))


class Machine(RuleBasedStateMachine):
    """Tasks change their states, are tried again and cleared, while collections come and go."""

    api: ClassVar[Literal["v1", "v2"]]

    @initialize()
    def begin(self) -> None:
        self.airflow = FakeAirflow(self.api)
        self.airflow.maximum_page_limit = 4
        self.server = Replay(self.airflow).__enter__()
        self.source = RestSource(settings(self.server.url), self.server.url)

    def teardown(self) -> None:
        self.source.close()
        self.server.__exit__(None, None, None)

    @rule(minutes=st.integers(1, 600))
    def time_passes(self, minutes: int) -> None:
        self.airflow.now += minutes * 60

    @rule(
        dag=st.sampled_from(DAGS), task=st.sampled_from("xyz"), index=st.integers(-1, 2), state=st.sampled_from(STATES)
    )
    def change(self, dag: str, task: str, index: int, state: str | None) -> None:
        now = self.airflow.now
        ended = {"start_date": now - 5, "end_date": now - 1} if state in m.ENDED_TASK_STATES else {"end_date": None}
        self.airflow.task(dag, "r", task, state, index, queued_when=now - 9, **ended)

    @precondition(lambda self: self.airflow.instances)
    @rule(data=st.data())
    def try_again(self, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(list(self.airflow.instances.values())))
        again = {"state": "running", "end_date": None, "try_number": row["try_number"] + 1}
        self.airflow.task(row["dag_id"], "r", row["task_id"], again.pop("state"), row["map_index"], **again)

    @rule()
    def collect(self) -> None:
        seen, rows = report(self.source), list(self.airflow.instances.values())
        assert seen.complete
        ended = [row for row in rows if row["state"] in m.ENDED_TASK_STATES and row["end_date"] >= self._horizon]
        assert seen.recent == Counter((row["dag_id"], row["state"]) for row in ended)
        assert +seen.retries == +self._retries(ended)
        active = [row for row in rows if row["state"] in _active_states(self.api)]
        assert seen.active == Counter((row["dag_id"], row["state"]) for row in active)
        of_tasks = Counter((row["task_id"], row["state"]) for row in ended if row["dag_id"] == "a")
        one_by_one = {(key.task_id, state): n for key, counts in seen.of_tasks.items() for state, n in counts.items()}
        assert one_by_one == of_tasks

    @property
    def _horizon(self) -> float:
        return self.airflow.now - WINDOW

    def _retries(self, ended: list[Json]) -> Counter[str]:
        found = Counter[str]()
        for row in ended:
            found[row["dag_id"]] += row["try_number"] - 1
        return found


def _active_states(api: str) -> set[str]:
    return set(m.ACTIVE_TASK_STATES) - (set() if api == "v2" else {"awaiting_input"})


class MachineV1(Machine):
    api = "v1"


class MachineV2(Machine):
    api = "v2"


TestTasksV1, TestTasksV2 = MachineV1.TestCase, MachineV2.TestCase
TestTasksV1.settings = TestTasksV2.settings = hypothesis_settings(
    max_examples=25, stateful_step_count=20, deadline=None
)


@pytest.fixture
def airflow(request: pytest.FixtureRequest) -> FakeAirflow:
    return FakeAirflow(getattr(request, "param", "v2"))


@pytest.fixture
def server(airflow: FakeAirflow) -> Iterator[Replay]:
    with Replay(airflow) as replay:
        yield replay


@pytest.fixture
def source(server: Replay) -> Iterator[RestSource]:
    with rest_source(server.url) as made:
        yield made


BOTH = pytest.mark.parametrize("airflow", ["v1", "v2"], indirect=True)


@BOTH
def test_mapped_tasks_retries_and_what_ended_last(airflow: FakeAirflow, source: RestSource) -> None:
    for index in range(3):
        end = NOW - 100 + index
        airflow.task("a", "r", "fit", "success", index, start_date=end - 10, end_date=end, try_number=index + 1)
    airflow.task("a", "r", "load", "failed", start_date=NOW - 5, end_date=NOW - 7)
    airflow.task("a", "r", "never", "upstream_failed", end_date=NOW)
    airflow.task("a", "r", "gone", "removed")
    airflow.task("b", "r", "fit", "success", end_date=NOW, try_number=0)
    seen = report(source)
    fit, load, never = (TaskKey("a", name) for name in ("fit", "load", "never"))
    assert seen.of_tasks == {fit: {"success": 3}, load: {"failed": 1}, never: {"upstream_failed": 1}}
    assert seen.last[fit] == LastTask("success", NOW - 98, 10.0)
    assert seen.last[load].duration is None, "it ended before it started"
    assert seen.last[never].duration is None, "it never started"
    assert seen.task_retries[fit] == 3
    assert dict(seen.retries) == {"a": 3, "b": 0}
    assert seen.recent["a", "removed"] == 0


@BOTH
def test_a_cleared_instance_has_not_ended(airflow: FakeAirflow, source: RestSource) -> None:
    airflow.task("a", "r", "t", "success", start_date=NOW - 9, end_date=NOW - 1)
    assert report(source).recent["a", "success"] == 1
    airflow.task("a", "r", "t", None, end_date=None)
    seen = report(source)
    assert not +seen.recent
    assert not seen.active
    airflow.task("a", "r", "t", "failed", start_date=NOW, end_date=NOW, try_number=2)
    assert report(source).recent == Counter({("a", "failed"): 1})


@BOTH
def test_what_is_active_now(airflow: FakeAirflow, source: RestSource) -> None:
    for number, state in enumerate(m.ACTIVE_TASK_STATES):
        airflow.task("a", "r", f"t{number}", state, queued_when=NOW - number)
    airflow.task("a", "r", "late", "queued", queued_when=NOW - 500)
    airflow.task("a", "r", "odd", "queued")
    airflow.task("c", "r", "hidden", "queued", queued_when=NOW - 9000)
    seen = report(source)
    expected = dict.fromkeys(_active_states(airflow.api), 1) | {"queued": 3}
    assert seen.active == {("a", state): count for state, count in expected.items()}
    assert seen.oldest_queued == {"a": NOW - 500}


def test_an_earlier_release_is_not_asked_for_states_that_it_does_not_know(airflow: FakeAirflow, server: Replay) -> None:
    airflow.version = "3.2.1"
    with rest_source(server.url) as source:
        report(source)
    asked = [request.query["state"] for request in server.requests if "state" in request.query]
    assert asked
    assert all("awaiting_input" not in states for states in asked)


def test_dags_that_no_pattern_keeps_are_not_held(airflow: FakeAirflow, server: Replay) -> None:
    airflow.task("scratch", "r", "t", "success", end_date=NOW)
    with rest_source(server.url, dags={"exclude": ["scratch"]}) as source:
        assert not report(source, "scratch").recent


@BOTH
def test_deleted_instances_leave_with_a_renewal(airflow: FakeAirflow, server: Replay) -> None:
    airflow.task("a", "r", "t", "success", end_date=NOW)
    with rest_source(server.url, baseline_interval="1ms") as source:
        report(source)
        airflow.instances.clear()
        seen = report(source)
    assert seen.complete
    assert not seen.recent


def ledger_of(airflow: FakeAirflow, steps: Callable[[], bool], *collections: int) -> list[TaskReport]:
    """What a new ledger tells after each of so many collections, each with time for one slice."""
    known, found = TaskLedger(WINDOW, everything), []
    with Replay(airflow) as server, rest_client(server.url) as client:
        for _ in collections:
            known.sync(NOW, lambda since, until: changed_instances(client, since, until, Deadline(10)), lambda: steps())
            found.append(known.report({"a"}, ()))
    return found


@API
def test_a_cold_start_is_told_when_it_is_over(api: Literal["v1", "v2"]) -> None:
    airflow = FakeAirflow(api)
    for hour in range(24):
        end = NOW - hour * HOUR
        airflow.task("a", f"r{hour}", "t", "success", end_date=end, updated_at=end)
    seen = ledger_of(airflow, lambda: False, *range(6))
    assert [each.complete for each in seen] == [False, False, False, False, True, True]
    assert seen[-1].recent == Counter({("a", "success"): 24})


@pytest.mark.parametrize(
    "each",
    [
        {"state": "success", "end_date": NOW},
        {"state": "running", "start_date": NOW, "rendered_fields": {"trigger_dag_id": "b"}},
        {"state": "running", "start_date": NOW, "rendered_fields": {"trigger_dag_id": "b"}, "updated_at": 0.0},
    ],
)
def test_an_endless_list_of_instances_is_not_held(
    airflow: FakeAirflow, source: RestSource, monkeypatch: pytest.MonkeyPatch, each: Json
) -> None:
    monkeypatch.setattr(tasks, "MAX_INSTANCES", 3)
    for number in range(4):
        airflow.task("a", "r", f"t{number}", **each)
    with pytest.raises(UpstreamError, match="more than 3 task instances") as caught:
        report(source)
    assert caught.value.reason == "limit"


# v1 knows no order of task instances


@pytest.mark.parametrize("spread", [0.0, 1.0, 3600.0])
def test_a_list_without_an_order_is_read_whole(spread: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instances, "AT_ONCE", 10)
    airflow = FakeAirflow("v1")
    for number in range(200):
        at = NOW - number * spread / 200
        airflow.task("a", "r", f"t{number}", "success", end_date=at, updated_at=at)
        airflow.task("b", "r", f"t{number}", "queued", queued_when=at, updated_at=at)
    with Replay(airflow) as server, rest_source(server.url) as source:
        seen = report(source)
        assert seen.recent["a", "success"] == 200
        assert seen.active["b", "queued"] == 200
        assert len(server.requests) < 250


def test_what_lies_between_two_parts_of_a_list_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instances, "AT_ONCE", 2)
    airflow = FakeAirflow("v1")
    at = [NOW - 10, instances._middle(0.0, math.inf, NOW), NOW - 9]
    for number, updated in enumerate(at):
        airflow.task("a", "r", f"t{number}", "queued", queued_when=NOW, updated_at=round(updated, 6))
    with Replay(airflow) as server, rest_source(server.url) as source:
        assert report(source).active == {("a", "queued"): 3}


@pytest.mark.parametrize(("since", "until"), [(0.0, math.inf), (NOW - 60, NOW), (NOW - 60, NOW + 60), (NOW, math.inf)])
def test_every_part_of_a_time_is_shorter(since: float, until: float) -> None:
    for _ in range(100):
        middle = instances._middle(since, until, NOW)
        assert since <= middle <= min(until, NOW + 1)
        if middle - since <= instances.SHORTEST:
            return
        until = middle
    raise AssertionError("it never ends")
