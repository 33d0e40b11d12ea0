"""The running set of exporters changes."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from mlvitals.core.collector import Collector, Deadline, Snapshot
from mlvitals.core.page import page_of
from mlvitals.core.runner import ExporterRunner
from mlvitals.core.settings import ExporterSettings
from mlvitals.suite import Exporter, Suite
from mlvitals.web import status
from tests.support.collectors import Results, Scripted
from tests.support.waiting import until


def exporter(collectors: Sequence[Collector]) -> Exporter:
    runner = ExporterRunner("one", collectors)
    return Exporter(ExporterSettings(name="one", type="mlflow"), runner, page_of(runner.state))


def test_the_status_page_says_how_long_collections_took() -> None:
    collectors = [Scripted(lambda _: iter(()), name, (name,)) for name in ("quick", "slow")]
    shown = exporter(collectors)
    suite = Suite()
    suite.exporters = {"one": shown}
    for collector, seconds in zip(collectors, (0.123, 287.4), strict=True):
        shown.runner.state.finish(collector, seconds, {})
    assert "last collection took: quick 0.12 s, slow 287 s" in status.page(suite, None)


def test_a_changed_exporter_is_cut_before_the_new_one_begins() -> None:
    entered, cut = threading.Event(), threading.Event()
    cut_before: list[bool] = []

    def old(deadline: Deadline) -> Results:
        deadline.on_expire(cut.set)
        entered.set()
        assert cut.wait(60)
        yield Snapshot("server", ())

    def new(_: Deadline) -> Results:
        cut_before.append(cut.is_set())
        yield Snapshot(threading.current_thread().name.removeprefix("one/"), ())

    names = [f"collector-{number}" for number in range(20)]
    suite = Suite()
    suite.apply({"one": exporter([Scripted(old)])})
    assert entered.wait(60)
    suite.apply({"one": exporter([Scripted(new, name, (name,)) for name in names])})
    until(lambda: len(cut_before) == len(names))
    suite.stop()
    assert all(cut_before)
