"""A metrics page: rendered at most once per collection and form, when first asked for.

A large page takes its time. Who asks meanwhile gets the last one and occupies nobody.
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from prometheus_client import Metric as Exposition
from prometheus_client import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from mlvitals.core.state import ExporterState, Version

_Form = tuple[str, bool]
_GZIP_LEVEL = 4
_TEXT = "text/plain; version=0.0.4; charset=utf-8"
_OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_ENCODERS: dict[str, Callable[[Any], bytes]] = {_TEXT: generate_latest, _OPENMETRICS: generate_openmetrics}


@dataclass(frozen=True)
class Rendered:
    """Bytes that can be sent as they are."""

    body: bytes
    content_type: str
    gzipped: bool


def content_type(accept: str) -> str:
    """The exposition format for an Accept header: OpenMetrics 1.0 where it is liked best, else text 0.0.4.

    Not prometheus_client's `choose_encoder`, which answers with any version that the client writes.
    """
    openmetrics, text = 0.0, 0.0
    for entry in accept.split(","):
        media, *options = (part.strip().lower() for part in entry.split(";"))
        chosen = dict(option.partition("=")[::2] for option in options)
        if media == "application/openmetrics-text" and chosen.get("version", "1.0.0") == "1.0.0":
            openmetrics = max(openmetrics, _quality(chosen))
        elif media == "text/plain":
            text = max(text, _quality(chosen))
    return _OPENMETRICS if openmetrics > 0 and openmetrics >= text else _TEXT


def _quality(options: dict[str, str]) -> float:
    try:
        return float(options.get("q", "1"))
    except ValueError:
        return 0.0


class Page:
    """The page over a changing set of families. Thread-safe: of several readers one renders a new version.

    Meanwhile the others get the last one, unless something on it was withdrawn: then, and before the first, they wait.
    `version` is asked before the families are read, so a result that comes in between is rendered next time too.
    """

    def __init__(self, families: Callable[[], Iterable[Exposition]], version: Callable[[], Version]) -> None:
        self._families = families
        self._version = version
        self._lock = threading.Lock()
        self._made = _Made(Version(-1, -1))
        self._last = self._made

    def render(self, accept: str, *, gzipped: bool) -> Rendered:
        """The page in the form that the Accept header asks for."""
        form = (content_type(accept), gzipped)
        asked = self._version()
        last = self._newest(form, lambda version: version.withdrawals == asked.withdrawals)
        if not self._lock.acquire(blocking=last is None):
            return cast(Rendered, last)
        try:
            return self._newest(form, lambda version: version >= asked) or self._make(*form)
        finally:
            self._lock.release()

    def _newest(self, form: _Form, suits: Callable[[Version], bool]) -> Rendered | None:
        generations = (self._made, self._last)
        return next((made.pages[form] for made in generations if suits(made.version) and form in made.pages), None)

    def _make(self, form: str, gzipped: bool) -> Rendered:
        version = self._version()
        if version != self._made.version:
            self._last, self._made = self._made, _Made(version)
        pages = self._made.pages
        plain = pages.get((form, False)) if gzipped else None
        body = plain.body if plain else _ENCODERS[form](_Collected(self._families()))
        pages[form, gzipped] = Rendered(_gzip(body) if gzipped else body, form, gzipped)
        self._last.pages.pop((form, gzipped), None)
        return pages[form, gzipped]


@dataclass(frozen=True)
class _Made:
    """What was rendered of one version."""

    version: Version
    pages: dict[_Form, Rendered] = field(default_factory=dict)


def page_of(state: ExporterState) -> Page:
    """The page of one exporter."""
    return Page(lambda: (family.exposition() for family in state.families() if family.samples), lambda: state.version)


def render_live(families: Iterable[Exposition], accept: str, *, gzipped: bool, before: Page | None = None) -> Rendered:
    """Families that change with every look, rendered now and put before a page, which is not rendered again."""
    form = content_type(accept)
    body = _ENCODERS[form](_Collected(families))
    if before is None:
        return Rendered(_gzip(body) if gzipped else body, form, gzipped)
    body = body.removesuffix(b"# EOF\n")
    # Two gzip members, one after the other, are one gzip stream.
    return Rendered((_gzip(body) if gzipped else body) + before.render(accept, gzipped=gzipped).body, form, gzipped)


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, _GZIP_LEVEL, mtime=0)


class _Collected:
    """What prometheus_client's encoders read; not its registry, which knows only live collectors."""

    def __init__(self, families: Iterable[Exposition]) -> None:
        self._families = families

    def collect(self) -> Iterable[Exposition]:
        return self._families
