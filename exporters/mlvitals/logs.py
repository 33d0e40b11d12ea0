"""Logging: one line a message to standard error, as logfmt or JSON, the libraries' own messages included."""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import TextIO, cast

import structlog

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("logfmt", "json")
# A lost connection is the target's failure and logged as such; a bad request is a stranger's doing.
_QUIET = {
    "hdfs": logging.ERROR,
    "urllib3": logging.ERROR,
    "sqlalchemy.pool": logging.CRITICAL,
    "tornado.access": logging.ERROR,
    "tornado.general": logging.ERROR,
}
_RENDERERS: dict[str, structlog.typing.Processor] = {
    "logfmt": structlog.processors.LogfmtRenderer(key_order=["ts", "level", "event"], bool_as_flag=False),
    "json": structlog.processors.JSONRenderer(),
}


def setup(level: str, form: str = "logfmt") -> None:
    """Begin logging everything at `level` and above, in one of FORMATS."""
    least = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", key="ts"),
        structlog.processors.format_exc_info,
    ]
    renderer = _RENDERERS[form]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _StandardError())),
    )
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[remove, renderer]))
    # What libraries say for their own developers would bury our lines, and may quote what we hide.
    logging.basicConfig(handlers=[handler], level=max(least, logging.INFO), force=True)
    for name, loudest in _QUIET.items():
        logging.getLogger(name).setLevel(loudest)


class _StandardError:
    """Takes lines. One that cannot be written, to a full disk or a reader that is gone, is lost and nothing else is."""

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.flush()
