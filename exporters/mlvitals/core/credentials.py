"""What proves to an upstream who calls: a password or a token as it is given, or a token that a password buys."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from pydantic import SecretStr

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.failures import hide
from mlvitals.core.settings import Auth


class Proof(NamedTuple):
    """The Authorization header of one call, empty without one, and what no message about that call may show."""

    header: str = ""
    secrets: tuple[str, ...] = ()


class Credentials(Protocol):
    """Where the proof comes from. Used by one collection at a time."""

    def proof(self, deadline: Deadline) -> Proof:
        """For the next call. Files are read now. Raises UpstreamError."""
        ...

    def renew(self, deadline: Deadline) -> bool:
        """After a 401 or 403: True when the same call may do better with the next proof."""
        ...


class Given:
    """Basic auth, a bearer token, or nothing, as configured."""

    def __init__(self, auth: Auth | None) -> None:
        self._auth = auth

    def proof(self, deadline: Deadline) -> Proof:
        """The configured one. Raises UpstreamError (`auth`) when it cannot be read or sent."""
        if self._auth is None:
            return Proof()
        if self._auth.token or self._auth.token_file:
            return bearer(secret(self._auth.token, self._auth.token_file))
        password = secret(self._auth.password, self._auth.password_file)
        pair = base64.b64encode(f"{self._auth.username}:{password}".encode()).decode()
        return Proof(f"Basic {pair}", (pair, password))

    def renew(self, deadline: Deadline) -> bool:
        """There is no other."""
        return False


LogIn = Callable[[str, str, Deadline], str]
"""Gives a token for a user name and a password. Raises UpstreamError."""


class TokenLogin:
    """A bearer token that username and password buy, kept until it is refused.

    One collection buys one token at most: a token that is refused while it is new lacks a permission, and a password
    that is refused again and again locks people out.
    """

    def __init__(self, auth: Auth, log_in: LogIn) -> None:
        self._auth = auth
        self._log_in = log_in
        self._token = ""
        self._password = ""
        self._asked: Deadline | None = None
        self._failure: UpstreamError | None = None

    def proof(self, deadline: Deadline) -> Proof:
        """The token. Raises UpstreamError when there is none to be had."""
        if not self._token:
            self._buy(deadline)
        made = bearer(self._token)
        return made._replace(secrets=(*made.secrets, self._password))

    def renew(self, deadline: Deadline) -> bool:
        """True unless this collection has bought its token already."""
        if self._asked is deadline:
            return False
        self._token = ""
        return True

    def _buy(self, deadline: Deadline) -> None:
        if self._asked is deadline and self._failure:
            raise self._failure
        self._asked, self._failure = deadline, None
        self._password = secret(self._auth.password, self._auth.password_file)
        try:
            self._token = self._log_in(self._auth.username or "", self._password, deadline)
        except UpstreamError as error:
            self._failure = UpstreamError(error.reason, hide(str(error), [self._password]), error.status)
            raise self._failure from error.__cause__


def bearer(token: str) -> Proof:
    """A bearer token. Raises UpstreamError (`auth`) for one that cannot be sent."""
    if not re.fullmatch(r"[!-~]+", token):
        raise UpstreamError("auth", "the bearer token is empty or has characters that no header may carry")
    return Proof(f"Bearer {token}", (token,))


def secret(value: SecretStr | None, path: Path | None) -> str:
    """The secret as it is given, or as its file holds it now."""
    if value is not None or path is None:
        return value.get_secret_value() if value else ""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UpstreamError("auth", f"cannot read {path}: {why}") from None
    if not text:
        # It is being written, perhaps.
        raise UpstreamError("auth", f"{path} is empty")
    return text
