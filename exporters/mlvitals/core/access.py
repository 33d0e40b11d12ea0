"""Who may read: basic auth against bcrypt hashes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import bcrypt

_CACHED = 100


class BasicAuth:
    """Checks passwords against bcrypt hashes. Good answers are cached, since one check costs some 60 ms.

    The cache holds digests under a key of this process, no password.
    """

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = {user: hashed.encode() for user, hashed in users.items()}
        # A stranger must not learn from the time of an answer which users there are.
        self._nobody = next(iter(self._users.values()), b"")
        self._key = secrets.token_bytes(32)
        self._good: OrderedDict[bytes, None] = OrderedDict()

    def known_good(self, user: str, password: str) -> bool:
        """This pair was found right before."""
        return self._digest(user, password) in self._good

    def check(self, user: str, password: str) -> bool:
        """The pair is right. Slow."""
        hashed = self._users.get(user)
        raw = password.encode()
        # bcrypt 5 refuses what older ones cut: bcrypt knows 72 bytes only.
        right = len(raw) <= 72 and bcrypt.checkpw(raw, hashed or self._nobody) and hashed is not None
        if right:
            self._good[self._digest(user, password)] = None
            while len(self._good) > _CACHED:
                self._good.popitem(last=False)
        return right

    def _digest(self, user: str, password: str) -> bytes:
        return hmac.digest(self._key, f"{len(user)}:{user}:{password}".encode(), hashlib.sha256)


class Guard:
    """Lets requests pass that bring a right user and password, or all where there are no users."""

    def __init__(self) -> None:
        self.auth: BasicAuth | None = None
        # bcrypt is slow on purpose: strangers who guess passwords queue here and keep no scrape waiting.
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="bcrypt")

    async def admits(self, header: str) -> bool:
        """The Authorization header is right."""
        auth = self.auth
        if auth is None:
            return True
        pair = _basic(header)
        if pair is None:
            return False
        return auth.known_good(*pair) or await asyncio.get_running_loop().run_in_executor(
            self._threads, auth.check, *pair
        )

    def close(self) -> None:
        """End its thread."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        return None
    return (user, password) if colon else None
