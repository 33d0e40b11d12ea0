"""How far into its deadline a collection may begin more work that can wait for the next one."""

from __future__ import annotations

from collections.abc import Callable

from mlvitals.core.collector import Deadline

GoOn = Callable[[], bool]
"""True while there is time for more work of this kind."""


class Pace:
    """Splits one collection's time, so that a cold start against a slow server ends in several steps, not in none."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._whole = deadline.remaining()

    def until(self, share: float) -> GoOn:
        """True while less than this share of the time is used."""
        return lambda: self._deadline.remaining() > self._whole * (1 - share)
