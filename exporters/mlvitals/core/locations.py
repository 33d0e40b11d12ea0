"""Where a location leads: which store, and which path in it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple, Protocol

from pydantic import ValidationInfo

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.failures import plain
from mlvitals.core.files import LocalStore, Store, has_wildcard
from mlvitals.core.s3 import S3, S3Store
from mlvitals.core.settings import HttpSettings, http_url

SCHEMES = ("file", "webhdfs", "swebhdfs", "s3")
_URL = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>.*)", re.DOTALL)
# Of `?` alone this would be wrong: it is a wildcard too.
_QUERY = re.compile(r"\?[^/]*?=.*", re.DOTALL)


class Parts(NamedTuple):
    """A location in parts; a local path has the scheme `file` and no authority."""

    scheme: str
    authority: str
    path: str


def parts(location: str) -> Parts:
    """A local path or a URL in parts. The path stays as it is written, wildcards and all."""
    match = _URL.fullmatch(location)
    return Parts(match["scheme"].lower(), match["authority"], match["path"]) if match else Parts("file", "", location)


def path_in_store(location: str) -> str:
    """The path by which the location's store knows it: of S3 it begins with the bucket."""
    scheme, authority, path = parts(location)
    return f"{authority}{path}" if scheme == "s3" else path


def below_folder(location: str, info: ValidationInfo) -> str:
    """A relative local path starts at the configuration file's folder; its slash at the end stays."""
    folder: Path = (info.context or {}).get("folder", Path())
    return location if "://" in location or folder == Path() else os.path.join(folder, location)  # noqa: PTH118


def shown_location(location: str) -> str:
    """The location without user info and query, which may hold secrets."""
    scheme, authority, path = parts(location)
    if "://" not in location:
        return plain(location)
    return plain(f"{scheme}://{authority.rpartition('@')[2]}{_QUERY.sub('', path)}")


def mistake(location: str) -> str | None:
    """What is wrong with a location, in words that do not repeat it; None when nothing is."""
    scheme, authority, path = parts(location)
    if scheme not in SCHEMES:
        return "expected a local path, or a URL that begins with webhdfs://, swebhdfs:// or s3://"
    if "@" in authority:
        return "credentials do not belong in a URL: put them under auth, or s3"
    if scheme != "file" and _QUERY.search(path):
        return "expected a URL without a query"
    if scheme == "file" and authority:
        return "expected file:/// and an absolute path"
    if scheme != "file" and not authority:
        return f"expected {scheme}://{'BUCKET/KEY' if scheme == 's3' else 'NAMENODE:PORT/PATH'}"
    if scheme == "s3" and has_wildcard(authority):
        return "expected the name of one bucket"
    if scheme.endswith("webhdfs"):
        try:
            _namenodes(scheme, authority)
        except ValueError:
            return f"expected {scheme}://NAMENODE:PORT/PATH, or two NameNodes with a comma between them"
    if "**" in path.split("/"):
        return "expected no **: of a folder everything below it is read"
    return None


class Access(Protocol):
    """What opens a store: the part of an exporter's configuration that says how they are reached."""

    @property
    def hdfs_user(self) -> str | None:
        """`user.name` of WebHDFS without authentication."""
        ...

    @property
    def s3(self) -> S3:
        """How S3 is reached."""
        ...

    def http(self, url: str) -> HttpSettings:
        """How a server at this base URL is spoken to."""
        ...


def opened(location: str, access: Access, deadline: Deadline) -> tuple[Store, str]:
    """The store of a location and the path in it. Imports the store's library. Raises UpstreamError."""
    if wrong := mistake(location):
        raise UpstreamError("parse", f"{shown_location(location)}: {wrong}")
    scheme, authority, _ = parts(location)
    path = path_in_store(location)
    if scheme == "file":
        return LocalStore(deadline), path
    if scheme == "s3":
        return S3Store(access.s3, deadline), path
    # Imported here, because its library is not everywhere.
    from mlvitals.core.webhdfs import WebHdfsStore

    servers = [access.http(url) for url in _namenodes(scheme, authority)]
    return WebHdfsStore(servers, access.hdfs_user, deadline), path or "/"


def _namenodes(scheme: str, authority: str) -> list[str]:
    """Their URLs. Raises ValueError for what is none."""
    web, port = ("https", 9871) if scheme == "swebhdfs" else ("http", 9870)
    hosts = [host if _has_port(host) else f"{host}:{port}" for host in authority.split(",")]
    return [http_url(f"{web}://{host}") for host in hosts]


def _has_port(host: str) -> bool:
    return re.search(r":[0-9]*$", host) is not None and not host.endswith("]")
