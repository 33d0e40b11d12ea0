"""`make pictures`: draws the dashboards and the status page of the running stack for README and docs.

The story is always the same: models are trained, the MLflow server is away for a minute, and comes back.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ViewportSize

from compose import browser, preview, screen, stack
from compose.cache import MissingError
from compose.demo import ended_by_signals
from compose.preview import Preview, View
from compose.processes import ServerError, wait_for
from compose.systems.mlflow import EXPORTER, NAME
from mlvitals import assets

Theme = Literal["light", "dark"]

OUTPUT = Path(__file__).resolve().parent.parent / "docs/pictures"
THEMES: tuple[Theme, ...] = ("light", "dark")
BEFORE, AWAY, AFTER = 90, 60, 90
"""Seconds of each part of the story."""
STATUS_SIZE: ViewportSize = {"width": 1000, "height": 400}


def main() -> int:
    """Write all pictures; the exit code."""
    with ended_by_signals(), tempfile.TemporaryDirectory(prefix="mlvitals-pictures-") as folder:
        try:
            with (
                browser.browser() as chromium,
                preview.serving(chromium) as drawing,
                stack.running(Path(folder), screen.step) as running,
            ):
                _tell(running, chromium, drawing)
        except (MissingError, ServerError) as error:
            screen.error(str(error))
            return 1
    return 0


def _tell(running: stack.Stack, chromium: Browser, drawing: Preview) -> None:
    OUTPUT.mkdir(parents=True, exist_ok=True)
    mlflow, start = running.server(NAME), time.time()
    with screen.step(f"{BEFORE} s of a healthy server"):
        time.sleep(BEFORE)
    with screen.step(f"{AWAY} s without it"):
        mlflow.stop()
        _wait_for_up(running, 0)
        time.sleep(AWAY)
        _status(chromium, running.at.mlvitals)
        mlflow.start()
    with screen.step(f"{AFTER} s with it again"):
        mlflow.wait_until_ready()
        _wait_for_up(running, 1)
        time.sleep(AFTER)
    with screen.step(f"pictures in {OUTPUT}"):
        for name, text in assets.dashboards().items():
            _dashboard(drawing, Path(name).stem, text, running.prometheus.url, int(time.time() - start))


def _wait_for_up(running: stack.Stack, value: int) -> None:
    up = f'mlvitals_exporter_up{{exporter="{EXPORTER}"}} == {value}'
    if not wait_for(lambda: bool(running.prometheus.query(up)), 90, every=1):
        raise ServerError(f"Prometheus does not see {up}\n{running.tails()}")


def _dashboard(drawing: Preview, name: str, text: str, prometheus: str, seconds: int) -> None:
    for theme in THEMES:
        with drawing.draw(json.loads(text), prometheus, View(f"now-{seconds}s", theme)) as drawn:
            drawn.page.screenshot(path=OUTPUT / f"{name}-{theme}.png", full_page=True, animations="disabled")


def _status(chromium: Browser, url: str) -> None:
    for theme in THEMES:
        page = chromium.new_page(viewport=STATUS_SIZE, color_scheme=theme)
        page.goto(url)
        page.screenshot(path=OUTPUT / f"status-{theme}.png", full_page=True)
        page.close()


if __name__ == "__main__":
    sys.exit(main())
