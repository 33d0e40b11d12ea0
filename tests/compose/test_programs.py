"""Where the programs come from."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from compose import programs
from compose.cache import MissingError
from compose.processes import Server, answers, free_port


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    programs.path.cache_clear()
    yield
    programs.path.cache_clear()


def _script(file: Path, body: str) -> Path:
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize("name", programs.PROGRAMS)
def test_each_program_runs_and_is_new_enough(name: str, program: Callable[[str], Path]) -> None:
    assert programs.version(program(name)) >= programs.PROGRAMS[name].oldest


def test_one_on_path_is_taken_when_it_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    own = _script(tmp_path / "promtool", "echo promtool, version 2.42.1")
    assert programs.path("promtool") == own


@pytest.mark.parametrize("body", ["echo promtool, version 2.41.9", "echo no library >&2; exit 127"])
def test_one_on_path_that_is_too_old_or_broken_is_passed_over(
    body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    own = _script(tmp_path / "promtool", body)
    assert programs.path("promtool") != own


def test_a_program_that_does_not_run_says_why(tmp_path: Path) -> None:
    broken = _script(tmp_path / "amtool", "echo libx.so: cannot open shared object file >&2; exit 127")
    with pytest.raises(MissingError, match=r"does not run: libx\.so"):
        programs.version(broken)


def test_without_apt_the_message_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLVITALS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingError, match=r"put prometheus 2\.42\+, promtool .* on PATH.* apt-get is missing"):
        programs.path("prometheus")


@pytest.mark.live
def test_fetched_with_private_lists_when_the_systems_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apt.conf").write_text(f'Dir::State::lists "{tmp_path}/no-lists/";\n')
    (tmp_path / "no-lists/partial").mkdir(parents=True)
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    monkeypatch.setenv("MLVITALS_CACHE", str(tmp_path / "cache"))
    refused = subprocess.run(["apt-get", "download", "prometheus"], cwd=tmp_path, capture_output=True, check=False)
    assert refused.returncode, "the system's lists are still seen: this test shows nothing"
    assert programs.version(programs.fetched("promtool")) >= (2, 42)


@pytest.mark.live
def test_fetched_servers_find_their_templates_and_pages_wherever_they_are(tmp_path: Path) -> None:
    port = free_port()
    command = [str(programs.fetched("prometheus")), "--config.file=/dev/null", f"--storage.tsdb.path={tmp_path}/data"]
    command.append(f"--web.listen-address=127.0.0.1:{port}")
    page = f"http://127.0.0.1:{port}/classic/graph"
    with Server("prometheus", command, tmp_path, lambda: answers(f"http://127.0.0.1:{port}/-/ready")):
        links = re.findall(r'(?:src|href)="(/classic/static/[^"]+)"', requests.get(page, timeout=10).text)
        missing = [link for link in links if not answers(f"http://127.0.0.1:{port}{link}")]
        assert len(links) > 10
        assert [link for link in missing if "moment-timezone" not in link] == []
