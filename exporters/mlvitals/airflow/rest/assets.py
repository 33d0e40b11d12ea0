"""Assets and when each was updated last."""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import inf

from mlvitals.airflow.facts import Asset
from mlvitals.airflow.increments import OVERLAP
from mlvitals.airflow.rest import answers
from mlvitals.airflow.rest.client import RestClient
from mlvitals.core.collector import Deadline
from mlvitals.core.pace import Pace

MAX_EVENTS = 1000
"""New events that are read in one collection. When there are more, data sets are asked for one by one."""


def assets(client: RestClient, deadline: Deadline) -> Iterator[Asset]:
    """All assets of Airflow 3, by URI: each comes with its last event."""
    for asset in client.list("assets", answers.ASSETS, lambda asset: asset.uri, deadline, {"order_by": "uri"}):
        yield Asset(asset.uri, asset.last_asset_event.timestamp if asset.last_asset_event else None)


class Datasets:
    """The data sets of Airflow 2, whose events are a list of their own.

    The newest events are read back to those that are known; a data set that has none among them is asked for, once.
    After `renew_after` seconds more of them are read, for those that came with a time of long ago.
    """

    def __init__(self, renew_after: float) -> None:
        self._renew_after = renew_after
        self._last: dict[int, float | None] = {}
        self._known_until = -inf
        self._renewed = time.monotonic()

    def read(self, client: RestClient, deadline: Deadline) -> Iterator[Asset]:
        """All data sets, by URI. The last event of some may come to be known in a later collection."""
        go_on = Pace(deadline).until(0.5)
        found = client.list("datasets", answers.DATASETS, lambda each: each.id, deadline, {"order_by": "id"})
        uris = {each.id: each.uri for each in found}
        self._last = {dataset: last for dataset, last in self._last.items() if dataset in uris}
        self._read_new(client, deadline)
        for dataset in uris.keys() - self._last.keys():
            if not go_on():
                break
            self._last[dataset] = self._ask(dataset, client, deadline)
        for dataset, uri in sorted(uris.items(), key=lambda each: each[1]):
            yield Asset(uri, self._last.get(dataset))

    def _read_new(self, client: RestClient, deadline: Deadline) -> None:
        new: dict[int, float] = {}
        until = self._known_until - OVERLAP
        renews = time.monotonic() - self._renewed > self._renew_after
        newest_first = {"order_by": "-timestamp"}
        events = client.list("datasets/events", answers.DATASET_EVENTS, lambda event: event.id, deadline, newest_first)
        for number, event in enumerate(events):
            if event.timestamp < until and not renews:
                break
            if number == MAX_EVENTS:
                if event.timestamp >= until:
                    # What lies between these and the known ones may be of any data set.
                    self._last = {}
                break
            new.setdefault(event.dataset_id, event.timestamp)
        self._last |= new
        self._renewed = time.monotonic() if renews else self._renewed
        # A clock that is ahead must not hide what comes next.
        self._known_until = min(max(new.values(), default=self._known_until), client.clock)

    def _ask(self, dataset: int, client: RestClient, deadline: Deadline) -> float | None:
        ask = {"dataset_id": dataset, "order_by": "-timestamp", "limit": 1}
        events = client.get("datasets/events", answers.DATASET_EVENTS, deadline, ask).items
        return events[0].timestamp if events else None
