"""The status page of a real mlvitals process in a real Chromium, while upstream and configuration are hostile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal, get_args

import pytest
import requests
import yaml
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.support.chromium import chromium
from tests.support.replay import Answer, Replay, Request, always, json_answer, redirect
from tests.support.vitals import mlvitals
from tests.support.waiting import until

pytestmark = pytest.mark.live

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
PHONE, DESK = 360, 1280
ATTACK = (
    '</td></table><script>hacked = 1</script><img src="http://127.0.0.1:1/x" onerror="hacked = 2"><svg onload=hacked=3>'
)
LONG = "x" * 400
# Where the headers are out of sight, what they say stands with the value.
HEARD = {
    PHONE: ['rowheader "server"', 'cell "down"', 'cell "never (last success)"'],
    DESK: ['rowheader "server"', 'cell "down"', 'cell "never"'],
}
# Counts what the policy blocked, before the page's own content is parsed.
WATCH = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
"""


@dataclass
class Visit:
    """A page, and what happened on it."""

    page: Page
    requests: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def violations(self) -> list[str]:
        """The directives of the policy that something on the page has run against."""
        found: list[str] = self.page.evaluate("window.violations")
        return found

    def hacked(self) -> object:
        """What a foreign script left behind; None when none ran."""
        return self.page.evaluate("window.hacked ?? null")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("STATUS PAGE NOT LOOKED AT") as running:
        yield running


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The status page: one exporter that is read, one whose upstream attacks, one that is not there."""
    folder = tmp_path_factory.mktemp("status")
    with Replay(_mlflow) as upstream, Replay(always(Answer(200, b"a dashboard"))) as grafana:
        (folder / "mlvitals.yml").write_text(yaml.safe_dump(_configuration(upstream.url, grafana.url)))
        with mlvitals(folder, "-c", "mlvitals.yml") as running:
            until(lambda: "first run" not in requests.get(running.url, timeout=5).text)
            yield running.url


def _mlflow(request: Request) -> Answer:
    if request.path.startswith("/fine"):
        return json_answer({})
    if "experiments" in request.path:
        return redirect(f"http://127.0.0.2/{ATTACK}{LONG}")
    body = f"{ATTACK} {LONG}".encode()
    head = f"HTTP/1.1 500 {ATTACK}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
    return Answer(raw=lambda _: iter((head.encode(), body)))


def _configuration(upstream: str, grafana: str) -> dict[str, Any]:
    hostile = {"labels": {"team": ATTACK}, "tags": [ATTACK]}
    return {
        "links": {"grafana": f"{grafana}/g"},
        "exporters": [
            {"name": "fine", "type": "mlflow", "url": f"{upstream}/fine"},
            {"name": "hostile", "type": "mlflow", "url": f'{upstream}/"><script>hacked=4</script>', **hostile},
            {"name": "n" * 60, "type": "mlflow", "url": f"http://127.0.0.1:9/{LONG}"},
        ],
    }


@contextmanager
def visit(browser: Browser, url: str, width: int = DESK, scheme: Scheme = "light") -> Iterator[Visit]:
    """Open a page in a window of that width."""
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    seen = Visit(page)
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("response", lambda response: seen.answers.append(response.url))
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("dialog", lambda dialog: seen.complaints.append(dialog.message))
    page.add_init_script(WATCH)
    try:
        page.goto(url, wait_until="networkidle")
        yield seen
    finally:
        page.close()


def test_what_others_wrote_is_text(browser: Browser, url: str) -> None:
    with visit(browser, url) as seen:
        text = seen.page.inner_text("body")
        assert all(part in text for part in ("<script>hacked=4</script>", "<script>hacked = 1</script>"))
        assert seen.page.locator("script, img, svg, iframe, object, [onerror], [onload]").count() == 0
        assert seen.hacked() is None
        assert (seen.requests, seen.violations(), seen.complaints) == ([f"{url}/"], [], [])


def test_the_policy_stops_what_would_be_more_than_text(browser: Browser, url: str) -> None:
    with visit(browser, url) as seen:
        seen.page.evaluate("attack => document.body.insertAdjacentHTML('beforeend', attack)", ATTACK)
        seen.page.evaluate(
            "document.body.append(Object.assign(document.createElement('script'), {text: 'hacked = 5'}))"
        )
        until(lambda: {"img-src", "script-src-elem", "script-src-attr"} <= set(seen.violations()))
        assert seen.hacked() is None
        assert seen.answers == [f"{url}/"]


@pytest.mark.parametrize("path", ["", "/runbooks", "/runbooks/MlflowDown"])
@pytest.mark.parametrize("width", [320, PHONE, 768, DESK])
def test_nothing_is_wider_than_the_window(browser: Browser, url: str, path: str, width: int) -> None:
    with visit(browser, url + path, width) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("scheme", "width"), list(product(SCHEMES, (PHONE, DESK))))
@pytest.mark.parametrize("path", ["", "/runbooks", "/runbooks/MlflowDown"])
def test_axe_finds_no_fault(browser: Browser, url: str, path: str, scheme: Scheme, width: int) -> None:
    with visit(browser, url + path, width, scheme) as seen:
        assert faults(seen.page) == []


def test_axe_sees_a_text_that_is_too_pale(browser: Browser, url: str) -> None:
    with visit(browser, url, scheme="dark") as seen:
        seen.page.evaluate("document.querySelector('main').style.opacity = 0.4")
        assert any(fault.startswith("color-contrast") for fault in faults(seen.page))


def test_dark_mode_is_dark(browser: Browser, url: str) -> None:
    backgrounds = set()
    for scheme in SCHEMES:
        with visit(browser, url, scheme=scheme) as seen:
            backgrounds.add(seen.page.screenshot(clip={"x": 0, "y": 0, "width": 1, "height": 1}))
    assert len(backgrounds) == len(SCHEMES)


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_screen_reader_hears_tables_with_headers(browser: Browser, url: str, width: int) -> None:
    with visit(browser, url, width) as seen:
        table = seen.page.get_by_role("table", name="hostile mlflow")
        headers = table.get_by_role("columnheader").all_text_contents()
        assert headers == ["Target", "State", "Last success", "Series", "Last error and what to do"]
        assert [row.get_by_role("rowheader").all_text_contents() for row in table.get_by_role("row").all()] == [
            [],
            ["run-totals"],
            ["runs"],
            ["server"],
        ]
        heard = table.get_by_role("row").last.aria_snapshot()
        assert [line.strip(" -'").partition(":")[0] for line in heard.splitlines()][1:4] == HEARD[width]
        assert [heading.inner_text() for heading in seen.page.get_by_role("heading", level=1).all()] == ["mlvitals"]
        assert seen.page.get_by_role("heading", level=2).count() == 3


def test_the_keyboard_reaches_every_link(browser: Browser, url: str) -> None:
    with visit(browser, url) as seen:
        visible = "[...document.links].flatMap((link, index) => link.checkVisibility() ? [index] : [])"
        wanted = set(seen.page.evaluate(visible))
        reached = set()
        for _ in range(2 * len(wanted)):
            seen.page.keyboard.press("Tab")
            reached.add(seen.page.evaluate("[...document.links].indexOf(document.activeElement)"))
        assert len(wanted) > 5
        assert wanted <= reached


def test_every_link_leads_somewhere(browser: Browser, url: str) -> None:
    with visit(browser, url) as seen:
        links = set(seen.page.eval_on_selector_all("a", "all => all.map((link) => link.href)"))
    assert {f"{url}/metrics/fine", f"{url}/sd", f"{url}/runbooks", f"{url}/runbooks/MlflowDown"} <= links
    assert any("/g/d/mlvitals-mlflow?var-exporter=hostile" in link for link in links)
    assert {link: status for link in links if (status := requests.get(link, timeout=5).status_code) != 200} == {}


def faults(page: Page) -> list[str]:
    """What axe finds: rule and place."""
    violations = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in violations for node in rule["nodes"]]
