"""The run ledger against a brute-force count, under any order of events, failures and lack of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import hypothesis.strategies as st
import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from mlvitals.airflow import ledger
from mlvitals.airflow.facts import DagRun, RunKey
from mlvitals.airflow.increments import OVERLAP
from mlvitals.airflow.ledger import DagRuns, LastRuns, RunLedger
from mlvitals.airflow.rest.source import RestSource
from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.selection import everything
from tests.exporters.airflow.fake import NOW, FakeAirflow, Json
from tests.exporters.airflow.reading import rest_source, settings
from tests.support.replay import Answer, Replay, Request

WINDOW = 4 * 3600.0
DAGS = ("a", "b", "c")
VALUES = ("x", "y")
ENDED = ("success", "failed")


class Steps:
    """Says yes so many times."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self) -> bool:
        self.left -= 1
        return self.left >= 0


class Machine(RuleBasedStateMachine):
    """Runs are queued, also for later, start, end, are cleared, deleted, by clocks two minutes off, while collections
    come and go."""

    api: ClassVar[Literal["v1", "v2"]]

    @initialize()
    def begin(self) -> None:
        self.airflow = FakeAirflow(self.api)
        self.airflow.maximum_page_limit = 4
        self.server = Replay(self.airflow).__enter__()
        self.source = RestSource(settings(self.server.url, conf_keys=["model"]), self.server.url)
        self.ledger = RunLedger(WINDOW, everything)
        self.shown: tuple[str, ...] = DAGS
        self.doubtful = False
        self.number = 0

    def teardown(self) -> None:
        self.source.close()
        self.server.__exit__(None, None, None)

    @rule(minutes=st.integers(1, 200))
    def time_passes(self, minutes: int) -> None:
        self.airflow.now += minutes * 60

    @rule(dag=st.sampled_from(DAGS), back=st.integers(-300, 900), value=st.sampled_from(VALUES), state=st.booleans())
    def start(self, dag: str, back: int, value: str, state: bool) -> None:
        self.number += 1
        # No two at once: Airflow itself does not know which is the later one then.
        when = self.airflow.now - back * 60 + self.number / 1000
        started = {"state": "running", "start_date": when} if state and back >= 0 else {"state": "queued"}
        self.airflow.run(dag, f"r{self.number}", run_after=when, conf={"model": value}, **started)

    @precondition(lambda self: self._in("queued", "running"))
    @rule(data=st.data(), state=st.sampled_from(ENDED), late=st.integers(0, int(OVERLAP) - 10))
    def end(self, data: st.DataObject, state: str, late: int) -> None:
        run = data.draw(st.sampled_from(self._in("queued", "running")))
        when = self.airflow.now - late
        run |= {"state": state, "end_date": when + self.number / 1000, "updated_at": when}

    @precondition(lambda self: self._in(*ENDED))
    @rule(data=st.data())
    def clear(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(self._in(*ENDED)))
        run |= {"state": "queued", "start_date": None, "end_date": None, "updated_at": self.airflow.now}

    @precondition(lambda self: self.airflow.runs)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.airflow.runs)))
        # Of a run that has ended once, also of one that was cleared since, this is noticed at the next renewal.
        self.doubtful |= "end_date" in self.airflow.runs.pop(key)

    @rule(shown=st.sets(st.sampled_from(DAGS), min_size=1))
    def some_dags_vanish(self, shown: set[str]) -> None:
        self.shown = tuple(sorted(shown))

    @rule(at=st.integers(0, 8))
    def collect_and_fail(self, at: int) -> None:
        calls = iter(range(1000))

        def respond(request: Request) -> Answer:
            return Answer(500) if next(calls) == at else self.airflow(request)

        self.server.respond = respond
        try:
            self._sync(1000)
        except UpstreamError as error:
            assert error.reason == "http"
        self.server.respond = self.airflow

    @rule(steps=st.integers(0, 5))
    def collect_in_little_time(self, steps: int) -> None:
        self._sync(steps)

    @rule()
    def renew(self) -> None:
        self.ledger = self.ledger.renewed()
        self.doubtful = False

    @precondition(lambda self: not self.doubtful)
    @rule()
    def collect(self) -> None:
        assert self._sync(1000)
        known = self.ledger.dags(self.shown)
        assert known.keys() == set(self.shown)
        horizon = self.airflow.now - WINDOW
        for dag, found in known.items():
            runs = [run for run in self.airflow.runs.values() if run["dag_id"] == dag]
            states = Counter(run["state"] for run in runs)
            planned = [run for run in runs if run["state"] == "queued" and run["run_after"] > self.airflow.now]
            assert (len(found.running), len(found.planned)) == (states["running"], len(planned))
            assert len(found.queued) == states["queued"] - len(planned)
            ended = [run for run in runs if run["state"] in ENDED]
            assert found.recent == Counter(run["state"] for run in ended if run["end_date"] > horizon)
            begun = [run for run in runs if run not in planned]
            self._check_last(found.last, begun)
            for value in VALUES:
                of_value = [run for run in begun if run["conf"]["model"] == value]
                self._check_value(found.by_conf.get("model", {}).get(value) or LastRuns(), of_value, horizon)

    def _check_last(self, last: LastRuns, runs: list[Json]) -> None:
        newest = max(runs, key=lambda run: float(run["run_after"]), default=None)
        assert (last.newest and last.newest.key.run_id) == (newest and newest["dag_run_id"])
        assert (last.newest and last.newest.state) == (newest and newest["state"])
        self._check_ended(last.ended, runs)
        succeeded = [run for run in runs if run["state"] == "success"]
        latest = max(succeeded, key=lambda run: float(run["end_date"]), default=None)
        assert (last.succeeded and last.succeeded.key.run_id) == (latest and latest["dag_run_id"])

    def _check_ended(self, ended: DagRun | None, runs: list[Json]) -> None:
        """One that was cleared, and goes on, may still count as it ended."""
        order = {run["dag_run_id"]: float(run["run_after"]) for run in runs}
        last = max((run["dag_run_id"] for run in runs if run["state"] in ENDED), key=order.__getitem__, default=None)
        cleared = {run["dag_run_id"] for run in runs if run["state"] not in ENDED and "end_date" in run}
        cleared -= {run_id for run_id in cleared if last and order[run_id] < order[last]}
        assert (ended and ended.key.run_id) in {last, *cleared}

    def _check_value(self, last: LastRuns, runs: list[Json], horizon: float) -> None:
        """What is within the window is right; what is older may not be known."""
        recent = [run for run in runs if run["state"] == "success" and run["end_date"] > horizon]
        if recent:
            latest = max(recent, key=lambda run: float(run["end_date"]))
            assert last.succeeded
            assert last.succeeded.key.run_id == latest["dag_run_id"]
        newest = max(runs, key=lambda run: float(run["run_after"]), default=None)
        if newest and (newest["state"] not in ENDED or newest["end_date"] > horizon):
            assert last.newest
            assert last.newest.key.run_id == newest["dag_run_id"]

    def _sync(self, steps: int) -> bool:
        # As a collection does: with the first answer Airflow's clock is known.
        list(self.source.dags(Deadline(60)))
        return self.ledger.sync(self.shown, self.source, Deadline(60), Steps(steps))

    def _in(self, *states: str) -> list[Json]:
        return [run for run in self.airflow.runs.values() if run["state"] in states]


class MachineV1(Machine):
    api = "v1"


class MachineV2(Machine):
    api = "v2"


TestLedgerV1, TestLedgerV2 = MachineV1.TestCase, MachineV2.TestCase
TestLedgerV1.settings = TestLedgerV2.settings = hypothesis_settings(
    max_examples=25, stateful_step_count=20, deadline=None
)


@pytest.fixture
def airflow() -> FakeAirflow:
    return FakeAirflow()


@pytest.fixture
def server(airflow: FakeAirflow) -> Iterator[Replay]:
    with Replay(airflow) as replay:
        yield replay


@pytest.fixture
def source(server: Replay) -> Iterator[RestSource]:
    with rest_source(server.url, conf_keys=["model"]) as made:
        # Its clock is known after the first answer.
        list(made.dags(Deadline(10)))
        server.requests.clear()
        yield made


def sync(known: RunLedger, source: RestSource, *dag_ids: str, steps: int = 1000) -> bool:
    return known.sync(dag_ids or DAGS, source, Deadline(30), Steps(steps))


def test_nothing_is_told_of_a_window_that_is_not_read(airflow: FakeAirflow, source: RestSource) -> None:
    airflow.run("a", "old", "failed", end_date=NOW - 3 * 3600, updated_at=NOW - 3 * 3600)
    airflow.run("a", "r", "running", start_date=NOW)
    known = RunLedger(WINDOW, everything)
    assert not sync(known, source, steps=0)
    found = known.dags(DAGS)["a"]
    assert (found.recent, found.last) == (None, LastRuns())
    assert len(found.running) == 1, "active runs are known at once"
    collections = 1
    while not sync(known, source, steps=0):
        collections += 1
    assert collections > 2
    found = known.dags(DAGS)["a"]
    assert found.recent == Counter(failed=1)
    assert found.last.newest is not None


def test_a_cold_start_reads_a_quiet_window_in_few_steps(server: Replay, source: RestSource) -> None:
    assert sync(RunLedger(24 * 3600.0, everything), source, "a")
    slices = [request.query for request in server.requests if "updated_at_gte" in request.query]
    assert len(slices) == 5, "slices of 1, 2, 4, 8 and the remaining 9 hours"
    assert ["updated_at_lte" in query for query in slices] == [True, True, True, True, False]


def test_a_slice_that_is_too_much_is_read_in_parts(airflow: FakeAirflow, server: Replay, source: RestSource) -> None:
    for minute in range(120):
        at = NOW - minute * 60
        airflow.run("a", f"r{minute:03}", "success", end_date=at, updated_at=at, run_after=at)

    def respond(request: Request) -> Answer:
        answer = airflow(request)
        return Answer(500) if answer.body.count(b"dag_run_id") > 30 else answer

    server.respond = respond
    known = RunLedger(2 * 3600.0, everything)
    failures = 0
    while True:
        try:
            if sync(known, source, "a"):
                break
        except UpstreamError:
            failures += 1
    assert 0 < failures < 10
    assert known.dags(["a"])["a"].recent == Counter(success=120)


def test_a_dag_without_runs_is_looked_up_once(server: Replay, source: RestSource) -> None:
    known = RunLedger(WINDOW, everything)
    assert sync(known, source, "never-run")
    server.requests.clear()
    assert sync(known, source, "never-run")
    assert len(server.requests) == 2
    assert known.dags(["never-run"])["never-run"].recent == Counter()


def test_500_dags_cost_two_calls_when_warm(airflow: FakeAirflow, server: Replay, source: RestSource) -> None:
    ids = [f"d{number:03}" for number in range(500)]
    for number, dag_id in enumerate(ids):
        at = NOW - number * 30
        airflow.run(dag_id, "last", "success", run_after=at, start_date=at, end_date=at, updated_at=at)
    known = RunLedger(24 * 3600.0, everything)
    assert sync(known, source, *ids)
    assert len(server.requests) < 20, "none of them has to be looked up"
    for number in range(3):
        airflow.now += 30
        airflow.run("d007", f"new-{number}", "success", end_date=airflow.now)
        server.requests.clear()
        assert sync(known, source, *ids)
        assert len(server.requests) == 2
    assert known.dags(ids)["d007"].recent == Counter(success=4)


def test_a_success_older_than_the_window_is_found(airflow: FakeAirflow, source: RestSource) -> None:
    old = NOW - 30 * 86400
    airflow.run("a", "old", "success", run_after=old, end_date=old, updated_at=old)
    airflow.run("a", "older", "success", run_after=old - 9, end_date=old - 9, updated_at=old - 9)
    airflow.run("a", "new", "failed", run_after=NOW - 60, end_date=NOW - 60)
    known = RunLedger(WINDOW, everything)
    assert sync(known, source)
    last = known.dags(DAGS)["a"].last
    assert last.newest is not None
    assert last.succeeded is not None
    assert (last.newest.key.run_id, last.succeeded.key.run_id) == ("new", "old")


@pytest.mark.parametrize("age", [600.0, 30 * 86400.0])
def test_the_run_that_ended_last_is_known_while_others_wait(
    airflow: FakeAirflow, source: RestSource, age: float
) -> None:
    failed = NOW - age
    airflow.run("a", "before", "success", run_after=failed - 9, end_date=failed - 9, updated_at=failed - 9)
    airflow.run("a", "failed", "failed", run_after=failed, end_date=failed, updated_at=failed)
    airflow.run("a", "runs", "running", run_after=NOW - 60, start_date=NOW - 60)
    airflow.run("a", "tomorrow", "queued", run_after=NOW + 86400)
    known = RunLedger(WINDOW, everything)
    assert sync(known, source)
    last = known.dags(DAGS)["a"].last
    assert last.newest is not None
    assert last.ended is not None
    assert (last.newest.key.run_id, last.ended.key.run_id) == ("runs", "failed")


def test_a_run_that_was_cleared_counts_as_it_ended_until_it_ends_anew(airflow: FakeAirflow, source: RestSource) -> None:
    airflow.run("a", "r", "failed", run_after=NOW - 600, end_date=NOW - 500)
    known, seen = RunLedger(WINDOW, everything), []
    for state in ("failed", "queued", "running", "success"):
        airflow.now += 30
        airflow.run("a", "r", state, end_date=airflow.now if state in ENDED else None)
        list(source.dags(Deadline(10)))
        sync(known, source)
        last = known.dags(DAGS)["a"].last
        seen.append((last.newest and last.newest.state, last.ended and last.ended.state))
    assert seen == [("failed", "failed"), ("queued", "failed"), ("running", "failed"), ("success", "success")]


def test_an_old_success_that_is_touched_is_not_the_last_one(airflow: FakeAirflow, source: RestSource) -> None:
    for weeks, touched in ((3, NOW), (2, NOW - 14 * 86400)):
        at = NOW - weeks * 7 * 86400
        airflow.run("a", f"{weeks} weeks ago", "success", run_after=at, end_date=at, updated_at=touched)
    airflow.run("a", "today", "failed", run_after=NOW - 60, end_date=NOW - 30)
    known = RunLedger(WINDOW, everything)
    sync(known, source)
    succeeded = known.dags(DAGS)["a"].last.succeeded
    assert succeeded is not None
    assert succeeded.key.run_id == "2 weeks ago"


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_a_run_that_is_planned_hides_no_other(api: Literal["v1", "v2"]) -> None:
    airflow = FakeAirflow(api)
    airflow.run("a", "tomorrow", "queued", run_after=NOW + 86_400, queued_at=NOW - 3600)
    airflow.run("a", "old", "failed", run_after=NOW - 86_400, end_date=NOW - 86_400, updated_at=NOW - 86_400)
    with Replay(airflow) as server, rest_source(server.url) as source:
        list(source.dags(Deadline(10)))
        known = RunLedger(WINDOW, everything)
        for asked, runs in (("old", {"failed"}), ("new", {"success"}), ("tomorrow", {"queued"})):
            if asked == "new":
                airflow.run("a", "new", "success", run_after=NOW - 60, end_date=NOW)
            elif asked == "tomorrow":
                airflow.now += 86_401
                list(source.dags(Deadline(10)))
            assert sync(known, source, "a")
            newest = known.dags(["a"])["a"].last.newest
            assert newest is not None
            assert (newest.key.run_id, {newest.state}) == (asked, runs)


def test_runs_that_are_deleted_while_they_run_leave_at_once(airflow: FakeAirflow, source: RestSource) -> None:
    airflow.run("a", "r1", "success", run_after=NOW - 600, end_date=NOW - 500, conf={"model": "x"})
    airflow.run("a", "r2", "running", run_after=NOW - 300, start_date=NOW - 300, conf={"model": "x"})
    known = RunLedger(WINDOW, everything)
    sync(known, source)
    del airflow.runs["a", "r2"]
    airflow.now += 30
    sync(known, source)
    found = known.dags(DAGS)["a"]
    assert not found.running
    for last in (found.last, found.by_conf["model"]["x"]):
        assert last.newest is not None
        assert last.newest.key.run_id == "r1"


def test_a_failure_while_reading_forgets_no_doubt(airflow: FakeAirflow, server: Replay, source: RestSource) -> None:
    airflow.maximum_page_limit = 2
    old = NOW - 30 * 86400
    airflow.run("a", "r1", "success", run_after=old, end_date=old, updated_at=old)
    airflow.run("a", "r2", "success", run_after=NOW - 600, end_date=NOW - 500)
    known = RunLedger(WINDOW, everything)
    assert sync(known, source)
    airflow.run("a", "r2", "failed", end_date=NOW)
    for number in range(4):
        airflow.run("b", f"r{number}", "success", end_date=NOW)

    def respond(request: Request) -> Answer:
        return Answer(500) if int(request.query.get("offset", ["0"])[0]) > 1 else airflow(request)

    server.respond = respond
    with pytest.raises(UpstreamError):
        sync(known, source)
    server.respond = airflow
    assert sync(known, source)
    succeeded = known.dags(DAGS)["a"].last.succeeded
    assert succeeded is not None
    assert succeeded.key.run_id == "r1"


@pytest.mark.parametrize("wrong", [30 * 86400, 600, -600])
def test_a_clock_that_was_wrong_loses_nothing(airflow: FakeAirflow, source: RestSource, wrong: int) -> None:
    known = RunLedger(WINDOW, everything)
    airflow.run("a", "before", "success", end_date=NOW - 60)
    for number, ahead in enumerate((0, wrong, 0, 0)):
        airflow.now = NOW + number * 60 + ahead
        list(source.dags(Deadline(10)))
        sync(known, source)
        airflow.run("a", f"r{number}", "failed", end_date=NOW + number * 60 + 1, updated_at=NOW + number * 60 + 1)
    airflow.now = NOW + 240
    list(source.dags(Deadline(10)))
    sync(known, source)
    assert known.dags(DAGS)["a"].recent == Counter(success=1, failed=4)


def test_a_run_that_ends_in_a_far_future_hides_no_other(airflow: FakeAirflow, source: RestSource) -> None:
    known = RunLedger(WINDOW, everything)
    airflow.run("a", "future", "success", end_date=NOW * 2, updated_at=NOW * 2)
    sync(known, source)
    airflow.run("a", "late", "failed", end_date=NOW)
    sync(known, source)
    assert known.dags(DAGS)["a"].recent == Counter(success=1, failed=1)


def test_a_vanished_dag_comes_back_with_its_runs(airflow: FakeAirflow, source: RestSource) -> None:
    known = RunLedger(WINDOW, everything)
    airflow.run("a", "r1", "success", end_date=NOW - 60)
    sync(known, source)
    sync(known, source, "b")
    assert known.dags(["b"]).keys() == {"b"}
    sync(known, source)
    assert known.dags(DAGS)["a"].recent == Counter(success=1)


def test_runs_of_dags_that_no_pattern_keeps_are_not_held(airflow: FakeAirflow, source: RestSource) -> None:
    for number in range(3):
        airflow.run("scratch", f"r{number}", "running")
        airflow.run("scratch", f"e{number}", "success", end_date=NOW)
    known = RunLedger(WINDOW, lambda dag_id: dag_id != "scratch")
    sync(known, source)
    assert not known._active
    assert not known._ended


def test_an_endless_list_of_runs_is_not_held(
    airflow: FakeAirflow, source: RestSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MAX_RUNS", 5)
    for number in range(6):
        airflow.run("a", f"r{number}", "running")
    with pytest.raises(UpstreamError, match="more than 5 runs") as caught:
        sync(RunLedger(WINDOW, everything), source)
    assert caught.value.reason == "limit"


def test_after_too_many_runs_it_goes_on(
    airflow: FakeAirflow, source: RestSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MAX_RUNS", 1)
    for dag_id in DAGS:
        airflow.run(dag_id, "r", "running", updated_at=0.0)
    known = RunLedger(WINDOW, everything)
    with pytest.raises(UpstreamError, match="more than 1 runs"):
        sync(known, source)
    airflow.runs.clear()
    assert sync(known, source)
    assert all(found == DagRuns(recent=Counter()) for found in known.dags(DAGS).values())


def test_the_oldest_values_of_a_conf_key_are_forgotten(
    airflow: FakeAirflow, source: RestSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MAX_VALUES", 3)
    for number in range(6):
        when = NOW - 100 + number
        airflow.run("a", f"r{number}", "success", run_after=when, end_date=when, conf={"model": f"m{number}"})
    known = RunLedger(WINDOW, everything)
    sync(known, source)
    assert sorted(known.dags(DAGS)["a"].by_conf["model"]) == ["m3", "m4", "m5"]


def test_all_values_together_are_bounded_too(
    airflow: FakeAirflow, source: RestSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MAX_ALL_VALUES", 4)
    for number in range(9):
        when = NOW - 100 + number
        conf = {"model": f"m{number}"}
        airflow.run(DAGS[number % 3], f"r{number}", "success", run_after=when, end_date=when, conf=conf)
    known = RunLedger(WINDOW, everything)
    for _ in range(2):
        sync(known, source)
        shown = known.dags(DAGS)
        values = {value for dag in DAGS for value in shown[dag].by_conf.get("model", {})}
        assert values == {"m5", "m6", "m7", "m8"}, "those of the newest runs"


def test_a_renewal_keeps_the_last_runs_by_conf_that_are_older_than_the_window(
    airflow: FakeAirflow, source: RestSource
) -> None:
    airflow.run("a", "weekly", "success", run_after=NOW, end_date=NOW, conf={"model": "x"})
    known = RunLedger(WINDOW, everything)
    sync(known, source)
    airflow.now += 7 * 86400
    airflow.run("a", "other", "success", run_after=airflow.now, end_date=airflow.now, conf={"model": "y"})
    list(source.dags(Deadline(10)))
    sync(known, source)
    fresh = known.renewed()
    assert sync(fresh, source)
    by_value = fresh.dags(DAGS)["a"].by_conf["model"]
    found = {value: last.succeeded.key.run_id for value, last in by_value.items() if last.succeeded}
    assert found == {"x": "weekly", "y": "other"}


def run(state: str, **more: Any) -> DagRun:
    return DagRun(RunKey("d", "r"), state, "manual", NOW, **more)


def test_only_an_ended_run_has_a_duration() -> None:
    assert run("success", start=NOW, end=NOW + 91_800).duration == 91_800
    assert run("failed", start=NOW, end=NOW).duration == 0
    assert run("success", start=NOW, end=NOW - 1).duration is None
    assert run("success", end=NOW).duration is None
    assert run("running", start=NOW, end=NOW + 5).duration is None
