"""Waiting for a condition, with a bound."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], seconds: float = 60.0) -> T:
    """Return the first true answer of `condition`; fail after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not true within {seconds:g} s; last answer: {answer!r}")
        time.sleep(0.01)


def soon(wrong: Callable[[], list[str]], seconds: float = 60.0) -> None:
    """Return once nothing is wrong; fail with what still is after `seconds`."""
    last: list[str] = []

    def right() -> bool:
        last[:] = wrong()
        return not last

    try:
        until(right, seconds)
    except AssertionError as error:
        raise AssertionError("\n".join(last)) from error
