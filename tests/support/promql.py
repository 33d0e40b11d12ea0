"""Checks that a query looks only at what is declared.

problems('sum without (model) (mlflow_model_versions{modl="x"})', known(mlflow_metrics))
-> ["mlflow_model_versions has no label 'modl'"]
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType

import promql_parser as promql

from mlvitals.core.metric import Metric, declared

TARGET_LABELS = frozenset({"exporter", "exporter_type", "job", "instance"})
"""Labels that service discovery puts on every series."""


@dataclass(frozen=True, slots=True)
class Series:
    """What a query may say of one metric: its labels, and the values of the closed ones."""

    labels: frozenset[str]
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def known(*modules: ModuleType, extra: Iterable[tuple[str, Iterable[str]]] = ()) -> dict[str, Series]:
    """Metric name -> Series, for all that the modules declare, for `up` and for `extra` (name, labels).

    Targets of jmx_exporter have the label `daemon`.
    """
    metrics = {metric.name: _series(metric) for metric in declared(*modules)}
    more = {name: Series(TARGET_LABELS | frozenset(labels)) for name, labels in (("up", ("daemon",)), *extra)}
    return {**metrics, **more}


def problems(query: str, metrics: Mapping[str, Series]) -> list[str]:
    """What is wrong with a query: it does not parse, or names a metric, label or closed value that is not declared.

    Grouping and matching labels must belong to one of the query's metrics. Grafana's variables must be gone already.
    """
    try:
        tree = promql.parse(query)
    except ValueError as error:
        return [f"does not parse: {error}"]
    nodes = list(walk(tree))
    selectors = [node for node in nodes if isinstance(node, promql.VectorSelector)]
    found = [problem for selector in selectors for problem in _selector_problems(selector, metrics)]
    labels = frozenset().union(*(metrics[str(s.name)].labels for s in selectors if s.name in metrics))
    return [*found, *(f"no metric here has the label {name!r}" for name in _grouping(nodes) if name not in labels)]


def walk(tree: promql.Expr) -> list[promql.Expr]:
    """Every node of a parsed query, parents first."""
    nodes: list[promql.Expr] = []
    promql.walk(tree, pre_visit=nodes.append)
    return nodes


def metric_names(query: str) -> set[str]:
    """The metrics that a query selects."""
    return {str(node.name) for node in walk(promql.parse(query)) if isinstance(node, promql.VectorSelector)}


def aggregates_by(query: str) -> bool:
    """Whether it drops labels that it does not name: `sum(…)`, `by (…)`, `on (…)` of all but a set operator."""
    return any(map(_drops_labels, walk(promql.parse(query))))


def _drops_labels(node: promql.Expr) -> bool:
    if isinstance(node, promql.AggregateExpr):
        return node.modifier is None or node.modifier.type != promql.AggModifierType.Without
    if isinstance(node, promql.BinaryExpr) and node.modifier and node.modifier.matching:
        return str(node.op) not in ("and", "or", "unless") and bool(
            node.modifier.matching.type == promql.LabelModifierType.Include
        )
    return False


def _series(metric: Metric) -> Series:
    return Series(TARGET_LABELS | frozenset(metric.labels), metric.values)


def _selector_problems(selector: promql.VectorSelector, metrics: Mapping[str, Series]) -> Iterator[str]:
    series = metrics.get(str(selector.name))
    if series is None:
        yield f"{selector.name} is not declared"
        return
    for matcher in selector.matchers.matchers:
        if matcher.name not in series.labels:
            yield f"{selector.name} has no label {matcher.name!r}"
        elif matcher.name in series.values and not _takes_any(matcher, series.values[matcher.name]):
            yield f"{selector.name} never has {matcher}"


def _takes_any(matcher: promql.Matcher, values: Iterable[str]) -> bool:
    pattern = matcher.value if matcher.op in (promql.MatchOp.Re, promql.MatchOp.NotRe) else re.escape(matcher.value)
    return any(re.fullmatch(pattern, value) for value in values)


def _grouping(nodes: Iterable[promql.Expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, promql.AggregateExpr) and node.modifier:
            yield from node.modifier.labels
        elif isinstance(node, promql.BinaryExpr) and node.modifier:
            yield from node.modifier.group_labels or ()
            yield from node.modifier.matching.labels if node.modifier.matching else ()
