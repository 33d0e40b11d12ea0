"""What a machine may lack."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from compose.cache import MissingError


@contextmanager
def skipped_without(what: str) -> Iterator[None]:
    """Skip the tests when it cannot be had here; with `CI=true` that is an error."""
    try:
        yield
    except MissingError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"NOT TESTED WITH {what}: {error}")
