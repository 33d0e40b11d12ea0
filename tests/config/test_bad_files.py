"""Each file in bad/ has one golden answer in bad/expected.txt; `pytest --refresh` writes it anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlvitals import config

BAD = Path(__file__).parent / "bad"
EXPECTED = BAD / "expected.txt"


def answer(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(BAD)
    with pytest.raises(config.ConfigError) as caught:
        config.load(Path(path.name), environment={"HOME": "/home/someone"})
    return "\n".join(caught.value.problems)


def test_each_bad_file_has_its_golden_answer(monkeypatch: pytest.MonkeyPatch, refresh: bool) -> None:
    files = sorted(BAD.glob("*.yml"))
    answers = "\n".join(answer(path, monkeypatch) for path in files) + "\n"
    if refresh:
        EXPECTED.write_text(answers)
    assert answers == EXPECTED.read_text()
    assert len(files) >= 30


@pytest.mark.parametrize("path", sorted(BAD.glob("*.yml")), ids=lambda path: path.stem)
def test_each_problem_is_one_line_with_file_and_line_and_no_secret(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for line in answer(path, monkeypatch).splitlines():
        assert line.startswith(path.name + ":")
        assert line.removeprefix(path.name + ":").partition(":")[0].isdigit() or path.stem in WITHOUT_LINE
        assert "hunter2" not in line


WITHOUT_LINE = {"alias_of_itself"}


@pytest.mark.parametrize(("name", "why"), [("none.yml", "No such file"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(config.ConfigError, match=why):
        config.load(tmp_path / name)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "big.yml").write_text("# " + "x" * (2 << 20))
    with pytest.raises(config.ConfigError, match="larger than 1 MiB"):
        config.load(tmp_path / "big.yml")
