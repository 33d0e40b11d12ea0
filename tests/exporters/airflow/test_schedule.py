"""How far apart the runs of a schedule are."""

from __future__ import annotations

from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from mlvitals.airflow.schedule import is_periodic, longest_interval

HOUR = 3600.0
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    [
        ("* * * * *", 60),
        ("*/5 8-17 * * 1-5", 62 * HOUR + 300),
        ("* 8-17 * * 1-5", 62 * HOUR + 60),
        ("0 * * * *", HOUR),
        ("0 6 * * *", DAY),
        ("0 6 * * 1-5", 3 * DAY),
        ("0 6,18 * * *", 12 * HOUR),
        ("30 0 * * 0", 7 * DAY),
        ("0 0 1 * *", 31 * DAY),
        ("0 0 31 * *", 61 * DAY),
        ("0 0 29 2 *", 1461 * DAY),
        ("@hourly", HOUR),
        ("@daily", DAY),
        ("@weekly", 7 * DAY),
        ("@monthly", 31 * DAY),
        ("@quarterly", 92 * DAY),
        ("@yearly", 366 * DAY),
        ("0 6 * * *, 0 18 * * *", 12 * HOUR),
        ("0 * * * *, 0 0 1 1 *", HOUR),
        ("Asset or 0 6 * * *", DAY),
        ("Dataset or 0 6 * * *", DAY),
        ("1 day, 0:00:00", DAY),
        ("2 days, 1:02:03", 2 * DAY + HOUR + 123),
        ("0:05:00", 300),
        ("0:00:00.500000", None),
        ("0:00:00", None),
        ("-1 day, 23:00:00", None),
        ("99999999999 days, 0:00:00", None),
        ("9" * 200 + " days, 0:00:00", None),
        ("None", None),
        ("Asset", None),
        ("Dataset", None),
        ("@once", None),
        ("@continuous", None),
        ("AfterWorkdayTimetable", None),
        ("3 events", None),
        ("0 0 31 2 *", None),
        ("* * *", None),
        ("0 6 * * *, ", None),
        ("0 6 * * *, soon", None),
        ("0," * 200 + "0 * * * *", None),
        ("", None),
    ],
)
def test_the_longest_interval(schedule: str, seconds: float | None) -> None:
    assert longest_interval(schedule) == seconds


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=20) | st.text("0123456789*/,-LW#?HR @", max_size=20) | st.from_regex(r"\A(\S+ ){4}\S+\Z"))
def test_any_text_has_an_interval_or_not(schedule: str) -> None:
    interval = longest_interval(schedule)
    assert interval is None or interval > 0


@given(st.timedeltas(min_value=timedelta(0)))
def test_every_timedelta_is_read_to_the_second(delta: timedelta) -> None:
    assert longest_interval(str(delta)) == (delta // timedelta(seconds=1) or None)


@pytest.mark.parametrize("schedule", ["None", "@once", "@continuous", "Asset", "Dataset"])
def test_what_is_not_periodic(schedule: str) -> None:
    assert not is_periodic(schedule)


@pytest.mark.parametrize("schedule", ["0 6 * * *", "@daily", "1 day, 0:00:00", "Asset or 0 6 * * *", "MyTimetable"])
def test_what_is_periodic(schedule: str) -> None:
    assert is_periodic(schedule)
