"""Chromium, driven by Playwright: the one on PATH, else Debian's."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from compose.cache import MissingError

NAMES = ("chromium", "chromium-browser", "google-chrome")
# It speaks to nobody but the pages that it is shown.
QUIET = (
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"),
    *("--no-first-run", "--disable-gpu", "--force-color-profile=srgb"),
)


@cache
def chromium() -> Path:
    """Where Chromium is. With `CI=true` and as root, Debian's is installed when there is none.

    Raises MissingError with what to do.
    """
    if not _found() and os.environ.get("CI") == "true" and os.geteuid() == 0:
        _install()
    if found := _found():
        return Path(found)
    raise MissingError("Chromium is missing: apt-get install chromium")


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium. Raises MissingError when there is none."""
    program = chromium()
    with tempfile.TemporaryDirectory(prefix="mlvitals-browser-") as home, sync_playwright() as playwright:
        # A home of its own: the user's may not exist, and then it does not start.
        places: dict[str, str | float | bool] = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), home)
        running = playwright.chromium.launch(executable_path=program, args=QUIET, env={**os.environ, **places})
        try:
            yield running
        finally:
            running.close()


def _found() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def _install() -> None:
    apt = ["apt-get", "-qq", "-o", "Acquire::Retries=2", "-o", "DPkg::Lock::Timeout=120"]
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    for command in ([*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu"]):
        run = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if run.returncode and "install" in command:
            raise MissingError(f"Chromium is missing, and apt-get says: {run.stderr.strip()[-500:]}")
