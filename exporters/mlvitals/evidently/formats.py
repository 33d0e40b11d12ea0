"""Parquet, CSV, JSON lines and Arrow, each read as a stream of record batches.

A reader raises pyarrow's errors, OSError and ValueError for what is not of its format.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.ipc as paipc
import pyarrow.json as pajson
import pyarrow.parquet as papq

from mlvitals.core.failures import plain
from mlvitals.evidently.config import Format
from mlvitals.evidently.sampling import Rows

Keeps = Callable[[str], bool]
"""True for the name of a column that is wanted."""

Broken = dict[str, str]
"""Columns that cannot be read -> why, in words that repeat no value. Whoever finds one out puts it in."""

BATCH = 65_536
BLOCK = 4 << 20
"""Bytes of text that are parsed at once."""
MAX_ROWS = 10**10
"""Rows of one file of Parquet: more only a damaged footer says."""
MAX_FOOTERS = 64 << 20
"""Bytes of footers that are kept."""
MAX_LINE = 64 << 20
"""Bytes of the longest line."""

UNNAMED = "(unnamed)"
"""What a column without a name is called: pandas writes its index so."""
_OTHER_DELIMITERS = ";\t|"

ENDINGS: dict[str, Format] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}


def format_of(name: str) -> Format | None:
    """By the ending of a file's name, in front of `.gz`; None for one that is not known."""
    name = name.lower().removesuffix(".gz")
    return next((kind for ending, kind in ENDINGS.items() if name.endswith(ending)), None)


class Source(Protocol):
    """A file to be read."""

    @property
    def path(self) -> str:
        """With its ending."""
        ...

    def open(self) -> pa.NativeFile:
        """The file, at its beginning; closed by its owner."""
        ...


class Wanted(NamedTuple):
    """The columns and rows that are wanted, and a column that is wanted of every row."""

    keeps: Keeps
    rows: Rows
    everywhere: str | None = None


class Look(NamedTuple):
    """Names of a file's columns, of JSON those in its first lines; how many rows there are, where the file says so."""

    names: Sequence[str]
    rows: int | None = None


class Reader(Protocol):
    """How a format is read."""

    def look(self, file: Source) -> Look:
        """What can be known without reading the rows."""
        ...

    def batches(self, file: Source, wanted: Wanted) -> Iterator[pa.RecordBatch]:
        """The rows. Those that are not wanted may be left out: then `wanted.rows` is told.

        A batch without rows says which columns there are, in case there are no rows in which to see it.
        """
        ...


def reader_of(kind: Format, broken: Broken) -> Reader:
    """The reader of a format, which leaves broken columns out."""
    readers: dict[Format, Callable[[Broken], Reader]] = {
        "parquet": Parquet,
        "csv": Csv,
        "jsonl": JsonLines,
        "arrow": Arrow,
    }
    return readers[kind](broken)


class Parquet:
    """Footers first: they say how many rows there are. Then the columns that are wanted, of the row groups that are."""

    def __init__(self, broken: Broken) -> None:
        self._broken = broken
        self._footers: dict[str, papq.FileMetaData] = {}
        self._room = MAX_FOOTERS

    def look(self, file: Source) -> Look:
        """From the footer, which is kept if there is room: far away it costs a request."""
        parquet = papq.ParquetFile(file.open())
        self._room -= parquet.metadata.serialized_size
        if self._room > 0:
            self._footers[file.path] = parquet.metadata
        rows = parquet.metadata.num_rows
        if not 0 <= rows <= MAX_ROWS:
            raise ValueError(f"its footer says that it has {rows} rows")
        return Look(parquet.schema_arrow.names, rows)

    def batches(self, file: Source, wanted: Wanted) -> Iterator[pa.RecordBatch]:
        """Row group after row group."""
        parquet = papq.ParquetFile(
            file.open(),
            metadata=self._footers.get(file.path),
            pre_buffer=True,
            page_checksum_verification=True,
        )
        kept = _kept(parquet.schema_arrow.names, wanted, self._broken)
        yield _bare(parquet.schema_arrow).select(kept)
        for group in range(parquet.num_row_groups):
            count = parquet.metadata.row_group(group).num_rows
            columns = kept if wanted.rows.wants(count) else [name for name in kept if called(name) == wanted.everywhere]
            if not columns:
                wanted.rows.skip(count)
                continue
            for batch in parquet.iter_batches(BATCH, row_groups=[group], columns=columns):
                # A name stands for the columns below it too: `a` for a column `a.b`.
                yield batch.select(columns)


class Arrow:
    """An IPC file or stream, batch after batch."""

    def __init__(self, broken: Broken) -> None:
        self._broken = broken

    def look(self, file: Source) -> Look:
        """From the schema that it begins with."""
        return Look(_ipc(file.open()).schema.names)

    def batches(self, file: Source, wanted: Wanted) -> Iterator[pa.RecordBatch]:
        """Each is checked whole: pyarrow trusts what is in it otherwise."""
        names = self.look(file).names
        kept = _kept(names, wanted, self._broken)
        fields = [index for index, each in enumerate(names) if each in kept]
        reader = _ipc(file.open(), paipc.IpcReadOptions(included_fields=fields))
        stream = hasattr(reader, "read_next_batch")
        batches = iter(reader) if stream else map(reader.get_batch, range(reader.num_record_batches))
        yield _bare(reader.schema)
        for batch in batches:
            for column in batch.columns:
                # What text says is looked at later: here it is about its places.
                (column.view(pa.binary()) if pa.types.is_string(column.type) else column).validate(full=True)
            yield from _sliced(batch)


def _ipc(file: pa.NativeFile, options: paipc.IpcReadOptions | None = None) -> Any:
    is_file = file.read(6) == b"ARROW1"
    file.seek(0)
    return (paipc.open_file if is_file else paipc.open_stream)(file, options=options)


class Csv:
    """Read as text. The type of a column is what all of its values are, and that is known at the end."""

    def __init__(self, broken: Broken) -> None:
        self._broken = broken

    def look(self, file: Source) -> Look:
        """From the first line. Raises ValueError when it seems to have another delimiter."""
        names = _csv(file, None).schema.names
        other = next((sign for sign in _OTHER_DELIMITERS if len(names) == 1 and sign in names[0]), None)
        if other:
            raise ValueError(f"its only column has {other!r} in its name: expected commas between the cells")
        return Look(names)

    def batches(self, file: Source, wanted: Wanted) -> Iterator[pa.RecordBatch]:
        """All rows, as text; empty cells and the usual spellings of nothing (NA, NaN, null) are null."""
        columns = _kept(self.look(file).names, wanted, self._broken)
        reader = _csv(file, columns)
        yield _bare(reader.schema)
        for batch in reader:
            yield from _sliced(batch)


def _csv(file: Source, columns: list[str] | None) -> Any:
    convert = pacsv.ConvertOptions(strings_can_be_null=True, check_utf8=False)
    if columns is not None:
        convert.include_columns = columns
        convert.column_types = dict.fromkeys(columns, pa.string())
    return pacsv.open_csv(
        _text(file),
        read_options=pacsv.ReadOptions(block_size=BLOCK),
        parse_options=pacsv.ParseOptions(newlines_in_values=True),
        convert_options=convert,
    )


class JsonLines:
    """One object a line. Whether text holds times is not decided here, but at the end, as it is of CSV.

    pyarrow gives up on a block in which a column changes its type: it is read without that column.
    """

    def __init__(self, broken: Broken) -> None:
        self._broken = broken
        self._texts: set[str] = set()

    def look(self, file: Source) -> Look:
        """From the first lines: others may have more."""
        first = next(_lines(_text(file)), b"")
        return Look(self._objects(first).column_names if first else ())

    def batches(self, file: Source, wanted: Wanted) -> Iterator[pa.RecordBatch]:
        """Some thousand lines at a time, each with the columns that are in them."""
        for lines in _lines(_text(file)):
            table = self._objects(lines)
            kept = _kept(table.column_names, wanted, self._broken)
            yield from table.select(kept).combine_chunks().to_batches(BATCH)

    def _objects(self, lines: bytes) -> pa.Table:
        table = self._parsed(lines)
        times = {field.name for field in table.schema if pa.types.is_timestamp(field.type)}
        if times:
            # pyarrow takes text for times where all text of a block can be taken so.
            self._texts |= times
            table = self._parsed(lines)
        return table

    def _parsed(self, lines: bytes) -> pa.Table:
        removed: set[str] = set()
        while True:
            try:
                return _parsed(lines, self._texts)
            except pa.ArrowInvalid as error:
                match = _COLUMN.search(str(error))
                if match is None or match[1] in removed:
                    raise
                self._broken.setdefault(match[1], f"it {match[2]}")
                removed |= self._broken.keys()
                try:
                    lines = _without(lines, removed)
                except (AttributeError, ValueError, RecursionError):
                    raise error from None


def _without(lines: bytes, names: Collection[str]) -> bytes:
    """The lines without these columns. Bytes that are no UTF-8 stay such."""
    texts = (line.decode("utf-8", "surrogateescape") for line in lines.splitlines() if line.strip())
    objects = ({name: value for name, value in json.loads(text).items() if name not in names} for text in texts)
    kept = "\n".join(json.dumps(each, ensure_ascii=False) for each in objects)
    return kept.encode("utf-8", "surrogatepass")


def _parsed(lines: bytes, texts: set[str]) -> pa.Table:
    options = pajson.ReadOptions(block_size=len(lines) + 1, use_threads=False)
    known = pajson.ParseOptions(
        explicit_schema=pa.schema([(name, pa.string()) for name in sorted(texts)]), unexpected_field_behavior="infer"
    )
    return pajson.read_json(io.BytesIO(lines), read_options=options, parse_options=known)


def _lines(file: pa.NativeFile) -> Iterator[bytes]:
    """Whole lines, in blocks."""
    rest = b""
    while block := file.read(BLOCK):
        rest += block
        end = rest.rfind(b"\n") + 1
        if rest[:end].strip():
            yield rest[:end]
        rest = rest[end:]
        if len(rest) > MAX_LINE:
            raise ValueError(f"a line is longer than {MAX_LINE >> 20} MiB")
    if rest.strip():
        yield rest


def _text(file: Source) -> pa.NativeFile:
    buffered = pa.BufferedInputStream(file.open(), BLOCK)
    return pa.CompressedInputStream(buffered, "gzip") if file.path.lower().endswith(".gz") else buffered


def called(name: str) -> str:
    """The name of a column, which is a label: an empty one would be none."""
    return name or UNNAMED


def _kept(names: Sequence[str], wanted: Wanted, broken: Broken) -> list[str]:
    for name, count in Counter(map(called, names)).items():
        if count > 1:
            broken.setdefault(name, "two columns have this name")
    return [name for name in names if wanted.keeps(called(name)) and called(name) not in broken]


def _bare(schema: pa.Schema) -> pa.RecordBatch:
    """Of no rows."""
    return pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)


def _sliced(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for start in range(0, batch.num_rows, BATCH):
        yield batch.slice(start, BATCH)


_COLUMN = re.compile(r"Column\(/([^/)]*)[^)]*\) (changed from \w+ to \w+|was specified twice)")
_SHAPE = re.compile(r"Expected \d+ columns, got \d+|straddles two block boundaries")


def words_about(error: Exception, kind: Format, file: Source) -> str:
    """What is wrong with a file, for people. pyarrow's words about text repeat it, which nobody is to see."""
    words = str(error)
    if type(error) is ValueError or kind in ("parquet", "arrow"):
        return plain(words)
    if _is_utf_16(file):
        return "it is UTF-16: expected UTF-8"
    shape = _SHAPE.search(words)
    return f"it is not {kind}, or cut short" + (f": {shape[0]}" if shape else "")


def _is_utf_16(file: Source) -> bool:
    with contextlib.suppress(pa.ArrowException, OSError):
        return _text(file).read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return False
