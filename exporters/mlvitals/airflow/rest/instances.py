"""Lists of task instances, whole and in pieces."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mlvitals.airflow import metrics as m
from mlvitals.airflow.rest import answers
from mlvitals.airflow.rest.answers import TaskInstance
from mlvitals.airflow.rest.client import RestClient, below
from mlvitals.airflow.rest.login import Api
from mlvitals.airflow.rest.tasks import key_of
from mlvitals.core.collector import Deadline

PATH = "dags/~/dagRuns/~/taskInstances"
AT_ONCE = 1000
"""Task instances that v1 is asked for at once: it knows no order of them, and no limit."""
SHORTEST = 0.001
NEW_STATES = {"awaiting_input": (3, 3)}
"""States that earlier releases refuse to be asked for."""
REACH = 2 * 86400.0
"""Seconds before a change within which most of the runs that change were due: there is no index on updated_at, so
without a bound on the runs each page would make the database read all task instances there ever were."""
MANY = 20
"""Older runs that changed, of which no more are asked for one by one."""
_DUE: dict[Api, str] = {"v1": "execution_date", "v2": "run_after"}


def changed(since: float, until: float) -> dict[str, str]:
    """Parameters for what changed between two times; the second may be infinity."""
    bounds = {"updated_at_gte": _iso(since)}
    return bounds if until == math.inf else {**bounds, "updated_at_lte": _iso(until)}


@dataclass(frozen=True, slots=True)
class Changes:
    """Reads task instances that changed, in one collection: those of DAGs whose id `keeps` keeps are needed."""

    client: RestClient
    keeps: Callable[[str], bool]
    oldest: float
    """Unix time before which no change matters."""
    deadline: Deadline

    def read(self, since: float, until: float) -> Iterator[TaskInstance]:
        """Those that changed between two times, and maybe others of the same runs. Some may come twice."""
        due, bound = _DUE[self.client.api(self.deadline)], _iso(since - REACH)
        changes = changed(since, until)
        yield from self._list(PATH, since, until, {f"{due}_gte": bound})
        older = {**changes, f"{due}_lte": bound, "order_by": "id"}
        runs = self.client.get("dags/~/dagRuns", answers.RUN_NAMES, self.deadline, {**older, "limit": MANY})
        if runs.total_entries > len(runs.items):
            yield from self._list(PATH, since, until, {f"{due}_lte": bound})
            return
        for run in runs.items:
            if self.keeps(run.dag_id):
                path = below("dags", run.dag_id, "dagRuns", run.dag_run_id, "taskInstances")
                # The run may have changed after its tasks did.
                yield from self._list(path, self.oldest, math.inf, {})

    def _list(self, path: str, since: float, until: float, which: Mapping[str, Any]) -> Iterator[TaskInstance]:
        if self.client.api(self.deadline) == "v2":
            return _in_order(self.client, path, {**which, **changed(since, until)}, self.deadline)
        return _unordered(self.client, path, since, until, which, self.deadline)


def active_instances(client: RestClient, deadline: Deadline) -> Iterable[TaskInstance]:
    """Task instances in the states of one that has not ended, now; each once."""
    states = [s for s in m.ACTIVE_TASK_STATES if client.newer_than(NEW_STATES.get(s, (2, 0)), deadline)]
    if client.api(deadline) == "v2":
        return _in_order(client, PATH, {"state": states}, deadline)
    found = _unordered(client, PATH, 0.0, math.inf, {"state": states}, deadline)
    return {key_of(instance): instance for instance in found}.values()


def _in_order(client: RestClient, path: str, which: Mapping[str, Any], deadline: Deadline) -> Iterator[TaskInstance]:
    # A new try has a new id, so it may come twice.
    return client.list(path, answers.TASK_INSTANCES, key_of, deadline, {**which, "order_by": "id"})


def _unordered(
    client: RestClient, path: str, since: float, until: float, which: Mapping[str, Any], deadline: Deadline
) -> Iterator[TaskInstance]:
    """What changed between two times, from a list in no order, which pages would tear.

    So what does not fit on one page is asked for in two parts of its time. Some may come twice.
    """
    ask = {**which, **changed(since, until)}
    page = client.get(path, answers.TASK_INSTANCES, deadline, {**ask, "limit": AT_ONCE})
    if page.total_entries > len(page.items):
        middle = _middle(since, until, client.clock)
        if middle - since > SHORTEST:
            yield from _unordered(client, path, since, middle, which, deadline)
            yield from _unordered(client, path, middle, until, which, deadline)
            return
        page = client.get(path, answers.TASK_INSTANCES, deadline, {**ask, "limit": page.total_entries})
    yield from page.items


def _middle(since: float, until: float, now: float) -> float:
    """Between the two, nearer to the later one the longer ago the earlier one is: most has changed lately."""
    oldest, newest = max(now - since, 0.0), max(now - until, SHORTEST)
    return max(now - math.sqrt(oldest * newest), since)


def _iso(time: float) -> str:
    return datetime.fromtimestamp(max(time, 0.0), UTC).isoformat().replace("+00:00", "Z")
