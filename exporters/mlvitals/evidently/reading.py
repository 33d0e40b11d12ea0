"""Finds the files of one side of a data set and reads a sample of their rows. Runs in the worker process only."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.failures import plain
from mlvitals.core.files import Entry, Store
from mlvitals.core.locations import opened, shown_location
from mlvitals.core.mlflow_artifacts import Trained
from mlvitals.core.patterns import matches
from mlvitals.evidently.config import PREVIOUS, Dataset, EvidentlySettings, Format, Location
from mlvitals.evidently.engine import Tell, with_unreadable
from mlvitals.evidently.failures import EmptyError
from mlvitals.evidently.formats import Broken, Wanted, called, format_of, reader_of, words_about
from mlvitals.evidently.partitions import Finder
from mlvitals.evidently.plan import Side
from mlvitals.evidently.results import Matches, Progress, Read
from mlvitals.evidently.sampling import Rows
from mlvitals.evidently.schemas import Unified
from mlvitals.evidently.texts import ANY, TIMES, TextTypes
from mlvitals.evidently.times import newest_time
from mlvitals.evidently.training import training_data

_TEXTS: Mapping[Format, tuple[pa.DataType, ...]] = {"csv": ANY, "jsonl": TIMES}
"""What text may be taken for, by format."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of one side, as they were when it was looked. `identity` is the same as long as nothing has changed."""

    side: Side
    location: str
    store: Store
    files: tuple[Entry, ...]
    format: Format
    identity: str
    model_version: int | None = None

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(file.size for file in self.files)

    @property
    def modified(self) -> float | None:
        """When the newest file was last changed."""
        return max((file.modified for file in self.files if file.modified is not None), default=None)


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of one side.

    `dropped` counts the columns that match and are beyond `max_columns`; `matches` is about the columns of all sides.
    """

    table: pa.Table
    about: Read
    dropped: int = 0
    matches: tuple[Matches, ...] = ()


def resolve(side: Side, dataset: Dataset, settings: EvidentlySettings, deadline: Deadline) -> Listing:
    """The files that are to be read now. Nothing of their content is. Raises UpstreamError."""
    place: Location = getattr(dataset, side)
    previous = place.path == PREVIOUS
    if previous:
        place = dataset.current
    store, path, trained = _found(place, settings, deadline)
    try:
        files = tuple(Finder(store, path, place).files(time.time(), previous=previous))
        kind = place.format or _format(store, files)
    except EmptyError as error:
        store.close()
        # How old the reference is says nothing of new data.
        raise error if side == "current" else UpstreamError(error.reason, str(error)) from None
    except BaseException:
        store.close()
        raise
    version = trained.version if trained else None
    identity = _identity(files, (trained.run_id, trained.version) if trained else ())
    return Listing(side, shown_location(place.path), store, files, kind, identity, version)


def _found(place: Location, settings: EvidentlySettings, deadline: Deadline) -> tuple[Store, str, Trained | None]:
    if place.path.startswith("mlflow:"):
        return training_data(place.path, settings, deadline)
    return *opened(place.path, settings, deadline), None


def _format(store: Store, files: tuple[Entry, ...]) -> Format:
    found = {format_of(file.name): file for file in files}
    if None in found:
        raise UpstreamError("parse", f"{store.shown(found[None].path)} has no ending that is known: set format")
    if len(found) > 1:
        first, second = sorted(store.shown(file.path) for file in found.values())[:2]
        raise UpstreamError("parse", f"expected files of one format, found {first} and {second}")
    return next(kind for kind in found if kind)


def _identity(files: tuple[Entry, ...], of: tuple[object, ...]) -> str:
    told = json.dumps([of, *((file.path, file.size, file.modified) for file in files)])
    return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def read(listing: Listing, dataset: Dataset, deadline: Deadline, tell: Tell) -> Sample:
    """One side alone. Raises UpstreamError."""
    return read_all({listing.side: listing}, dataset, deadline, tell)[listing.side]


def read_all(listings: Mapping[Side, Listing], dataset: Dataset, deadline: Deadline, tell: Tell) -> dict[Side, Sample]:
    """The sides, each with at most `row_limit` rows, of the columns that the plan matches.

    Columns are limited over both sides together, so that what is missing on one is missed. The same files always give
    the same rows: each row is chosen by its number and `seed`. Raises UpstreamError.
    """
    columns = Columns(dataset)
    readings = {side: _Reading(listing, dataset, columns, deadline, tell) for side, listing in listings.items()}
    try:
        for reading in readings.values():
            reading.look()
        columns.limit()
        samples = {side: reading.sample() for side, reading in readings.items()}
    finally:
        for listing in listings.values():
            listing.store.close()
    # Lines of JSON may hold columns that the first lines do not.
    columns.limit()
    return {side: _limited(sample, columns) for side, sample in samples.items()}


class Columns:
    """Which columns are read: those that match, the first by name, and those that the configuration names."""

    def __init__(self, dataset: Dataset) -> None:
        self._plan = dataset
        self._most = dataset.max_columns
        self._always = {name for each in dataset.predictions for name in (each.target, each.prediction)}
        if dataset.time_column:
            self._always.add(dataset.time_column)
        self._seen: set[str] = set()
        self._asked: set[str] = set()
        self._last: str | None = None

    def see(self, name: str) -> None:
        """A name of either side."""
        if self._plan.looks_at(name):
            self._seen.add(name)

    def limit(self) -> None:
        """No more are kept than may be, of those seen."""
        if len(self._seen) > self._most:
            self._last = sorted(self._seen)[self._most - 1]

    def keeps(self, name: str) -> bool:
        """True for a column that is read; the names that were asked for are those that there are."""
        self._asked.add(name)
        return self._shows(name) or name in self._always

    def matches(self) -> Iterator[Matches]:
        """What each configured pattern is about: those of `columns` about all there are, others about what is left."""
        shown = [name for name in self._asked if self._shows(name)]
        for key, patterns in self._plan.patterns.items() if self._asked else ():
            names = self._asked if key.startswith("columns.") else shown
            for pattern in patterns:
                yield Matches(key=key, pattern=pattern, columns=sum(matches(name, (pattern,)) for name in names))

    def _shows(self, name: str) -> bool:
        return self._plan.looks_at(name) and (self._last is None or name <= self._last)

    @property
    def dropped(self) -> int:
        """Columns that match and are beyond the limit."""
        return max(0, len(self._seen) - self._most)


def _limited(sample: Sample, columns: Columns) -> Sample:
    names = [name for name in sample.table.column_names if columns.keeps(name)]
    return replace(sample, table=sample.table.select(names), dropped=columns.dropped, matches=tuple(columns.matches()))


class _Reading:
    """One side being read."""

    def __init__(self, listing: Listing, dataset: Dataset, columns: Columns, deadline: Deadline, tell: Tell) -> None:
        self._listing = listing
        self._broken: Broken = {}
        self._whys: dict[str, str] = {}
        """Of broken columns, with the file where it was found out."""
        self._reader = reader_of(listing.format, self._broken)
        self._dataset = dataset
        self._columns = columns
        self._deadline = deadline
        self._tell = tell
        self._rows = Rows(dataset.row_limit, dataset.seed)
        self._unified = Unified()
        self._bare: pa.Schema | None = None
        """Of a file without rows: what it says counts only where no other has any."""
        self._texts = TextTypes(_TEXTS.get(listing.format, ()))
        self._newest: float | None = None
        self._now = time.time()

    def look(self) -> None:
        """Names of the columns; of Parquet also how many rows there are."""
        total: int | None = 0
        for file in self._files("looking into"):
            with self._opened(file) as source:
                names, rows = self._reader.look(source)
            for name in names:
                self._columns.see(called(name))
            total = None if rows is None or total is None else total + rows
        if total is not None:
            self._rows.expect(total)

    def sample(self) -> Sample:
        """The rows."""
        wanted = Wanted(self._columns.keeps, self._rows, self._dataset.time_column)
        for file in self._files("reading"):
            with self._opened(file) as source:
                for batch in self._reader.batches(source, wanted):
                    self._add(batch)
            self._unchanged(file)
        self._has_time()
        return Sample(self._table(), self._about())

    def _files(self, step: str) -> Iterator[Entry]:
        """Those with content: Spark writes files of CSV without even a header."""
        files = self._listing.files
        for index, file in enumerate(files):
            self._deadline.remaining()
            self._tell(Progress(step=f"{step} {self._listing.side}", done=index, of=len(files)))
            if file.size or self._listing.format in ("parquet", "arrow"):
                yield file

    def _add(self, batch: pa.RecordBatch) -> None:
        self._deadline.remaining()
        batch = batch.rename_columns([called(name) for name in batch.schema.names])
        for name in batch.schema.names:
            self._columns.see(name)
        names = batch.schema.names
        batch = batch.select([name for name in names if self._columns.keeps(name) and self._is_sound(name)])
        if not batch.num_rows:
            self._bare = self._bare or _plain(batch).schema
            return
        batch = self._sound(batch)
        self._see_time(batch)
        self._texts.see(batch)
        self._rows.add(batch)

    def _is_sound(self, name: str) -> bool:
        return name not in self._broken

    def _sound(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Without columns that are not what they say, or not what they were before."""
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if not _is_utf8(column):
                self._broken[name] = "it holds what is not UTF-8"
        batch = _plain(batch.select(list(filter(self._is_sound, batch.schema.names))))
        self._broken |= self._unified.add(batch.schema)
        return batch.select(list(filter(self._is_sound, batch.schema.names)))

    def _see_time(self, batch: pa.RecordBatch) -> None:
        name = self._dataset.time_column
        if name is None or name not in batch.schema.names:
            return
        try:
            newest = newest_time(batch.column(name), self._now)
        except (ValueError, pa.ArrowException) as error:
            if self._listing.side == "current":
                words = plain(str(error)) if type(error) is ValueError else "it cannot be understood"
                raise UpstreamError("parse", f"time_column {plain(name, 80)!r}: {words}") from None
            return
        if newest is not None:
            self._newest = newest if self._newest is None else max(self._newest, newest)

    def _has_time(self) -> None:
        """Without the times that are asked for those of the files would stand in, and old rows in a new file be new."""
        asked = self._listing.side == "current" and self._dataset.time_column
        if asked and asked in self._whys:
            raise UpstreamError("parse", f"time_column {plain(asked, 80)!r}: {self._whys[asked]}")
        if asked and self._newest is None and self._rows.seen:
            raise UpstreamError("parse", f"time_column {plain(asked, 80)!r} has no time that is past")

    def _table(self) -> pa.Table:
        batches = (batch.select(list(filter(self._is_sound, batch.schema.names))) for batch in self._rows.batches())
        tables = [pa.Table.from_batches([self._texts.typed(batch)]) for batch in batches]
        schema = self._unified.schema if self._rows.seen else self._bare or pa.schema([])
        sound = pa.schema([field for field in schema if self._is_sound(field.name)])
        empty = self._texts.schema(sound).empty_table()
        table = pa.concat_tables([empty, *tables], promote_options="permissive").combine_chunks()
        whys = {name: why for name, why in self._whys.items() if self._columns.keeps(name)}
        if whys and not table.column_names:
            raise UpstreamError("parse", f"no column can be read: {next(iter(whys.values()))}")
        return with_unreadable(table, whys)

    def _about(self) -> Read:
        listing = self._listing
        return Read(
            location=listing.location,
            identity=listing.identity,
            files=len(listing.files),
            size=listing.size,
            modified=listing.modified,
            rows=self._rows.seen,
            rows_read=min(self._rows.seen, self._dataset.row_limit),
            newest=self._newest,
            model_version=listing.model_version,
        )

    @contextlib.contextmanager
    def _opened(self, file: Entry) -> Iterator[_Source]:
        """A file to be read; what goes wrong with it names it."""
        try:
            with contextlib.ExitStack() as streams:
                yield _Source(self._listing.store, file, streams)
            for name, why in self._broken.items():
                self._whys.setdefault(name, f"{self._listing.store.shown(file.path)}: {why}")
        except MemoryError:
            raise
        except UpstreamError as error:
            if error.reason in ("parse", "http"):
                self._unchanged(file)
            raise
        except (pa.ArrowException, OSError, ValueError) as error:
            self._unchanged(file)
            if lost := self._listing.store.lost(file.path, error):
                raise lost from None
            with contextlib.ExitStack() as streams:
                source = _Source(self._listing.store, file, streams)
                words = words_about(error, self._listing.format, source)
            raise UpstreamError("parse", f"{self._listing.store.shown(file.path)}: {words}") from None

    def _unchanged(self, file: Entry) -> None:
        now = self._listing.store.entry(file.path)
        if now is None or (now.size, now.modified) != (file.size, file.modified):
            raise UpstreamError("parse", f"{self._listing.store.shown(file.path)} changed while it was read")


class _Source:
    """A file that is closed with others."""

    def __init__(self, store: Store, file: Entry, streams: contextlib.ExitStack) -> None:
        self._store = store
        self._file = file
        self._streams = streams

    @property
    def path(self) -> str:
        return self._file.path

    def open(self) -> pa.NativeFile:
        stream = self._store.open(self._file)
        return self._streams.enter_context(
            stream if isinstance(stream, pa.NativeFile) else pa.PythonFile(stream, mode="r")
        )


def _is_utf8(column: pa.Array) -> bool:
    """True unless it is text in which a value is not UTF-8."""
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return True
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [_plain_column(column) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, batch.schema.names) if columns else batch


def _plain_column(column: pa.Array) -> pa.Array:
    """Values in the place of a dictionary, which each file has of its own; of nested values only that they are there,
    since nothing is computed of them, and what is in them differs from line to line."""
    if pa.types.is_dictionary(column.type):
        return column.dictionary_decode()
    if pa.types.is_nested(column.type):
        return pa.Array.from_buffers(pa.struct([]), len(column), [column.is_valid().buffers()[1]])
    return column
