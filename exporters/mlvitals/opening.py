"""Opens the files of secrets and certificates that a configuration names, as those who use them will."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from pydantic import BaseModel

from mlvitals.core.collector import UpstreamError
from mlvitals.core.credentials import secret
from mlvitals.core.settings import Mistake, TlsConfig, file_keys
from mlvitals.core.tls import UnusableFileError, load_authorities, load_chain
from mlvitals.core.webconfig import TlsServer


def unusable(settings: BaseModel) -> Iterator[Mistake]:
    """Where in these settings a file is named that cannot be used, and why."""
    if isinstance(settings, (TlsConfig, TlsServer)):
        yield from _tls(_named(settings))
        return
    for key, path in _named(settings).items():
        try:
            secret(None, path)
        except UpstreamError as error:
            yield (key,), str(error)
    for key, value in settings:
        if isinstance(value, BaseModel):
            for location, what in unusable(value):
                yield (key, *location), what


def _named(settings: BaseModel) -> dict[str, Path]:
    keys = file_keys(type(settings))
    return {key: value for key, value in settings if key in keys and isinstance(value, Path)}


def _tls(files: Mapping[str, Path]) -> Iterator[Mistake]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    loads: list[Callable[[], None]] = [
        partial(load_authorities, context, path) for key, path in files.items() if key.endswith("ca_file")
    ]
    if {"cert_file", "key_file"} <= files.keys():
        loads.append(partial(load_chain, context, files["cert_file"], files["key_file"]))
    for load in loads:
        try:
            load()
        except UnusableFileError as error:
            yield (next(key for key, path in files.items() if path == error.path),), str(error)
