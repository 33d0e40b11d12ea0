"""Files are written whole, readable by others, and never over what somebody else made."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlvitals.generate import write
from mlvitals.generate.files import MANIFEST, MARK, write_all
from mlvitals.model import Config

NOTIFICATIONS = {"receiver": "ops", "receivers": [{"name": "ops", "webhook": {"url": "http://127.0.0.1:9"}}]}


def tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_the_same_configuration_gives_the_same_bytes(tmp_path: Path) -> None:
    config = Config.model_validate({"notifications": NOTIFICATIONS})
    written = write(config, tmp_path)
    first = tree(tmp_path)
    assert write(config, tmp_path) == written
    assert tree(tmp_path) == first
    assert set(first) == {str(path.relative_to(tmp_path)) for path in written}


def test_what_the_configuration_no_longer_has_is_removed(tmp_path: Path) -> None:
    write(Config.model_validate({"notifications": NOTIFICATIONS}), tmp_path)
    own = tmp_path / "alertmanager/own.yml"
    own.write_text("route: {}\n")
    write(Config(), tmp_path)
    assert [path.name for path in (tmp_path / "alertmanager").iterdir()] == ["own.yml"]


def test_json_that_was_written_before_is_written_again_and_removed(tmp_path: Path) -> None:
    write_all(tmp_path, {"a/b.json": "{}", "c.json": "{}"})
    (tmp_path / "theirs.json").write_text("{}")
    write_all(tmp_path, {"c.json": "[]"})
    assert tree(tmp_path) == {"c.json": b"[]", "theirs.json": b"{}"}


@pytest.mark.parametrize("name", ["../theirs.json", "{folder}/theirs.json", "a/../../theirs.json"])
def test_a_list_that_was_tampered_with_reaches_nothing_outside(tmp_path: Path, name: str) -> None:
    output, theirs = tmp_path / "output", tmp_path / "theirs.json"
    output.mkdir()
    theirs.write_text("{}")
    (output / MANIFEST).write_text(f"{MARK}\n{name.format(folder=tmp_path)}\n")
    write_all(output, {"a.json": "{}"})
    assert theirs.exists()


@pytest.mark.parametrize("content", ["global: {}\n", "", "\xff\n"])
def test_nothing_is_written_when_a_file_of_somebody_else_is_in_the_way(tmp_path: Path, content: str) -> None:
    own = tmp_path / "prometheus/prometheus.yml"
    own.parent.mkdir()
    own.write_text(content, "latin-1")
    with pytest.raises(FileExistsError, match=r"prometheus\.yml was not made by mlvitals generate"):
        write(Config(), tmp_path)
    assert tree(tmp_path) == {"prometheus/prometheus.yml": content.encode("latin-1")}


def test_other_users_may_read_what_is_written(tmp_path: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in write(Config(), tmp_path)} == {0o644}


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    write_all(tmp_path, {"a.yml": f"{MARK}\n"})
    with pytest.raises(UnicodeEncodeError):
        write_all(tmp_path, {"a.yml": f"{MARK}\nnew \udc80"})
    assert tree(tmp_path) == {"a.yml": f"{MARK}\n".encode()}
