"""One data set: computed anew when its files change, and shown until then."""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib.util import find_spec

from mlvitals.core.collector import Collector, Deadline, Failure, Snapshot, UpstreamError
from mlvitals.evidently.complaints import Complaints
from mlvitals.evidently.config import Dataset, EvidentlySettings
from mlvitals.evidently.failures import ADVICE, EmptyError
from mlvitals.evidently.job import Job
from mlvitals.evidently.places import Places
from mlvitals.evidently.process import run
from mlvitals.evidently.report import Computed, packed, snapshot, without_data

_INSTALL = "Install it into the environment that mlvitals runs in."


def require_evidently() -> None:
    """Raises UpstreamError, with what to install, where the worker could not import Evidently."""
    if find_spec("evidently") is None:
        raise UpstreamError("internal", "Evidently is not installed: pip install 'mlvitals[evidently]'")


class DatasetCollector:
    """Computes one data set in a process of its own. `places` bounds how many of an exporter do so at once."""

    auxiliary = False

    def __init__(self, dataset: Dataset, settings: EvidentlySettings, places: Places) -> None:
        self.name = dataset.name
        self.targets: tuple[str, ...] = (dataset.name,)
        self.schedule = settings.schedule()
        self._dataset = dataset
        self._settings = settings
        self._places = places
        self._complaints = Complaints(settings.name, dataset.name)
        self._last: Computed | None = None

    def collect(self, deadline: Deadline) -> Iterator[Snapshot | Failure]:
        """Look for new data, and compute when there is some."""
        try:
            require_evidently()
        except UpstreamError as error:
            yield Failure(self.name, error.reason, str(error), _INSTALL)
            return
        try:
            yield self._looked(deadline)
        except UpstreamError as error:
            yield Failure(self.name, error.reason, str(error), ADVICE.get(error.reason), self._known(error))

    def inherit(self, before: Collector) -> None:
        """What was computed of the same data set, where the same would come out now."""
        if isinstance(before, DatasetCollector) and before._basis == self._basis:
            self._last = before._last

    @property
    def _basis(self) -> EvidentlySettings:
        return self._settings.behind(self._dataset)

    def close(self) -> None:
        """There is nothing to free: a worker ends with its collection."""

    def _looked(self, deadline: Deadline) -> Snapshot:
        with self._places.one(deadline):
            computed = self._computed(deadline)
        # One that was cut has nobody to tell.
        deadline.remaining()
        self._last = computed
        self._complaints.tell(computed.outcome)
        return snapshot(computed, self._dataset, self._settings)

    def _known(self, error: UpstreamError) -> Snapshot | None:
        """That there is no data now, although some was expected, is known: nothing else would say that it is late."""
        if not isinstance(error, EmptyError):
            return None
        last = self._last.outcome.reads.get("current") if self._last else None
        return without_data(self._dataset, last, error.modified)

    def _computed(self, deadline: Deadline) -> Computed:
        last = self._last
        started = time.monotonic()
        # Waiting for a place is not the computation's own time.
        own = Deadline(min(self._settings.budget, deadline.remaining()))
        deadline.on_expire(own.expire)
        known = last.known if last else None
        job = Job(self._dataset, self._settings, own.remaining(), known, html=self._settings.reports)
        outcome = run(job, own)
        if outcome.unchanged and last:
            return last.made_up(outcome)
        took = time.monotonic() - started
        return Computed(outcome.model_copy(update={"html": None}), time.time(), took, packed(outcome))
