"""Where Java, Maven and Hadoop come from, and what is said when they cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose import jars, java
from compose.cache import MissingError


def _executable(folder: Path, name: str, script: str = "") -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH; the cache folder is empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("MLVITALS_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.mark.parametrize("there", [(), ("java",), ("mvn",)])
def test_what_to_install_is_said_at_once_where_there_is_no_debian(there: tuple[str, ...], path: Path) -> None:
    for name in there:
        _executable(path, name)
    told = "Java 11 or newer and Maven: apt-get install default-jre-headless maven"
    for ask in (java.check, jars.hadoop):
        with pytest.raises(MissingError, match=told):
            ask()


def test_what_maven_says_is_passed_on_and_asked_again_the_next_time(path: Path) -> None:
    _executable(path, "java")
    _executable(path, "mvn", "echo '[WARNING] slow'; echo '[ERROR] Unknown host central.example'; exit 1")
    java.check()
    for _ in range(2):
        with pytest.raises(MissingError, match=r"cannot fetch Hadoop; mvn says:\n\[ERROR\] Unknown host") as raised:
            jars.hadoop()
        assert "slow" not in str(raised.value)
