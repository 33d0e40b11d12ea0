"""What the log says of collections."""

from __future__ import annotations

import errno
import itertools
from typing import NoReturn

import structlog
from structlog.testing import capture_logs

from mlvitals.core.collector import Deadline, Failure, Snapshot
from mlvitals.core.runner import ExporterRunner, collect_once
from mlvitals.core.state import ExporterState
from tests.core.test_runner import ERRORS, FAST, sample
from tests.support.collectors import Results, Scripted, always, things
from tests.support.waiting import until


def test_only_changes_of_state_are_logged() -> None:
    collector = Scripted(always(Snapshot("server", ())))
    state = ExporterState("e", [collector])
    with capture_logs() as logs:
        results: list[Snapshot | Failure] = [
            Snapshot("server", ()),
            Snapshot("server", ()),
            Failure("server", "http", "500"),
            Failure("server", "http", "500"),
            Failure("server", "auth", "401"),
            Snapshot("server", ()),
        ]
        for result in results:
            state.record(collector, result)
    assert [(entry["event"], entry.get("reason")) for entry in logs] == [
        ("target is up", None),
        ("target failed", "http"),
        ("target failed", "auth"),
        ("target is up", None),
    ]


def test_each_collection_is_a_line_of_the_debug_log() -> None:
    def body(_: Deadline) -> Results:
        yield Snapshot("a", (things(3),))
        yield Failure("b", "http", "500")

    with capture_logs() as logs:
        collect_once("e", [Scripted(body, targets=("a", "b", "c"))])
    (line,) = [line for line in logs if line["log_level"] == "debug"]
    assert 0 <= line.pop("seconds") < 60
    told = {"exporter": "e", "collector": "main", "series": 3, "read": 1, "failed": 2}
    assert line == {"event": "collection ended", "log_level": "debug", **told}


def test_a_mistake_of_a_collector_is_logged_once_until_it_is_another() -> None:
    kinds = itertools.chain([KeyError, KeyError, ValueError], itertools.repeat(KeyError))

    def body(_: Deadline) -> Results:
        raise next(kinds)("bug")
        yield

    with capture_logs() as logs:
        runner = ExporterRunner("e", [Scripted(body, schedule=FAST)])
        runner.start()
        until(lambda: (sample(runner.state.families(), ERRORS, "internal") or 0) >= 6)
        runner.cancel()
        runner.join(10)
    mistakes = [entry["exc_info"] for entry in logs if entry["event"] == "collector failed"]
    assert [type(error) for error in mistakes] == [KeyError, ValueError, KeyError]


def test_a_log_that_cannot_be_written_does_not_end_a_thread() -> None:
    def full(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    flapping: list[Snapshot | Failure] = [Failure("server", "http", "500"), Snapshot("server", ())]
    results = itertools.cycle(flapping)
    runner = ExporterRunner("e", [Scripted(lambda _: iter([next(results)]), schedule=FAST)])
    before = structlog.get_config()
    structlog.configure(processors=[full])
    try:
        runner.start()
        until(lambda: (sample(runner.state.families(), ERRORS, "http") or 0) >= 3)
    finally:
        structlog.configure(**before)
    runner.cancel()
    runner.join(10)
