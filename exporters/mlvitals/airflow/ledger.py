"""What is known of the runs of DAGs: those that are active, those that ended lately, the last ones of each DAG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from mlvitals.airflow.facts import DagRun, RunKey, Source
from mlvitals.airflow.increments import SLICE, Increments
from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.pace import GoOn

ACTIVE = ("queued", "running")
MAX_RUNS = 200_000
"""Runs that are active, and runs that ended within the window, of which no more are held: some 100 MB."""
MAX_VALUES = 1000
"""Values of one conf key of one DAG, of which no more are remembered."""
MAX_ALL_VALUES = 100_000
"""The same of all keys and DAGs together: some 75 MB."""


@dataclass(slots=True)
class LastRuns:
    """The last run, the last that ended (both by run_after), and the one that ended last with success.

    One whose run_after is yet to come is none of them. One that was cleared counts as it ended until it ends anew or
    another one ended after it.
    """

    newest: DagRun | None = None
    ended: DagRun | None = None
    succeeded: DagRun | None = None

    def note(self, run: DagRun, *, planned: bool = False) -> bool:
        """Take a run into account, or not any more. True when it was one of these and is none any more."""
        if planned:
            known = run.key in {last.key for last in (self.newest, self.ended, self.succeeded) if last}
            self.forget({run.key})
            return known
        if self.newest is None or _order(run) >= _order(self.newest):
            self.newest = run
        if run.state not in ACTIVE and (self.ended is None or _order(run) >= _order(self.ended)):
            self.ended = run
        if run.state == "success":
            if _end(run) >= _end(self.succeeded):
                self.succeeded = run
        elif self.succeeded and self.succeeded.key == run.key:
            self.succeeded = None
            return True
        return False

    def forget(self, gone: Collection[RunKey]) -> None:
        """Drop these runs."""
        if self.newest and self.newest.key in gone:
            self.newest = None
        if self.ended and self.ended.key in gone:
            self.ended = None
        if self.succeeded and self.succeeded.key in gone:
            self.succeeded = None

    def before(self, horizon: float) -> Iterator[DagRun]:
        """Those of them that were over before `horizon`."""
        for run in (self.newest, self.succeeded):
            if run is not None and run.state not in ACTIVE and max(run.run_after, _end(run)) < horizon:
                yield run


ByConf = dict[str, dict[str, LastRuns]]
"""Conf key -> value -> the last runs with it."""


@dataclass(slots=True)
class DagRuns:
    """The runs of one DAG. `planned` are queued and not due yet.

    `recent` (by state) is None until the whole window has been read.
    """

    running: list[DagRun] = field(default_factory=list)
    queued: list[DagRun] = field(default_factory=list)
    planned: list[DagRun] = field(default_factory=list)
    recent: Counter[str] | None = None
    last: LastRuns = field(default_factory=LastRuns)
    by_conf: ByConf = field(default_factory=dict)


class RunLedger:
    """The runs of the DAGs whose id `keeps` keeps; `window` is in seconds.

    Each collection reads the active runs and those that changed since the last one. What a failed collection has read
    is not lost, what it has not read comes next time. A run that is deleted after its end is not noticed: renew the
    ledger from time to time. A DAG may vanish and come back: its runs of the window are kept meanwhile.
    """

    def __init__(self, window: float, keeps: Callable[[str], bool], at_once: float = SLICE) -> None:
        self._window = window
        self._keeps = keeps
        self._at_once = at_once
        self._now = 0.0
        self._changes = Increments[DagRun](window, at_once)
        self._active: dict[RunKey, DagRun] = {}
        self._ended: dict[RunKey, DagRun] = {}
        self._last: dict[str, LastRuns] = {}
        self._looked_up: set[str] = set()
        self._by_conf: dict[str, ByConf] = {}

    def sync(self, dag_ids: Collection[str], source: Source, deadline: Deadline, go_on: GoOn) -> bool:
        """Read what is new of these DAGs, as far as there is time; True when everything is known of them."""
        self._now = source.clock()
        self._forget(dag_ids)

        self._changes.read(self._now, lambda since, until: source.runs(since, until, deadline), self._note, go_on)
        self._read_active(source, deadline)
        if self._changes.complete:
            self._look_up(dag_ids, source, deadline, go_on)
        self._forget_values()
        return self._changes.complete and self._looked_up.issuperset(dag_ids)

    def renewed(self) -> RunLedger:
        """A ledger that reads everything anew, but for the runs by conf that are older than the window."""
        fresh = RunLedger(self._window, self._keeps, self._at_once)
        for by_key in self._by_conf.values():
            for last in (last for values in by_key.values() for last in values.values()):
                for run in last.before(self._horizon):
                    for each in fresh._of_conf(run):
                        each.note(run)
        return fresh

    def dags(self, dag_ids: Iterable[str]) -> dict[str, DagRuns]:
        """DAG id -> its runs."""
        complete = self._changes.complete
        found = {
            dag_id: DagRuns(recent=Counter() if complete else None, by_conf=self._by_conf.get(dag_id, {}))
            for dag_id in dag_ids
        }
        for run in self._ended.values():
            entry = found.get(run.key.dag_id)
            if entry and entry.recent is not None:
                entry.recent[run.state] += 1
        for run in self._active.values():
            if entry := found.get(run.key.dag_id):
                queued = entry.planned if self._is_planned(run) else entry.queued
                (entry.running if run.state == "running" else queued).append(run)
        for dag_id in self._looked_up & found.keys():
            found[dag_id].last = self._last[dag_id]
        return found

    def _forget(self, shown: Collection[str]) -> None:
        """Drop what is over, and of DAGs that are gone also the last runs."""
        self._ended = {key: run for key, run in self._ended.items() if _end(run) > self._horizon}
        known = {key.dag_id for key in (*self._ended, *self._active)}.union(shown)
        self._last = {dag_id: last for dag_id, last in self._last.items() if dag_id in known}
        self._by_conf = {dag_id: by_key for dag_id, by_key in self._by_conf.items() if dag_id in known}
        self._looked_up.intersection_update(shown)

    def _forget_values(self) -> None:
        """Drop the values of the oldest runs, where there are too many."""
        every = [(values, value) for by_key in self._by_conf.values() for values in by_key.values() for value in values]
        if len(every) > MAX_ALL_VALUES:
            every.sort(key=lambda each: _newest(each[0][each[1]]))
            for values, value in every[:-MAX_ALL_VALUES]:
                del values[value]

    def _read_active(self, source: Source, deadline: Deadline) -> None:
        active = [run for run in source.active_runs(deadline) if self._keeps(run.key.dag_id)]
        # Deleted, or ended a moment ago: either way it is not known which runs are the last ones.
        gone = self._active.keys() - {run.key for run in active}
        self._active = {key: run for key, run in self._active.items() if key not in gone}
        self._doubt({key.dag_id for key in gone}, gone)
        self._note(active)

    def _note(self, runs: Iterable[DagRun]) -> None:
        doubtful = set()
        try:
            for run in runs:
                if self._keeps(run.key.dag_id):
                    self._file(run)
                    if self._note_last(run):
                        doubtful.add(run.key.dag_id)
                    if max(len(self._active), len(self._ended)) > MAX_RUNS:
                        text = f"more than {MAX_RUNS} runs at once: shorten window, or leave DAGs out"
                        raise UpstreamError("limit", text)
        finally:
            self._doubt(doubtful)

    def _file(self, run: DagRun) -> None:
        self._active.pop(run.key, None)
        self._ended.pop(run.key, None)
        if run.state in ACTIVE:
            self._active[run.key] = run
        elif _end(run) > self._horizon:
            self._ended[run.key] = run

    def _note_last(self, run: DagRun) -> bool:
        """Note it among the last runs of its DAG; True when those have to be found anew."""
        planned = self._is_planned(run)
        return sum(last.note(run, planned=planned) for last in self._lasts(run)) > 0

    def _is_planned(self, run: DagRun) -> bool:
        """Somebody asked for it to run later: it neither waits nor hides the runs until then."""
        return run.state == "queued" and run.run_after > self._now

    @property
    def _horizon(self) -> float:
        return self._now - self._window

    def _lasts(self, run: DagRun) -> Iterator[LastRuns]:
        yield self._last.setdefault(run.key.dag_id, LastRuns())
        yield from self._of_conf(run)

    def _of_conf(self, run: DagRun) -> Iterator[LastRuns]:
        for key, value in run.conf.items():
            values = self._by_conf.setdefault(run.key.dag_id, {}).setdefault(key, {})
            yield values.setdefault(value, LastRuns())
            if len(values) > MAX_VALUES:
                del values[min(values, key=lambda each: _newest(values[each]))]

    def _doubt(self, dag_ids: set[str], gone: Collection[RunKey] = ()) -> None:
        """Find the last runs of these DAGs anew: among what is known without what is gone, and then upstream."""
        if not dag_ids:
            return
        self._looked_up -= dag_ids
        for dag_id in dag_ids:
            by_key = self._by_conf.get(dag_id, {})
            for last in (self._last[dag_id], *(last for values in by_key.values() for last in values.values())):
                last.forget(gone)
        for run in (*self._ended.values(), *self._active.values()):
            if run.key.dag_id in dag_ids:
                self._note_last(run)

    def _look_up(self, dag_ids: Iterable[str], source: Source, deadline: Deadline, go_on: GoOn) -> None:
        """Find the last runs of DAGs of which none ended within the window, or none with success."""
        for dag_id in dag_ids:
            if dag_id in self._looked_up:
                continue
            asks = not self._tells_all(self._last.setdefault(dag_id, LastRuns()))
            for run in source.last_runs(dag_id, deadline) if asks else ():
                self._note_last(run)
            self._looked_up.add(dag_id)
            if asks and not go_on():
                return

    def _tells_all(self, last: LastRuns) -> bool:
        # An older run may be known by chance, when it was changed lately; it need not be the last one.
        within = last.ended is not None and last.ended.run_after >= self._horizon
        return within and _end(last.succeeded) >= self._horizon


def _order(run: DagRun) -> tuple[float, str]:
    return run.run_after, run.key.run_id


def _newest(last: LastRuns) -> float:
    return last.newest.run_after if last.newest else 0.0


def _end(run: DagRun | None) -> float:
    return (run and run.end) or 0.0
