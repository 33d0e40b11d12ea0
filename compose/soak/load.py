"""A page of 100,000 series, scraped 20 times a second for a minute, while collections run and 200 strangers dawdle."""

from __future__ import annotations

import re
import statistics
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import click
import requests
import yaml
from urllib3.exceptions import HTTPError

from compose.processes import ServerError, wait_for
from compose.soak.idle import IdleConnections
from compose.soak.usage import Usage
from tests.exporters.mlflow.fake import FakeMlflow
from tests.support.replay import Answer, Replay, Request, Responder
from tests.support.vitals import Vitals, mlvitals

ALIASES, SERIES_OF_A_MODEL = 20, 45
SCRAPERS = 20
INTERVAL = 10
TIMEOUT = 10.0
"""Seconds after which a scrape has failed; Prometheus' own default."""
PATIENCE = 120.0

_COLLECTED = re.compile(rb'^mlvitals_target_last_success_timestamp_seconds\{target="server"\} (\S+)$', re.MULTILINE)
_SERIES = re.compile(rb"^[a-z]", re.MULTILINE)


def run(
    folder: Path, p99: float | None = None, *, series: int = 100_000, seconds: int = 60, idle: int = 200
) -> list[str]:
    """Scrape a page of at least so many series once a second from each scraper; what is wrong.

    `p99` are the milliseconds within which 99 % of the scrapes have to be answered.
    """
    with ExitStack() as stack:
        upstream = stack.enter_context(Replay(_mlflow(series // SERIES_OF_A_MODEL + 1)))
        entry = {"name": "large", "type": "mlflow", "url": upstream.url, "interval": f"{INTERVAL}s"}
        text = yaml.safe_dump({"exporters": [entry | {"max_models": series}]})
        (folder / "mlvitals.yml").write_text(text)
        vitals = stack.enter_context(mlvitals(folder))
        if not wait_for(lambda: (vitals.value("large", "mlvitals_exporter_series") or 0) >= series, PATIENCE, every=1):
            raise ServerError(f"no page of {series} series within {PATIENCE:g} s")
        strangers = stack.enter_context(IdleConnections(vitals.url, idle))
        scrapes = _scrapes(vitals, seconds)
        click.echo(f"  {strangers}")
        return [*_failures(scrapes, SCRAPERS * seconds, p99), *_shortfalls(scrapes, series, seconds, idle)]


def _mlflow(models: int) -> Responder:
    """Models with so many aliases that each gives SERIES_OF_A_MODEL series."""
    upstream = FakeMlflow()
    aliases = {f"alias-{number}": "1" for number in range(ALIASES)}
    for number in range(models):
        upstream.model(f"model-{number:05}", 1, updated=1, **aliases)
    answers: dict[tuple[str, str, bytes], Answer] = {}

    def respond(request: Request) -> Answer:
        """Made once: the upstream shares this process with the scrapers, who would have to wait for it."""
        key = (request.path, str(request.query), request.body)
        if key not in answers:
            answers[key] = upstream(request)
        return answers[key]

    return respond


@dataclass
class Scrapes:
    """What came back: seconds each scrape took from the moment that it was due, what failed, and each page once.

    `descriptors` are those that the server had open, seen once a second.
    """

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    bodies: dict[int, bytes] = field(default_factory=dict)
    descriptors: list[int] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, session: requests.Session, url: str, due: float) -> None:
        """One scrape, as Prometheus does it."""
        body, error = b"", ""
        try:
            with session.get(url, timeout=TIMEOUT, stream=True) as answer:
                answer.raise_for_status()
                body = answer.raw.read(decode_content=False)
        except (requests.RequestException, HTTPError) as failure:
            error = str(failure)
        took = time.monotonic() - due
        with self._lock:
            if error or took > TIMEOUT:
                self.errors.append(error or f"it took {took:.1f} s")
                return
            self.seconds.append(took)
            self.bodies.setdefault(zlib.crc32(body), body)

    def pages(self) -> Iterator[bytes]:
        """Each page that was seen, as text."""
        return (zlib.decompress(body, wbits=31) for body in self.bodies.values())


def _scrapes(vitals: Vitals, seconds: int) -> Scrapes:
    """From SCRAPERS scrapers, each with a connection of its own and due once a second, evenly spread."""
    scrapes, begin = Scrapes(), time.monotonic() + 1
    url = f"{vitals.url}/metrics/large"

    def scraper(number: int) -> None:
        with requests.Session() as session:
            session.headers["Accept-Encoding"] = "gzip"
            for second in range(seconds):
                due = begin + second + number / SCRAPERS
                time.sleep(max(0.0, due - time.monotonic()))
                scrapes.take(session, url, due)
                if number == 0:
                    scrapes.descriptors.append(Usage.of(vitals.server).descriptors)

    with ThreadPoolExecutor(SCRAPERS) as threads:
        list(threads.map(scraper, range(SCRAPERS)))
    return scrapes


def _failures(scrapes: Scrapes, due: int, p99: float | None) -> Iterator[str]:
    click.echo(f"  {len(scrapes.seconds)} of {due} scrapes were answered{percentiles(scrapes.seconds, p99)}")
    yield from slow(scrapes.seconds, p99)
    if scrapes.errors:
        yield f"{len(scrapes.errors)} of {due} scrapes failed, the first one with: {scrapes.errors[0]}"


def _shortfalls(scrapes: Scrapes, series: int, seconds: int, idle: int) -> Iterator[str]:
    """Where the run was less than it should be."""
    pages = list(scrapes.pages())
    fewest = min((len(_SERIES.findall(page)) for page in pages), default=0)
    collections = len({match for page in pages for match in _COLLECTED.findall(page)})
    click.echo(f"  {len(pages)} different pages of {fewest} series or more, from {collections} collections")
    if fewest < series:
        yield f"a page had {fewest} series, not {series}"
    if collections < seconds / INTERVAL / 2:
        yield f"only {collections} collections ended in {seconds} s; one every {INTERVAL} s was due"
    if statistics.median(scrapes.descriptors) < idle:
        yield f"the server held {statistics.median(scrapes.descriptors):.0f} descriptors, not {idle} idle connections"


def slow(seconds: list[float], bound: float | None) -> Iterator[str]:
    """What is wrong when 99 % took longer than the bound, in milliseconds."""
    if bound is not None and len(seconds) > 1 and (p99 := _percentile(seconds, 99) * 1000) > bound:
        yield f"99 % of the scrapes were answered within {p99:.0f} ms; {bound:g} ms are allowed"


def percentiles(seconds: list[float], bound: float | None) -> str:
    """In words, with the bound on what 99 % take, in milliseconds; nothing for fewer than two."""
    if len(seconds) < 2:
        return ""
    shown = {"p50": _percentile(seconds, 50), "p99": _percentile(seconds, 99), "slowest": max(seconds)}
    told = {name: f"{name} {value * 1000:.0f} ms" for name, value in shown.items()}
    told["p99"] += "" if bound is None else f" (bound {bound:g} ms)"
    return ": " + ", ".join(told.values())


def _percentile(seconds: list[float], percent: int) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1]
