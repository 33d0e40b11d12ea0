"""Small data sets, and how the engine scores them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from mlvitals.evidently.engine.evidently import EvidentlyEngine
from mlvitals.evidently.plan import Plan
from mlvitals.evidently.results import Column, Results

ROWS = 500


def score(reference: pa.Table, current: pa.Table, **plan: object) -> Results:
    """By the engine, with nobody listening."""
    return EvidentlyEngine().score(reference, current, Plan.model_validate(plan), lambda progress: None)


def column(results: Results, name: str) -> Column:
    """The one of this name."""
    (found,) = [column for column in results.columns if column.name == name]
    return found


def churn(seed: int, shift: float = 0.0) -> pa.Table:
    """An everyday table: a float, an integer, a string and a boolean."""
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "age": rng.normal(40 + shift, 10, ROWS),
            "visits": rng.poisson(4, ROWS),
            "plan": rng.choice(["free", "team", "firm"], ROWS),
            "active": rng.random(ROWS) > 0.5,
        }
    )
