"""What a collection looks like on the page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import Metric as Exposition
from prometheus_client import generate_latest

from mlvitals.core.collector import Collector, Deadline, Snapshot
from mlvitals.core.metric import Family

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
"""(metric, labels) -> value."""


def read(collector: Collector, seconds: float = 30.0) -> Snapshot:
    """The one snapshot of a collector with one target. UpstreamError passes."""
    (result,) = collector.collect(Deadline(seconds))
    assert isinstance(result, Snapshot), result
    return result


def text(families: Iterable[Family]) -> str:
    """The exposition text of the families that have samples."""
    shown = [family.exposition() for family in families if family.samples]
    # Old releases of the library write e+011, which is the same number.
    return re.sub(r"(?<=\de\+)0(?=\d\d$)", "", generate_latest(_Fixed(shown)).decode(), flags=re.MULTILINE)


def samples(*snapshots: Snapshot) -> Samples:
    """Every sample of the snapshots."""
    found: Samples = {}
    for family in (family for snapshot in snapshots for family in snapshot.families):
        for values, value in family.samples.items():
            labels = frozenset(zip(family.metric.labels, values, strict=True))
            found[family.metric.name, labels] = value
    return found


def sample(metric: object, /, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    """The key of a sample."""
    return str(metric), frozenset(labels.items())


class _Fixed:
    def __init__(self, families: Sequence[Exposition]) -> None:
        self._families = families

    def collect(self) -> Iterator[Exposition]:
        return iter(self._families)
