"""What happens in experiments: running runs, runs that ended lately, and the last run of each."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.pace import GoOn
from mlvitals.mlflow.answers import RunInfo
from mlvitals.mlflow.client import IN_LIST, MlflowClient

ENDED = ("FINISHED", "FAILED", "KILLED")
OVERLAP = 600_000
"""Milliseconds that are read again each time: an end time comes from the clock of the machine that ran the training."""

MAX_RUNS = 200_000
"""Runs that are running, and runs that ended within the window, of which no more are held: some 100 MB."""

_RUNNING = "attributes.status = 'RUNNING'"
_STARTED = "attributes.status != 'SCHEDULED'"
_NOT_RUNNING = "attributes.status != 'RUNNING'"
_FINISHED = "attributes.status = 'FINISHED'"


@dataclass(slots=True)
class LastRuns:
    """The last runs of an experiment: the one that started last, that ended last, that finished last."""

    started: RunInfo | None = None
    ended: RunInfo | None = None
    finished: RunInfo | None = None

    def note(self, run: RunInfo) -> None:
        """Take a run into account."""
        if _start(run) > 0 and _start(run) >= _start(self.started):
            self.started = run
        if not _has_ended(run):
            return
        if _end(run) >= _end(self.ended):
            self.ended = run
        if run.status == "FINISHED" and _end(run) >= _end(self.finished):
            self.finished = run

    @property
    def duration(self) -> float | None:
        """Seconds that the last finished run took; None when it ended before it started."""
        if self.finished is None or self.finished.start_time is None:
            return None
        seconds = (_end(self.finished) - self.finished.start_time) / 1000
        return seconds if seconds >= 0 else None

    def all_since(self, horizon: int) -> bool:
        """True when each of them is later than `horizon`, so that no run before it can matter."""
        return min(_start(self.started), _end(self.ended), _end(self.finished)) > horizon

    def runs(self) -> dict[str, RunInfo]:
        """Run id -> run: one to three."""
        return {run.run_id: run for run in (self.started, self.ended, self.finished) if run}

    def are(self, found: Mapping[str, RunInfo]) -> bool:
        """True when all of them are still there as they were; one that only started may have ended since."""
        same = (run is None or found.get(run.run_id) == run for run in (self.ended, self.finished))
        now = found.get(self.started.run_id) if self.started else None
        begun = now is not None and now.lifecycle_stage == "active" and _start(now) == _start(self.started)
        return all(same) and (self.started is None or begun)


@dataclass(slots=True)
class ExperimentRuns:
    """The runs of one experiment. `running`, `recent` (by status) and `last` are None until they have been read."""

    running: int | None = None
    oldest_start: int | None = None
    recent: Counter[str] | None = None
    last: LastRuns | None = None


@dataclass(slots=True)
class RunningList:
    """The running runs of some experiments, oldest first, read in as many collections as it takes."""

    ids: tuple[str, ...]
    runs: dict[str, RunInfo] = field(default_factory=dict)
    _reached: int | None = None

    def read(self, client: MlflowClient, deadline: Deadline, go_on: GoOn) -> bool:
        """Read on; True when that was the last of them."""
        begun, ids = self._reached, set(self.ids)
        where = _RUNNING if begun is None else f"{_RUNNING} AND attributes.start_time >= {begun}"
        for page in client.runs(self.ids, deadline, where=where, order="attributes.start_time ASC"):
            self.runs |= {run.run_id: run for run in page.runs if run.experiment_id in ids}
            _bound(self.runs)
            self._reached = max((run.start_time for run in page.runs if run.start_time is not None), default=begun)
            # The last millisecond may go on on the next page. A page within one millisecond is no progress.
            if not page.last and self._reached != begun and not go_on():
                return False
        return True


@dataclass(slots=True)
class RunLedger:
    """The runs of the experiments that are shown; `window` is in ms.

    Each collection lists the running runs and those that ended since the last one, with an overlap, told apart by
    their ids; a run that stopped running and was not found so is asked for. All times are upstream's: the clock of
    this machine does not matter. What a failed collection has read is not lost, what it has not read comes next time.
    A run that is deleted or edited long after its end is not noticed: renew the ledger from time to time.
    """

    window: int
    _before: dict[str, LastRuns] = field(default_factory=dict)
    _running: dict[str, RunInfo] = field(default_factory=dict)
    _counted: set[str] = field(default_factory=set)
    _listing: RunningList | None = None
    _lost: dict[str, RunInfo] = field(default_factory=dict)
    _ended: dict[str, RunInfo] = field(default_factory=dict)
    _since: dict[str, int] = field(default_factory=dict)
    _read: set[str] = field(default_factory=set)
    _last: dict[str, LastRuns] = field(default_factory=dict)
    _looked_up: set[str] = field(default_factory=set)
    _horizon: int = 0

    def sync(self, ids: Collection[str], client: MlflowClient, deadline: Deadline, list_on: GoOn, go_on: GoOn) -> None:
        """Read what is new in these experiments; what there is no time for is read in a later collection.

        `list_on` is the time for listing running runs, `go_on` for everything.
        """
        listing, self._listing = self._listing or RunningList(tuple(ids)), None
        whole = listing.read(client, deadline, list_on)
        if not whole:
            self._listing = listing
        now = int((client.clock or time.time()) * 1000)
        self._horizon = now - self.window
        self._forget(set(ids))
        self._take_back(listing.runs.values())
        for since, group in self._groups(ids, now):
            self._read_ended(group, since, now, listing, client, deadline, go_on)
        if whole:
            self._count(listing)
        self._ask_for_lost(ids, client, deadline, go_on)
        for run in listing.runs.values():
            self._note(run)
        self._look_up(ids, client, deadline, go_on)

    def renewed(self) -> RunLedger:
        """A ledger that reads the window anew and, of what is older, only makes sure that it is still so."""
        return RunLedger(self.window, {each: self._last.get(each, LastRuns()) for each in self._looked_up})

    def complete(self, ids: Collection[str]) -> bool:
        """True when everything is known of these experiments."""
        return all(each in self._counted and each in self._read and each in self._looked_up for each in ids)

    def experiments(self) -> dict[str, ExperimentRuns]:
        """Experiment id -> its runs; an experiment without any is left out."""
        found: dict[str, ExperimentRuns] = defaultdict(ExperimentRuns)
        for each in self._read:
            found[each].recent = Counter()
        for run in self._ended.values():
            recent = found[run.experiment_id].recent
            if recent is not None and _end(run) > self._horizon:
                recent[run.status] += 1
        for each in self._counted:
            found[each].running = 0
        for run in self._running.values():
            entry = found[run.experiment_id]
            entry.running = (entry.running or 0) + 1
            entry.oldest_start = min(filter(None, (entry.oldest_start, run.start_time)), default=None)
        for each in self._looked_up:
            found[each].last = self._last.get(each)
        return found

    def _forget(self, ids: set[str]) -> None:
        """Drop what is over and what belongs to experiments that are gone."""
        self._ended = {
            run_id: run for run_id, run in self._ended.items() if run.experiment_id in ids and _end(run) > self._horizon
        }
        for known in (self._since, self._last):
            for gone in known.keys() - ids:
                del known[gone]
        self._running = {run_id: run for run_id, run in self._running.items() if run.experiment_id in ids}
        self._lost = {run_id: run for run_id, run in self._lost.items() if run.experiment_id in ids}
        self._counted &= ids
        self._read &= ids
        self._looked_up &= ids

    def _take_back(self, runs: Iterable[RunInfo]) -> None:
        """Forget what is not so any more: a run can be resumed, and then end in another way."""
        now = {run.run_id: run for run in runs}
        for run_id, run in now.items():
            if self._ended.get(run_id) != run:
                self._ended.pop(run_id, None)
        for experiment_id, last in self._last.items():
            if any(run and now.get(run.run_id, run) != run for run in (last.ended, last.finished)):
                self._last[experiment_id] = fresh = LastRuns()
                self._looked_up.discard(experiment_id)
                for run in self._ended.values():
                    if run.experiment_id == experiment_id:
                        fresh.note(run)

    def _groups(self, ids: Iterable[str], now: int) -> Iterator[tuple[int, list[str]]]:
        """Experiments that were read up to the same time: all of them, once a cold start is over."""
        groups: dict[int, list[str]] = defaultdict(list)
        for each in ids:
            since = self._since.get(each, self._horizon)
            # A time to come was read off a clock that has been put right since.
            groups[since if since <= now else self._horizon].append(each)
        return iter(sorted(groups.items()))

    def _read_ended(
        self,
        ids: list[str],
        since: int,
        now: int,
        listing: RunningList,
        client: MlflowClient,
        deadline: Deadline,
        go_on: GoOn,
    ) -> None:
        where = f"attributes.end_time > {since}"
        for page in client.runs(ids, deadline, where=where, order="attributes.end_time ASC"):
            ended = [run for run in page.runs if _has_ended(run)]
            self._take_back(ended)
            for run in ended:
                listing.runs.pop(run.run_id, None)
                self._add(run)
            # The last millisecond may go on on the next page. A page within one millisecond is no progress.
            reached = _end(page.runs[-1]) - 1 if page.runs else since
            self._since |= dict.fromkeys(ids, reached)
            if not page.last and reached > since and not go_on():
                return
        self._since |= dict.fromkeys(ids, now - OVERLAP)
        self._read.update(ids)

    def _count(self, listing: RunningList) -> None:
        gone = self._running.keys() - listing.runs.keys() - self._ended.keys()
        self._lost |= {run_id: self._running[run_id] for run_id in gone}
        self._running, self._counted = listing.runs, self._since.keys() & listing.ids

    def _ask_for_lost(self, ids: Collection[str], client: MlflowClient, deadline: Deadline, go_on: GoOn) -> None:
        """Find runs that ended by a clock that is far behind; those that are not found were deleted."""
        while self._lost:
            batch = sorted(self._lost)[:IN_LIST]
            for run in client.run_headers_by_id(batch, ids, deadline):
                if run.lifecycle_stage == "active" and _has_ended(run):
                    self._add(run)
            for run_id in batch:
                del self._lost[run_id]
            if not go_on():
                return

    def _add(self, run: RunInfo) -> None:
        self._note(run)
        self._running.pop(run.run_id, None)
        if _end(run) > self._horizon:
            self._ended[run.run_id] = run
            _bound(self._ended)

    def _note(self, run: RunInfo) -> None:
        self._last.setdefault(run.experiment_id, LastRuns()).note(run)

    def _look_up(self, ids: Collection[str], client: MlflowClient, deadline: Deadline, go_on: GoOn) -> None:
        """Find the last runs of experiments that have been quiet for longer than the window."""
        unknown = [each for each in ids if each in self._read and each not in self._looked_up]
        within = {each for each in unknown if self._last.get(each, LastRuns()).all_since(self._horizon)}
        self._looked_up |= within
        quiet = [each for each in unknown if each not in within]
        self._confirm([each for each in quiet if each in self._before], client, deadline)
        for each in quiet:
            if each in self._looked_up or each in self._before:
                continue
            if not go_on():
                return
            self._look_up_one(each, client, deadline)
            self._looked_up.add(each)

    def _confirm(self, quiet: list[str], client: MlflowClient, deadline: Deadline) -> None:
        """Take the last runs from the ledger before, as many as one call can tell to be as they were."""
        batch: dict[str, RunInfo] = {}
        for number, each in enumerate(quiet):
            runs = self._before[each].runs()
            if len(batch) + len(runs) > IN_LIST:
                quiet = quiet[:number]
                break
            batch |= runs
        found = {run.run_id: run for run in client.run_headers_by_id(batch, quiet, deadline)}
        started = self._started([each for each in quiet if not self._before[each].runs()], client, deadline)
        for each in quiet:
            known = self._before.pop(each)
            if known.are(found) and each not in started:
                for run in known.runs().values():
                    self._note(found[run.run_id])
                self._looked_up.add(each)

    def _started(self, ids: list[str], client: MlflowClient, deadline: Deadline) -> set[str]:
        """Some of these experiments that have runs, if any has."""
        pages = client.runs(ids, deadline, where=_STARTED, order="attributes.start_time DESC", most=IN_LIST)
        return {run.experiment_id for page in pages for run in page.runs}

    def _look_up_one(self, experiment_id: str, client: MlflowClient, deadline: Deadline) -> None:
        def first(order: str, where: str) -> RunInfo | None:
            pages = client.runs([experiment_id], deadline, where=where, order=order, most=1)
            run = next((run for page in pages for run in page.runs), None)
            if run:
                self._note(run)
            return run

        if first("attributes.start_time DESC", _STARTED) is None:
            return
        last = first("attributes.end_time DESC", _NOT_RUNNING)
        if last and last.status != "FINISHED":
            first("attributes.end_time DESC", _FINISHED)


def _bound(runs: Collection[str]) -> None:
    if len(runs) > MAX_RUNS:
        raise UpstreamError("limit", f"more than {MAX_RUNS} runs at once: shorten window, or leave experiments out")


def _has_ended(run: RunInfo) -> bool:
    return run.status in ENDED and run.end_time is not None


def _start(run: RunInfo | None) -> int:
    return (run and run.start_time) or 0


def _end(run: RunInfo | None) -> int:
    return (run and run.end_time) or 0
