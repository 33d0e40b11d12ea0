"""The cache folder: whole or absent, built once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from compose import cache


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLVITALS_CACHE", str(tmp_path / "cache"))


def _write(folder: Path) -> None:
    (folder / "tool").write_text("done")


def test_built_once_and_found_again() -> None:
    folder = cache.installed("tools", {"tool": 1}, _write)
    again = cache.installed("tools", {"tool": 1}, lambda _: pytest.fail("built twice"))
    assert again == folder
    assert (folder / "tool").read_text() == "done"


def test_other_pins_are_another_folder() -> None:
    assert cache.installed("tools", {"tool": 1}, _write) != cache.installed("tools", {"tool": 2}, _write)


def test_a_failed_build_leaves_nothing_to_be_found() -> None:
    def half(folder: Path) -> None:
        _write(folder)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        cache.installed("tools", 1, half)
    folder = cache.installed("tools", 1, lambda folder: (folder / "whole").touch())
    assert [file.name for file in folder.iterdir()] == ["whole"]


def test_two_at_once_build_once() -> None:
    entered, go_on, built = threading.Event(), threading.Event(), []

    def slow(folder: Path) -> None:
        built.append(folder)
        entered.set()
        assert go_on.wait(10)

    first = threading.Thread(target=cache.installed, args=("tools", 1, slow))
    first.start()
    assert entered.wait(10)
    second = threading.Thread(target=cache.installed, args=("tools", 1, slow))
    second.start()
    go_on.set()
    for thread in (first, second):
        thread.join(10)
    assert len(built) == 1


def test_a_cache_folder_that_cannot_be_made_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MLVITALS_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(cache.MissingError, match="set MLVITALS_CACHE"):
        cache.root()
