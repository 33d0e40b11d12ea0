"""Settings of one data set, and the two sides of it as they are read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mlvitals.core.collector import Deadline
from mlvitals.evidently.config import EvidentlySettings
from mlvitals.evidently.plan import Side
from mlvitals.evidently.reading import Listing, Sample, read, read_all, resolve
from mlvitals.evidently.results import Progress


def settings(more: Mapping[str, Any] | None = None, **dataset: Any) -> EvidentlySettings:
    """One data set, `d`; `more` are keys of the exporter."""
    entry = {"name": "d", "reference": "/nowhere", "current": "/nowhere", **dataset}
    return EvidentlySettings.model_validate({"name": "x", "type": "evidently", "datasets": [entry], **(more or {})})


def found(side: Side = "current", more: Mapping[str, Any] | None = None, **dataset: Any) -> Listing:
    """The files of a side."""
    made = settings(more, **dataset)
    return resolve(side, made.datasets[0], made, Deadline(60))


def names(side: Side = "current", **dataset: Any) -> list[str]:
    """The paths of the files of a side, relative to the folder `root`."""
    root = str(dataset.pop("root"))
    return [file.path.removeprefix(root + "/") for file in found(side, **dataset).files]


def taken(side: Side = "current", more: Mapping[str, Any] | None = None, **dataset: Any) -> Sample:
    """A side as it is read."""
    made = settings(more, **dataset)
    listing = resolve(side, made.datasets[0], made, Deadline(60))
    return read(listing, made.datasets[0], Deadline(60), _quiet)


def both(**dataset: Any) -> dict[Side, Sample]:
    """Both sides, read together."""
    made = settings(**dataset)
    sides: tuple[Side, ...] = ("reference", "current")
    listings = {side: resolve(side, made.datasets[0], made, Deadline(60)) for side in sides}
    return read_all(listings, made.datasets[0], Deadline(60), _quiet)


def parquet(path: Path, columns: Mapping[str, Any], **options: Any) -> Path:
    """A file of Parquet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(dict(columns)), path, **options)
    return path


def _quiet(progress: Progress) -> None:
    """Nobody listens."""
