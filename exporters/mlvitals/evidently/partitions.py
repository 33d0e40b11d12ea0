"""Which files of a location are read: all, the newest partitions, those of a span of time, or those before them."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from mlvitals.core.collector import UpstreamError
from mlvitals.core.failures import plain
from mlvitals.core.files import Entry, Search, Store, has_wildcard
from mlvitals.evidently.config import Location
from mlvitals.evidently.failures import EmptyError

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""What Hive and Spark call the partition of rows without a value."""
SUCCESS = "_SUCCESS"
"""What Hadoop and Spark write into a folder when all of its files are there."""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Partition:
    """What is chosen or left out as a whole: a folder, or a single file. `names` are those of the matching folders."""

    names: tuple[str, ...]
    root: Entry
    below: tuple[str, ...] = ()
    """Patterns of what is read of it."""

    @property
    def name(self) -> str:
        """For people."""
        return plain("/".join(self.names) or self.root.name)


class Finder:
    """Looks for the partitions and files of one location."""

    def __init__(self, store: Store, path: str, place: Location) -> None:
        self._store = store
        self._path = path
        self._place = place
        self._search = Search(store)
        self._incomplete = 0

    def files(self, now: float, *, previous: bool = False) -> list[Entry]:
        """The files to read, by path. `previous`: those of the window before. Raises UpstreamError."""
        partitions = sorted(self._partitions(), key=_order)
        if self._place.newest:
            chosen = self._newest(partitions, self._place.newest, now, previous)
        elif self._place.within:
            chosen = self._within(partitions, self._place.within, now, previous)
        else:
            chosen = [file for each in partitions for file in self._complete(each)]
        if not chosen:
            raise EmptyError(self._nothing(partitions, previous), self._last_change(partitions))
        return sorted(chosen, key=lambda file: file.path)

    def _partitions(self) -> Iterator[Partition]:
        folder, patterns, levels = _split(self._path)
        root = self._store.entry(folder)
        if root is None:
            raise UpstreamError("connect", f"there is no {self._store.shown(folder)}")
        if patterns:
            yield from self._matching(root, patterns, levels)
        elif root.is_folder and (self._place.newest or self._place.within):
            yield from self._children(root)
        else:
            yield Partition((), root)

    def _matching(self, root: Entry, patterns: Sequence[str], levels: int) -> Iterator[Partition]:
        folders_only = self._path.endswith("/") or levels < len(patterns)
        for entry in self._search.matching(root, patterns[:levels]):
            if entry.is_folder:
                names = entry.path.rstrip("/").split("/")[-levels:]
                yield Partition(tuple(names), entry, tuple(patterns[levels:]))
            elif not folders_only:
                yield Partition((), entry)

    def _children(self, root: Entry) -> Iterator[Partition]:
        """Of a plain folder: its folders `key=value`, else every file in it."""
        folders = [entry for entry in self._search.visible(root) if entry.is_folder and "=" in entry.name]
        if folders:
            yield from (Partition((entry.name,), entry) for entry in folders)
        else:
            yield from (Partition((), file) for file in self._search.files(root))

    def _files_of(self, partition: Partition) -> list[Entry]:
        found = self._search.matching(partition.root, partition.below)
        return [file for entry in found for file in self._search.files(entry)]

    def _complete(self, partition: Partition) -> list[Entry]:
        """Its files; none of a folder that is still being written as far as its marker tells."""
        marked = not (self._place.success_marker and partition.root.is_folder)
        if marked or self._store.entry(f"{partition.root.path.rstrip('/')}/{SUCCESS}"):
            return self._files_of(partition)
        self._incomplete += 1
        return []

    def _settled(self, partition: Partition, now: float) -> list[Entry]:
        """Its files; none while one of them is new. One from the future would never grow old: it counts."""
        files = self._complete(partition)
        if any(abs(now - file.modified) < self._place.settle for file in files if file.modified is not None):
            self._incomplete += 1
            return []
        return files

    def _newest(self, partitions: Sequence[Partition], count: int, now: float, previous: bool) -> list[Entry]:
        """Folders without files do not count: the newest one may not be filled yet."""
        filled = (files for each in reversed(partitions) if (files := self._settled(each, now)))
        skipped = count if previous else 0
        chosen: list[Entry] = []
        for index, files in enumerate(filled):
            if index >= skipped:
                chosen += files
            if index + 1 == skipped + count:
                break
        return chosen

    def _within(self, partitions: Sequence[Partition], seconds: float, now: float, previous: bool) -> list[Entry]:
        """By the end of the day or hour that a partition's name says, else by its newest file."""
        newest = now - seconds if previous else float("inf")
        oldest = newest - seconds if previous else now - seconds
        chosen: list[Entry] = []
        for each in partitions:
            end = period_end(each.names)
            if end is not None and not oldest < end <= newest:
                continue
            files = self._settled(each, now)
            if end is None:
                end = max((file.modified or 0 for file in files), default=0)
            if oldest < end <= newest:
                chosen += files
        return chosen

    def _last_change(self, partitions: Sequence[Partition]) -> float | None:
        """When the newest file of the newest partition that has some was changed."""
        filled = next((files for each in reversed(partitions) if (files := self._files_of(each))), [])
        return max((file.modified for file in filled if file.modified is not None), default=None)

    def _nothing(self, partitions: Sequence[Partition], previous: bool) -> str:
        where = self._store.shown(self._path)
        if not partitions:
            return f"nothing matches {where}"
        before = " before those of current" if previous else ""
        known = ", ".join(each.name for each in partitions[-_SHOWN:])
        more = f"{len(partitions)} in all, the last ones {known}" if len(partitions) > _SHOWN else known
        return f"{where} has no data{before}{self._asked()}; there is {more}{self._unfinished(len(partitions))}"

    def _asked(self) -> str:
        if self._place.newest:
            return f" for newest: {self._place.newest}"
        return f" for within: {self._place.within:g} s" if self._place.within else ""

    def _unfinished(self, of: int) -> str:
        """How many are still being written."""
        if not self._incomplete:
            return ""
        return ", not complete yet" if of == 1 else f", {self._incomplete} of them not complete yet"


def _split(path: str) -> tuple[str, list[str], int]:
    """The folder before the first wildcard, the patterns below it, and how many of those choose partitions.

    What follows the last folder with a wildcard says which files of a partition are read.
    """
    names = [name for name in path.split("/") if name]
    first = next((index for index, name in enumerate(names) if has_wildcard(name)), len(names))
    patterns = names[first:]
    root = "/" if path.startswith("/") else ""
    last_is_folder = path.endswith("/") or len(patterns) == 1 or "=" in (names or [""])[-1]
    folders = patterns if last_is_folder else patterns[:-1]
    levels = max((index + 1 for index, name in enumerate(folders) if has_wildcard(name)), default=0)
    return (root + "/".join(names[:first])) or ".", patterns, levels


def _order(partition: Partition) -> tuple[Any, ...]:
    """As people order names: numbers by their value, also inside of text; what has no value comes first."""
    return tuple(_value_order(_value(name)) for name in partition.names or (partition.root.path,))


def _value(name: str) -> str:
    return unquote(name.partition("=")[2]) if "=" in name else name


def _value_order(value: str) -> tuple[Any, ...]:
    if value == NO_VALUE:
        return (0,)
    if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        return 1, Decimal(value)
    # Texts and numbers take turns, and a text comes first.
    return 2, [int(part) if index % 2 else part for index, part in enumerate(re.split(r"([0-9]+)", value))]


_DATE = re.compile(
    r"(?P<year>[12][0-9]{3})-?(?P<month>[0-9]{2})"
    r"(?:-?(?P<day>[0-9]{2})(?:[-T _]?(?P<hour>[0-9]{2})(?::?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2}))?)?Z?)?)?"
)
_KEYS = {"year": "year", "yyyy": "year", "month": "month", "mm": "month", "day": "day", "dd": "day"}
_HOURS = {"hour": "hour", "hr": "hour", "hh": "hour", "h": "hour"}


def period_end(names: Iterable[str]) -> float | None:
    """The end of the month, day, hour or second that names of folders say, Unix time in UTC; None when they say none.

    `dt=2026-11-22`, `2026112207`, `day=2026-11-22/hour=7` and `year=2026/month=11/day=22` do.
    """
    said: dict[str, int] = {}
    for name in names:
        key, value = name.partition("=")[0].lower() if "=" in name else "", _value(name)
        field = (_KEYS | _HOURS).get(key)
        if field and re.fullmatch(r"[0-9]{1,4}", value):
            said[field] = int(value)
        elif "year" not in said and (match := _DATE.fullmatch(value)):
            said |= {field: int(number) for field, number in match.groupdict().items() if number}
    try:
        return _end(said)
    except (ValueError, OverflowError, KeyError):
        return None


def _end(said: dict[str, int]) -> float:
    year, month, day = said["year"], said.get("month", 1), said.get("day", 1)
    start = datetime(year, month, day, said.get("hour", 0), said.get("minute", 0), said.get("second", 0), tzinfo=UTC)
    return (start + _span(said)).timestamp()


def _span(said: dict[str, int]) -> timedelta:
    if "month" not in said:
        return timedelta(days=366 if calendar.isleap(said["year"]) else 365)
    if "day" not in said:
        return timedelta(days=calendar.monthrange(said["year"], said["month"])[1])
    if "hour" not in said:
        return timedelta(days=1)
    if "minute" not in said:
        return timedelta(hours=1)
    return timedelta(0) if "second" in said else timedelta(minutes=1)
