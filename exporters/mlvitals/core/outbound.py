"""Outgoing HTTP: one client for one upstream system, bounded in time and size, typed in its failures.

Every call is idempotent (GET, or a POST that searches), so a lost connection and a 502, 503 or 504 are tried again
within the collection's deadline.
"""

from __future__ import annotations

import contextlib
import json
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Self, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from pydantic import TypeAdapter, ValidationError
from requests import exceptions as failed
from requests.utils import get_environ_proxies, select_proxy
from urllib3 import exceptions as lost
from urllib3.util.retry import Retry

from mlvitals import __version__
from mlvitals.core.calls import logged
from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.connections import GuardedAdapter, SocketGuard
from mlvitals.core.credentials import Credentials, Given
from mlvitals.core.failures import broken_off, hide, misled, refusal, shown, unexpected, unfinished, unreachable
from mlvitals.core.room import LARGE, Room
from mlvitals.core.settings import HttpSettings
from mlvitals.core.tls import ClientTls

USER_AGENT = f"mlvitals/{__version__}"
MAX_BODY = 32 * 1024 * 1024
MAX_VALUES = 400_000
"""JSON values in one answer. Parsed, an object of eight bytes takes forty times as much."""
CONNECT_TIMEOUT = 5.0
MAX_REDIRECTS = 3
_CHUNK = 64 * 1024
_ERROR_BODY = 4096

T = TypeVar("T")
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
    ) -> None:
        self._name = settings.name
        self._base = settings.url + "/"
        self._proxies = _Proxies(settings)
        self._credentials = credentials or Given(settings.auth)
        self._max_body = max_body
        self._explain = explain
        self._guard = SocketGuard()
        self._within = _Within()
        self._room = Room()
        self.clock: float | None = None
        """The upstream's clock at its last answer (the Date header), Unix time; None when it does not tell."""
        retry = _Retry(
            within=self._within,
            total=2,
            backoff_factor=0.2,
            allowed_methods=None,
            status_forcelist=(502, 503, 504),
            raise_on_status=False,
            # A Retry-After may be longer than the collection; the next one comes soon enough.
            respect_retry_after_header=False,
        )
        self._session = _Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._session.headers["User-Agent"] = USER_AGENT
        self._secrets: tuple[str, ...] = ()
        self._tls = ClientTls(settings.tls_config)
        adapter = GuardedAdapter(self._guard, self._tls, max_retries=retry)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def get(self, path: str, into: TypeAdapter[T], deadline: Deadline, params: Mapping[str, Any] | None = None) -> T:
        """GET a path below the base URL and parse its JSON into `into`."""
        with self._room:
            return self._parse(path, into, self._fetch("GET", path, deadline, params=params))

    def post(self, path: str, into: TypeAdapter[T], deadline: Deadline, body: Mapping[str, Any]) -> T:
        """POST a search and parse its JSON into `into`."""
        with self._room:
            return self._parse(path, into, self._fetch("POST", path, deadline, json=body))

    def send(self, method: str, path: str, deadline: Deadline, **options: Any) -> bytearray:
        """The body of a 200 or 201 answer."""
        with self._room:
            return self._fetch(method, path, deadline, **options)

    def _fetch(self, method: str, path: str, deadline: Deadline, **options: Any) -> bytearray:
        self._begin(deadline)
        try:
            return self._authorized(method, path, deadline, options)
        except UpstreamError as error:
            if error.reason != "auth" or not self._credentials.renew(deadline):
                raise
        return self._authorized(method, path, deadline, options)

    def _authorized(self, method: str, path: str, deadline: Deadline, options: Mapping[str, Any]) -> bytearray:
        proof = self._credentials.proof(deadline)
        # Also in the form that JSON gives them.
        self._secrets = tuple({form for each in proof.secrets if each for form in (each, json.dumps(each)[1:-1])})
        headers = {"Authorization": proof.header} if proof.header else {}
        with self._hidden():
            return self._send(method, self._url(path), deadline, headers, dict(options))

    def _send(
        self, method: str, url: str, deadline: Deadline, headers: Mapping[str, str], options: dict[str, Any]
    ) -> bytearray:
        for _ in range(MAX_REDIRECTS + 1):
            with (
                logged(self._name, method, url, self._secrets) as call,
                self._open(method, url, deadline, headers, options) as response,
            ):
                call.status = response.status_code
                self.clock = _clock(response)
                if not response.is_redirect:
                    body = self._body(response, url, deadline)
                    call.size = len(body)
                    return body
                url = _redirected(response, method, url)
                # What was asked for stands in the new address.
                options.pop("params", None)
        raise UpstreamError("http", f"{shown(url)} answered more than {MAX_REDIRECTS} redirects")

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def _url(self, path: str) -> str:
        # Not urljoin: a path that begins with a name and a colon, or with two slashes, would leave the host.
        return self._base + path.lstrip("/")

    def _begin(self, deadline: Deadline) -> None:
        if self._within.deadline is not deadline:
            self._within.deadline = deadline
            if self._tls.changed():
                self._session.close()
            collection = self._guard.mend()
            deadline.on_expire(lambda: self._guard.cut(collection))

    def _open(
        self, method: str, url: str, deadline: Deadline, headers: Mapping[str, str], options: Mapping[str, Any]
    ) -> requests.Response:
        left = deadline.remaining()
        timeout = (min(CONNECT_TIMEOUT, left), left)
        proxies = self._proxies.of(url)
        ask: dict[str, Any] = {
            "headers": headers,
            "timeout": timeout,
            "proxies": proxies,
            "stream": True,
            "allow_redirects": False,
        }
        try:
            return self._session.request(method, url, **ask, **options)
        except (failed.RequestException, lost.HTTPError, OSError) as error:
            raise unreachable(error, url, deadline, via=select_proxy(url, proxies)) from error

    def _body(self, response: requests.Response, url: str, deadline: Deadline) -> bytearray:
        if response.status_code not in (200, 201):
            raise self._refusal(response, url)
        body = bytearray()
        try:
            for chunk in response.raw.stream(_CHUNK, decode_content=True):
                body += chunk
                if len(body) > self._max_body:
                    raise UpstreamError("limit", f"{shown(url)} answered more than {self._max_body >> 20} MiB")
                if len(body) > LARGE:
                    self._room.take(deadline)
                if deadline.expired:
                    break
        except (lost.HTTPError, OSError) as error:
            raise broken_off(error, url, deadline) from error
        if deadline.expired:
            # A connection that was cut looks like the end of a body without a length.
            raise unfinished(url)
        return body

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
        if _values(body) > MAX_VALUES:
            raise UpstreamError("limit", f"{shown(self._url(path))} answered more than {MAX_VALUES} JSON values")
        try:
            return into.validate_json(body)
        except ValidationError as error:
            with self._hidden():
                raise unexpected(error, body, self._url(path)) from None


# Its end is optional, so that each byte is looked at once, whatever an upstream sends.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


def _values(body: bytearray) -> int:
    """About how many values the JSON text has, at most one too few for each list and object."""

    def marks(text: bytearray | bytes) -> int:
        return sum(map(text.count, (b",", b"[", b"{")))

    # Strings are full of commas where people log JSON as a tag; they are looked into only when it matters, and not when
    # there are so many that looking would cost the memory that this is there to save.
    rough = marks(body)
    return marks(_STRING.sub(b"", body)) if MAX_VALUES < rough < 4 * MAX_VALUES else rough


class _Session(requests.Session):
    def get_redirect_target(self, response: requests.Response) -> None:
        """Keep requests from preparing the next call itself: it would read the whole body of the redirect for it."""


class _Within:
    """The deadline of the call that is under way."""

    deadline: Deadline | None = None

    @property
    def over(self) -> bool:
        return self.deadline is not None and self.deadline.expired


class _Retry(Retry):
    """urllib3's Retry that stops with the deadline and does not repeat what was too slow or cannot be trusted."""

    def __init__(self, *args: Any, within: _Within, **options: Any) -> None:
        super().__init__(*args, **options)
        self._within = within

    def new(self, **options: Any) -> Self:
        return super().new(within=self._within, **options)

    def increment(self, *args: Any, **options: Any) -> Self:
        error = options.get("error")
        if error is not None and (self._within.over or _is_final(error)):
            raise error
        return super().increment(*args, **options)


def _is_final(error: Exception) -> bool:
    untrusted = isinstance(error, lost.SSLError) and isinstance(error.args[0], ssl.SSLCertVerificationError)
    return untrusted or isinstance(error, lost.ReadTimeoutError)


class _Proxies:
    """Which proxy a call takes. The environment is asked only where that is configured."""

    def __init__(self, settings: HttpSettings) -> None:
        self._proxies = {"all": settings.proxy_url} if settings.proxy_url else {}
        self._from_environment = settings.proxy_from_environment

    def of(self, url: str) -> dict[str, str]:
        """In requests' form."""
        return get_environ_proxies(url) if self._from_environment else self._proxies


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
