"""A real Chromium for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser

from compose import browser
from compose.cache import MissingError


@contextmanager
def chromium(untested: str) -> Iterator[Browser]:
    """A headless Chromium; where there is none the test is skipped, with what is then untested."""
    try:
        browser.chromium()
    except MissingError as error:
        pytest.skip(f"{untested}: {error}")
    with browser.browser() as running:
        yield running
