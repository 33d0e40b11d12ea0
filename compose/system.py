"""What a system of the demo is: what it starts, its part of mlvitals.yml, what must hold in the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compose.processes import Server, free_port
from compose.prometheus import Prometheus

Settings = dict[str, Any]
Step = Callable[[str], AbstractContextManager[None]]
"""`with step("what is done"): …` tells people what takes time."""


def _free_url() -> str:
    return f"http://127.0.0.1:{free_port()}"


@dataclass(frozen=True)
class Addresses:
    """Base URLs on loopback, known before anything listens there: what starts first may name what comes later."""

    mlvitals: str = field(default_factory=_free_url)
    prometheus: str = field(default_factory=_free_url)
    alertmanager: str = field(default_factory=_free_url)
    _systems: dict[str, str] = field(default_factory=dict)

    def of(self, system: str) -> str:
        """The base URL of a system, by the name of its module."""
        if system not in self._systems:
            self._systems[system] = _free_url()
        return self._systems[system]


@dataclass(frozen=True)
class Finding:
    """One thing that must hold, whether it does, and what was seen instead."""

    what: str
    holds: bool
    seen: str = ""


Question = Callable[[Prometheus], Finding]
"""Asks for one finding; its docstring says what must hold. It may raise requests.RequestException."""


@dataclass(frozen=True)
class Expected:
    """An alert that must fire, and arrive at the webhook with these labels among others."""

    alert: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Started:
    """A system that was started.

    `addresses` are its rows of the table, `exporters` and `alerts` its part of mlvitals.yml, `servers` what may be
    stopped and started again, by name. `settle` waits until all is there that the demo shows of it; it raises
    ServerError when that fails.
    """

    addresses: Mapping[str, str]
    exporters: Sequence[Settings]
    alerts: Mapping[str, Settings]
    servers: Mapping[str, Server]
    settle: Callable[[Step], None]


@dataclass(frozen=True)
class System:
    """One system of the demo.

    `check` looks for what the machine must have and nothing fetches. `install` fetches programs into the cache folder,
    where they are not there. `start` starts it with its state in a folder and yields as soon as others may go on: what
    takes longer is left to `settle`. All raise MissingError or ServerError with what is wrong.
    """

    start: Callable[[Path, Addresses, Step], AbstractContextManager[Started]]
    questions: tuple[Question, ...]
    expected: tuple[Expected, ...]
    check: Callable[[], None] = lambda: None
    install: Callable[[Step], None] = lambda _: None
