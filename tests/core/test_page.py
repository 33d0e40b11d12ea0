from __future__ import annotations

import gzip
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from mlvitals.core.page import Page, content_type, render_live
from tests.support.collectors import things

OPENMETRICS = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


class Counted:
    """Families that count how often they are read."""

    def __init__(self) -> None:
        self.reads = 0
        self.version = 0
        self._lock = threading.Lock()

    def families(self) -> Iterable[Metric]:
        with self._lock:
            self.reads += 1
        return [things(5, value=self.version).exposition()]

    def page(self) -> Page:
        return Page(self.families, lambda: self.version)


def test_a_form_is_rendered_once_for_each_version() -> None:
    counted = Counted()
    page = counted.page()
    first = page.render("", gzipped=False)
    assert page.render("", gzipped=False) is first
    assert gzip.decompress(page.render("", gzipped=True).body) == first.body
    assert counted.reads == 1
    counted.version += 1
    assert page.render("", gzipped=False).body != first.body
    assert counted.reads == 2


def test_many_first_readers_cause_one_rendering() -> None:
    counted = Counted()
    page = counted.page()
    with ThreadPoolExecutor(8) as threads:
        bodies = {body.body for body in threads.map(lambda _: page.render("", gzipped=False), range(50))}
    assert (len(bodies), counted.reads) == (1, 1)


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
