from __future__ import annotations

import itertools
import threading
import time

import pytest

from mlvitals.core.collector import Deadline, Failure, Schedule, Snapshot, UpstreamError
from mlvitals.core.metric import Family
from mlvitals.core.runner import ExporterRunner, collect_once, pause
from mlvitals.core.state import ExporterState
from tests.support.collectors import Results, Scripted, always, things
from tests.support.waiting import until

ERRORS = "mlvitals_exporter_collection_errors_total"
FAST = Schedule(interval=0.01, deadline=5, stale_after=60)


def sample(families: list[Family], name: str, *labels: str) -> float | None:
    family = next((family for family in families if family.metric.name == name), None)
    return family.samples.get(labels) if family else None


def test_a_snapshot_reaches_the_page_with_its_self_metrics() -> None:
    state = collect_once("e", [Scripted(always(Snapshot("server", (things(3),))))])
    families = state.families()
    assert sample(families, "things", "2") == 1.0
    assert sample(families, "mlvitals_target_up", "server") == 1.0
    assert sample(families, "mlvitals_exporter_up") == 1.0
    assert sample(families, "mlvitals_exporter_series") == 3.0
    assert sample(families, "mlvitals_target_failure", "server", "connect") is None


def test_before_the_first_result_a_target_has_no_up() -> None:
    state = ExporterState("e", [Scripted(always(Snapshot("server", ())))])
    assert state.targets() == {"server": None}
    assert sample(state.families(), "mlvitals_target_up", "server") is None
    assert not state.ready


@pytest.mark.parametrize(
    ("error", "reason"),
    [(UpstreamError("auth", "no"), "auth"), (ZeroDivisionError(), "internal")],
)
def test_an_error_fails_only_the_targets_not_spoken_of(error: Exception, reason: str) -> None:
    def body(_: Deadline) -> Results:
        yield Snapshot("a", (things(),))
        raise error

    state = collect_once("e", [Scripted(body, targets=("a", "b"))])
    families = state.families()
    assert sample(families, "mlvitals_target_up", "a") == 1.0
    assert sample(families, "mlvitals_target_up", "b") == 0.0
    assert sample(families, "mlvitals_target_failure", "b", reason) == 1.0
    assert sample(families, "mlvitals_exporter_up") == 1.0
    assert sample(families, "mlvitals_exporter_collection_errors_total", reason) == 1.0


def test_a_target_that_is_not_spoken_of_fails() -> None:
    state = collect_once("e", [Scripted(always(Snapshot("a", ())), targets=("a", "b"))])
    assert sample(state.families(), "mlvitals_target_failure", "b", "internal") == 1.0


def test_the_deadline_fails_a_stuck_collection_and_its_late_result_is_thrown_away() -> None:
    go_on, done = threading.Event(), threading.Event()

    def body(_: Deadline) -> Results:
        go_on.wait(30)
        yield Snapshot("server", (things(),))
        done.set()

    runner = ExporterRunner("e", [Scripted(body, schedule=Schedule(30, 0.05, 60))])
    runner.start()
    until(lambda: sample(runner.state.families(), "mlvitals_target_failure", "server", "timeout"))
    go_on.set()
    assert done.wait(10)
    assert sample(runner.state.families(), "things", "0") is None
    runner.cancel()
    runner.join(10)


def test_waiting_for_a_turn_is_not_the_duration_of_a_collection() -> None:
    waits: list[float] = []

    def body(deadline: Deadline) -> Results:
        with deadline.waiting():
            threading.Event().wait(0.2)
            waits.append(deadline.waited)
        yield Snapshot("server", ())

    began = time.monotonic()
    state = collect_once("e", [Scripted(body)])
    assert waits[0] > 0
    assert all(duration <= time.monotonic() - began - waits[0] for duration in state.durations().values())


def test_the_deadline_frees_what_registered_with_it() -> None:
    freed = threading.Event()

    def body(deadline: Deadline) -> Results:
        deadline.on_expire(freed.set)
        assert freed.wait(30)
        deadline.remaining()
        yield Snapshot("server", ())

    state = collect_once("e", [Scripted(body, schedule=Schedule(30, 0.05, 60))])
    assert freed.is_set()
    assert sample(state.families(), "mlvitals_target_failure", "server", "timeout") == 1.0


def test_a_collection_is_never_begun_while_the_last_one_runs() -> None:
    running, most, runs = itertools.count(), [0], [0]
    lock = threading.Lock()
    active = [0]

    def body(_: Deadline) -> Results:
        with lock:
            active[0] += 1
            most[0] = max(most[0], active[0])
            runs[0] += 1
        next(running)
        yield Snapshot("server", ())
        with lock:
            active[0] -= 1

    runner = ExporterRunner("e", [Scripted(body, schedule=FAST)])
    runner.start()
    until(lambda: runs[0] > 20)
    runner.cancel()
    runner.join(10)
    assert most == [1]


def test_one_stuck_collector_keeps_no_other_waiting() -> None:
    never = threading.Event()

    def stuck(deadline: Deadline) -> Results:
        deadline.on_expire(never.set)
        never.wait(60)
        yield Snapshot("slow", ())

    count = itertools.count()

    def quick(_: Deadline) -> Results:
        yield Snapshot("server", (things(value=next(count)),))

    runner = ExporterRunner("e", [Scripted(stuck, "slow", ("slow",)), Scripted(quick, schedule=FAST)])
    runner.start()
    until(lambda: (sample(runner.state.families(), "things", "0") or 0) > 5)
    runner.cancel()
    runner.join(10)
    assert never.is_set()


def test_stopping_cuts_what_is_under_way_and_closes_collectors() -> None:
    entered, freed = threading.Event(), threading.Event()

    def body(deadline: Deadline) -> Results:
        deadline.on_expire(freed.set)
        entered.set()
        freed.wait(60)
        yield Snapshot("server", ())

    collector = Scripted(body)
    runner = ExporterRunner("e", [collector])
    runner.start()
    assert entered.wait(10)
    runner.cancel()
    runner.join(10)
    assert collector.closed.is_set()
    assert runner.state.targets() == {"server": None}


def test_old_data_leaves_the_page_and_up_0_with_the_reason_stays() -> None:
    now = [1000.0]
    collector = Scripted(always(Snapshot("server", ())), schedule=Schedule(30, 30, 150))
    state = ExporterState("e", [collector], monotonic=lambda: now[0], clock=lambda: 5.0)
    state.record(collector, Snapshot("server", (things(),)))
    state.record(collector, Failure("server", "connect", "refused"))
    before = state.version
    now[0] += 149
    assert sample(state.families(), "things", "0") == 1.0
    assert state.version == before
    now[0] += 1
    assert state.version == (before.results, before.withdrawals + 1)
    families = state.families()
    assert sample(families, "things", "0") is None
    assert sample(families, "mlvitals_target_up", "server") == 0.0
    assert sample(families, "mlvitals_target_failure", "server", "connect") == 1.0
    assert sample(families, "mlvitals_target_last_success_timestamp_seconds", "server") == 5.0


def test_one_that_waits_long_for_its_turn_is_not_shown_for_long_once_it_fails() -> None:
    now = [1000.0]
    collector = Scripted(always(Snapshot("server", ())), schedule=Schedule(30, 30, 5000, failing_after=150))
    state = ExporterState("e", [collector], monotonic=lambda: now[0])
    state.record(collector, Snapshot("server", (things(),)))
    now[0] += 1000
    state.record(collector, Failure("server", "connect", "refused"))
    now[0] += 149
    state.record(collector, Failure("server", "connect", "refused"))
    assert sample(state.families(), "things", "0") == 1.0
    now[0] += 1
    assert sample(state.families(), "things", "0") is None


def test_what_is_known_of_one_that_fails_takes_the_place_of_what_was_read() -> None:
    now = [1000.0]
    collector = Scripted(always(Snapshot("server", ())))
    state = ExporterState("e", [collector], monotonic=lambda: now[0])
    state.record(collector, Snapshot("server", (things(2),)))
    for _ in range(3):
        now[0] += 100
        state.record(collector, Failure("server", "empty", "nothing", known=Snapshot("server", (things(1, 7.0),))))
    families = state.families()
    assert (sample(families, "things", "0"), sample(families, "things", "1")) == (7.0, None)
    assert sample(families, "mlvitals_target_up", "server") == 0.0
    assert sample(families, "mlvitals_target_failure", "server", "empty") == 1.0
    now[0] += 150
    assert sample(state.families(), "things", "0") is None


def test_a_target_that_is_gone_is_forgotten() -> None:
    rounds = itertools.count()

    def body(_: Deadline) -> Results:
        yield Snapshot("a", ())
        if next(rounds) == 0:
            yield Snapshot("b", ())

    runner = ExporterRunner("e", [Scripted(body, targets=("a",), schedule=FAST)])
    runner.start()
    until(lambda: next(rounds) > 3)
    until(lambda: set(runner.state.targets()) == {"a"})
    runner.cancel()
    runner.join(10)


def test_up_becomes_0_when_nobody_speaks_of_a_target_any_more() -> None:
    now = [1000.0]
    collector = Scripted(always(Snapshot("server", ())), schedule=Schedule(30, 30, 150))
    state = ExporterState("e", [collector], monotonic=lambda: now[0])
    state.record(collector, Snapshot("server", (things(),)))
    state.finish(collector, 1.0, {"server": True})
    assert sample(state.families(), "mlvitals_exporter_up") == 1.0
    now[0] += 150
    families = state.families()
    assert sample(families, "mlvitals_target_up", "server") == 0.0
    assert sample(families, "mlvitals_target_failure", "server", "timeout") == 1.0
    assert sample(families, "mlvitals_exporter_up") == 0.0
    state.record(collector, Snapshot("server", (things(),)))
    state.finish(collector, 1.0, {"server": True})
    families = state.families()
    assert sample(families, "mlvitals_target_up", "server") == 1.0
    assert sample(families, "mlvitals_target_failure", "server", "timeout") is None
    assert sample(families, "mlvitals_exporter_up") == 1.0


def test_a_thread_that_cannot_be_started_is_a_failure_and_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(_: threading.Timer) -> None:
        raise RuntimeError("can't start new thread")

    runner = ExporterRunner("e", [Scripted(always(Snapshot("server", ())), schedule=FAST)])
    with monkeypatch.context() as shortage:
        shortage.setattr(threading.Timer, "start", exhausted)
        runner.start()
        until(lambda: sample(runner.state.families(), "mlvitals_target_failure", "server", "internal"))
        until(lambda: runner.state.ready)
    until(lambda: sample(runner.state.families(), "mlvitals_target_up", "server"))
    runner.cancel()
    runner.join(10)


def test_without_threads_nothing_begins_and_everything_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    def body(_: Deadline) -> Results:
        begun.set()
        yield Snapshot("a", ())

    start, left = threading.Thread.start, [1]

    def exhausted(thread: threading.Thread) -> None:
        if not left:
            raise RuntimeError("can't start new thread")
        left.pop()
        start(thread)

    collectors = [Scripted(body, name, (name,)) for name in ("a", "b", "c")]
    runner = ExporterRunner("e", collectors)
    with monkeypatch.context() as shortage:
        shortage.setattr(threading.Thread, "start", exhausted)
        with pytest.raises(OSError, match="cannot begin exporter 'e': can't start new thread"):
            runner.prepare()
    runner.cancel()
    runner.join(10)
    assert all(collector.closed.is_set() for collector in collectors)
    assert not begun.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("e/")]


def test_a_collector_that_exits_does_not_end_its_thread() -> None:
    rounds = itertools.count()

    def body(_: Deadline) -> Results:
        if next(rounds) == 0:
            raise SystemExit
        yield Snapshot("server", ())

    runner = ExporterRunner("e", [Scripted(body, schedule=FAST)])
    runner.start()
    until(lambda: sample(runner.state.families(), "mlvitals_target_up", "server"))
    assert sample(runner.state.families(), ERRORS, "internal") == 1.0
    runner.cancel()
    runner.join(10)


def test_auxiliary_collectors_do_not_count_for_exporter_up() -> None:
    main = Scripted(always(Failure("server", "http", "500")))
    side = Scripted(always(Snapshot("totals", ())), "totals", ("totals",), auxiliary=True)
    assert sample(collect_once("e", [main, side]).families(), "mlvitals_exporter_up") == 0.0


def test_the_same_series_from_two_targets_is_shown_once_and_counted() -> None:
    def body(_: Deadline) -> Results:
        yield Snapshot("a", (things(2, value=1.0),))
        yield Snapshot("b", (things(3, value=2.0),))

    families = collect_once("e", [Scripted(body, targets=("a", "b"))]).families()
    assert sample(families, "things", "0") == 1.0
    assert sample(families, "things", "2") == 2.0
    assert sample(families, "mlvitals_exporter_series_dropped", "things", "duplicate") == 2.0


def test_two_collectors_may_not_share_a_target() -> None:
    collectors = [Scripted(always(Snapshot("server", ()))), Scripted(always(Snapshot("server", ())), "other")]
    with pytest.raises(ValueError, match="share a target"):
        ExporterRunner("e", collectors)


@pytest.mark.parametrize(
    ("interval", "failures", "took", "expected"),
    [
        (30, 0, 2, 28),
        (30, 0, 99, 0),
        (30, 5, 0, 30),
        (30, 5, 30, 30),
        (3600, 0, 0, 3600),
        (3600, 1, 0, 30),
        (3600, 3, 20, 100),
        (3600, 3, 600, 600),
        (3600, 99, 0, 3600),
    ],
)
def test_after_a_failure_a_long_interval_is_cut_short_and_a_slow_source_gets_rest(
    interval: float, failures: int, took: float, expected: float
) -> None:
    assert pause(interval, failures, took) == expected


def test_auxiliary_collectors_do_not_count_for_the_last_success() -> None:
    main = Scripted(always(Failure("server", "http", "500")))
    side = Scripted(always(Snapshot("totals", ())), "totals", ("totals",), auxiliary=True)
    families = collect_once("e", [main, side]).families()
    assert sample(families, "mlvitals_exporter_last_success_timestamp_seconds") is None
    assert sample(families, "mlvitals_target_last_success_timestamp_seconds", "totals")


def test_what_targets_says_does_not_change_afterwards() -> None:
    collector = Scripted(always(Snapshot("server", ())))
    state = ExporterState("e", [collector])
    state.record(collector, Failure("server", "http", "500"))
    before = state.targets()["server"]
    state.record(collector, Snapshot("server", (things(),)))
    assert before is not None
    assert (before.up, before.series) == (False, 0)
