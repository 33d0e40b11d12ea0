"""What the debug log says of each call to an upstream system."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import structlog

from mlvitals.core.collector import UpstreamError
from mlvitals.core.failures import hide, shown

log = structlog.get_logger()


@dataclass(slots=True)
class Call:
    """What came of a call; `size` is that of a whole body, in bytes, after decompression."""

    status: int | None = None
    size: int | None = None
    reason: str | None = None


@contextlib.contextmanager
def logged(exporter: str, method: str, url: str, secrets: Collection[str]) -> Iterator[Call]:
    """Log the call that is made meanwhile, without what its address hides."""
    call, started = Call(), time.monotonic()
    try:
        yield call
    except UpstreamError as error:
        call.reason = error.reason
        raise
    finally:
        known = {"status": call.status, "bytes": call.size, "reason": call.reason}
        log.debug(
            "upstream called",
            exporter=exporter,
            method=method,
            url=_shown(url, secrets),
            seconds=round(time.monotonic() - started, 4),
            **{key: value for key, value in known.items() if value is not None},
        )


def _shown(url: str, secrets: Collection[str]) -> str:
    """An upstream may redirect to an address with a secret in its path. To hide one costs more than to look for it."""
    return shown(hide(url, secrets) if any(secret in url for secret in secrets) else url)
