"""What computes scores. Runs in the worker process only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import pyarrow as pa

from mlvitals.evidently.plan import Plan
from mlvitals.evidently.results import Progress, Results

Tell = Callable[[Progress], None]
"""Hears how far it is."""


class Engine(Protocol):
    """Scores a data set against its reference."""

    def score(self, reference: pa.Table, current: pa.Table, plan: Plan, tell: Tell) -> Results:
        """Everything that the plan asks for. One bad column has a reason; the others have their scores.

        The tables hold the columns that match the plan's patterns, of either side. Raises nothing for bad data.
        """
        ...
