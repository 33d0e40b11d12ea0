"""Raw data in, training and test data out, all Parquet, all by URL: file://, s3://, webhdfs://, what fsspec opens.

python -m pipeline.data file:///srv/data      delivers scikit-learn's digits as raw data, to try the pipeline out
"""

from __future__ import annotations

import sys
from urllib.parse import unquote, urlencode, urlsplit

import fsspec
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from pipeline.run import raw_url

TARGET = "target"
WHITE = 16.0
"""The largest value of a pixel."""
SEED = 7
WEB_HDFS = {"webhdfs": "http", "swebhdfs": "https"}


def prepare(source: str, output: str) -> None:
    """Read the Parquet file `source`; write `train.parquet` and `test.parquet` to the folder `output`.

    Both steps belong together: which columns are dropped is learnt from the training rows alone, else what is measured
    on the test rows would be too good.
    """
    raw = pd.read_parquet(source).drop_duplicates()
    train, test = split(raw)
    varies = train.columns[train.nunique() > 1]
    for name, rows in (("train", train), ("test", test)):
        _write(scaled(rows[varies]), file_url(output, name))


def split(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and test rows, 3 to 1, each digit in both; the same rows are split in the same way."""
    train, test = train_test_split(rows, test_size=0.25, random_state=SEED, stratify=rows[TARGET])
    return train, test


def scaled(rows: pd.DataFrame) -> pd.DataFrame:
    """Pixels from 0 to 1; the target as it is."""
    return (rows.drop(columns=TARGET) / WHITE).assign(**{TARGET: rows[TARGET]})


def file_url(folder: str, name: str) -> str:
    """The file of `train` or `test` in that folder."""
    return f"{folder}/{name}.parquet"


def read(folder: str, name: str) -> pd.DataFrame:
    """The rows of `train` or `test`."""
    return pd.read_parquet(file_url(folder, name))


def web_url(url: str) -> str:
    """The same for MLflow, which does not know webhdfs://: the HTTP request that opens the file."""
    parts = urlsplit(url)
    scheme = WEB_HDFS.get(parts.scheme)
    if scheme is None:
        return url
    user, _, server = parts.netloc.rpartition("@")
    query = {"op": "OPEN"} | ({"user.name": unquote(user)} if user else {})
    return f"{scheme}://{server}/webhdfs/v1{parts.path}?{urlencode(query)}"


def split_off_target(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Inputs and target."""
    return rows.drop(columns=TARGET), rows[TARGET]


def deliver(base: str) -> None:
    """Write the digits that scikit-learn ships (1,797 images of 8 x 8 pixels) where the raw data are expected."""
    _write(load_digits(as_frame=True).frame, raw_url(base))


def _write(rows: pd.DataFrame, url: str) -> None:
    files, path = fsspec.url_to_fs(url)
    files.makedirs(path.rpartition("/")[0], exist_ok=True)
    with files.open(path, "wb") as file:
        rows.to_parquet(file, index=False)


if __name__ == "__main__":
    deliver(sys.argv[1])
