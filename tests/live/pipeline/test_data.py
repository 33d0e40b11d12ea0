"""The reference pipeline's data: read and written as Parquet, by URL."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pipeline import data
from pipeline.run import raw_url

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a folder with delivered and prepared data."""
    url = tmp_path_factory.mktemp("data").as_uri()
    data.deliver(url)
    data.prepare(raw_url(url), f"{url}/a/run")
    return url


def _both(folder: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    return data.read(folder, "train"), data.read(folder, "test")


def test_every_image_is_in_one_of_the_two(base: str) -> None:
    raw = pd.read_parquet(raw_url(base)).drop_duplicates()
    train, test = _both(f"{base}/a/run")
    assert (len(train), len(test)) == (1347, 450)
    kept = train.columns.drop(data.TARGET)
    together = pd.concat([train, test])
    assert sorted(map(tuple, (together[kept] * data.WHITE).to_numpy())) == sorted(map(tuple, raw[kept].to_numpy()))


def test_both_have_the_same_share_of_each_digit(base: str) -> None:
    train, test = (rows[data.TARGET].value_counts(normalize=True) for rows in _both(f"{base}/a/run"))
    assert (train - test).abs().max() < 0.005


def test_pixels_are_scaled_and_those_that_never_vary_are_gone(base: str) -> None:
    train, test = _both(f"{base}/a/run")
    assert list(train.columns) == list(test.columns)
    inputs, _ = data.split_off_target(train)
    assert (inputs.min().min(), inputs.max().max()) == (0, 1)
    assert inputs.nunique().min() > 1


def test_which_columns_stay_is_learnt_from_the_training_rows(tmp_path: Path) -> None:
    rows = pd.DataFrame({"row": range(40), "rare": 0, data.TARGET: [0, 1] * 20})
    _, test = data.split(rows)
    rows.loc[test.index, "rare"] = range(len(test))
    rows.to_parquet(tmp_path / "raw.parquet")
    data.prepare((tmp_path / "raw.parquet").as_uri(), tmp_path.as_uri())
    assert list(data.read(tmp_path.as_uri(), "test").columns) == ["row", data.TARGET]


def test_twice_is_the_same(base: str) -> None:
    data.prepare(raw_url(base), f"{base}/b/run")
    for first, second in zip(_both(f"{base}/a/run"), _both(f"{base}/b/run"), strict=True):
        pd.testing.assert_frame_equal(first, second)


def test_raw_data_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"digits\.parquet"):
        data.prepare(raw_url(tmp_path.as_uri()), tmp_path.as_uri())
