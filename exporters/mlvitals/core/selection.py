"""What is shown: by pattern, by limit, and always the same choice for the same input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

MAX_LABEL = 256
"""Characters of a label value. Values are left out, not cut: two could become one."""

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
