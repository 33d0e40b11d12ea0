"""The run ledger against a brute-force count, under any order of events, failures and lack of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.mlflow import runs
from mlvitals.mlflow.client import MlflowClient
from mlvitals.mlflow.config import MlflowSettings
from mlvitals.mlflow.runs import ENDED, OVERLAP, RunLedger
from tests.exporters.mlflow.fake import FakeMlflow, Json
from tests.support.replay import Answer, Replay, Request

WINDOW = 3_600_000
EXPERIMENTS = ("1", "2", "3")


def client(url: str) -> MlflowClient:
    return MlflowClient(MlflowSettings.model_validate({"name": "x", "type": "mlflow", "url": url}))


class Machine(RuleBasedStateMachine):
    """Runs start, end, fail and are resumed, by clocks up to ten minutes wrong, while collections come and go."""

    @initialize()
    def begin(self) -> None:
        self.mlflow = FakeMlflow()
        self.mlflow.page_size = 2
        self.now = 1_800_000_000_000
        self.server = Replay(self.mlflow).__enter__()
        self.client = client(self.server.url)
        self.ledger = RunLedger(WINDOW)
        self.number = 0

    def teardown(self) -> None:
        self.client.close()
        self.server.__exit__(None, None, None)

    @rule(minutes=st.integers(1, 40))
    def time_passes(self, minutes: int) -> None:
        self.now += minutes * 60_000

    @rule(experiment=st.sampled_from(EXPERIMENTS), back=st.integers(0, 3 * WINDOW))
    def start(self, experiment: str, back: int) -> None:
        self.number += 1
        self.mlflow.run(f"r{self.number}", experiment, "RUNNING", self.now - back)

    @precondition(lambda self: self._running())
    @rule(data=st.data(), status=st.sampled_from(ENDED), late=st.integers(-OVERLAP // 1000 + 2, 0))
    def end(self, data: st.DataObject, status: str, late: int) -> None:
        run = data.draw(st.sampled_from(self._running()))
        run |= {"status": status, "end_time": self.now + late * 1000}

    @precondition(lambda self: self._ended())
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self._ended()))["status"] = "RUNNING"

    @rule(at=st.integers(0, 8))
    def collect_and_fail(self, at: int) -> None:
        calls = iter(range(1000))

        def respond(request: Request) -> Answer:
            return Answer(500) if next(calls) == at else self.mlflow(request)

        self.server.respond = respond
        try:
            self._sync(1000)
        except UpstreamError as error:
            assert error.reason == "http"
        self.server.respond = self.mlflow

    @rule()
    def renew(self) -> None:
        """Nothing was deleted, so a renewed ledger comes to know the same."""
        if self.ledger.complete(EXPERIMENTS):
            self.ledger = self.ledger.renewed()

    @rule(steps=st.integers(0, 5))
    def collect_in_little_time(self, steps: int) -> None:
        self._sync(steps)

    @rule()
    def collect(self) -> None:
        # The first ends a list of running runs that was begun in little time; what started since is in the next.
        self._sync(1000)
        self._sync(1000)
        assert self.ledger.complete(EXPERIMENTS)
        known = self.ledger.experiments()
        for experiment in EXPERIMENTS:
            found = known[experiment]
            runs = [run for run in self.mlflow.runs.values() if run["experiment_id"] == experiment]
            ended = [run for run in runs if run["status"] in ENDED]
            assert found.running == len(runs) - len(ended)
            assert found.recent == Counter(run["status"] for run in ended if run["end_time"] > self.now - WINDOW)
            self._check_last(found.last, runs, ended)

    def _check_last(self, last: Any, runs: list[Json], ended: list[Json]) -> None:
        if not runs:
            assert not (last and last.runs())
            return
        assert last.started.start_time == max(run["start_time"] for run in runs)
        finished = [run for run in ended if run["status"] == "FINISHED"]
        for found, among in ((last.ended, ended), (last.finished, finished)):
            assert (found and found.end_time) == max((run["end_time"] for run in among), default=None)

    def _sync(self, steps: int) -> None:
        left = iter(range(steps))

        def steps_left() -> bool:
            return next(left, None) is not None

        self.mlflow.headers = {"Date": formatdate(self.now / 1000, usegmt=True)}
        self.ledger.sync(EXPERIMENTS, self.client, Deadline(60), steps_left, steps_left)

    def _running(self) -> list[Json]:
        return [run for run in self.mlflow.runs.values() if run["status"] == "RUNNING"]

    def _ended(self) -> list[Json]:
        return [run for run in self.mlflow.runs.values() if run["status"] in ENDED]


TestLedger = Machine.TestCase
TestLedger.settings = hypothesis_settings(max_examples=60, stateful_step_count=20, deadline=None)


@pytest.fixture
def mlflow() -> FakeMlflow:
    made = FakeMlflow()
    made.headers = {"Date": formatdate(1_800_000_000, usegmt=True)}
    return made


@pytest.fixture
def server(mlflow: FakeMlflow) -> Iterator[Replay]:
    with Replay(mlflow) as replay:
        yield replay


def test_a_run_that_ends_in_a_far_future_hides_no_other(mlflow: FakeMlflow, server: Replay) -> None:
    now = 1_800_000_000_000
    mlflow.run("future", "1", "FINISHED", now, now * 1000)
    ledger, reader = RunLedger(WINDOW), client(server.url)
    ledger.sync(["1"], reader, Deadline(10), lambda: True, lambda: True)
    mlflow.run("late", "1", "FAILED", now - 2, now - 1)
    ledger.sync(["1"], reader, Deadline(10), lambda: True, lambda: True)
    assert ledger.experiments()["1"].recent == Counter(FINISHED=1, FAILED=1)
    reader.close()


def test_a_server_clock_that_was_far_ahead_loses_nothing(mlflow: FakeMlflow, server: Replay) -> None:
    now = 1_800_000_000_000
    mlflow.run("before", "1", "FINISHED", now - 2, now - 1)
    ledger, reader = RunLedger(WINDOW), client(server.url)
    for seconds in (0, 30 * 86400, 60):
        mlflow.headers = {"Date": formatdate(now / 1000 + seconds, usegmt=True)}
        ledger.sync(["1"], reader, Deadline(10), lambda: True, lambda: True)
        mlflow.run("after", "1", "FAILED", now - 2, now + 1)
    assert ledger.experiments()["1"].recent == Counter(FINISHED=1, FAILED=1)
    reader.close()


def test_nothing_is_shown_of_a_window_that_is_not_read(mlflow: FakeMlflow, server: Replay) -> None:
    mlflow.page_size = 1
    for number in range(3):
        mlflow.run(f"r{number}", "1", "FAILED", 1_799_999_990_000, 1_799_999_999_000 + number)
    ledger, reader = RunLedger(WINDOW), client(server.url)
    ledger.sync(["1"], reader, Deadline(10), lambda: False, lambda: False)
    shown = ledger.experiments().get("1")
    assert shown is None or (shown.recent, shown.last) == (None, None)
    for _ in range(4):
        ledger.sync(["1"], reader, Deadline(10), lambda: False, lambda: False)
    assert ledger.experiments()["1"].recent == Counter(FAILED=3)
    reader.close()


class Steps:
    """Says yes so many times."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self) -> bool:
        self.left -= 1
        return self.left >= 0


def test_many_running_runs_are_listed_in_several_collections(mlflow: FakeMlflow, server: Replay) -> None:
    now = 1_800_000_000_000
    mlflow.page_size = 2
    for number in range(11):
        mlflow.run(f"r{number:02}", "1", "RUNNING", now - 1000 + number // 5)
    mlflow.run("ended", "1", "FAILED", now - 2, now - 1)
    ledger, reader = RunLedger(WINDOW), client(server.url)
    seen = []
    for _ in range(8):
        ledger.sync(["1"], reader, Deadline(10), Steps(1), Steps(99))
        known = ledger.experiments()["1"]
        assert known.recent == Counter(FAILED=1)
        seen.append((known.running, known.oldest_start))
        if ledger.complete(["1"]):
            break
    assert seen[0] == (None, None)
    assert seen[-1] == (11, now - 1000)
    # While the next list is read, what ends leaves the last one.
    mlflow.run("r00", "1", "FINISHED", now - 1000, now - 1)
    ledger.sync(["1"], reader, Deadline(10), Steps(0), Steps(99))
    assert ledger.experiments()["1"].running == 10
    reader.close()


def test_an_endless_list_of_runs_is_not_held(
    mlflow: FakeMlflow, server: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "MAX_RUNS", 5)
    for number in range(6):
        mlflow.run(f"r{number}", "1", "RUNNING", number)
    reader = client(server.url)
    with pytest.raises(UpstreamError, match="more than 5 runs") as caught:
        RunLedger(WINDOW).sync(["1"], reader, Deadline(10), lambda: True, lambda: True)
    assert caught.value.reason == "limit"
    reader.close()


def test_runs_that_all_ended_by_a_slow_clock_are_asked_for_in_turn(mlflow: FakeMlflow, server: Replay) -> None:
    now = 1_800_000_000_000
    for number in range(250):
        mlflow.run(f"r{number:03}", "1", "RUNNING", now - WINDOW)
    ledger, reader = RunLedger(WINDOW), client(server.url)
    ledger.sync(["1"], reader, Deadline(10), lambda: True, lambda: True)
    for number in range(250):
        mlflow.run(f"r{number:03}", "1", "FAILED", now - WINDOW, now - 2 * OVERLAP)
    for _ in range(3):
        ledger.sync(["1"], reader, Deadline(10), lambda: False, lambda: False)
    assert ledger.experiments()["1"].recent == Counter(FAILED=250)
    assert ledger.experiments()["1"].running == 0
    reader.close()


def test_a_renewal_asks_little_for_what_is_quiet(mlflow: FakeMlflow, server: Replay) -> None:
    old = 1_800_000_000_000 - 3 * WINDOW
    ids = [str(number) for number in range(300)]
    for each in ids[:250]:
        mlflow.run(f"first-{each}", each, "FINISHED", old - 1000, old - 900)
        mlflow.run(f"last-{each}", each, "FAILED", old, old + 100)
    ledger, reader = RunLedger(WINDOW), client(server.url)
    ledger.sync(ids, reader, Deadline(30), lambda: True, lambda: True)
    before, renewed = ledger.experiments(), ledger.renewed()
    for calls in (3, 3, 3, 3, 4):
        server.requests.clear()
        assert not renewed.complete(ids)
        renewed.sync(ids, reader, Deadline(30), lambda: True, lambda: True)
        assert len(server.requests) == calls
    assert renewed.complete(ids)
    assert renewed.experiments() == before
    reader.close()


def test_a_renewal_finds_what_was_deleted_changed_and_begun(mlflow: FakeMlflow, server: Replay) -> None:
    old = 1_800_000_000_000 - 3 * WINDOW
    ids = ["1", "2", "3", "4"]
    for each in ids[:3]:
        mlflow.run(f"first-{each}", each, "FINISHED", old - 1000, old - 900)
        mlflow.run(f"last-{each}", each, "FINISHED", old, old + 100)
    ledger, reader = RunLedger(WINDOW), client(server.url)
    ledger.sync(ids, reader, Deadline(30), lambda: True, lambda: True)
    del mlflow.runs["last-2"]
    mlflow.runs["last-3"]["status"] = "FAILED"
    mlflow.run("imported", "4", "FINISHED", old - 50, old - 40)
    ledger = ledger.renewed()
    ledger.sync(ids, reader, Deadline(30), lambda: True, lambda: True)
    known = ledger.experiments()
    ended = [last and last.ended and last.ended.run_id for last in (known[each].last for each in ids)]
    finished = [last and last.finished and last.finished.run_id for last in (known[each].last for each in ids)]
    assert ended == ["last-1", "first-2", "last-3", "imported"]
    assert finished == ["last-1", "first-2", "first-3", "imported"]
    reader.close()


def test_a_run_that_ended_before_it_started_took_no_time(mlflow: FakeMlflow, server: Replay) -> None:
    now = 1_800_000_000_000
    mlflow.run("r", "1", "FINISHED", now - 1000, now - 60_000)
    ledger, reader = RunLedger(WINDOW), client(server.url)
    ledger.sync(["1"], reader, Deadline(10), lambda: True, lambda: True)
    last = ledger.experiments()["1"].last
    assert last is not None
    assert last.duration is None
    reader.close()
