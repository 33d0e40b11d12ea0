"""What a worker process is asked to do, and what it answers.

The job goes to the worker pickled: both ends are this program, and nothing foreign is in it. What comes back is JSON,
one message a line, since it was made next to foreign data by libraries of others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from mlvitals.evidently.config import Dataset, EvidentlySettings
from mlvitals.evidently.plan import Side
from mlvitals.evidently.results import Failed, Handed, Outcome, Progress, Step

EngineName = Literal["evidently"]
"""Ways to compute scores."""
_STEPS: Sequence[Step] = get_args(Step)


@dataclass(frozen=True, slots=True)
class Job:
    """One data set to be computed. `last` is what was computed last, if anything was."""

    dataset: Dataset
    settings: EvidentlySettings
    seconds: float
    last: Outcome | None = None
    engine: EngineName = "evidently"
    html: bool = False
    """Evidently's report is wanted, too."""

    @property
    def known(self) -> Mapping[Side, str]:
        """Side -> identity of what was computed last."""
        return {side: read.identity for side, read in self.last.reads.items()} if self.last else {}

    def steps(self, outcome: Outcome) -> Sequence[Step]:
        """What is to be done with these numbers; with those of an unchanged pair, what failed the last time."""
        if outcome.unchanged:
            return [step for step in _STEPS if self.last and getattr(self.last, step)]
        wanted = {"not_written": self.settings.workspace, "not_drawn": self.html}
        return [step for step in _STEPS if wanted[step]]


class Message(BaseModel):
    """One message of a worker."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    progress: Progress | None = None
    outcome: Outcome | None = None
    failed: Failed | None = None
    handed: Handed | None = None
