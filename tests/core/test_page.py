from __future__ import annotations

import gzip
import threading
import weakref
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from mlvitals.core.page import Page, content_type, render_live
from mlvitals.core.state import Version
from tests.support.collectors import things
from tests.support.waiting import until

OPENMETRICS = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


class Counted:
    """Families that count how often they are read, and wait to be read while `may_go_on` is not set."""

    def __init__(self) -> None:
        self.reads = self.asked = 0
        self.version = Version(0, 0)
        self.begun, self.may_go_on = threading.Event(), threading.Event()
        self.may_go_on.set()
        self._lock = threading.Lock()

    def families(self) -> Iterable[Metric]:
        value = sum(self.version)
        with self._lock:
            self.reads += 1
        self.begun.set()
        assert self.may_go_on.wait(20)
        return [things(5, value=value).exposition()]

    def change(self, results: int = 1, withdrawals: int = 0) -> None:
        """From now on families are other ones, and reading them waits."""
        self.version = Version(self.version.results + results, self.version.withdrawals + withdrawals)
        self.begun.clear()
        self.may_go_on.clear()

    def page(self) -> Page:
        return Page(self.families, self.look)

    def look(self) -> Version:
        """The version, and count who asks for it."""
        with self._lock:
            self.asked += 1
        return self.version


def test_a_form_is_rendered_once_for_each_version() -> None:
    counted = Counted()
    page = counted.page()
    first = page.render("", gzipped=False)
    assert page.render("", gzipped=False) is first
    assert gzip.decompress(page.render("", gzipped=True).body) == first.body
    assert counted.reads == 1
    counted.version = Version(1, 0)
    assert page.render("", gzipped=False).body != first.body
    assert counted.reads == 2


def test_many_first_readers_cause_one_rendering() -> None:
    counted = Counted()
    page = counted.page()
    with ThreadPoolExecutor(8) as threads:
        bodies = {body.body for body in threads.map(lambda _: page.render("", gzipped=False), range(50))}
    assert (len(bodies), counted.reads) == (1, 1)


@pytest.fixture
def readers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def test_while_a_page_is_made_others_read_the_last_one(readers: ThreadPoolExecutor) -> None:
    counted = Counted()
    page = counted.page()
    first = page.render("", gzipped=False)
    counted.change()
    making = readers.submit(page.render, "", gzipped=False)
    assert counted.begun.wait(20)
    try:
        assert readers.submit(page.render, "", gzipped=False).result(10) is first
    finally:
        counted.may_go_on.set()
    assert making.result(20) is page.render("", gzipped=False) is not first
    assert counted.reads == 2


def test_what_was_withdrawn_is_never_read_again(readers: ThreadPoolExecutor) -> None:
    counted = Counted()
    page = counted.page()
    first = page.render("", gzipped=False)
    counted.change(withdrawals=1)
    making = [readers.submit(page.render, "", gzipped=False) for _ in range(2)]
    assert counted.begun.wait(20)
    counted.may_go_on.set()
    assert making[0].result(20) is making[1].result(20) is not first
    assert counted.reads == 2


def test_who_waits_for_a_page_is_content_with_it(readers: ThreadPoolExecutor) -> None:
    counted = Counted()
    page = counted.page()
    counted.change()
    making = [readers.submit(page.render, "", gzipped=False) for _ in range(2)]
    until(lambda: counted.asked == 3)
    counted.version = Version(9, 0)
    counted.may_go_on.set()
    assert making[0].result(20) is making[1].result(20)
    assert counted.reads == 1


def test_what_nobody_asks_for_any_more_is_forgotten() -> None:
    counted = Counted()
    page = counted.page()
    plain = weakref.ref(page.render("", gzipped=False))
    for results in (1, 2):
        counted.version = Version(results, 0)
        page.render("", gzipped=True)
    assert plain() is None


def test_both_formats_parse_to_the_same_samples() -> None:
    page = Counted().page()
    text = page.render("text/plain", gzipped=False).body.decode()
    openmetrics = page.render(OPENMETRICS, gzipped=False).body.decode()
    assert openmetrics.endswith("# EOF\n")
    read = [
        [sample for family in parse(body) for sample in family.samples]
        for parse, body in ((parse_text, text), (parse_openmetrics, openmetrics))
    ]
    assert read[0] == read[1]
    assert len(read[0]) == 5


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "text/plain; version=0.0.4"),
        ("*/*", "text/plain; version=0.0.4"),
        (OPENMETRICS, "application/openmetrics-text; version=1.0.0"),
        ("application/openmetrics-text", "application/openmetrics-text; version=1.0.0"),
        ("application/openmetrics-text;version=9.9.9;q=1,text/plain;q=0.1", "text/plain"),
        ("application/openmetrics-text;q=0.1,text/plain;q=0.9", "text/plain"),
        ("application/openmetrics-text;q=0", "text/plain"),
        ("application/openmetrics-text;q=nonsense", "text/plain"),
        (";;,,=;q=1", "text/plain"),
    ],
)
def test_the_accept_header_chooses_the_format(accept: str, expected: str) -> None:
    assert content_type(accept).startswith(expected)


@pytest.mark.parametrize("gzipped", [True, False])
@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_live_families_before_a_page_are_one_valid_page(accept: str, gzipped: bool) -> None:
    counted = Counted()
    page = counted.page()
    live = Metric("live", "help", "gauge")
    live.add_sample("live", {}, 7)
    for _ in range(3):
        rendered = render_live([live], accept, gzipped=gzipped, before=page)
    body = gzip.decompress(rendered.body) if gzipped else rendered.body
    parse = parse_openmetrics if accept else parse_text
    assert [family.name for family in parse(body.decode())] == ["live", "things"]
    assert counted.reads == 1
