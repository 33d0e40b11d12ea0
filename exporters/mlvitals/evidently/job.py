"""What a worker process is asked to do, and what it answers.

The job goes to the worker pickled: both ends are this program, and nothing foreign is in it. What comes back is JSON,
one message a line, since it was made next to foreign data by libraries of others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict

from mlvitals.evidently.config import Dataset, EvidentlySettings
from mlvitals.evidently.plan import Side
from mlvitals.evidently.results import Failed, Outcome, Progress

EngineName = Literal["evidently"]
"""Ways to compute scores."""


@dataclass(frozen=True, slots=True)
class Job:
    """One data set to be computed. `known`: side -> identity of what was computed last."""

    dataset: Dataset
    settings: EvidentlySettings
    seconds: float
    known: Mapping[Side, str] = field(default_factory=dict)
    engine: EngineName = "evidently"
    html: bool = False
    """Evidently's report is wanted, too."""


class Message(BaseModel):
    """One message of a worker."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    progress: Progress | None = None
    outcome: Outcome | None = None
    failed: Failed | None = None
    html: str | None = None
    not_written: Failed | None = None
