"""Small data sets in files, and the settings of an exporter that reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mlvitals.config import settings_from
from mlvitals.evidently.config import EvidentlySettings

ROWS = 400


def frame(shift: float = 0.0, rows: int = ROWS, seed: int = 1) -> pd.DataFrame:
    """Numbers, categories and times; `shift` moves the numbers."""
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": random.normal(40, 10, rows) + shift,
            "clicks": random.poisson(3, rows),
            "country": random.choice(["de", "fr", "it"], rows),
            "seen": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(random.integers(0, 1000, rows), unit="h"),
            "target": random.integers(0, 2, rows),
            "guess": random.integers(0, 2, rows),
        }
    )


def write(rows: pd.DataFrame, path: Path) -> Path:
    """Write them as Parquet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows.to_parquet(path, index=False)
    return path


def settings(folder: Path, *datasets: dict[str, Any], **more: Any) -> EvidentlySettings:
    """Of an exporter whose data sets are, unless they say otherwise, `reference.parquet` and `current.parquet`."""
    sides = {side: str(folder / f"{side}.parquet") for side in ("reference", "current")}
    entries = [{"name": "churn", **sides, **each} for each in datasets or ({},)]
    made = settings_from("evidently", {"datasets": entries, **more}, "test")
    assert isinstance(made, EvidentlySettings)
    return made
