"""An MLflow in memory that falls ill in many ways and gets well again."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from tests.support.faults import subject
from tests.support.replay import FAULTS, Replay

REFUSED = "refused"
KINDS = (REFUSED, "hang up", "hang", "drip", "500", "html", "truncated JSON", "cut")
"""How it can be ill: its port is closed, or it answers like the fault of that name."""


class Upstream:
    """A server at `url`, the same for ever."""

    def __init__(self) -> None:
        self._well = subject("mlflow").well()
        self._server = Replay(self._well)
        self._open = False
        self.url = self._server.url

    def __enter__(self) -> Self:
        self.heal()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def fall_ill(self, kind: str) -> None:
        """From now on it is ill, in one of KINDS."""
        if kind == REFUSED:
            self._close()
        else:
            self._server.respond = FAULTS[kind]

    def heal(self) -> None:
        """From now on it answers well."""
        if not self._open:
            self._server = Replay(self._well, port=self._server.port) if self._server.closing.is_set() else self._server
            self._server.__enter__()
            self._open = True
        self._server.respond = self._well
        # Nobody reads what it was asked.
        self._server.requests.clear()

    def _close(self) -> None:
        if self._open:
            self._server.__exit__(None, None, None)
            self._open = False
