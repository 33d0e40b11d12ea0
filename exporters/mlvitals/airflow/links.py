"""What each link triggered last, for as long as nobody can find it anew."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from math import inf
from typing import NamedTuple

from mlvitals.airflow.facts import Link, RunKey

MAX_LINKS = 10_000
"""Links, of which no more are remembered: those that triggered a run last."""
LONGEST = 35 * 86400.0
"""Seconds before the window after which a link is forgotten: of a chain that runs once a month, the last run stays."""


class Child(NamedTuple):
    """A run that a link triggered, when (Unix time), and in which run of its DAG."""

    time: float
    run: RunKey
    parent_run_id: str


class LastChildren:
    """The run that each link triggered last.

    Upstream only what is within the window is looked for. A chain may run once a week, and wait for longer than the
    window: what it triggered is remembered until it triggers another run, or a later run of its DAG has triggered
    something and this link has not: the task may be gone.
    """

    def __init__(self) -> None:
        self._last: dict[Link, Child] = {}

    def note(self, found: Iterable[tuple[Link, Child]], since: float, *, whole: bool) -> None:
        """Take these into account; `whole` when they are all since then, the begin of the window."""
        known_until = since if whole else inf
        last = {link: child for link, child in self._last.items() if since - LONGEST < child.time < known_until}
        seen = set[Link]()
        for link, child in found:
            seen.add(link)
            if link not in last or child.time >= last[link].time:
                last[link] = child
        newest = sorted(_in_use(last, since, seen), key=lambda each: -each[1].time)
        self._last = dict(newest[:MAX_LINKS])

    def of(self, dag_ids: Iterable[str]) -> Iterator[tuple[Link, RunKey]]:
        """The links of these DAGs and their runs."""
        shown = set(dag_ids)
        return ((link, child.run) for link, child in self._last.items() if link.dag_id in shown)


def _in_use(last: dict[Link, Child], since: float, seen: Collection[Link]) -> Iterator[tuple[Link, Child]]:
    """Without what is only remembered from before the window, and whose DAG has triggered something in a later run."""
    latest = {link.dag_id: child for link, child in sorted(last.items(), key=lambda each: each[1].time)}
    for link, child in last.items():
        if link in seen or child.time >= since or child.parent_run_id == latest[link.dag_id].parent_run_id:
            yield link, child
