"""Calls of Airflow's REST API: which version it is, who calls, and lists page by page."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import TypeAdapter

from mlvitals.airflow.rest.answers import Health, Page
from mlvitals.airflow.rest.login import Api, Door, Explain, address
from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.outbound import Client
from mlvitals.core.paging import PageSize
from mlvitals.core.settings import HttpSettings

PAGE = 100
"""Objects asked for at once: [api] maximum_page_limit, unless it was changed. Fewer may come."""
MAX_PAGES = 1000
MAX_STEPS_BACK = 20

T = TypeVar("T")
Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Session:
    """An Airflow whose API is known."""

    api: Api
    version: str
    http: Client
    explain: Explain


class RestClient:
    """Typed calls below /api/v1 or /api/v2, whichever is there. Raises UpstreamError only."""

    def __init__(self, settings: HttpSettings) -> None:
        base, pinned = address(settings.url)
        self._settings = settings.model_copy(update={"url": base})
        self._door = Door(self._settings, pinned)
        self._session: _Session | None = None
        self._told: float | None = None
        self._size = PageSize(PAGE)

    def api(self, deadline: Deadline) -> Api:
        """The API that is there."""
        return self._begun(deadline).api

    def version(self, deadline: Deadline) -> str:
        """Airflow's version now. What was found before is forgotten, for Airflow may have been upgraded."""
        before, (api, version) = self._session, self._door.api(deadline)
        if before is None or (before.api, before.version) != (api, version):
            self._begin(api, version)
        return version

    def newer_than(self, release: tuple[int, int], deadline: Deadline) -> bool:
        """True for this release of Airflow (3, 1) and those that came after it."""
        parts = [int(part) for part in self._begun(deadline).version.split(".")[:2] if part.isdigit()]
        return tuple(parts) >= release

    def health(self, deadline: Deadline) -> Health:
        """How Airflow's components are."""
        return self._door.health(self.api(deadline), deadline)

    def get(self, path: str, into: TypeAdapter[T], deadline: Deadline, params: Params | None = None) -> T:
        """GET a path below the API."""
        session = self._begun(deadline)
        session.explain.begin(path, deadline)
        answer = session.http.get(f"api/{session.api}/{path}", into, deadline, params)
        session.explain.accept()
        self._told = session.http.clock
        return answer

    def find(self, path: str, into: TypeAdapter[T], deadline: Deadline, params: Params | None = None) -> T | None:
        """The same; None for what is not there."""
        try:
            return self.get(path, into, deadline, params)
        except UpstreamError as error:
            if error.status != 404:
                raise
            return None

    def list(
        self,
        path: str,
        into: TypeAdapter[Page[T]],
        identity: Callable[[T], Hashable],
        deadline: Deadline,
        params: Params,
    ) -> Iterator[T]:
        """Every object of a list, in the order that `params` ask for: one in which what is there keeps its place.

        Offsets count what is in the list at that moment: an object that leaves it meanwhile lets the later ones move
        up. So each page begins with the last object of the one before, unless that was alone; when it does not, we step
        back.
        """
        seen, offset, overlap, steps_back = set[Hashable](), 0, 0, 0
        for _ in range(MAX_PAGES):
            page = self._page(path, into, deadline, {**params, "offset": offset})
            keys = [identity(item) for item in page.items]
            if offset and (not keys or (overlap and keys[0] not in seen)):
                offset, steps_back = max(0, offset - PAGE), steps_back + 1
                if steps_back > MAX_STEPS_BACK:
                    raise UpstreamError("parse", f"Airflow answers the pages of {path} in no order")
                continue
            yield from (item for key, item in zip(keys, page.items, strict=True) if key not in seen)
            if not keys or offset + len(keys) >= page.total_entries:
                return
            seen.update(keys)
            overlap = min(len(keys) - 1, 1)
            offset += len(keys) - overlap
        raise UpstreamError("limit", f"{path} has more than {MAX_PAGES} pages")

    @property
    def clock(self) -> float:
        """Airflow's clock at its last good answer; ours when it does not tell."""
        return time.time() if self._told is None else self._told

    def close(self) -> None:
        """Close every connection."""
        self._door.close()
        if self._session:
            self._session.http.close()

    def _page(self, path: str, into: TypeAdapter[Page[T]], deadline: Deadline, params: Params) -> Page[T]:
        try:
            return self._size(lambda size: self.get(path, into, deadline, {**params, "limit": size}))
        except UpstreamError as error:
            if error.status == 404:
                # Another API may be there now.
                self._end()
            raise

    def _begun(self, deadline: Deadline) -> _Session:
        return self._session or self._begin(*self._door.api(deadline))

    def _begin(self, api: Api, version: str) -> _Session:
        self._end()
        explain = Explain(api, self._settings.auth)
        http = Client(self._settings, explain=explain, credentials=self._door.credentials(api))
        self._session = _Session(api, version, http, explain)
        return self._session

    def _end(self) -> None:
        if self._session:
            self._session.http.close()
        self._session = None


def below(*parts: str) -> str:
    """A path of these parts, whatever stands in them."""
    return "/".join(quote(part, safe="~") for part in parts)
