"""The catalogue of every metric that mlvitals can serve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tabulate import tabulate

from mlvitals import registry
from mlvitals.core import metrics as own
from mlvitals.core.exporter import ExporterType
from mlvitals.core.metric import Metric, declared


def by_type() -> dict[str, tuple[Metric, ...]]:
    """Exporter type -> its metrics; `mlvitals` stands for the self-metrics."""
    return {"mlvitals": tuple(declared(own)), **{name: known.metrics for name, known in _types()[0].items()}}


def problems() -> list[str]:
    """Why types that are installed are not in the catalogue, one line each."""
    return _types()[1]


def rows() -> list[dict[str, Any]]:
    """One mapping a metric, as `mlvitals metrics --format json` prints it."""
    return [_row(name, metric) for name, metrics in by_type().items() for metric in metrics]


def table() -> str:
    """A table for a terminal."""
    cells = [(row["name"], row["kind"], ", ".join(row["labels"]), row["exporter_type"]) for row in rows()]
    return tabulate(cells, headers=["metric", "kind", "labels", "exporter type"], tablefmt="simple")


def markdown() -> str:
    """The reference page."""
    return "\n".join(_markdown()) + "\n"


def _types() -> tuple[dict[str, ExporterType], list[str]]:
    found: dict[str, ExporterType] = {}
    broken = []
    for name in registry.type_names():
        try:
            found[name] = registry.exporter_type(name)
        except registry.BrokenTypeError as error:
            broken.append(str(error))
    return found, broken


def _row(exporter_type: str, metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "exporter_type": exporter_type,
        "kind": metric.kind.value,
        "unit": metric.unit,
        "labels": list(metric.labels),
        "values": {label: list(values) for label, values in metric.values.items()},
        "help": metric.help,
    }


def _markdown() -> Iterator[str]:
    yield "# Metrics"
    yield ""
    yield "Prometheus adds `exporter` and `exporter_type` to every series, and the `labels` of the configuration."
    for name, metrics in by_type().items():
        yield f"\n## {name}\n"
        yield "| metric | kind | labels | meaning |"
        yield "|---|---|---|---|"
        for metric in metrics:
            yield f"| `{metric}` | {metric.kind} | {_labels(metric)} | {metric.help.replace('|', '&#124;')} |"


def _labels(metric: Metric) -> str:
    return "<br>".join(
        f"`{label}`" + (f": {', '.join(map(_code, metric.values[label]))}" if label in metric.values else "")
        for label in metric.labels
    )


def _code(value: str) -> str:
    return f"`{value}`"
