"""What is at one path and below it, as samples."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlvitals.core.collector import UpstreamError
from mlvitals.core.files import Entry, Search
from mlvitals.core.report import Report
from mlvitals.hdfs.paths import metrics

if TYPE_CHECKING:
    from mlvitals.core.webhdfs import WebHdfsStore

AHEAD = 300.0
"""Seconds that a modification may be ahead of this machine's clock. One further ahead would be new for ever."""
_NO_QUOTA = (1 << 63) - 1
"""What the root's quota is."""


@dataclass(frozen=True, slots=True)
class PathReader:
    """Reads paths of one store, all of one collection. Raises UpstreamError."""

    store: WebHdfsStore
    max_entries: int
    clock: Callable[[], float]

    def write(self, path: str, at: Entry | None, report: Report) -> None:
        """Everything about a path. Of one that is not there, or not any more, only that it is not."""
        started = self.clock()
        summary = self.store.summary(path) if at else None
        took = self.clock() - started
        if at is None or summary is None:
            report.add(metrics.PATH_EXISTS, 0, path=path)
            return
        # What can fail comes first: a path is written whole or not at all.
        self._newest(at, report)
        report.add(metrics.PATH_EXISTS, 1, path=path)
        report.add(metrics.PATH_FILES, summary.file_count, path=path)
        report.add(metrics.PATH_DIRECTORIES, summary.directory_count, path=path)
        report.add(metrics.PATH_SIZE, summary.length, path=path)
        report.add(metrics.PATH_SPACE_CONSUMED, summary.space_consumed, path=path)
        report.add(metrics.PATH_SUMMARY_DURATION, took, path=path)
        report.add(metrics.PATH_NAME_QUOTA, _quota(summary.quota), path=path)
        report.add(metrics.PATH_SPACE_QUOTA, _quota(summary.space_quota), path=path)

    def _newest(self, at: Entry, report: Report) -> None:
        """A search that was cut off could name an older file than the newest, so it names none."""
        search = Search(self.store, self.max_entries, self.max_entries)
        started = self.clock()
        try:
            newest = _latest(at, search)
        except UpstreamError as error:
            if error.reason != "limit":
                raise
            report.drop(metrics.PATH_NEWEST_MODIFICATION, {"limit": 1})
            report.add(metrics.PATH_FAILURE, 1, path=at.path, reason="limit")
            return
        report.add(metrics.PATH_NEWEST_MODIFICATION, newest, path=at.path)
        report.add(metrics.PATH_WALK_ENTRIES, search.seen, path=at.path)
        report.add(metrics.PATH_WALK_DURATION, self.clock() - started, path=at.path)


def _latest(at: Entry, search: Search) -> float | None:
    end = time.time() + AHEAD
    # An empty file below a folder is what a writer that was refused leaves. A marker may be watched itself.
    times = (file.modified for file in search.files(at) if file.size or not at.is_folder)
    return max((each for each in times if each is not None and each <= end), default=None)


def _quota(told: int) -> int | None:
    return told if 0 <= told < _NO_QUOTA else None
