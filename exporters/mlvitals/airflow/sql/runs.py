"""Runs out of table dag_run, without ever reading its history."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, literal, or_, select

from mlvitals.airflow.facts import DagRun, RunKey, chosen_conf
from mlvitals.airflow.increments import OVERLAP
from mlvitals.airflow.metrics import ENDED_RUN_STATES
from mlvitals.airflow.sql.births import Births
from mlvitals.airflow.sql.connection import MetadataDatabase, Transaction
from mlvitals.airflow.sql.fragments import member, parsed
from mlvitals.airflow.sql.schema import Schema
from mlvitals.core.collector import Deadline

PAGE = 5000
"""Runs that are read at once."""
REACH = 86400.0
"""Seconds before the first change that is asked for: of runs that were made since then, it is seen when they change."""
LONGEST_RUN = 7 * 86400.0
"""The same for who asks for what is long past, and has not seen which older runs were active then."""
LONG_PAST = 3600.0
"""Seconds: who asks for what is older has not seen which runs were active then."""
BATCH = 500
"""Runs that are asked for by number or key at once."""

T = TypeVar("T")


class RunReader:
    """Reads runs, and remembers which were active: they are asked for again, however old they are."""

    def __init__(self, database: MetadataDatabase, births: Births, conf_keys: Sequence[str]) -> None:
        self._database = database
        self._births = births
        self._conf_keys = conf_keys
        self._active: dict[int, float] = {}
        self._watched_since = math.inf

    def changed(self, since: float, until: float, deadline: Deadline) -> Iterator[DagRun]:
        """Runs that were updated in this time."""
        with self._database.reading(deadline) as transaction:
            now = self._database.clock()
            reach = REACH
            # Who asks again begins a bit before the time of the last answer.
            if since < self._watched_since - 2 * OVERLAP or since < now - LONG_PAST:
                # What has ended before this was not seen to be active.
                reach = LONGEST_RUN
                self._remember(self._rows_active(transaction), now)
            first = self._births.first_since(since - reach, transaction)
        self._active = {number: seen for number, seen in self._active.items() if seen > since - REACH}
        for older in batches(sorted(number for number in self._active if number < first), BATCH):
            with self._database.reading(deadline) as transaction:
                run = transaction.schema["dag_run"].c
                found = transaction.rows(self._updated(since, until, transaction.schema).where(run.id.in_(older)))
            yield from map(self._run, found)
        for page in pages(lambda schema: self._updated(since, until, schema), first, self._database, deadline):
            yield from map(self._run, page)

    def active(self, deadline: Deadline) -> Iterator[DagRun]:
        """Runs that are running or queued."""
        with self._database.reading(deadline) as transaction:
            found = self._rows_active(transaction)
        self._remember(found, self._database.clock())
        yield from map(self._run, found)

    def last(self, dag_id: str, deadline: Deadline) -> Iterator[DagRun]:
        """Of those that ended, the run with the latest run_after and the last one with success.

        All runs of this DAG are looked at, once, by the index on its id: there is none on either time that helps.
        """
        with self._database.reading(deadline) as transaction:
            run = transaction.schema["dag_run"].c
            ended = run.state.in_(ENDED_RUN_STATES)
            succeeded = and_(run.state == "success", run.end_date.is_not(None))
            orders = {
                "newest": (case((ended, 0), else_=1), transaction.schema.run_after.desc(), run.id.desc()),
                "succeeded": (case((succeeded, 0), else_=1), run.end_date.desc()),
            }
            places = (func.row_number().over(order_by=order).label(name) for name, order in orders.items())
            place = select(run.id, *places).where(run.dag_id == dag_id).subquery("place").c
            chosen = select(place.id).where(or_(place.newest == 1, place.succeeded == 1))
            found = transaction.rows(self._select(transaction.schema).where(run.id.in_(chosen)))
        yield from map(self._run, found)

    def by_key(self, keys: Collection[RunKey], transaction: Transaction) -> Iterator[DagRun]:
        """Those of these runs that exist."""
        run = transaction.schema["dag_run"].c
        for batch in batches(sorted(keys), BATCH):
            wanted = or_(*(and_(run.dag_id == key.dag_id, run.run_id == key.run_id) for key in batch))
            yield from map(self._run, transaction.rows(self._select(transaction.schema).where(wanted)))

    def _rows_active(self, transaction: Transaction) -> list[Row[Any]]:
        found: list[Row[Any]] = []
        for state in ("running", "queued"):
            # State by state, and as literals: there is an index on the runs of either state alone.
            is_active = transaction.schema["dag_run"].c.state == literal(state, literal_execute=True)
            found += transaction.rows(self._select(transaction.schema).where(is_active))
        return found

    def _remember(self, active: Iterable[Row[Any]], now: float) -> None:
        self._active |= dict.fromkeys((row.id for row in active), now)
        self._watched_since = min(self._watched_since, now)

    def _updated(self, since: float, until: float, schema: Schema) -> Select[Any]:
        updated: ColumnElement[float] = schema["dag_run"].c.updated_at
        changed = self._select(schema).where(updated >= since)
        return changed.where(updated < until) if math.isfinite(until) else changed

    def _select(self, schema: Schema) -> Select[Any]:
        run = schema["dag_run"].c
        columns = [run.id, run.dag_id, run.run_id, run.state, run.run_type, run.queued_at, run.start_date, run.end_date]
        # Airflow 2 keeps a pickle there.
        keys = self._conf_keys if schema.major == 3 else ()
        confs = [member(run.conf, key, f"conf_{number}") for number, key in enumerate(keys)]
        return select(*columns, schema.run_after.label("run_after"), *confs)

    def _run(self, row: Row[Any]) -> DagRun:
        # A date that is none, or beyond what Python knows, leaves the run without one.
        run_after = next((time for time in (row.run_after, row.queued_at, row.start_date) if time is not None), 0.0)
        conf = {key: parsed(getattr(row, f"conf_{number}", None)) for number, key in enumerate(self._conf_keys)}
        return DagRun(
            key=RunKey(row.dag_id, row.run_id),
            state=row.state or "",
            run_type=row.run_type or "",
            run_after=run_after,
            queued_at=row.queued_at,
            start=row.start_date,
            end=row.end_date,
            conf=chosen_conf(conf, self._conf_keys),
        )


def pages(
    statement: Callable[[Schema], Select[Any]], first: int, database: MetadataDatabase, deadline: Deadline
) -> Iterator[Sequence[Row[Any]]]:
    """What a statement says of runs from one number on, page by page; it must select that number.

    Each page has a transaction of its own: none waits for what is done with the page before.
    """
    while True:
        with database.reading(deadline) as transaction:
            number = transaction.schema["dag_run"].c.id
            page = statement(transaction.schema).where(number >= first).order_by(number)
            found = transaction.first(PAGE, page)
        yield found
        if len(found) < PAGE:
            return
        first = found[-1].id + 1


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Items in groups of so many."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
