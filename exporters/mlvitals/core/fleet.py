"""Many daemons at once: a bounded number of them at the same time, each with a deadline of its own."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import Field

from mlvitals.core.collector import Deadline, Failure, Snapshot, UpstreamError
from mlvitals.core.outbound import Client
from mlvitals.core.settings import Duration, HttpOptions, Mistake
from mlvitals.core.transport import Transport

_PORTS = {"http": 80, "https": 443}

_LOOK = 0.2
"""Seconds between two looks for daemons whose time is over: a server that drips is never late for a socket."""

T = TypeVar("T")


class FleetOptions(HttpOptions):
    """An exporter that reads many daemons, each at a URL of its own."""

    workers: int = Field(16, ge=1, le=128, description="daemons asked at the same time")
    daemon_deadline: Duration = Field(10.0, description="time that one daemon may take to answer; default 10s")


def daemon_of(url: str) -> str | None:
    """The name of the daemon at this URL, host:port and the path if there is one; None when it is no URL."""
    try:
        parts = urlsplit(url)
        usual = _PORTS[parts.scheme]
        port = parts.port or usual
    except (ValueError, KeyError):
        return None
    host = parts.netloc.rpartition("@")[2].removesuffix(f":{parts.port}")
    return f"{host.lower()}:{port}{parts.path.rstrip('/')}" if host else None


def named(urls: Iterable[str]) -> dict[str, str]:
    """Name of the daemon -> its URL."""
    return {name: url for url in urls if (name := daemon_of(url))}


def twice(data: Mapping[str, Any], *keys: str) -> Iterator[Mistake]:
    """A daemon that stands in the lists at these keys already."""
    seen: set[str] = set()
    for key in keys:
        urls = data.get(key)
        for index, url in enumerate(urls if isinstance(urls, list | tuple) else ()):
            name = daemon_of(url) if isinstance(url, str) else None
            if name in seen:
                yield (key, index), "another daemon has this address already"
            seen |= {name} if name else set()


def result_of(name: str, result: Snapshot | UpstreamError) -> Snapshot | Failure:
    """What a collector says of the daemon of this name."""
    return Failure(name, result.reason, str(result)) if isinstance(result, UpstreamError) else result


Work = Callable[[str, Client, Deadline], T]
"""Asks the daemon of this name, and makes of its answer what is kept of it. Raises UpstreamError."""


class Fleet:
    """Asks daemons by name. Used by one collection at a time.

    Connections belong to the workers, not to the daemons: thousands of them need no thousands of open files.
    """

    def __init__(self, options: FleetOptions) -> None:
        self._options = options
        self._idle = queue.SimpleQueue[Transport]()
        self._made: list[Transport] = []
        self._failed: set[str] = set()
        self._running: set[Deadline] = set()

    def ask(
        self, urls: Mapping[str, str], work: Work[T], deadline: Deadline
    ) -> Iterator[tuple[str, T | UpstreamError]]:
        """What comes of each daemon, name -> URL, as soon as it is known.

        What failed last time is asked last: hosts that swallow packets must not keep the others waiting.
        """
        order = sorted(urls, key=self._failed.__contains__)
        self._failed.clear()
        with ThreadPoolExecutor(self._options.workers, thread_name_prefix="fleet") as pool:
            asked = {pool.submit(self._one, name, urls[name], work, deadline): name for name in order}
            try:
                for future in self._done(asked):
                    # Not kept: there may be thousands of them.
                    name, result = asked.pop(future), future.result()
                    if isinstance(result, UpstreamError):
                        self._failed.add(name)
                    yield name, result
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                self._expire(lambda _: True)

    def close(self) -> None:
        """Close every connection."""
        for transport in self._made:
            transport.close()

    def _done(self, asked: Iterable[Future[T]]) -> Iterator[Future[T]]:
        pending = set(asked)
        while pending:
            done, pending = wait(pending, timeout=_LOOK, return_when=FIRST_COMPLETED)
            while done:
                yield done.pop()
            self._expire(lambda own: own.expired)

    def _expire(self, over: Callable[[Deadline], bool]) -> None:
        for own in self._running.copy():
            if over(own):
                own.expire()

    def _one(self, name: str, url: str, work: Work[T], deadline: Deadline) -> T | UpstreamError:
        try:
            return self._worked(name, url, work, deadline)
        except UpstreamError as error:
            # Another one: the traceback of this holds the answer that was too large.
            return UpstreamError(error.reason, str(error), error.status)

    def _worked(self, name: str, url: str, work: Work[T], deadline: Deadline) -> T:
        own = Deadline(min(self._options.daemon_deadline, deadline.remaining()))
        deadline.on_expire(own.expire)
        transport = self._transport()
        self._running.add(own)
        try:
            return work(name, Client(self._options.http(url), transport=transport), own)
        finally:
            self._running.discard(own)
            self._idle.put(transport)

    def _transport(self) -> Transport:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            self._made.append(made := Transport(self._options))
            return made
