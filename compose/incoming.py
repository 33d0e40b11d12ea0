"""What a model is asked in production: digits that a scanner reads, day by day. On the last day its lamp is weak.

    python -m compose.incoming FOLDER

Writes `dt=YYYY-MM-DD/digits.parquet` below the folder, pixels from 0 to 1 as the model knows them.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

DAYS, ROWS, SEED = 4, 600, 7
WHITE = 16.0
WEAK = 0.55
"""What is left of the light on the last day."""


def main(folder: Path) -> None:
    """Write the days, the last of which is today."""
    images = load_digits(as_frame=True).frame.drop(columns="target") / WHITE
    # The pipeline leaves out what is the same in all that it has seen.
    images = images.loc[:, images.nunique() > 2]
    random = np.random.default_rng(SEED)
    today = datetime.now(UTC).date()
    for age in reversed(range(DAYS)):
        rows = images.iloc[random.choice(len(images), ROWS, replace=False)]
        _write(rows if age else rows * WEAK, folder / f"dt={today - timedelta(days=age)}")


def _write(rows: pd.DataFrame, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    hidden = folder / ".digits.parquet"
    rows.to_parquet(hidden, index=False)
    # Whoever reads meanwhile sees all of it or nothing.
    hidden.rename(folder / "digits.parquet")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
