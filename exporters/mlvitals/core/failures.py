"""What went wrong with a call, as one of the failure reasons and in words for people.

Nothing in these words is taken as it came: addresses lose user info and query, which may hold secrets, and what an
upstream wrote loses its control characters and its length.
"""

from __future__ import annotations

import re
import ssl
import traceback
from collections.abc import Iterable
from http.client import HTTPException, RemoteDisconnected
from urllib.parse import urlsplit

from pydantic import ValidationError
from requests import Response
from requests import exceptions as failed
from urllib3 import exceptions as lost

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.tls import in_words

_LONGEST = 300


def plain(text: str, longest: int = _LONGEST) -> str:
    """Foreign text that is safe in a log line: printable and short."""
    shown = "".join(char if char.isprintable() else "?" for char in text[:longest])
    return shown if len(text) <= longest else shown + "…"


_HIDDEN = "***"
_RECOGNISABLE = 4


def hide(text: str, secrets: Iterable[str]) -> str:
    """The text without secrets that an upstream said back, also where they were cut short."""
    for secret in secrets:
        if len(secret) < _RECOGNISABLE:
            continue
        text = text.replace(secret, _HIDDEN)
        for length in range(len(secret) - 1, _RECOGNISABLE - 1, -1):
            part = secret[:length]
            text = text.replace(part + "…", _HIDDEN + "…")
            text = text.removesuffix(part) + _HIDDEN if text.endswith(part) else text
    return text


def shown(url: str) -> str:
    """The URL without user info and query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that is not a URL"
    return plain(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")


def unreachable(error: Exception, url: str, deadline: Deadline, via: str | None = None) -> UpstreamError:
    """There was no answer, directly or via a proxy."""
    where = shown(url) + (f" through the proxy {shown(via)}" if via else "")
    cause = root_cause(error)
    if deadline.expired or isinstance(error, (failed.Timeout, lost.TimeoutError)):
        return UpstreamError("timeout", f"{where} did not answer in time")
    if isinstance(error, failed.SSLError):
        return UpstreamError("connect", f"{where}: TLS failed: {tls_words(cause)}")
    if isinstance(cause, HTTPException) and not isinstance(cause, RemoteDisconnected):
        return UpstreamError("http", f"{where} does not answer in HTTP: {words_of(cause)}")
    return UpstreamError("connect", f"cannot connect to {where}: {words_of(cause)}")


def broken_off(error: Exception, url: str, deadline: Deadline) -> UpstreamError:
    """An answer began and did not end as it should."""
    where = shown(url)
    if deadline.expired or isinstance(error, lost.TimeoutError):
        return unfinished(url)
    if isinstance(error, lost.DecodeError):
        return UpstreamError("parse", f"{where} answered a body that cannot be decompressed")
    return UpstreamError("parse", f"{where} cut its answer short")


def unfinished(url: str) -> UpstreamError:
    """An answer was still coming at the deadline."""
    return UpstreamError("timeout", f"{shown(url)} did not end its answer in time")


# As in /login.html, /oauth2/authorize, sso.example.org.
_LOGIN = re.compile(r"(?<![a-z])(log[_-]?[io]n|sign[_-]?in|auth|authorize|oauth|openid|saml|sso|idp)(?![a-z])", re.I)


def misled(url: str, target: str) -> str:
    """What to do about a redirect that is not followed."""
    parts = urlsplit(target)
    other_host = parts.hostname != urlsplit(url).hostname
    if _LOGIN.search(f"{parts.hostname if other_host else ''}{parts.path}"):
        return "it wants a login there: check auth, or set url to an address that leads past what asks for it"
    if other_host:
        return "that is another host: a proxy or a login may stand in between; if the system has moved, change url"
    return "set url to that address"


def refusal(response: Response, url: str) -> UpstreamError:
    """The answer was not 200."""
    text = f"{shown(url)} answered {response.status_code} {plain(response.reason or '')}".rstrip()
    return UpstreamError("auth" if response.status_code in (401, 403) else "http", text)


def unexpected(error: ValidationError, body: bytes | bytearray, url: str) -> UpstreamError:
    """The answer was not of the shape that it should have."""
    return misshapen(error, body, shown(url), "answered")


def misshapen(error: ValidationError, text: bytes | bytearray, where: str, says: str) -> UpstreamError:
    """JSON was not of the shape that it should have; `where` is shown as it is, `says` is the verb for it."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        kind = "HTML" if text[:256].lstrip()[:1] == b"<" else "what is not JSON, or was cut short"
        return UpstreamError("parse", f"{where} {says} {kind}")
    at = ".".join(map(str, first["loc"])) or "the answer"
    return UpstreamError("parse", f"{where}: {plain(at)}: {plain(first['msg'])}")


def root_cause(error: BaseException) -> BaseException:
    """What a library wrapped: the error of the operating system, of TLS or of a protocol's grammar."""
    while inner := error.__cause__ or (not error.__suppress_context__ and error.__context__) or _wrapped(error):
        error = inner
    return error


def _wrapped(error: BaseException) -> BaseException | None:
    # urllib3's ProtocolError("Connection aborted.", cause) is never raised from its cause.
    return next((part for part in error.args if isinstance(part, BaseException)), None)


def words_of(error: BaseException) -> str:
    """What an error says, in words that are safe to show."""
    system = isinstance(error, OSError) and error.strerror
    return plain(system or str(error) or type(error).__name__)


def place_of(error: BaseException) -> str:
    """Kind and place of an error that nobody foresaw. What it says may repeat data."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return plain(f"{type(error).__name__} in {frame.name}, line {frame.lineno}")


# OpenSSL's X509_V_ERR_… that another authority or another name would mend.
_UNKNOWN_AUTHORITY = (18, 19, 20, 21)
_OTHER_NAME = (62, 64)


def tls_words(error: BaseException) -> str:
    """Why TLS failed, and which key of tls_config would mend it."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return in_words(words_of(error))
    words = f"certificate verify failed: {plain(error.verify_message)}"
    if error.verify_code in _UNKNOWN_AUTHORITY:
        return f"{words}; if it is right, name the CA that signed it as tls_config.ca_file"
    if error.verify_code in _OTHER_NAME:
        return f"{words}; if it is right, name it as tls_config.server_name"
    return words
