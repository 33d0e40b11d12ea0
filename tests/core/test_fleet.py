"""Many daemons at once: bounded, each in its own time, and none in the way of another."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.fleet import Fleet, FleetOptions, daemon_of
from mlvitals.core.outbound import Client
from tests.support.replay import FAULTS, Answer, Replay, Request, Responder, always

WELL = always(Answer(200, b"well"))


def _ask(name: str, client: Client, deadline: Deadline) -> bytes:
    return bytes(client.send("GET", "", deadline))


def _options(workers: int, seconds: float) -> FleetOptions:
    times = {"workers": workers, "daemon_deadline": f"{seconds * 1000:.0f}ms"}
    return FleetOptions.model_validate({"name": "fleet", "type": "x", **times})


@contextmanager
def fleet(workers: int = 4, seconds: float = 20.0) -> Iterator[Fleet]:
    made = Fleet(_options(workers, seconds))
    yield made
    made.close()


def _by_path(faulty: Responder) -> Responder:
    return lambda request: faulty(request) if request.path.startswith("/ill") else WELL(request)


def _urls(server: Replay, *names: str) -> dict[str, str]:
    return {name: f"{server.url}/{name}" for name in names}


def _reasons(results: dict[str, bytes | UpstreamError]) -> dict[str, str]:
    return {name: each.reason if isinstance(each, UpstreamError) else "" for name, each in results.items()}


@pytest.mark.parametrize("fault", ["hang", "drip", "dripping headers"])
def test_each_has_its_own_time(fault: str) -> None:
    with Replay(_by_path(FAULTS[fault])) as server, fleet(workers=2, seconds=0.5) as many:
        results = dict(many.ask(_urls(server, "ill", "a", "b", "c"), _ask, Deadline(60)))
    assert _reasons(results) == {"ill": "timeout", "a": "", "b": "", "c": ""}


@pytest.mark.parametrize("fault", ["drip", "dripping headers"])
def test_the_end_of_the_collection_ends_all(fault: str) -> None:
    whole = Deadline(60)
    with Replay(_by_path(FAULTS[fault])) as server, fleet(workers=1, seconds=60) as many:
        results = many.ask(_urls(server, "a", "ill", "b"), _ask, whole)
        assert next(results) == ("a", b"well")
        whole.expire()
        assert _reasons(dict(results)) == {"ill": "timeout", "b": "timeout"}


def test_a_worker_is_as_good_as_new_after_one_that_was_cut() -> None:
    with Replay(_by_path(FAULTS["drip"])) as server, fleet(workers=1, seconds=0.5) as many:
        for _ in range(2):
            results = dict(many.ask(_urls(server, "a", "ill", "b"), _ask, Deadline(60)))
            assert _reasons(results) == {"ill": "timeout", "a": "", "b": ""}


def test_what_failed_is_asked_last() -> None:
    asked: list[str] = []

    def respond(request: Request) -> Answer:
        asked.append(request.path.strip("/"))
        return Answer(500) if request.path.startswith("/ill") else Answer(200)

    with Replay(respond) as server, fleet(workers=1) as many:
        for _ in range(2):
            dict(many.ask(_urls(server, "ill", "a", "b"), _ask, Deadline(60)))
    assert asked == ["ill", "a", "b", "a", "b", "ill"]


def test_no_more_than_the_workers_are_asked_at_the_same_time() -> None:
    together = threading.Barrier(3)
    now, most = [0], [0]
    lock = threading.Lock()

    def respond(_: Request) -> Answer:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        together.wait(30)
        with lock:
            now[0] -= 1
        return Answer(200, b"well")

    with Replay(respond) as server, fleet(workers=3) as many:
        results = dict(many.ask(_urls(server, *map(str, range(9))), _ask, Deadline(60)))
    assert len(results) == 9
    assert most == [3]


def test_results_come_as_they_are_known() -> None:
    with Replay(_by_path(FAULTS["hang"])) as server, fleet(workers=2, seconds=30) as many:
        results = many.ask(_urls(server, "ill", "a"), _ask, Deadline(60))
        started = time.monotonic()
        assert next(results)[0] == "a"
        assert time.monotonic() - started < 30
        results.close()  # type: ignore[attr-defined]


def test_a_mistake_of_ours_is_no_failure_of_a_daemon() -> None:
    def broken(name: str, client: Client, deadline: Deadline) -> bytes:
        raise ZeroDivisionError

    many = Fleet(_options(1, 1.0))
    with pytest.raises(ZeroDivisionError):
        dict(many.ask({"a": "http://127.0.0.1:9"}, broken, Deadline(5)))
    many.close()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://nn1:9870", "nn1:9870"),
        ("http://NN1.example", "nn1.example:80"),
        ("https://nn1/", "nn1:443"),
        ("https://proxy:8443/gateway/nn1/", "proxy:8443/gateway/nn1"),
        ("http://[::1]:9870", "[::1]:9870"),
        ("http://[::1]", "[::1]:80"),
        ("ftp://nn1:21", None),
        ("http://nn1:x", None),
        ("http://", None),
        ("", None),
    ],
)
def test_names_of_daemons(url: str, name: str | None) -> None:
    assert daemon_of(url) == name
