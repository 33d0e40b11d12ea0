"""Outgoing HTTP: one client for one upstream system, bounded in time and size, typed in its failures.

Every call is idempotent (GET, or a POST that searches), so a lost connection and a 502, 503 or 504 are tried again
within the collection's deadline.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from pydantic import TypeAdapter, ValidationError
from requests import exceptions as failed
from urllib3 import exceptions as lost
from urllib3.util.retry import Retry

from mlvitals import __version__
from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.connections import GuardedAdapter, SocketGuard
from mlvitals.core.settings import Auth, HttpSettings

USER_AGENT = f"mlvitals/{__version__}"
MAX_BODY = 64 * 1024 * 1024
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

    def __init__(self, settings: HttpSettings, *, max_body: int = MAX_BODY, explain: Explain | None = None) -> None:
        self._base = settings.url + "/"
        self._auth = settings.auth
        self._max_body = max_body
        self._explain = explain
        self._guard = SocketGuard()
        self._within = _Within()
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
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["User-Agent"] = USER_AGENT
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, GuardedAdapter(self._guard, max_retries=retry))

    def get(self, path: str, into: type[T], deadline: Deadline, params: Mapping[str, Any] | None = None) -> T:
        """GET a path below the base URL and parse its JSON into `into`."""
        return self._parse(path, into, self.send("GET", path, deadline, params=params))

    def post(self, path: str, into: type[T], deadline: Deadline, body: Mapping[str, Any]) -> T:
        """POST a search and parse its JSON into `into`."""
        return self._parse(path, into, self.send("POST", path, deadline, json=body))

    def send(self, method: str, path: str, deadline: Deadline, **options: Any) -> bytes:
        """The body of a 200 answer."""
        self._within.deadline = deadline
        deadline.on_expire(self._guard.cut)
        url = urljoin(self._base, path.lstrip("/"))
        headers = authorization(self._auth)
        try:
            for _ in range(MAX_REDIRECTS + 1):
                with self._open(method, url, deadline, headers, options) as response:
                    if response.is_redirect:
                        url = self._redirected(response, method, url)
                        continue
                    return self._body(response, url)
        except (failed.RequestException, lost.HTTPError, OSError) as error:
            raise _failure(error, url, deadline) from error
        raise UpstreamError("http", f"{_shown(url)} answered more than {MAX_REDIRECTS} redirects")

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def _open(
        self, method: str, url: str, deadline: Deadline, headers: Mapping[str, str], options: Mapping[str, Any]
    ) -> requests.Response:
        left = deadline.remaining()
        timeout = (min(CONNECT_TIMEOUT, left), left)
        return self._session.request(
            method, url, headers=headers, timeout=timeout, stream=True, allow_redirects=False, **options
        )

    def _body(self, response: requests.Response, url: str) -> bytes:
        if response.status_code != 200:
            start = next(response.raw.stream(_ERROR_BODY, decode_content=True), b"")[:_ERROR_BODY]
            raise (self._explain and self._explain(response.status_code, start)) or _refusal(response, url)
        body = bytearray()
        for chunk in response.raw.stream(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._max_body:
                raise UpstreamError("limit", f"{_shown(url)} answered more than {self._max_body >> 20} MiB")
        return bytes(body)

    def _redirected(self, response: requests.Response, method: str, url: str) -> str:
        """The address of a redirect that may be followed: the same host, never from https to http."""
        target = urljoin(url, response.headers["Location"])
        if method != "GET" and response.status_code not in (307, 308):
            raise UpstreamError("http", f"{_shown(url)} redirects a {method} to {_shown(target)}: set url to that address")
        if not _same_host(url, target):
            raise UpstreamError("http", f"{_shown(url)} redirects to {_shown(target)}: set url to that address")
        return target

    def _parse(self, path: str, into: type[T], body: bytes) -> T:
        try:
            return _adapter(into).validate_json(body)
        except ValidationError as error:
            raise UpstreamError("parse", f"{_shown(urljoin(self._base, path.lstrip('/')))}: {_unexpected(error, body)}") from None


def authorization(auth: Auth | None) -> dict[str, str]:
    """The Authorization header for these credentials; files are read now. Raises UpstreamError (`auth`)."""
    if auth is None:
        return {}
    if auth.token or auth.token_file:
        token = auth.token.get_secret_value() if auth.token else _secret(auth.token_file)
        if not re.fullmatch(r"[!-~]+", token):
            raise UpstreamError("auth", "the bearer token is empty or has characters that no header may carry")
        return {"Authorization": f"Bearer {token}"}
    password = auth.password.get_secret_value() if auth.password else _secret(auth.password_file)
    pair = base64.b64encode(f"{auth.username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def _secret(path: Path | None) -> str:
    try:
        return path.read_text(encoding="utf-8").strip() if path else ""
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UpstreamError("auth", f"cannot read {path}: {why}") from None


class _Within:
    """The deadline of the call that is under way."""

    deadline: Deadline | None = None

    @property
    def over(self) -> bool:
        return self.deadline is not None and self.deadline.expired


class _Retry(Retry):
    """urllib3's Retry that stops with the deadline and does not repeat what was too slow."""

    def __init__(self, *args: Any, within: _Within, **options: Any) -> None:
        super().__init__(*args, **options)
        self._within = within

    def new(self, **options: Any) -> _Retry:
        return super().new(within=self._within, **options)

    def increment(self, *args: Any, **options: Any) -> Retry:
        error = options.get("error")
        if error is not None and (self._within.over or isinstance(error, lost.ReadTimeoutError)):
            raise error
        return super().increment(*args, **options)


@cache
def _adapter(into: type[T]) -> TypeAdapter[T]:
    return TypeAdapter(into)


def _same_host(url: str, target: str) -> bool:
    old, new = urlsplit(url), urlsplit(target)
    if (old.scheme, old.netloc) == (new.scheme, new.netloc):
        return True
    return old.hostname == new.hostname and (old.scheme, new.scheme) == ("http", "https")


def _shown(url: str) -> str:
    """The URL without user info and query, which may hold secrets."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _refusal(response: requests.Response, url: str) -> UpstreamError:
    reason = "auth" if response.status_code in (401, 403) else "http"
    return UpstreamError(reason, f"{_shown(url)} answered {response.status_code} {response.reason}"[:300])  # type: ignore[arg-type]


def _unexpected(error: ValidationError, body: bytes) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        kind = "HTML" if body.lstrip()[:1] == b"<" else "not JSON, or JSON that is cut short"
        return f"answered {kind}"
    where = ".".join(map(str, first["loc"])) or "the answer"
    return f"{where}: {first['msg']}"


def _failure(error: Exception, url: str, deadline: Deadline) -> UpstreamError:
    where = _shown(url)
    if deadline.expired or isinstance(error, (failed.Timeout, lost.TimeoutError)):
        return UpstreamError("timeout", f"{where} did not answer in time")
    if isinstance(error, (failed.ContentDecodingError, lost.DecodeError)):
        return UpstreamError("parse", f"{where} answered a body that cannot be decoded")
    if isinstance(error, lost.IncompleteRead) or "IncompleteRead" in repr(error):
        return UpstreamError("parse", f"{where} cut its answer short")
    if isinstance(error, failed.SSLError):
        return UpstreamError("connect", f"{where}: TLS failed: {_innermost(error)}")
    if isinstance(error, (failed.ConnectionError, lost.HTTPError, OSError)):
        return UpstreamError("connect", f"cannot connect to {where}: {_innermost(error)}")
    return UpstreamError("http", f"{where}: {_innermost(error)}")


def _innermost(error: BaseException) -> str:
    """The shortest true words about a wrapped error: those of the operating system or of TLS."""
    while True:
        inner = error.__cause__ or error.__context__ or getattr(error, "reason", None)
        inner = inner or next((arg for arg in error.args if isinstance(arg, BaseException)), None)
        if not isinstance(inner, BaseException):
            break
        error = inner
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)[:200] or type(error).__name__
