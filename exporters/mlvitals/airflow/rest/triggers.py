"""Which runs were triggered by tasks, and how those runs are."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from mlvitals.airflow.facts import DagRun, Link, RunKey
from mlvitals.airflow.increments import Increments, Read
from mlvitals.airflow.links import Child, LastChildren
from mlvitals.airflow.rest.tasks import InstanceKey, Try
from mlvitals.core.pace import GoOn

Ask = Callable[[InstanceKey], str | None]
"""The XCom `trigger_run_id` of a task instance; None when it left none."""


class Learnt(NamedTuple):
    """The run that a try triggered; `run_id` is empty for none."""

    link: Link
    start: float
    run_id: str


class Triggers:
    """The runs that tasks triggered. Each try of a task is asked for once, `max_calls` in one collection."""

    def __init__(self, max_calls: int) -> None:
        self._max_calls = max_calls
        self._learnt: dict[tuple[InstanceKey, int], Learnt] = {}
        self._last = LastChildren()

    def last(
        self, tries: Mapping[InstanceKey, Try], dag_ids: Collection[str], since: float, ask: Ask
    ) -> dict[Link, RunKey]:
        """For each link of these DAGs the run that it triggered last, as far as that is learnt.

        `tries` are all of these DAGs since that time; of what was triggered before, what is remembered.
        """
        self._learnt = {each: learnt for each, learnt in self._learnt.items() if each[0] in tries}
        self._learn(tries, ask)
        found = ((each.link, _child(key, each)) for (key, _), each in self._learnt.items() if each.run_id)
        self._last.note(found, since, whole=True)
        return dict(self._last.of(dag_ids))

    def _learn(self, tries: Mapping[InstanceKey, Try], ask: Ask) -> None:
        calls, done = 0, set[Link]()
        for key, each in sorted(tries.items(), key=lambda item: -item[1].start):
            # What a link triggered before that does not matter any more.
            if each.link in done:
                continue
            known = self._learnt.get((key, each.number))
            run_id: str | None = known.run_id if known else each.run_id
            if not known and not run_id:
                if calls == self._max_calls:
                    continue
                calls += 1
                run_id = ask(key)
            if run_id:
                done.add(each.link)
            # One that is still at work may yet trigger a run.
            if run_id or each.over:
                self._learnt[key, each.number] = Learnt(each.link, each.start, run_id or "")


def _child(key: InstanceKey, learnt: Learnt) -> Child:
    return Child(learnt.start, RunKey(learnt.link.child_dag_id, learnt.run_id), key.run_id)


class RunCache:
    """Some runs, kept as they are now: what changes is read, and what is new or `every` seconds old is asked for."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._changes = Increments[DagRun](0.0)
        self._runs: dict[RunKey, tuple[DagRun | None, float]] = {}

    def read(
        self,
        keys: Collection[RunKey],
        now: float,
        changed: Read[DagRun],
        find: Callable[[RunKey], DagRun | None],
        go_on: GoOn,
    ) -> Mapping[RunKey, DagRun]:
        """These runs; those that are gone, or that there was no time for, are left out."""
        self._runs = {key: kept for key, kept in self._runs.items() if key in keys}
        if self._runs:
            self._changes.read(now, changed, self._note, go_on)
        else:
            self._changes = Increments(0.0)
        for key in self._outdated(keys):
            if not go_on():
                break
            self._runs[key] = (find(key), time.monotonic())
        return {key: run for key, (run, _) in self._runs.items() if run}

    def _note(self, runs: Iterable[DagRun]) -> None:
        for run in runs:
            if run.key in self._runs:
                self._runs[run.key] = (run, time.monotonic())

    def _outdated(self, keys: Iterable[RunKey]) -> Iterator[RunKey]:
        for key in keys:
            _, asked = self._runs.get(key, (None, float("-inf")))
            if time.monotonic() - asked > self._every:
                yield key
