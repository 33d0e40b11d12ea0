"""Places for computations: bounded, in the order of arrival, and none is lost by one that does not wait for its own."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.evidently.places import Places
from tests.support.waiting import until


class Visitors:
    """Threads that want a place, each at work until it is told to end."""

    def __init__(self, places: int, pool: ThreadPoolExecutor) -> None:
        self.places = Places(places)
        self.inside: list[int] = []
        self.came: list[int] = []
        self._ends = [threading.Event() for _ in range(8)]
        self._pool = pool

    def come(self, number: int) -> None:
        """Ask, and be in the queue or at work before the next one comes."""
        asking = threading.Event()
        self._pool.submit(self._work, number, asking)
        assert asking.wait(60)

    def end(self, number: int) -> None:
        self._ends[number].set()

    def _work(self, number: int, asking: threading.Event) -> None:
        with self.places.one(_Asked(asking)):
            self.inside.append(number)
            self.came.append(number)
            self._ends[number].wait(60)
            self.inside.remove(number)


class _Asked(Deadline):
    """A deadline that says when somebody who is in the queue looks at it."""

    def __init__(self, asking: threading.Event) -> None:
        super().__init__(60)
        self._asking = asking

    def remaining(self) -> float:
        self._asking.set()
        return super().remaining()


def test_so_many_at_once_and_who_came_first_is_next() -> None:
    with ThreadPoolExecutor(8) as pool:
        visitors = Visitors(2, pool)
        for number in range(5):
            visitors.come(number)
        until(lambda: sorted(visitors.inside) == [0, 1])
        for number in range(3):
            visitors.end(number)
            until(lambda: len(visitors.came) == 3 + number)  # noqa: B023
            assert len(visitors.inside) <= 2
        visitors.end(3)
        visitors.end(4)
    assert visitors.came[2:] == [2, 3, 4]


def test_one_that_is_cut_while_it_waits_takes_no_place_with_it() -> None:
    places = Places(1)
    cut = Deadline(60)

    def wait() -> None:
        with places.one(cut):
            raise AssertionError("there is no place")

    with ThreadPoolExecutor() as pool, places.one(Deadline(60)):
        waiting = pool.submit(wait)
        cut.expire()
        with pytest.raises(UpstreamError, match="cut off before its end"):
            waiting.result(60)
    with places.one(Deadline(1)):
        pass


def test_one_whose_time_is_over_while_it_waits_is_told_so() -> None:
    places = Places(1)
    late = pytest.raises(UpstreamError, match="not finished after")
    with places.one(Deadline(60)), late, places.one(Deadline(0.05)):
        raise AssertionError("there is no place")
    with places.one(Deadline(1)):
        pass
