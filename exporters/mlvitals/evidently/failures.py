"""What goes wrong with a data set, between the worker and the exporter, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

from mlvitals.core.collector import Reason, UpstreamError
from mlvitals.core.failures import place_of
from mlvitals.evidently.results import Failed

ADVICE: Mapping[Reason, str] = {
    "auth": "Check that mlvitals may read these files, and the credentials of the place where they are.",
    "connect": "Check the path of the data set, and that the place of the files can be reached from here.",
    "timeout": "The place of the files hangs, or there is much to compute: lower row_limit, leave columns out, "
    "or raise deadline.",
    "http": "Check the path and the address of the place where the files are; its log may say more.",
    "parse": "Check the files: their format and ending, whether they are whole, and the columns that the data set "
    "names.",
    "limit": "Lower row_limit, leave columns out, or raise memory_limit if the machine has more.",
    "empty": "Check that something still writes data there; if all is well, correct the path, newest or within.",
}
"""In words for people. What is not in it is said for every exporter."""


class EmptyError(UpstreamError):
    """There is no data to read. `modified`: when the newest that lies there was changed, Unix time, if any."""

    def __init__(self, message: str, modified: float | None = None) -> None:
        super().__init__("empty", message)
        self.modified = modified


def failed(error: Exception) -> Failed:
    """As the worker tells it."""
    if isinstance(error, EmptyError):
        return Failed(reason=error.reason, message=str(error), no_current=True, modified=error.modified)
    if isinstance(error, UpstreamError):
        return Failed(reason=error.reason, message=str(error))
    if isinstance(error, MemoryError):
        return Failed(reason="limit", message="there was not enough memory")
    return Failed(reason="internal", message=place_of(error))


def raised(told: Failed) -> UpstreamError:
    """What the worker told, to be raised."""
    if told.no_current:
        return EmptyError(told.message, told.modified)
    return UpstreamError(told.reason, told.message)
