"""Who may read: basic auth against bcrypt hashes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import bcrypt

MAX_WAITING = 8
"""Passwords that wait while one is checked."""
_CACHED = 100


class BusyError(Exception):
    """Too many passwords wait to be checked."""


class BasicAuth:
    """Checks passwords against bcrypt hashes. Good answers are cached, since one check costs some 60 ms.

    The cache holds digests under a key of this process, no password. It outlives a change of the users, as far as their
    hashes stay: or each reload would send scrapers to the end of the queue.
    """

    def __init__(self) -> None:
        self._users: Mapping[str, bytes] = {}
        self._key = secrets.token_bytes(32)
        self._good: OrderedDict[bytes, None] = OrderedDict()

    @property
    def open(self) -> bool:
        """There are no users: nobody is asked."""
        return not self._users

    def take(self, users: Mapping[str, str]) -> None:
        """Know these users, as name -> bcrypt hash, and no others."""
        self._users = {user: hashed.encode() for user, hashed in users.items()}

    def known_good(self, user: str, password: str) -> bool:
        """This pair was found right before."""
        hashed = self._users.get(user)
        return hashed is not None and self._digest(user, hashed, password) in self._good

    def check(self, user: str, password: str) -> bool:
        """The pair is right. Slow."""
        users = self._users
        hashed = users.get(user)
        # A stranger must not learn from the time of an answer which users there are.
        against = hashed or next(iter(users.values()), None)
        raw = password.encode()
        # bcrypt 5 refuses what older ones cut: bcrypt knows 72 bytes only.
        right = len(raw) <= 72 and against is not None and bcrypt.checkpw(raw, against)
        if not right or hashed is None:
            return False
        self._good[self._digest(user, hashed, password)] = None
        while len(self._good) > _CACHED:
            self._good.popitem(last=False)
        return True

    def _digest(self, user: str, hashed: bytes, password: str) -> bytes:
        text = f"{len(user)}:{user}:{password}".encode()
        return hmac.digest(self._key, b"%d:%b:%b" % (len(hashed), hashed, text), hashlib.sha256)


class Guard:
    """Lets requests pass that bring a right user and password, or all where there are no users."""

    def __init__(self) -> None:
        self.auth = BasicAuth()
        # bcrypt is slow on purpose: strangers who guess passwords queue here and keep no known scraper waiting.
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="bcrypt")
        self._turn = asyncio.Lock()
        self._queued = 0
        self._closed = False

    async def admits(self, header: str, gone: Callable[[], bool]) -> bool:
        """The Authorization header is right, which is not looked into for a client that is gone. Raises BusyError."""
        if self.auth.open:
            return True
        pair = _basic(header)
        if pair is None:
            return False
        return self.auth.known_good(*pair) or await self._checked(pair, gone)

    def close(self) -> None:
        """End its thread; who waits is not admitted."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _checked(self, pair: tuple[str, str], gone: Callable[[], bool]) -> bool:
        if self._queued > MAX_WAITING:
            raise BusyError
        self._queued += 1
        try:
            async with self._turn:
                if gone() or self._closed:
                    return False
                return await asyncio.get_running_loop().run_in_executor(self._threads, self.auth.check, *pair)
        finally:
            self._queued -= 1


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        return None
    return (user, password) if colon else None
