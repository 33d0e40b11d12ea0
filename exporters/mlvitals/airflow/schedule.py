"""How far apart the scheduled runs of a DAG are, from what Airflow shows of its schedule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from croniter import CroniterError, croniter

from mlvitals.core.selection import MAX_LABEL

# How Python writes a timedelta, which is how Airflow shows one.
_TIMEDELTA = re.compile(r"(?:(\d+) days?, )?(\d+):(\d\d):(\d\d)(?:\.\d+)?")
# A Thursday: its first days have a weekend in them, and the longest gap of many schedules is there.
_START = datetime(2026, 1, 1, tzinfo=UTC)
_ENOUGH_TIMES, _ENOUGH_TIME = 64, timedelta(days=15)
_MOST_TIMES, _MOST_TIME = 5000, timedelta(days=9 * 366)


# croniter knows the other presets.
_PRESETS = {"@quarterly": "0 0 1 */3 *"}
# Airflow 3, Airflow 2: what else creates runs of such a DAG does not make the time between two of them longer.
_OR = ("Asset or ", "Dataset or ")


@lru_cache(maxsize=4096)
def longest_interval(schedule: str) -> float | None:
    """Seconds of the longest time between two runs that follow each other; None where the text does not tell.

    `0 6 * * 1-5` has 72 h, from Friday to Monday. Time zones are left aside, so a change to or from daylight saving
    time may add an hour. Several cron expressions are separated by a comma and a space.
    """
    if len(schedule) > MAX_LABEL:
        return None
    for prefix in _OR:
        schedule = schedule.removeprefix(prefix)
    try:
        return _of_timedelta(schedule) if _TIMEDELTA.fullmatch(schedule) else _of_crons(schedule.split(", "))
    except (CroniterError, ValueError, KeyError, OverflowError):
        return None


def _of_timedelta(text: str) -> float | None:
    match = _TIMEDELTA.fullmatch(text)
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0, 0)
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds() or None


def _of_crons(crons: Iterable[str]) -> float | None:
    each = [list(_times(_PRESETS.get(cron, cron))) for cron in crons]
    # As far as all of them reach: what comes after that is not all that comes.
    end = min(times[-1] for times in each)
    times = sorted({time for times in each for time in times if time <= end})
    return max(((after - before).total_seconds() for before, after in pairwise(times)), default=None)


def _times(cron: str) -> Iterator[datetime]:
    coming = croniter(cron, _START, ret_type=datetime)
    for count in range(_MOST_TIMES):
        time = coming.get_next()
        passed = time - _START
        yield time
        if passed > _MOST_TIME or (count >= _ENOUGH_TIMES and passed > _ENOUGH_TIME):
            return


NO_SCHEDULE = "None"
"""What Airflow 3 shows as the schedule of a DAG that has none."""
CONTINUOUS = "@continuous"
"""The schedule of a DAG that has its next run when the one that runs has ended."""
_NOT_PERIODIC = (NO_SCHEDULE, "@once", CONTINUOUS, "Asset", "Dataset", "Unresolved DatasetAlias")


def is_periodic(schedule: str) -> bool:
    """False for a schedule that does not create runs again and again by time."""
    return schedule not in _NOT_PERIODIC
