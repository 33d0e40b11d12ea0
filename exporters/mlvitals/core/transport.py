"""How one request of ours goes out: bounded in time, through the configured proxy, with TLS of our own."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Self

import requests
from requests import exceptions as failed
from requests.utils import get_environ_proxies, select_proxy
from urllib3 import exceptions as lost
from urllib3.util.retry import Retry

from mlvitals import __version__
from mlvitals.core.collector import Deadline
from mlvitals.core.connections import GuardedAdapter, SocketGuard
from mlvitals.core.failures import broken_off, unfinished, unreachable
from mlvitals.core.settings import HttpOptions
from mlvitals.core.tls import ClientTls

USER_AGENT = f"mlvitals/{__version__}"
CONNECT_TIMEOUT = 5.0
_CHUNK = 64 * 1024


class Transport:
    """The connections to one upstream system. Used by one collection at a time.

    Every call is idempotent, so a lost connection and a 502, 503 or 504 are tried again within the deadline. Redirects
    are not followed, cookies are not kept, and nothing is taken from the environment unless it is configured.
    """

    def __init__(self, settings: HttpOptions) -> None:
        self._proxies = _Proxies(settings)
        self._guard = SocketGuard()
        self._within = _Within()
        self._session = _Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._session.headers["User-Agent"] = USER_AGENT
        self._tls = ClientTls(settings.tls_config)
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
        adapter = GuardedAdapter(self._guard, self._tls, max_retries=retry)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def begin(self, deadline: Deadline) -> None:
        """A call within this deadline comes; in a new collection, changed certificates are taken."""
        if self._within.deadline is not deadline:
            self._within.deadline = deadline
            if self._tls.changed():
                self._session.close()
            collection = self._guard.mend()
            deadline.on_expire(lambda: self._guard.cut(collection))

    def open(
        self, method: str, url: str, deadline: Deadline, headers: Mapping[str, str], options: Mapping[str, Any]
    ) -> requests.Response:
        """An answer whose body was not read. Raises UpstreamError when there is none."""
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

    def close(self) -> None:
        """Close every connection."""
        self._session.close()


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

    def __init__(self, settings: HttpOptions) -> None:
        self._proxies = {"all": settings.proxy_url} if settings.proxy_url else {}
        self._from_environment = settings.proxy_from_environment

    def of(self, url: str) -> dict[str, str]:
        """In requests' form."""
        return get_environ_proxies(url) if self._from_environment else self._proxies


def pour(response: requests.Response, url: str, deadline: Deadline, take: Callable[[bytes], None]) -> None:
    """Hand the whole body on, part by part. Raises UpstreamError when it does not end well, or not in time."""
    try:
        for chunk in response.raw.stream(_CHUNK, decode_content=True):
            take(chunk)
            if deadline.expired:
                break
    except (lost.HTTPError, OSError) as error:
        raise broken_off(error, url, deadline) from error
    if deadline.expired:
        # A connection that was cut looks like the end of a body without a length.
        raise unfinished(url)
