"""What is shown: by pattern, by limit, and always the same choice for the same input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from mlvitals.mlflow.config import Bound, Objective, matches

MAX_LABEL = 256
"""Characters of a label value: MLflow's own bound on names. Values are left out, not cut: two could become one."""

T = TypeVar("T")


@dataclass(slots=True)
class Selection(Generic[T]):
    """`shown` by name, in upstream's order; `matched` counts what the patterns keep; `dropped` reason -> objects."""

    shown: dict[str, T] = field(default_factory=dict)
    matched: int = 0
    dropped: Counter[str] = field(default_factory=Counter)


def everything(_: str) -> bool:
    """Keeps every name."""
    return True


def select(
    items: Iterable[T], name: Callable[[T], str], limit: int, keeps: Callable[[str], bool] = everything
) -> Selection[T]:
    """The first `limit` items whose name is kept. Holds no more of them, however many there are."""
    selection = Selection[T]()
    for item in items:
        label = name(item)
        if label in selection.shown or not keeps(label):
            continue
        selection.matched += 1
        if len(label) > MAX_LABEL:
            selection.dropped["too_long"] += 1
        elif len(selection.shown) == limit:
            selection.dropped["limit"] += 1
        else:
            selection.shown[label] = item
    return selection


class Objectives:
    """The configured objectives: for each key, the first that speaks of it wins."""

    def __init__(self, objectives: Iterable[Objective]) -> None:
        self._objectives = tuple(objectives)
        self.metrics = frozenset(bound.metric for each in self._objectives for bound in each.bounds())

    def new_version_within(self, model: str) -> float | None:
        """Seconds within which the model gets a new version, if anything is expected."""
        found = (each.new_version_within for each in self._objectives if matches(model, (each.model,)))
        return next((seconds for seconds in found if seconds is not None), None)

    def bounds(self, model: str, alias: str) -> list[Bound]:
        """The bounds on metrics behind the alias."""
        for each in self._objectives:
            if each.metrics and matches(model, (each.model,)) and matches(alias, (each.alias,)):
                return each.bounds()
        return []
