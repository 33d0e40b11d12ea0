"""One data set: computed anew when its files change, and shown until then."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec

from mlvitals.core.collector import Deadline, Snapshot, UpstreamError
from mlvitals.evidently.config import Dataset, EvidentlySettings
from mlvitals.evidently.job import Job
from mlvitals.evidently.process import run
from mlvitals.evidently.report import Computed, snapshot

_ASK_AGAIN = 0.5
_LEVEL = 6
"""Of four megabytes of Evidently's report, most of them its scripts, one is left."""


class DatasetCollector:
    """Computes one data set in a process of its own. `places` bounds how many of an exporter do so at once."""

    auxiliary = False

    def __init__(self, dataset: Dataset, settings: EvidentlySettings, places: threading.Semaphore) -> None:
        self.name = dataset.name
        self.targets: tuple[str, ...] = (dataset.name,)
        self.schedule = settings.schedule()
        self._dataset = dataset
        self._settings = settings
        self._places = places
        self._last: Computed | None = None

    def collect(self, deadline: Deadline) -> Iterator[Snapshot]:
        """Look for new data, and compute when there is some."""
        if find_spec("evidently") is None:
            raise UpstreamError("internal", "Evidently is not installed: pip install 'mlvitals[evidently]'")
        with deadline.waiting():
            while not self._places.acquire(timeout=min(_ASK_AGAIN, deadline.remaining())):
                continue
        try:
            self._last = self._computed(deadline)
        finally:
            self._places.release()
        yield snapshot(self._last, self._dataset, self._settings)

    def close(self) -> None:
        """There is nothing to free: a worker ends with its collection."""

    def _computed(self, deadline: Deadline) -> Computed:
        last = self._last
        known = {side: read.identity for side, read in last.outcome.reads.items()} if last else {}
        started = time.monotonic()
        # Waiting for a place is not the computation's own time.
        own = Deadline(min(self._settings.budget, deadline.remaining()))
        deadline.on_expire(own.expire)
        outcome = run(Job(self._dataset, self._settings, own.remaining(), known, html=self._settings.reports), own)
        if outcome.unchanged and last:
            return last
        took = time.monotonic() - started
        document = gzip.compress(outcome.html.encode(), _LEVEL) if outcome.html else None
        return Computed(outcome.model_copy(update={"html": None}), time.time(), took, document)
