"""What each link triggered last, for as long as nobody can find it anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf
from typing import NamedTuple

from mlvitals.airflow.facts import Link, RunKey

MAX_LINKS = 10_000
"""Links, of which no more are remembered: those that triggered a run last."""


class Child(NamedTuple):
    """A run that a link triggered, and when, Unix time."""

    time: float
    run: RunKey


class LastChildren:
    """The run that each link triggered last.

    Upstream only what is within the window is looked for. A chain may run once a week, and wait for longer than the
    window: what it triggered is remembered until it triggers another run.
    """

    def __init__(self) -> None:
        self._last: dict[Link, Child] = {}

    def note(self, found: Iterable[tuple[Link, Child]], whole_since: float = inf) -> None:
        """Take these into account. With `whole_since` they are all since that time: what else was known is gone."""
        last = {link: child for link, child in self._last.items() if child.time < whole_since}
        for link, child in found:
            if link not in last or child.time >= last[link].time:
                last[link] = child
        newest = sorted(last.items(), key=lambda each: -each[1].time)
        self._last = dict(newest[:MAX_LINKS])

    def of(self, dag_ids: Iterable[str]) -> Iterator[tuple[Link, RunKey]]:
        """The links of these DAGs and their runs."""
        shown = set(dag_ids)
        return ((link, child.run) for link, child in self._last.items() if link.dag_id in shown)
