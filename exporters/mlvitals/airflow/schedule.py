"""How far apart the scheduled runs of a DAG are, from what Airflow shows of its schedule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from croniter import CroniterError, croniter

# How Python writes a timedelta, which is how Airflow shows one.
_TIMEDELTA = re.compile(r"(?:(\d+) days?, )?(\d+):(\d\d):(\d\d)(?:\.\d+)?")
# A Thursday: its first days have a weekend in them, and the longest gap of many schedules is there.
_START = datetime(2026, 1, 1, tzinfo=UTC)
_ENOUGH_TIMES, _ENOUGH_TIME = 64, timedelta(days=15)
_MOST_TIMES, _MOST_TIME = 5000, timedelta(days=9 * 366)


@lru_cache(maxsize=4096)
def longest_interval(schedule: str) -> float | None:
    """Seconds of the longest time between two runs that follow each other; None where the text does not tell.

    `0 6 * * 1-5` has 72 h, from Friday to Monday. Time zones are left aside, so a change to or from daylight saving
    time may add an hour. Several cron expressions are separated by a comma and a space.
    """
    if match := _TIMEDELTA.fullmatch(schedule):
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds() or None
    try:
        times = sorted({time for cron in schedule.split(", ") for time in _times(cron)})
    except (CroniterError, ValueError, KeyError, OverflowError):
        return None
    return max(((after - before).total_seconds() for before, after in pairwise(times)), default=None)


def _times(cron: str) -> Iterator[datetime]:
    coming = croniter(cron, _START, ret_type=datetime)
    for count in range(_MOST_TIMES):
        time = coming.get_next()
        passed = time - _START
        if passed > _MOST_TIME:
            return
        yield time
        if count >= _ENOUGH_TIMES and passed > _ENOUGH_TIME:
            return


NO_SCHEDULE = "None"
"""What Airflow 3 shows as the schedule of a DAG that has none."""
_NOT_PERIODIC = (NO_SCHEDULE, "@once", "@continuous", "Asset", "Dataset", "Unresolved DatasetAlias")


def is_periodic(schedule: str) -> bool:
    """False for a schedule that does not create runs again and again by time."""
    return schedule not in _NOT_PERIODIC
