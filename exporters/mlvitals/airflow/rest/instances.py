"""Lists of task instances, whole and in pieces."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from mlvitals.airflow import metrics as m
from mlvitals.airflow.rest import answers
from mlvitals.airflow.rest.answers import TaskInstance
from mlvitals.airflow.rest.client import RestClient
from mlvitals.airflow.rest.tasks import key_of
from mlvitals.core.collector import Deadline

PATH = "dags/~/dagRuns/~/taskInstances"
AT_ONCE = 1000
"""Task instances that v1 is asked for at once: it knows no order of them, and no limit."""
SHORTEST = 0.001
NEW_STATES = {"awaiting_input": (3, 3)}
"""States that earlier releases refuse to be asked for."""


def changed(since: float, until: float) -> dict[str, str]:
    """Parameters for what changed between two times; the second may be infinity."""
    bounds = {"updated_at_gte": _iso(since)}
    return bounds if until == math.inf else {**bounds, "updated_at_lte": _iso(until)}


def changed_instances(client: RestClient, since: float, until: float, deadline: Deadline) -> Iterator[TaskInstance]:
    """Task instances that changed between two times.

    There is no index on updated_at: the database reads all of them for each page. To ask for those of late runs only
    is slower still (six times with 600,000 of them): the API makes a subquery of it for every task instance.
    """
    if client.api(deadline) == "v2":
        return _in_order(client, changed(since, until), deadline)
    return _unordered(client, since, until, {}, deadline)


def active_instances(client: RestClient, deadline: Deadline) -> Iterable[TaskInstance]:
    """Task instances in the states of one that has not ended, now; each once."""
    states = [s for s in m.ACTIVE_TASK_STATES if client.newer_than(NEW_STATES.get(s, (2, 0)), deadline)]
    if client.api(deadline) == "v2":
        return _in_order(client, {"state": states}, deadline)
    found = _unordered(client, 0.0, math.inf, {"state": states}, deadline)
    return {key_of(instance): instance for instance in found}.values()


def _in_order(client: RestClient, which: Mapping[str, Any], deadline: Deadline) -> Iterator[TaskInstance]:
    # A new try has a new id, so it may come twice.
    return client.list(PATH, answers.TASK_INSTANCES, key_of, deadline, {**which, "order_by": "id"})


def _unordered(
    client: RestClient, since: float, until: float, which: Mapping[str, Any], deadline: Deadline
) -> Iterator[TaskInstance]:
    """What changed between two times, from a list in no order, which pages would tear.

    So what does not fit on one page is asked for in two parts of its time. Some may come twice.
    """
    ask = {**which, **changed(since, until)}
    page = client.get(PATH, answers.TASK_INSTANCES, deadline, {**ask, "limit": AT_ONCE})
    if page.total_entries > len(page.items):
        middle = _middle(since, until, client.clock)
        if middle - since > SHORTEST:
            yield from _unordered(client, since, middle, which, deadline)
            yield from _unordered(client, middle, until, which, deadline)
            return
        page = client.get(PATH, answers.TASK_INSTANCES, deadline, {**ask, "limit": page.total_entries})
    yield from page.items


def _middle(since: float, until: float, now: float) -> float:
    """Between the two, nearer to the later one the longer ago the earlier one is: most has changed lately."""
    oldest, newest = max(now - since, 0.0), max(now - until, SHORTEST)
    return max(now - math.sqrt(oldest * newest), since)


def _iso(time: float) -> str:
    return datetime.fromtimestamp(max(time, 0.0), UTC).isoformat().replace("+00:00", "Z")
