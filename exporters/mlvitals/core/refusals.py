"""Whom the HTTP server turned away, and why: counted, and told in the log from time to time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from mlvitals.core import metrics
from mlvitals.core.metric import Family

log = structlog.get_logger()

LOG_EVERY = 60.0
"""Seconds between two lines about the same reason: strangers must not fill the log."""


@dataclass(slots=True)
class _Count:
    total: int = 0
    told: int = 0
    last_told: float = -math.inf


class Refusals:
    """Counts by reason, one of `metrics.REFUSALS`. Only one thread notes."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._counts = {reason: _Count() for reason in metrics.REFUSALS}
        self._monotonic = monotonic

    def note(self, reason: str, client: str, error: str = "") -> None:
        """Count it. The log names this client, unless another line about this reason is less than a minute old."""
        count, now = self._counts[reason], self._monotonic()
        count.total += 1
        if now - count.last_told >= LOG_EVERY:
            more = {"error": error} if error else {}
            log.warning("client refused", reason=reason, client=client, times=count.total - count.told, **more)
            count.told, count.last_told = count.total, now

    def family(self) -> Family:
        """The counts since the start."""
        family = metrics.HTTP_REFUSALS.family()
        for reason, count in self._counts.items():
            family.add(count.total, reason=reason)
        return family
