"""Draws a dashboard in Chromium with Grafana's own components against a live Prometheus, without a Grafana server.

The page is `dashboards/preview/`; its packages and its bundle are kept in the cache folder.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import Browser, Page, Route
from playwright.sync_api import TimeoutError as BrowserTimeoutError

from compose.cache import MissingError, installed

SOURCES = Path(__file__).resolve().parent.parent / "dashboards/preview"
OLDEST_NODE = 20
WIDTH = 1500
PATIENCE_MS = 30_000.0
# A panel that failed draws nothing.
_TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
_DRAWN = """() => {
    const all = window.preview?.report() ?? [];
    return all.length && all.every((one) => one.finished && (one.drawn || one.errors.length || one.alerts.length));
}"""

Json = dict[str, Any]


@dataclass(frozen=True)
class View:
    """What of a dashboard is shown: the time range in Grafana's words, the theme, all rows opened or as saved."""

    since: str
    theme: str = "light"
    opened: bool = False


@dataclass(frozen=True)
class Drawn:
    """A drawn dashboard: the page, each panel as `src/report.js` describes it, and what the page complained about."""

    page: Page
    panels: list[Json]
    complaints: list[str]


class Preview:
    """The page, served on loopback at `url`."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url

    @contextmanager
    def draw(self, dashboard: Json, prometheus: str, view: View) -> Iterator[Drawn]:
        """Draw it, and wait until every panel is drawn or PATIENCE_MS have passed."""
        page = self._browser.new_page(viewport={"width": WIDTH, "height": 900}, timezone_id="UTC", locale="en-GB")
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.route(_is_outside, lambda route: _refuse(route, complaints))
        page.add_init_script(f"window.previewedDashboard = {json.dumps(dashboard)}")
        question = {"prometheus": prometheus, "from": view.since, "theme": view.theme}
        question |= {"opened": "1"} if view.opened else {}
        try:
            page.goto(f"{self._url}/index.html?{urlencode(question)}")
            page.wait_for_selector("main")
            with suppress(BrowserTimeoutError):  # findings() says which panel it was
                _wait_until_drawn(page)
            yield Drawn(page, page.evaluate("window.preview.report()"), complaints)
        finally:
            page.close()


@contextmanager
def serving(browser: Browser) -> Iterator[Preview]:
    """The preview. Raises MissingError when it cannot be built."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(bundle())))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield Preview(browser, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def bundle() -> Path:
    """The folder of the built page; a minute and 500 MB the first time. Raises MissingError with what is missing."""
    if reason := why_not():
        raise MissingError(reason)
    sources = {str(path.relative_to(SOURCES)): path.read_text() for path in sorted(SOURCES.glob("src/*"))}
    pins = [_pins(), sources, (SOURCES / "build.mjs").read_text()]
    return installed("preview", pins, _build)


def why_not() -> str:
    """Why this machine cannot build it; empty when it can."""
    node = shutil.which("node") and shutil.which("npm")
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout if node else ""
    match = re.match(r"v(\d+)", said)
    if match and int(match[1]) >= OLDEST_NODE:
        return ""
    return f"Node {OLDEST_NODE} or newer with npm is needed, found {said.strip() or 'none'}"


def findings(drawn: Drawn, empty: Mapping[tuple[str, str], bool]) -> list[str]:
    """What is wrong with it, a line each. `empty`: (panel, query) that may bring no data, and whether it never does."""
    found = list(drawn.complaints)
    for panel in drawn.panels:
        found += [f"{panel['title']!r}: {text}" for text in _panel(panel, empty)]
    return found


def _panel(panel: Json, empty: Mapping[tuple[str, str], bool]) -> Iterator[str]:
    yield from (f"error: {text}" for text in [*panel["errors"], *panel["alerts"], panel["loadError"]] if text)
    for ref in panel["refs"]:
        filled, never = ref in panel["filled"], empty.get((panel["title"], ref))
        if not filled and never is None:
            yield f"query {ref} is empty without a reason"
        if filled and never:
            yield f"query {ref} brings data now: take it off the list"
    shown = panel["text"].removeprefix(panel["title"]).strip()
    if not panel["finished"]:
        yield "did not finish"
    if panel["filled"] and (panel["empty"] or not panel["drawn"]):
        yield "has data and draws nothing"
    if not panel["filled"] and panel["noValue"] not in shown:
        yield f"has no data and does not say {panel['noValue']!r}"
    if wrong := re.search(r"\bNaN\b|undefined|Infinity|\[object |\$\{|Loading", shown):
        yield f"shows {wrong[0]!r}"


def _pins() -> list[str]:
    return [(SOURCES / name).read_text() for name in ("package.json", "package-lock.json")]


def _packages(folder: Path) -> None:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(SOURCES / name, folder)
    _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder)


def _build(folder: Path) -> None:
    packages = installed("preview-packages", _pins(), _packages)
    with tempfile.TemporaryDirectory(prefix="mlvitals-preview-") as name:
        work = Path(name)
        shutil.copytree(SOURCES / "src", work / "src")
        shutil.copy(SOURCES / "build.mjs", work)
        (work / "node_modules").symlink_to(packages / "node_modules")
        _run(["node", "build.mjs", str(folder)], work)


def _run(command: list[str], work: Path) -> None:
    run = subprocess.run(command, cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if run.returncode:
        raise MissingError(f"`{' '.join(command[:2])}` failed:\n{(run.stdout + run.stderr).strip()[-2000:]}")


def _is_outside(url: str) -> bool:
    return urlsplit(url).hostname not in ("127.0.0.1", None)


def _refuse(route: Route, complaints: list[str]) -> None:
    complaints.append(f"asked for {route.request.url}")
    route.abort()


def _wait_until_drawn(page: Page) -> None:
    """Make the window as high as the page, because what is out of sight is not drawn, and wait."""
    page.wait_for_function("window.preview?.report().every((one) => one.finished)", timeout=PATIENCE_MS)
    height = page.evaluate("document.querySelector('main').scrollHeight")
    page.set_viewport_size({"width": WIDTH, "height": height})
    page.wait_for_function(_DRAWN, timeout=PATIENCE_MS)
    page.evaluate("document.fonts.ready.then(() => true)")
    page.wait_for_load_state("networkidle")
    page.evaluate(_TWO_FRAMES)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""
