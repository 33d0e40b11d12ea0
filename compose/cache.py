"""A folder outside the checkout for what takes long to get: programs, tools."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class MissingError(Exception):
    """Something that the stack needs cannot be had here; the message says what to do."""


def root() -> Path:
    """`$MLVITALS_CACHE`, else `mlvitals` in the user's cache folder; made when it is not there."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(os.environ.get("MLVITALS_CACHE") or f"{base}/mlvitals").expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MissingError(f"cannot make the cache folder {folder} ({error.strerror}): set MLVITALS_CACHE") from error
    return folder


def installed(name: str, pins: object, build: Callable[[Path], None]) -> Path:
    """The folder `<name>-<hash of pins>`, filled by `build` unless it is there already.

    It appears whole or not at all, and is built once when several processes ask at the same time.
    """
    digest = hashlib.sha256(json.dumps(pins, sort_keys=True).encode()).hexdigest()[:12]
    folder = root() / f"{name}-{digest}"
    if folder.is_dir():
        return folder
    with _locked(folder.with_name(f"{folder.name}.lock")):
        if not folder.is_dir():
            partial = folder.with_name(f"{folder.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)  # left by a build that was killed
            partial.mkdir()
            build(partial)
            partial.rename(folder)
    return folder


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
