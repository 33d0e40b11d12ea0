"""Queries use only metrics and labels that are declared, each narrowed to the chosen exporters."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import promql_parser as parser

from mlvitals.core import metrics as suite
from mlvitals.core.metric import Metric, declared
from mlvitals_dashboards.queries import Json, Query, panels, queries, substituted, variable_queries
from mlvitals_dashboards.signals import FOREIGN, PROCESS_TYPE, Series

TARGET_LABELS = frozenset({"exporter", "exporter_type", "job", "instance"})
"""Labels that Prometheus has from service discovery."""

_CHOSEN = "(?:.+)"
"""What stands for a variable's values, so that a matcher of a variable is told from one written out."""
_RANGED = frozenset({"rate", "irate", "increase"})
_LABELLING = frozenset({"label_join", "label_replace"})
_LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def promql(dashboard: Json, metrics: Iterable[Metric]) -> list[str]:
    """What the queries of panels and variables use and may not, or do not do and should."""
    known = _known([*declared(suite), *metrics])
    found = []
    for query in [*queries(dashboard), *variable_queries(dashboard)]:
        found += [f"{query.panel!r} {query.ref}: {text}" for text in _query(query, known)]
    for panel in panels(dashboard):
        found += [f"{panel.get('title')!r}: {text}" for text in _columns(panel, known)]
    return found


def _known(metrics: Iterable[Metric]) -> dict[str, Metric | Series]:
    own = {str(metric): metric for metric in metrics}
    every = tuple({label for metric in own.values() for label in metric.labels})
    foreign = [replace(s, labels=(*s.labels, *every)) if s.inherits else s for s in FOREIGN]
    return {**own, **{str(series): series for series in foreign}}


def _query(query: Query, known: Mapping[str, Metric | Series]) -> Iterator[str]:
    try:
        tree = _parsed(query.expr)
    except ValueError as error:
        yield f"is no PromQL: {error}"
        return
    yield from _rate_interval(query)
    chosen = not query.panel.startswith("variable exporter")
    for node, parent in _nodes(tree):
        if isinstance(node, parser.VectorSelector):
            yield from _selector(node, known, chosen)
            yield from _counter(node, parent)
    absent = {*_LEGEND.findall(query.legend)} - _labels(tree, known) | _joined(tree, known)
    yield from (f"label {label!r} is not there" for label in sorted(absent))


def _parsed(expr: str) -> Any:
    return parser.parse(substituted(expr, value=_CHOSEN))


def _rate_interval(query: Query) -> Iterator[str]:
    if not query.instant and re.search(r"\[(?!\$__rate_interval\])", query.expr):
        yield "a range over time is not $__rate_interval"


def _selector(node: Any, known: Mapping[str, Metric | Series], chosen: bool) -> Iterator[str]:
    metric = known.get(node.name)
    if metric is None:
        yield f"metric {node.name!r} is not declared"
        return
    for matcher in node.matchers.matchers:
        yield from _matcher(matcher, metric)
    if chosen and not _is_chosen(node):
        yield f'{node.name} is not narrowed by exporter=~"$exporter"'


def _matcher(matcher: Any, metric: Metric | Series) -> Iterator[str]:
    values = metric.values if isinstance(metric, Metric) else {}
    if matcher.name not in metric.labels and matcher.name not in TARGET_LABELS:
        yield f"{metric} has no label {matcher.name!r}"
    elif matcher.name in values and not any(_takes(matcher, value) for value in values[matcher.name]):
        yield f"{metric} never has {matcher.name}={matcher.value!r}"


def _takes(matcher: Any, value: str) -> bool:
    is_pattern = matcher.op in (parser.MatchOp.Re, parser.MatchOp.NotRe)
    return re.fullmatch(matcher.value if is_pattern else re.escape(matcher.value), value) is not None


def _is_chosen(node: Any) -> bool:
    """Narrowed to the chosen exporters, or of the process itself, which no exporter stands for."""
    matchers = [(matcher.name, matcher.op, matcher.value) for matcher in node.matchers.matchers]
    return ("exporter", parser.MatchOp.Re, _CHOSEN) in matchers or (
        ("exporter_type", parser.MatchOp.Equal, PROCESS_TYPE) in matchers
    )


def _counter(node: Any, parent: Any) -> Iterator[str]:
    if node.name.endswith("_total") and parent not in _RANGED:
        yield f"counter {node.name} is used without rate or increase"


def _nodes(node: Any, call: str = "") -> Iterator[tuple[Any, str]]:
    """Every node, with the function that it is an argument of."""
    yield node, call
    for child, inner in _children(node, call):
        yield from _nodes(child, inner)


def _children(node: Any, call: str) -> Iterator[tuple[Any, str]]:
    if isinstance(node, parser.Call):
        yield from ((argument, node.func.name) for argument in node.args)
    elif isinstance(node, parser.MatrixSelector):
        yield node.vector_selector, call
    elif isinstance(node, parser.BinaryExpr):
        yield from ((side, "") for side in (node.lhs, node.rhs))
    elif isinstance(node, parser.AggregateExpr | parser.ParenExpr | parser.UnaryExpr | parser.SubqueryExpr):
        yield node.expr, ""


def _labels(tree: Any, known: Mapping[str, Metric | Series]) -> frozenset[str]:
    """Labels that a result can have: an aggregation leaves those that it names, of those that there are."""
    if isinstance(tree, parser.VectorSelector):
        metric = known.get(tree.name or "")
        return TARGET_LABELS.union(metric.labels if metric else ())
    below = frozenset[str]().union(*(_labels(child, known) for child, _ in _children(tree, "")))
    if isinstance(tree, parser.AggregateExpr):
        if tree.modifier is None:
            return frozenset()
        named = frozenset(tree.modifier.labels)
        return below & named if tree.modifier.type == parser.AggModifierType.By else below - named
    if isinstance(tree, parser.Call) and tree.func.name in _LABELLING:
        return below | {tree.args[1].val}
    return below


def _joined(tree: Any, known: Mapping[str, Metric | Series]) -> set[str]:
    """Labels that an aggregation or a join names and nothing below it has."""
    absent: set[str] = set()
    for node, _ in _nodes(tree):
        named: list[str] = []
        if isinstance(node, parser.BinaryExpr) and node.modifier and node.modifier.matching:
            named = node.modifier.matching.labels
        elif isinstance(node, parser.AggregateExpr) and node.modifier:
            named = node.modifier.labels
        below = (_labels(child, known) for child, _ in _children(node, ""))
        absent |= set(named).difference(*below)
    return absent


def _columns(panel: Json, known: Mapping[str, Metric | Series]) -> Iterator[str]:
    """A table names only labels that its queries have."""
    targets = panel.get("targets", [])
    there = {"Time", "Value", *(f"Value #{target['refId']}" for target in targets)}
    for target in targets:
        with contextlib.suppress(ValueError):  # reported with its query
            there |= _labels(_parsed(target["expr"]), known)
    for transformation in panel.get("transformations", []):
        if transformation["id"] == "organize":
            names = transformation["options"].get("renameByName", {})
            yield from (f"column {name!r} is in no query" for name in names if name not in there)
