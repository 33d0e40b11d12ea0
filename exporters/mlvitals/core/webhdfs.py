"""Files on HDFS over WebHDFS, with the `hdfs` library. It knows the paths, the parameters and the second NameNode; how
requests go out, and what their failures mean, is ours.

Source: https://hadoop.apache.org/docs/stable/hadoop-project-dist/hadoop-hdfs/WebHDFS.html
"""

from __future__ import annotations

import contextlib
import io
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

import requests
from pydantic import BaseModel, ConfigDict, NonNegativeInt, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from urllib3 import exceptions as lost

from mlvitals.core.collector import Deadline, Reason, UpstreamError
from mlvitals.core.credentials import Given, Proof
from mlvitals.core.failures import broken_off, hide, plain, refusal, shown
from mlvitals.core.files import Entry, missing_library
from mlvitals.core.ranged import RangedFile
from mlvitals.core.settings import HttpSettings
from mlvitals.core.transport import Transport, pour

with missing_library("hdfs", "hdfs"):
    import hdfs

MAX_REDIRECTS = 3
MAX_LISTING = 64 << 20
"""Bytes of one folder's listing: some 200,000 files."""
_CHUNK = 1 << 20

_ELSEWHERE = {"StandbyException", "RetriableException"}
"""The other NameNode may do better."""
_NOT_ALLOWED = {"AccessControlException", "SecurityException", "AuthorizationException", "InvalidToken"}
_GONE = "FileNotFoundException"


class _Status(BaseModel):
    # pathSuffix is empty for what was asked for itself.
    pathSuffix: str = ""  # noqa: N815
    type: Literal["FILE", "DIRECTORY", "SYMLINK"]
    length: NonNegativeInt = 0
    modificationTime: NonNegativeInt  # noqa: N815


class ContentSummary(BaseModel):
    """What is below a path, itself too, and what is left of it in snapshots.

    Files and folders together, and the space, are also what counts towards the quotas: GETQUOTAUSAGE told the same of
    snapshots, renamed files and blocks that are being written (seen on 3.4). A quota that is not set is negative, that
    of the root 2^63-1. Before Hadoop 2.8 nobody says what is in snapshots.
    """

    model_config = ConfigDict(alias_generator=to_camel)

    directory_count: NonNegativeInt
    file_count: NonNegativeInt
    length: NonNegativeInt
    space_consumed: NonNegativeInt
    snapshot_directory_count: NonNegativeInt = 0
    snapshot_file_count: NonNegativeInt = 0
    quota: int = -1
    space_quota: int = -1


class _Remote(BaseModel):
    exception: str = ""
    message: str = ""


_STATUS = TypeAdapter(_Status)
_LISTING = TypeAdapter(list[_Status])
_SUMMARY = TypeAdapter(dict[Literal["ContentSummary"], ContentSummary])
_ERROR = TypeAdapter(dict[Literal["RemoteException"], _Remote])


class WebHdfsStore:
    """The files of one HDFS, by its NameNodes. Raises UpstreamError only."""

    def __init__(self, servers: Sequence[HttpSettings], user: str | None, deadline: Deadline) -> None:
        self._deadline = deadline
        self._calls = _Calls(servers[0], user, deadline)
        self._client = hdfs.Client(";".join(server.url for server in servers), session=self._calls)
        # Paths are whole, and a folder may be called #LATEST: the library would look for another one.
        self._client.resolve = posixpath.normpath
        scheme = "swebhdfs" if servers[0].url.startswith("https:") else "webhdfs"
        self._base = f"{scheme}://" + ",".join(urlsplit(server.url).netloc for server in servers)

    def entry(self, path: str) -> Entry | None:
        """GETFILESTATUS."""
        with self._explained(path):
            status = self._client.status(path, strict=False)
            return _entry(path, _STATUS.validate_python(status)) if status else None

    def entries(self, folder: str) -> Sequence[Entry]:
        """LISTSTATUS. Links are left out."""
        try:
            with self._explained(folder):
                found = self._client.list(folder, status=True)
                statuses = _LISTING.validate_python([status for _, status in found])
        except _GoneError:
            return ()
        named = [each for each in statuses if _is_name(each.pathSuffix) and each.type != "SYMLINK"]
        return [_entry(f"{folder.rstrip('/')}/{each.pathSuffix}", each) for each in named]

    def summary(self, path: str) -> ContentSummary | None:
        """GETCONTENTSUMMARY; None when nothing is there. The NameNode walks through all of it under its lock."""
        with self._explained(path):
            # `content` says None to a path that is gone and to an answer of null alike. This is not public, so
            # pyproject.toml bounds the release.
            answer = self._client._get_content_summary(path, strict=False)
            return _SUMMARY.validate_json(answer.content)["ContentSummary"] if answer else None

    def open(self, entry: Entry) -> Any:
        """OPEN, once for each range that is read."""
        return RangedFile(entry.size, lambda offset, count: self._range(entry.path, offset, count))

    def shown(self, path: str) -> str:
        """With the NameNodes."""
        return plain(self._base + path)

    def lost(self, path: str, error: Exception) -> UpstreamError | None:
        """Each range says itself what is wrong."""
        return None

    def close(self) -> None:
        """Close every connection."""
        self._calls.close()

    def _range(self, path: str, offset: int, count: int) -> bytes:
        with self._explained(path), self._client.read(path, offset=offset, length=count) as body:
            data = self._whole(body, count)
        if len(data) != count:
            raise UpstreamError(
                "parse", f"{self.shown(path)}: {len(data)} bytes came in the place of {count} from {offset} on"
            )
        return data

    def _whole(self, body: Any, count: int) -> bytes:
        """At most one byte more than was asked for: a server that does not know ranges sends the whole file."""
        data = io.BytesIO()
        while data.tell() <= count and (part := body.read(min(_CHUNK, count + 1 - data.tell()))):
            data.write(part)
            self._deadline.remaining()
        return data.getvalue()

    @contextlib.contextmanager
    def _explained(self, path: str) -> Iterator[None]:
        try:
            yield
        except hdfs.HdfsError as error:
            raise self._failure(path, error) from None
        except _UnreachableError as error:
            raise error.failure from None
        except (lost.HTTPError, OSError) as error:
            raise broken_off(error, self.shown(path), self._deadline) from error
        except (ValueError, LookupError, TypeError) as error:
            raise UpstreamError("parse", f"{self.shown(path)}: this is not an answer of WebHDFS") from error

    def _failure(self, path: str, error: hdfs.HdfsError) -> UpstreamError:
        if error.exception == _GONE:
            return _GoneError("http", f"there is no {self.shown(path)}")
        if error.exception in _ELSEWHERE:
            return UpstreamError("http", f"no NameNode of {plain(self._base)} is active: {plain(str(error))}")
        return UpstreamError("http", f"{self.shown(path)}: {plain(str(error))}")


class _GoneError(UpstreamError):
    """What was there before is not any more."""


class _UnreachableError(requests.ConnectionError):
    """A NameNode that does not answer, in the form in which the library goes on to the next one."""

    def __init__(self, failure: UpstreamError) -> None:
        super().__init__(str(failure))
        self.failure = failure


class _Calls:
    """Stands for requests.Session in the library: sends requests our way, and turns refusals into our failures."""

    def __init__(self, settings: HttpSettings, user: str | None, deadline: Deadline) -> None:
        self._transport = Transport(settings)
        self._credentials = Given(settings.auth)
        self._user = {"user.name": user} if user else {}
        self._deadline = deadline

    def request(
        self, method: str, url: str, params: Mapping[str, Any], stream: bool = False, **_: Any
    ) -> requests.Response:
        """An answer that is good, or that the library is to look at itself; its body is read unless it is a stream."""
        self._transport.begin(self._deadline)
        proof = self._credentials.proof(self._deadline)
        try:
            response = self._followed(method, url, {**self._user, **params}, proof, stream)
            return response if stream and response.ok else self._read(response)
        except _UnreachableError:
            raise
        except UpstreamError as error:
            raise UpstreamError(error.reason, hide(str(error), proof.secrets), error.status) from error.__cause__

    def close(self) -> None:
        self._transport.close()

    def _followed(
        self, method: str, url: str, params: Mapping[str, Any], proof: Proof, stream: bool
    ) -> requests.Response:
        """The answer of the DataNode to which the NameNode sends us, without what only the NameNode is to know."""
        headers = {"Authorization": proof.header} if proof.header else {}
        if stream:
            # Ranges are of what is in the file.
            headers["Accept-Encoding"] = "identity"
        response = self._first(method, url, headers, params)
        for _ in range(MAX_REDIRECTS + 1):
            if not response.is_redirect:
                return response
            with response:
                target = _redirected(response, url)
            if urlsplit(target)[:2] != urlsplit(url)[:2]:
                headers.pop("Authorization", None)
            url, response = target, self._transport.open(method, target, self._deadline, headers, {})
        with response:
            raise UpstreamError("http", f"{shown(url)} answered more than {MAX_REDIRECTS} redirects")

    def _first(self, method: str, url: str, headers: Mapping[str, str], params: Mapping[str, Any]) -> requests.Response:
        try:
            return self._transport.open(method, url, self._deadline, headers, {"params": params})
        except UpstreamError as error:
            if self._deadline.expired:
                raise
            raise _UnreachableError(error) from error

    def _read(self, response: requests.Response) -> requests.Response:
        body = io.BytesIO()

        def take(chunk: bytes) -> None:
            body.write(chunk)
            if body.tell() > MAX_LISTING:
                raise UpstreamError("limit", f"{shown(response.url)} answered more than {MAX_LISTING >> 20} MiB")

        with response:
            pour(response, response.url, self._deadline, take)
        body.seek(0)
        response.raw = body
        if not response.ok:
            _refuse(response, body.getvalue())
        return response


def _refuse(response: requests.Response, body: bytes) -> None:
    """Raise what an error answer means, unless the library knows better what to do about it."""
    try:
        remote = _ERROR.validate_json(body).get("RemoteException", _Remote())
    except ValidationError:
        remote = _Remote()
    if remote.exception in _ELSEWHERE or remote.exception == _GONE:
        return
    failure = refusal(response, response.url)
    if not remote.exception:
        raise failure
    # Not by the status: WebHDFS says 403 to many things, a lost block among them.
    reason: Reason = "auth" if response.status_code == 401 or remote.exception in _NOT_ALLOWED else "http"
    words = f"{shown(response.url)}: {plain(remote.exception, 80)}: {plain(remote.message.partition(chr(10))[0])}"
    raise UpstreamError(reason, words, response.status_code)


def _redirected(response: requests.Response, url: str) -> str:
    """Where a NameNode may send us: to another WebHDFS, and never from TLS to none."""
    try:
        target = urljoin(url, response.headers["Location"])
        there = urlsplit(target)
    except ValueError:
        raise UpstreamError("http", f"{shown(url)} redirects to an address that is not a URL") from None
    known = there.scheme in ("http", "https") and there.hostname and "/webhdfs/" in there.path
    if not known or (url.startswith("https:") and there.scheme != "https"):
        raise UpstreamError("http", f"{shown(url)} redirects to {shown(target)}, which is no DataNode to go to")
    return target


def _entry(path: str, status: _Status) -> Entry:
    return Entry(path, status.type == "DIRECTORY", status.length, status.modificationTime / 1000)


def _is_name(text: str) -> bool:
    """HDFS has no other names; half a character, which JSON can hold, would break the page that shows it."""
    return "/" not in text and text not in ("", ".", "..") and not re.search(r"[\ud800-\udfff]", text)
