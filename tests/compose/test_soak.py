"""`make soak`, short: its parts run, and say what is wrong when a bound is broken."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import requests

from compose.processes import answers
from compose.soak import cycles, kills, load
from compose.soak.idle import IdleConnections
from compose.soak.upstream import KINDS, REFUSED, Upstream
from compose.soak.usage import Bounds, Usage
from tests.support.waiting import until

BOUNDS = Bounds(growth=0.05, descriptors=5, threads=2)
BEFORE = Usage(memory=80.0, descriptors=100, threads=50)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (Usage(83.9, 105, 52), []),
        (Usage(70.0, 10, 5), []),
        (Usage(84.0, 100, 50), ["memory grew by 5.0%, from 80.0 to 84.0 MiB; less than 5% is allowed"]),
        (Usage(80.0, 106, 50), ["descriptors grew from 100 to 106; 5 more are allowed"]),
        (Usage(80.0, 100, 53), ["threads grew from 50 to 53; 2 more are allowed"]),
    ],
)
def test_growth_beyond_a_bound_is_told_in_words(after: Usage, said: list[str]) -> None:
    assert list(BOUNDS.broken(BEFORE, after)) == said


def test_what_comes_and_goes_is_no_growth() -> None:
    assert Usage.least([Usage(3, 9, 7), Usage(4, 8, 7), Usage(5, 9, 6)]) == Usage(3, 8, 6)


MILLISECONDS = [number / 1000 for number in range(101)]


def test_percentiles_in_words() -> None:
    assert load.percentiles(MILLISECONDS, None) == ": p50 50 ms, p99 99 ms, slowest 100 ms"
    assert load.percentiles(MILLISECONDS, 250) == ": p50 50 ms, p99 99 ms (bound 250 ms), slowest 100 ms"
    assert load.percentiles([0.001], 250) == ""


def test_a_bound_on_what_99_percent_take() -> None:
    assert list(load.slow(MILLISECONDS, 98)) == ["99 % of the scrapes were answered within 99 ms; 98 ms are allowed"]
    for bound in (99.5, None):
        assert list(load.slow(MILLISECONDS, bound)) == []
    assert list(load.slow([0.1], 98)) == []


def test_an_upstream_falls_ill_and_gets_well_at_the_same_address() -> None:
    asked = "/api/2.0/mlflow/registered-models/search?max_results=1"
    with Upstream() as upstream:
        # Whoever reads what drips needs a deadline, which requests does not have.
        for kind in [kind for kind in (*KINDS, REFUSED) if kind != "drip"]:
            assert answers(upstream.url + asked)
            upstream.fall_ill(kind)
            with pytest.raises((requests.RequestException, ValueError)):
                fetched = requests.get(upstream.url + asked, timeout=0.5)
                fetched.raise_for_status()
                fetched.json()
            upstream.heal()


def test_an_idle_connection_that_is_closed_is_opened_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with IdleConnections(f"http://127.0.0.1:{listener.getsockname()[1]}", 1) as idle:
            first, _ = listener.accept()
            first.close()
            second, _ = listener.accept()
            until(lambda: idle.cut == 1)
        assert second.recv(100) == b""
        second.close()


@pytest.mark.live
def test_a_few_cycles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cycles, "KINDS", (REFUSED, "500"))
    problems = cycles.run(tmp_path, cycles=10, exporters=4)
    # Memory of a process that has just begun still grows.
    assert [problem for problem in problems if "memory" not in problem] == []
    assert "cycles in" in capsys.readouterr().out


@pytest.mark.live
def test_a_little_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert load.run(tmp_path, series=1000, seconds=2, idle=20) == []
    assert "40 of 40 scrapes were answered: p50" in capsys.readouterr().out


@pytest.mark.live
def test_a_few_kills(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # How long it takes is what `make soak` measures.
    assert [problem for problem in kills.run(tmp_path, seed=1, rounds=2) if "only after" not in problem] == []
    assert "from start to the right page" in capsys.readouterr().out
