"""Outgoing HTTP: one client for one upstream system, bounded in time and size, typed in its failures.

Every call is idempotent (GET, or a POST that searches), so a lost connection and a 502, 503 or 504 are tried again
within the collection's deadline.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from pydantic import TypeAdapter, ValidationError
from urllib3 import exceptions as lost

from mlvitals.core.calls import logged
from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.credentials import Credentials, Given
from mlvitals.core.failures import hide, misled, refusal, shown, unexpected, words_of
from mlvitals.core.room import LARGE, Room
from mlvitals.core.settings import HttpSettings
from mlvitals.core.transport import Transport, pour

MAX_BODY = 32 * 1024 * 1024
MAX_VALUES = 400_000
"""JSON values in one answer. Parsed, an object of eight bytes takes forty times as much."""
MAX_REDIRECTS = 3
_ERROR_BODY = 4096

T = TypeVar("T")
Use = Callable[[requests.Response, str, Deadline], T]
"""What is done with an answer: its body was not read yet."""
Explain = Callable[[int, bytes], UpstreamError | None]
"""Turns an upstream's own error answer (status, start of the body) into a better failure, or leaves it."""


class Client:
    """An HTTP client for one upstream system. Used by one collection at a time.

    Raises UpstreamError only: `auth` (401, 403, unreadable secret), `connect` (refused, no such host, TLS),
    `timeout`, `http` (another status, a refused redirect), `parse` (not what was expected), `limit` (too large).
    """

    def __init__(
        self,
        settings: HttpSettings,
        *,
        max_body: int = MAX_BODY,
        explain: Explain | None = None,
        credentials: Credentials | None = None,
        transport: Transport | None = None,
    ) -> None:
        self._name = settings.name
        self._base = settings.url + "/"
        self._credentials = credentials or Given(settings.auth)
        self._max_body = max_body
        self._explain = explain
        self._transport = transport or Transport(settings)
        self._room = Room()
        self.clock: float | None = None
        """The upstream's clock at its last answer (the Date header), Unix time; None when it does not tell."""
        self._secrets: tuple[str, ...] = ()

    def get(self, path: str, into: TypeAdapter[T], deadline: Deadline, params: Mapping[str, Any] | None = None) -> T:
        """GET a path below the base URL and parse its JSON into `into`."""
        return self._parsed("GET", path, into, deadline, params=params)

    def post(self, path: str, into: TypeAdapter[T], deadline: Deadline, body: Mapping[str, Any]) -> T:
        """POST a search and parse its JSON into `into`."""
        return self._parsed("POST", path, into, deadline, json=body)

    def send(self, method: str, path: str, deadline: Deadline, **options: Any) -> bytearray:
        """The body of a 200 or 201 answer."""
        with self._room:
            return self._fetch(method, path, deadline, self._body, options)

    def download(self, path: str, into: BinaryIO, most: int, deadline: Deadline) -> None:
        """Write the body of a 200 answer to a file. Raises UpstreamError (`limit`) for more than `most` bytes."""

        def save(response: requests.Response, url: str, deadline: Deadline) -> None:
            self._accept(response, url)
            pour(response, url, deadline, _Saved(into, url, most).take)

        self._fetch("GET", path, deadline, save, {})

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def _parsed(self, method: str, path: str, into: TypeAdapter[T], deadline: Deadline, **options: Any) -> T:
        with self._room:
            return self._parse(path, into, self._fetch(method, path, deadline, self._body, options))

    def _fetch(self, method: str, path: str, deadline: Deadline, use: Use[T], options: Mapping[str, Any]) -> T:
        self._transport.begin(deadline)
        try:
            return self._authorized(method, path, deadline, use, options)
        except UpstreamError as error:
            if error.reason != "auth" or not self._credentials.renew(deadline):
                raise
        return self._authorized(method, path, deadline, use, options)

    def _authorized(self, method: str, path: str, deadline: Deadline, use: Use[T], options: Mapping[str, Any]) -> T:
        proof = self._credentials.proof(deadline)
        # Also in the form that JSON gives them.
        self._secrets = tuple({form for each in proof.secrets if each for form in (each, json.dumps(each)[1:-1])})
        headers = {"Authorization": proof.header} if proof.header else {}
        with self._hidden():
            return self._send(method, self._url(path), deadline, headers, use, dict(options))

    def _send(
        self,
        method: str,
        url: str,
        deadline: Deadline,
        headers: Mapping[str, str],
        use: Use[T],
        options: dict[str, Any],
    ) -> T:
        for _ in range(MAX_REDIRECTS + 1):
            with (
                logged(self._name, method, url, self._secrets) as call,
                self._transport.open(method, url, deadline, headers, options) as response,
            ):
                call.status = response.status_code
                self.clock = _clock(response)
                if not response.is_redirect:
                    used = use(response, url, deadline)
                    call.size = response.raw.tell()
                    return used
                url = _redirected(response, method, url)
                # What was asked for stands in the new address.
                options.pop("params", None)
        raise UpstreamError("http", f"{shown(url)} answered more than {MAX_REDIRECTS} redirects")

    def _url(self, path: str) -> str:
        # Not urljoin: a path that begins with a name and a colon, or with two slashes, would leave the host.
        return self._base + path.lstrip("/")

    def _body(self, response: requests.Response, url: str, deadline: Deadline) -> bytearray:
        self._accept(response, url)
        body = bytearray()

        def take(chunk: bytes) -> None:
            body.extend(chunk)
            if len(body) > self._max_body:
                raise UpstreamError("limit", f"{shown(url)} answered more than {self._max_body >> 20} MiB")
            if len(body) > LARGE:
                self._room.take(deadline)

        pour(response, url, deadline, take)
        return body

    def _accept(self, response: requests.Response, url: str) -> None:
        if response.status_code not in (200, 201):
            raise self._refusal(response, url)

    @contextlib.contextmanager
    def _hidden(self) -> Iterator[None]:
        """No failure shows the credentials, whatever the upstream says."""
        try:
            yield
        except UpstreamError as error:
            raise UpstreamError(error.reason, hide(str(error), self._secrets), error.status) from error.__cause__

    def _refusal(self, response: requests.Response, url: str) -> UpstreamError:
        start = b""
        if self._explain:
            with contextlib.suppress(lost.HTTPError, OSError):
                # One receive: an error answer that drips is not waited for.
                start = response.raw.read1(_ERROR_BODY, decode_content=True)
            # Here too: what explains it may cut it, or change letters that it does not show.
            start = hide(start.decode(errors="surrogateescape"), self._secrets).encode(errors="surrogateescape")
        refused = (self._explain and self._explain(response.status_code, start)) or refusal(response, url)
        refused.status = response.status_code
        return refused

    def _parse(self, path: str, into: TypeAdapter[T], body: bytearray) -> T:
        if count_values(body) > MAX_VALUES:
            raise UpstreamError("limit", f"{shown(self._url(path))} answered more than {MAX_VALUES} JSON values")
        try:
            return into.validate_json(body)
        except ValidationError as error:
            with self._hidden():
                raise unexpected(error, body, self._url(path)) from None


class _Saved:
    """A body on its way into a file."""

    def __init__(self, into: BinaryIO, url: str, most: int) -> None:
        self._into = into
        self._url = url
        self._left = most
        self._most = most

    def take(self, chunk: bytes) -> None:
        self._left -= len(chunk)
        if self._left < 0:
            raise UpstreamError("limit", f"{shown(self._url)} answered more than {self._most >> 20} MiB")
        try:
            self._into.write(chunk)
        except OSError as error:
            raise UpstreamError("limit", f"cannot save what {shown(self._url)} answers: {words_of(error)}") from None


# Its end is optional, so that each byte is looked at once, whatever an upstream sends.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


def count_values(body: bytes | bytearray) -> int:
    """About how many values the JSON text has, at most one too few for each list and object."""

    def marks(text: bytearray | bytes) -> int:
        return sum(map(text.count, (b",", b"[", b"{")))

    # Strings are full of commas where people log JSON as a tag; they are looked into only when it matters, and not when
    # there are so many that looking would cost the memory that this is there to save.
    rough = marks(body)
    return marks(_STRING.sub(b"", body)) if MAX_VALUES < rough < 4 * MAX_VALUES else rough


def _clock(response: requests.Response) -> float | None:
    try:
        date = parsedate_to_datetime(response.headers["Date"])
        # "-0000" is UTC too, but Python leaves the zone out, and would take the time for a local one.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (KeyError, ValueError, OverflowError):
        return None


def _redirected(response: requests.Response, method: str, url: str) -> str:
    """The address of a redirect that may be followed. Raises UpstreamError (`http`) for another one."""
    try:
        target = urljoin(url, response.headers["Location"])
        same = _same_origin(url, target)
    except ValueError:
        raise UpstreamError("http", f"{shown(url)} redirects to an address that is not a URL") from None
    lost = method != "GET" and response.status_code not in (307, 308)
    if same and not lost:
        return target
    what = f" a {method}" if lost else ""
    advice = misled(url, target)
    raise UpstreamError("http", f"{shown(url)} redirects{what} to {shown(target)}: {advice}")


def _same_origin(url: str, target: str) -> bool:
    """True for the same scheme, host and port, and for the usual step from http to https."""
    old, new = _origin(url), _origin(target)
    return old == new or (old == ("http", old[1], 80) and new == ("https", old[1], 443))


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
