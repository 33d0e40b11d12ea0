"""Which runs have changed, for those who remember what they read of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import literal, select

from mlvitals.airflow.increments import OVERLAP
from mlvitals.airflow.ledger import MAX_RUNS
from mlvitals.airflow.sql.births import Births
from mlvitals.airflow.sql.connection import MetadataDatabase
from mlvitals.airflow.sql.runs import LONGEST_RUN, REACH, pages
from mlvitals.core.collector import Deadline, UpstreamError


class Found(NamedTuple):
    """Runs that changed, number -> DAG id; `whole` when that is all of the window."""

    runs: Mapping[int, str]
    whole: bool
    at: float


class Changes:
    """How far the changes of runs have been read. All is read anew now and then, so that what is gone is noticed."""

    def __init__(self, database: MetadataDatabase, births: Births, renew_after: float) -> None:
        self._database = database
        self._births = births
        self._renew_after = renew_after
        self._until: float | None = None
        self._renewed = time.monotonic()

    def find(self, since: float, deadline: Deadline) -> Found:
        """Runs that go on, and runs that changed after `since` and after what has been read."""
        with self._database.reading(deadline) as transaction:
            now = self._database.clock()
            if time.monotonic() - self._renewed > self._renew_after:
                self._until = None
            whole = self._until is None
            changed = since if self._until is None else min(self._until, now) - OVERLAP
            first = self._births.first_since(changed - (LONGEST_RUN if whole else REACH), transaction)
            run = transaction.schema["dag_run"].c
            runs = select(run.id, run.dag_id)
            # A run that goes on has tasks that end, whenever it was made and whatever is noted of it.
            running = transaction.rows(runs.where(run.state == literal("running", literal_execute=True)))
        found = {row.id: row.dag_id for row in running}
        for page in pages(lambda _: runs.where(run.updated_at >= changed), first, self._database, deadline):
            found |= {row.id: row.dag_id for row in page}
            if len(found) > MAX_RUNS:
                raise UpstreamError("limit", f"more than {MAX_RUNS} runs at once: shorten window")
        return Found(found, whole, now)

    def done(self, found: Found) -> None:
        """They have been read."""
        self._until = found.at
        if found.whole:
            self._renewed = time.monotonic()
