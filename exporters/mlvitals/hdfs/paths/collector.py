"""Looks at the watched paths now and then: a target for each entry of `paths`, so that one cannot hide the others."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from mlvitals.core.collector import Deadline, Failure, Snapshot, UpstreamError, attempt
from mlvitals.core.files import Entry, Search, Store, has_wildcard
from mlvitals.core.report import Report
from mlvitals.core.selection import select
from mlvitals.core.settings import HttpSettings
from mlvitals.hdfs.paths import metrics
from mlvitals.hdfs.paths.config import PathOptions, WatchedPath
from mlvitals.hdfs.paths.reading import PathReader

PATIENCE = 10.0
"""Seconds that one of several servers has to answer anything at all."""


class PathCollector:
    """Reads what is at each path and below it.

    Paths are read one after the other, so that the NameNode walks through one at a time. What failed goes last the
    next time: a path that takes all the time there is must not keep the others unread.
    """

    name = "paths"
    auxiliary = True

    def __init__(
        self,
        settings: PathOptions,
        servers: Sequence[str],
        clock: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE,
    ) -> None:
        self.targets = tuple(entry.path for entry in settings.paths)
        self.schedule = settings.paths_schedule()
        self._settings = settings
        self._servers = [settings.http(url) for url in settings.webhdfs or servers]
        self._turns = list(settings.paths)
        self._clock = clock
        self._patience = patience

    def collect(self, deadline: Deadline) -> Iterator[Snapshot | Failure]:
        """Read every path once."""
        # Imported here, because its library is not everywhere.
        from mlvitals.core.webhdfs import WebHdfsStore

        store = WebHdfsStore(self._answering(deadline), self._settings.hdfs_user, deadline)
        reader = PathReader(store, self._settings.max_path_entries, self._clock)
        try:
            for entry in tuple(self._turns):
                deadline.remaining()
                result = attempt(entry.path, partial(self._read, entry, store, reader))
                if isinstance(result, Failure):
                    self._turns.remove(entry)
                    self._turns.append(entry)
                yield result
        finally:
            store.close()

    def close(self) -> None:
        """There is nothing to free: connections end with their collection."""

    def _answering(self, deadline: Deadline) -> Sequence[HttpSettings]:
        """The servers, first those that answer: one that hangs would take all the time that there is for the paths."""
        if len(self._servers) == 1:
            return self._servers
        return sorted(self._servers, key=lambda server: not self._answers(server, deadline))

    def _answers(self, server: HttpSettings, deadline: Deadline) -> bool:
        from mlvitals.core.webhdfs import WebHdfsStore

        own = Deadline(min(self._patience, deadline.remaining()))
        deadline.on_expire(own.expire)
        store = WebHdfsStore([server], self._settings.hdfs_user, own)
        try:
            return store.entry("/") is not None
        except UpstreamError:
            return False
        finally:
            store.close()

    def _read(self, entry: WatchedPath, store: Store, reader: PathReader) -> Snapshot:
        report = Report()
        if entry.is_pattern:
            self._write_matches(entry, store, reader, report)
        else:
            report.add(metrics.PATH_FRESH_OBJECTIVE, entry.fresh_within, path=entry.path)
            reader.write(entry.path, store.entry(entry.path), report)
        return report.snapshot(entry.path)

    def _write_matches(self, entry: WatchedPath, store: Store, reader: PathReader, report: Report) -> None:
        """One path that cannot be read hides no other; when none can, the first one's reason is that of all."""
        found = select(
            _matching(store, entry.path), lambda each: each.path, self._settings.max_path_matches, self._is(entry)
        )
        report.add(metrics.PATTERN_MATCHES, found.matched, pattern=entry.path)
        report.drop(metrics.PATH_EXISTS, found.dropped)
        failures = []
        for path, at in found.shown.items():
            report.add(metrics.PATH_FRESH_OBJECTIVE, entry.fresh_within, path=path)
            try:
                reader.write(path, at, report)
            except UpstreamError as error:
                if error.reason not in metrics.REASONS:
                    raise
                failures.append(error)
                report.add(metrics.PATH_FAILURE, 1, path=path, reason=error.reason)
        if failures and len(failures) == len(found.shown):
            raise failures[0]
        report.drop(metrics.PATH_EXISTS, Counter(error.reason for error in failures))

    def _is(self, entry: WatchedPath) -> Callable[[str], bool]:
        """True for the paths that belong to this entry: no earlier one is about them."""
        return lambda path: next(each for each in self._settings.paths if each.matches(path)) is entry


def _matching(store: Store, pattern: str) -> Iterator[Entry]:
    """What the pattern matches, by path."""
    parts = pattern.split("/")
    first = next(index for index, part in enumerate(parts) if has_wildcard(part))
    root = store.entry("/".join(parts[:first]) or "/")
    if root:
        yield from Search(store).matching(root, parts[first:])
