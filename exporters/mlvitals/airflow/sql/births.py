"""Where in the numbering of runs a point in time is: there is no index on when a run was made, but its id grows."""

from __future__ import annotations

from sqlalchemy import func, select

from mlvitals.airflow.sql.connection import Transaction

LASTS = 600.0
"""Seconds for which an answer is good enough for times that are later: it lets some more runs in."""
FEW = 250
"""Runs that are not worth another look."""
MOST = 16


class Births:
    """Looks up ids by time, and remembers what it found."""

    def __init__(self) -> None:
        self._found: dict[float, int] = {}

    def first_since(self, time: float, transaction: Transaction) -> int:
        """An id that no run made at or after this time is below, and not many runs made before are above."""
        known = [each for each in self._found if each <= time < each + LASTS]
        if not known:
            if len(self._found) == MOST:
                self._found.clear()
            self._found[time] = _search(time, transaction)
            known = [time]
        return self._found[max(known)]


def _search(time: float, transaction: Transaction) -> int:
    """By halves. A run was updated when it was made, or later: who finds an old time has found an old run."""
    run = transaction.schema["dag_run"].c
    (numbers,) = transaction.rows(select(func.min(run.id).label("low"), func.max(run.id).label("high")))
    if numbers.low is None:
        return 0
    low, high = numbers.low, numbers.high + 1
    while high - low > FEW:
        middle = (low + high) // 2
        next_run = select(run.id, run.updated_at).where(run.id >= middle, run.id < high).order_by(run.id)
        found = transaction.first(1, next_run)
        if found and (found[0].updated_at or 0.0) < time:
            low = found[0].id + 1
        else:
            high = middle
    return int(low)
