"""Prometheus 3 and Alertmanager 0.31, built with Go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from compose import newest, programs

pytestmark = pytest.mark.live


@pytest.mark.parametrize(
    ("name", "release"),
    [("prometheus", (3, 16)), ("promtool", (3, 16)), ("alertmanager", (0, 31)), ("amtool", (0, 31))],
)
def test_it_runs_and_says_its_release(name: str, release: tuple[int, int], program3: Callable[[str], Path]) -> None:
    assert programs.version(program3(name)) == release


@pytest.mark.parametrize(("script", "found"), [("echo go1.19.8", "go1.19.8"), ("echo devel", "devel"), (None, "none")])
def test_without_a_suitable_go_it_says_so(
    script: str | None, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if script:
        (tmp_path / "go").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "go").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin" if script else str(tmp_path))
    assert newest.why_not() == f"Go 1.26 or newer is needed, found {found}"
