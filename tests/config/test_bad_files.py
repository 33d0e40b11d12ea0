"""Each file in bad/ has one golden answer in bad/expected.txt; `pytest --refresh` writes it anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, get_args

import hypothesis.strategies as st
import pytest
import yaml
from hypothesis import given, settings
from pydantic import BaseModel

from mlvitals import config
from mlvitals.mlflow.config import MlflowSettings
from mlvitals.model import Config
from mlvitals.yamlfile import MAX_MISTAKES

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


WITHOUT_LINE = {"alias_of_itself", "empty"}


def test_of_very_many_mistakes_the_first_are_told_and_the_rest_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "mlvitals.yml"
    path.write_text("exporters:\n" + "  - 1\n" * 20_000 + "alerts: 1\n")
    with pytest.raises(config.ConfigError) as caught:
        config.load(path)
    *told, rest = caught.value.problems
    assert len(told) == MAX_MISTAKES
    assert (
        told[-1]
        == f"{path}:{MAX_MISTAKES + 1}: exporters[{MAX_MISTAKES - 1}]: expected a mapping with name, type and url"
    )
    assert rest == f"{path}: … and {20_001 - MAX_MISTAKES} more mistakes"


def test_a_mistake_is_short_and_on_one_line_whatever_the_key_is(tmp_path: Path) -> None:
    path = tmp_path / "mlvitals.yml"
    path.write_text(yaml.safe_dump({"web": {"a\n\x1b[31m": 1, "b" * 100_000: 1}}))
    with pytest.raises(config.ConfigError) as caught:
        config.load(path)
    assert len(caught.value.problems) == 2
    assert all(line.isprintable() and len(line) < 2000 for line in caught.value.problems)


@pytest.mark.parametrize(("name", "why"), [("none.yml", "No such file"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(config.ConfigError, match=why):
        config.load(tmp_path / name)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "big.yml").write_text("# " + "x" * (2 << 20))
    with pytest.raises(config.ConfigError, match="larger than 1 MiB"):
        config.load(tmp_path / "big.yml")


def keys(model: type[BaseModel]) -> set[str]:
    """Every key of the model and of those inside it."""
    inner = {kind for field in model.model_fields.values() for kind in kinds(field.annotation)}
    return {field.alias or name for name, field in model.model_fields.items()}.union(*map(keys, inner))


def kinds(annotation: Any) -> set[type[BaseModel]]:
    own = {annotation} if isinstance(annotation, type) and issubclass(annotation, BaseModel) else set()
    return own.union(*map(kinds, get_args(annotation)))


WORDS = st.sampled_from(
    ["ops", "mlflow", "5m", "0.25", "churn*", "mse < 1", "http://h", "${X}", "${", "", "a b", "{x}"]
)
SCALARS = WORDS | st.integers(-1, 2) | st.booleans() | st.none() | st.floats(allow_nan=True)
KEYS = st.sampled_from([*sorted(keys(Config) | keys(MlflowSettings)), "MlflowRunStuck", "odd"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=30
)
SHAPES = {
    "exporters": st.lists(st.dictionaries(KEYS, VALUES, max_size=8) | VALUES, max_size=3),
    "notifications": st.dictionaries(KEYS, VALUES, max_size=8),
    "alerts": st.dictionaries(KEYS, VALUES, max_size=4),
}


@given(data=st.fixed_dictionaries({}, optional=SHAPES) | st.dictionaries(KEYS, VALUES))
@settings(max_examples=300, deadline=None)
def test_whatever_stands_in_the_file_is_loaded_or_a_list_of_mistakes(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yml"
    path.write_text(yaml.safe_dump(data))
    # Long ago, or whoever loads it waits for whoever writes it.
    os.utime(path, (0, 0))
    try:
        config.load(path, environment={})
    except config.ConfigError as error:
        told = error.problems
        lines = [int(line.removeprefix(f"{path}:").partition(":")[0]) for line in told]
        assert told
        assert len(set(told)) == len(told)
        assert lines == sorted(lines)
