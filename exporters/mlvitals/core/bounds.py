"""Bounds as people write them: `mse < 0.5`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Annotated, NamedTuple

from pydantic import AfterValidator

from mlvitals.core.settings import Mistake

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_BOUND = re.compile(rf"(?P<metric>[^<>=]*[^<>=\s])\s*(?P<operator><=|>=|<|>)\s*(?P<value>{_NUMBER})")


class Bound(NamedTuple):
    """A bound on a run's metric: right while `metric operator value` holds."""

    metric: str
    operator: str
    value: float


def parse_bound(text: str) -> Bound:
    """`mse < 0.5` in parts. Raises ValueError."""
    match = _BOUND.fullmatch(text.strip())
    if match is None or not math.isfinite(value := float(match["value"])):
        raise ValueError(f"expected a bound such as 'mse < 0.5', got {text!r}")
    return Bound(match["metric"], match["operator"], value)


def _checked(text: str) -> str:
    parse_bound(text)
    return text


BoundText = Annotated[str, AfterValidator(_checked)]
"""A bound as it is written."""


def contradictions(key: str, bounds: object) -> Iterator[Mistake]:
    """Two bounds of one metric and operator in the list at this key."""
    seen: set[tuple[str, str]] = set()
    for index, text in enumerate(bounds if isinstance(bounds, list) else ()):
        try:
            bound = parse_bound(text)
        except (ValueError, AttributeError):
            # What is no bound is told elsewhere.
            continue
        if bound[:2] in seen:
            yield (key, index), "expected one bound for each metric and operator"
        seen.add(bound[:2])
