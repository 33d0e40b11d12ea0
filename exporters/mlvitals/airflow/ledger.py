"""What is known of the runs of DAGs: those that are active, those that ended lately, the last ones of each DAG."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from mlvitals.airflow.facts import DagRun, RunKey, Source
from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.pace import GoOn

OVERLAP = 120.0
"""Seconds that are read again each time: Airflow's parts write times from clocks of their own."""
SLICE = 3600.0
"""Seconds of history that are read at once; twice as many after a slice with few runs."""
FEW_RUNS = 500
MAX_RUNS = 200_000
"""Runs that are active or ended within the window, of which no more are held: some 100 MB."""
MAX_VALUES = 1000
"""Values of one conf key of one DAG, of which no more are remembered."""


@dataclass(slots=True)
class LastRuns:
    """The run with the latest run_after, and the one that ended last with success."""

    newest: DagRun | None = None
    succeeded: DagRun | None = None

    def note(self, run: DagRun) -> None:
        """Take a run into account."""
        if self.newest is None or _order(run) >= _order(self.newest):
            self.newest = run
        if run.state == "success" and _end(run) >= _end(self.succeeded):
            self.succeeded = run

    def before(self, horizon: float) -> Iterator[DagRun]:
        """Those of them that were over before `horizon`."""
        for run in (self.newest, self.succeeded):
            if run is not None and max(run.run_after, _end(run)) < horizon:
                yield run


@dataclass(slots=True)
class DagRuns:
    """The runs of one DAG. `recent` (by state) is None until the whole window has been read."""

    running: list[DagRun] = field(default_factory=list)
    queued: list[DagRun] = field(default_factory=list)
    recent: Counter[str] | None = None
    last: LastRuns = field(default_factory=LastRuns)
    by_conf: dict[str, dict[str, LastRuns]] = field(default_factory=dict)


class RunLedger:
    """The runs of the DAGs that are shown; `window` is in seconds.

    Each collection reads the active runs and those that changed since the last one. What a failed collection has read
    is not lost, what it has not read comes next time. A run that is deleted after its end is not noticed: renew the
    ledger from time to time.
    """

    def __init__(self, window: float, before: RunLedger | None = None) -> None:
        self._window = window
        self._before = before
        self._read_until: float | None = None
        self._slice = SLICE
        self._complete = False
        self._active: dict[RunKey, DagRun] = {}
        self._ended: dict[RunKey, DagRun] = {}
        self._last: dict[str, LastRuns] = {}
        self._looked_up: set[str] = set()
        self._by_conf: dict[str, dict[str, dict[str, LastRuns]]] = {}

    def sync(self, dag_ids: Collection[str], source: Source, deadline: Deadline, go_on: GoOn) -> None:
        """Read what is new of these DAGs; what there is no time for is read in a later collection."""
        now = source.clock()
        shown = set(dag_ids)
        self._forget(shown, now - self._window)
        self._read_changed(shown, now, source, deadline, go_on)
        self._read_active(shown, source, deadline)
        self._look_up(dag_ids, now - self._window, source, deadline, go_on)

    def renewed(self) -> RunLedger:
        """A ledger that reads the window anew, and takes from this one what is older."""
        return RunLedger(self._window, self)

    def complete(self, dag_ids: Collection[str]) -> bool:
        """True when everything is known of these DAGs."""
        return self._complete and self._looked_up.issuperset(dag_ids)

    def dags(self) -> dict[str, DagRuns]:
        """DAG id -> its runs; for a DAG without any, an empty entry."""
        found: dict[str, DagRuns] = defaultdict(self._empty)
        for run in self._ended.values():
            recent = found[run.key.dag_id].recent
            if recent is not None:
                recent[run.state] += 1
        for run in self._active.values():
            entry = found[run.key.dag_id]
            (entry.running if run.state == "running" else entry.queued).append(run)
        for dag_id in self._looked_up:
            found[dag_id].last = self._last.get(dag_id) or LastRuns()
        for dag_id, by_key in self._by_conf.items():
            found[dag_id].by_conf = by_key
        return found

    def _empty(self) -> DagRuns:
        return DagRuns(recent=Counter() if self._complete else None)

    def _forget(self, shown: set[str], horizon: float) -> None:
        """Drop what is over and what belongs to DAGs that are gone."""
        self._active = {key: run for key, run in self._active.items() if key.dag_id in shown}
        self._ended = {key: run for key, run in self._ended.items() if key.dag_id in shown and _end(run) > horizon}
        for known in (self._last, self._by_conf):
            for gone in known.keys() - shown:
                del known[gone]
        self._looked_up &= shown

    def _read_changed(self, shown: set[str], now: float, source: Source, deadline: Deadline, go_on: GoOn) -> None:
        since = now - self._window if self._read_until is None else self._read_until
        # A time to come was read off a clock that has been put right since.
        since = min(since, now)
        while True:
            until = min(since + self._slice, now)
            count = 0
            # The last slice has no end, so that a clock that is ahead hides nothing.
            for run in source.runs(since - OVERLAP, until if until < now else float("inf"), deadline):
                count += 1
                if run.key.dag_id in shown:
                    self._note(run, now - self._window)
            self._read_until = since = until
            self._slice = self._slice * 2 if count < FEW_RUNS else SLICE
            if until >= now:
                self._complete = True
                return
            if not go_on():
                return

    def _read_active(self, shown: set[str], source: Source, deadline: Deadline) -> None:
        before, self._active = self._active, {}
        told = set()
        try:
            for run in source.active_runs(before.keys(), deadline):
                told.add(run.key)
                if run.key.dag_id in shown:
                    self._note(run, source.clock() - self._window)
        except UpstreamError:
            self._active = before | self._active
            raise
        for key in before.keys() - told:
            # Deleted: what is known of the DAG's last runs may be wrong now.
            self._doubt(key.dag_id)

    def _note(self, run: DagRun, horizon: float) -> None:
        dag_id = run.key.dag_id
        last = self._last.setdefault(dag_id, LastRuns())
        if last.succeeded is not None and last.succeeded.key == run.key and run.state != "success":
            # It was cleared and runs again, or failed this time.
            self._doubt(dag_id)
            last = self._last.setdefault(dag_id, LastRuns())
        last.note(run)
        self._note_conf(run)
        self._active.pop(run.key, None)
        self._ended.pop(run.key, None)
        if run.state in ("queued", "running"):
            self._active[run.key] = run
        elif _end(run) > horizon:
            self._ended[run.key] = run
        _bound(self._active)
        _bound(self._ended)

    def _note_conf(self, run: DagRun) -> None:
        for key, value in run.conf.items():
            values = self._by_conf.setdefault(run.key.dag_id, {}).setdefault(key, {})
            values.setdefault(value, LastRuns()).note(run)
            if len(values) > MAX_VALUES:
                del values[min(values, key=lambda each: _newest(values[each]))]

    def _doubt(self, dag_id: str) -> None:
        """Forget the last runs of a DAG but for those that are known to be there, and look them up anew."""
        self._last.pop(dag_id, None)
        self._looked_up.discard(dag_id)
        fresh = LastRuns()
        for run in (*self._ended.values(), *self._active.values()):
            if run.key.dag_id == dag_id:
                fresh.note(run)
        self._last[dag_id] = fresh

    def _look_up(self, dag_ids: Iterable[str], horizon: float, source: Source, deadline: Deadline, go_on: GoOn) -> None:
        """Find the last runs of DAGs that had none within the window, or no success."""
        if not self._complete:
            return
        for dag_id in dag_ids:
            if dag_id in self._looked_up:
                continue
            last = self._last.setdefault(dag_id, LastRuns())
            if not self._take_over(dag_id, last, horizon) and not _tells_all(last, horizon):
                if not go_on():
                    return
                for run in source.last_runs(dag_id, deadline):
                    last.note(run)
            self._looked_up.add(dag_id)
        self._before = None

    def _take_over(self, dag_id: str, last: LastRuns, horizon: float) -> bool:
        """Take what is older than the window from the ledger before; True when nothing is missing then."""
        before = self._before
        if before is None or dag_id not in before._looked_up:
            return False
        known = before._last.get(dag_id) or LastRuns()
        for run in known.before(horizon):
            last.note(run)
        for values in before._by_conf.get(dag_id, {}).values():
            for each in values.values():
                for run in each.before(horizon):
                    self._note_conf(run)
        found = last.newest is not None or known.newest is None
        return found and (last.succeeded is not None or known.succeeded is None)


def _tells_all(last: LastRuns, horizon: float) -> bool:
    within = last.newest is not None and last.newest.run_after >= horizon
    return within and last.succeeded is not None


def _order(run: DagRun) -> tuple[float, str]:
    return run.run_after, run.key.run_id


def _newest(last: LastRuns) -> float:
    return last.newest.run_after if last.newest else 0.0


def _end(run: DagRun | None) -> float:
    return (run and run.end) or 0.0


def _bound(runs: Collection[RunKey]) -> None:
    if len(runs) > MAX_RUNS:
        raise UpstreamError("limit", f"more than {MAX_RUNS} runs at once: shorten window, or leave DAGs out")
