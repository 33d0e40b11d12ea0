"""Metric declarations and the families that carry their samples.

A metric is declared once, as a frozen `Metric`. The exposition, the catalogue, the queries of dashboards and
alerts and the tests all read that declaration, so a name or a label cannot drift between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import ModuleType

from prometheus_client.metrics_core import Metric as Exposition

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_UNITS = ("seconds", "bytes", "ratio")
# `le` and `quantile` belong to histograms and summaries, the others to the scrape target.
RESERVED_LABELS = frozenset({"le", "quantile", "exporter", "exporter_type", "job", "instance", "type", "env", "team"})
_RESERVED_SUFFIXES = ("_total", "_info", "_count", "_sum", "_bucket", "_created")


class Kind(StrEnum):
    """The metric types of the exposition format that mlvitals uses."""

    GAUGE = "gauge"
    COUNTER = "counter"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, as it stands on the page.

    `name` is the sample name that PromQL sees (`…_total` for counters, `…_info` for infos), and so is `str(metric)`.
    `help` names the upstream field. `values` closes a label: label name -> every value it can take.
    Raises ValueError when the declaration breaks a naming rule.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    kind: Kind = Kind.GAUGE
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise ValueError(f"metric {self.name!r}: {problem}")

    def __str__(self) -> str:
        return self.name

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def unit(self) -> str:
        """The base unit that the name ends in: seconds, bytes, ratio or nothing."""
        stem = self.name.removesuffix("_total")
        return next((unit for unit in _UNITS if stem.endswith("_" + unit)), "")

    def family(self) -> Family:
        """An empty family to add this metric's samples to."""
        return Family(self)


def gauge(name: str, help: str, *labels: str, **values: tuple[str, ...]) -> Metric:  # noqa: A002
    """Declare a gauge; a keyword closes a label to the values given (and adds the label)."""
    return Metric(name, help, (*labels, *values), Kind.GAUGE, values)


def counter(name: str, help: str, *labels: str, **values: tuple[str, ...]) -> Metric:  # noqa: A002
    """Declare a counter; its name ends in `_total`."""
    return Metric(name, help, (*labels, *values), Kind.COUNTER, values)


def info(name: str, help: str, *labels: str) -> Metric:  # noqa: A002
    """Declare an info metric, always 1; its name ends in `_info`."""
    return Metric(name, help, labels, Kind.INFO)


class Family:
    """The samples of one metric: label values -> value.

    Wrong, missing or extra labels, a value outside a closed label and a second sample with the same labels
    raise ValueError: each is a bug in the collector, and the runner reports it as `internal`.
    """

    __slots__ = ("metric", "samples")

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self.samples: dict[tuple[str, ...], float] = {}

    def add(self, value: float, /, **labels: str) -> None:
        """Add one sample."""
        key = self._key(labels)
        if key in self.samples:
            raise ValueError(f"{self.metric} has two samples with {labels}")
        self.samples[key] = float(value)

    def add_states(self, label: str, current: str | None, /, **labels: str) -> None:
        """Add a state set: one sample for each value that the declaration gives `label`, 1 for `current`."""
        for value in self.metric.values[label]:
            self.add(value == current, **labels, **{label: value})

    def _key(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        metric = self.metric
        if labels.keys() != set(metric.labels):
            raise ValueError(f"{metric} takes the labels {list(metric.labels)}, not {list(labels)}")
        for name, allowed in metric.values.items():
            if labels[name] not in allowed:
                raise ValueError(f"{metric} takes {name}={'|'.join(allowed)}, not {labels[name]!r}")
        return tuple(labels[name] for name in metric.labels)

    def exposition(self) -> Exposition:
        """The family in prometheus_client's form."""
        metric = self.metric
        shown = Exposition(_family_name(metric), metric.help, metric.kind.value, metric.unit)
        for key, value in self.samples.items():
            shown.add_sample(metric.name, dict(zip(metric.labels, key, strict=True)), value)
        return shown

    def __len__(self) -> int:
        return len(self.samples)


def declared(*modules: ModuleType) -> Iterator[Metric]:
    """Every metric that the modules declare, in the order of declaration."""
    for module in modules:
        yield from (value for value in vars(module).values() if isinstance(value, Metric))


def total_samples(families: Iterable[Family]) -> int:
    """How many series the families hold."""
    return sum(map(len, families))


def _family_name(metric: Metric) -> str:
    suffix = {Kind.COUNTER: "_total", Kind.INFO: "_info"}.get(metric.kind, "")
    return metric.name.removesuffix(suffix)


def _problems(metric: Metric) -> Iterator[str]:
    own = {Kind.COUNTER: "_total", Kind.INFO: "_info"}.get(metric.kind)
    if not _NAME.fullmatch(metric.name):
        yield "a name is lower case words joined by underscores"
    if own and not metric.name.endswith(own):
        yield f"a {metric.kind} ends in {own}"
    if any(metric.name.endswith(suffix) for suffix in _RESERVED_SUFFIXES if suffix != own):
        yield f"a {metric.kind} does not end in {', '.join(_RESERVED_SUFFIXES)}"
    if not metric.help.strip():
        yield "help is empty"
    for label in metric.labels:
        if label in RESERVED_LABELS or not _NAME.fullmatch(label):
            yield f"label {label!r} is reserved or malformed"
    if len(set(metric.labels)) != len(metric.labels):
        yield "a label stands twice"
