"""What a snapshot holds, under names that stay the same from run to run."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mlvitals.core.patterns import matches
from mlvitals.core.selection import MAX_LABEL
from mlvitals.evidently.workspace.answers import Download, Test
from mlvitals.evidently.workspace.config import Workspace
from mlvitals.evidently.workspace.metrics import RESULTS, STATUSES

# Thresholds move without another thing being measured; the others say what is drawn.
_NO_PARAMETERS = frozenset(
    {
        *("type", "column", "metric", "label"),
        *("threshold", "num_threshold", "cat_threshold", "text_threshold", "drift_share"),
        *("error_plot", "error_distr", "error_normality", "perc_error_plot", "nbinsx"),
        *("conf_matrix", "pr_curve", "pr_table", "roc_curve"),
    }
)


class Identity(NamedTuple):
    """What was computed, as far as it is the same in every run."""

    metric: str
    column: str
    parameters: str
    label: str
    result: str


class OneTest(NamedTuple):
    """Which test of what was computed."""

    test: str
    critical: bool
    of: Identity


class Part(NamedTuple):
    """A number of a metric's result: which one, of which class or category, and how much."""

    result: str
    label: str | None = None
    value: object = None


@dataclass
class Content:
    """What is shown of a snapshot. `tests` counts all of them by status; the rest is chosen.

    `dropped_values` and `dropped_tests` count what a limit or a bad value kept out, by reason.
    """

    values: dict[Identity, float] = field(default_factory=dict)
    statuses: dict[OneTest, str] = field(default_factory=dict)
    tests: Counter[str] = field(default_factory=Counter)
    dropped_values: Counter[str] = field(default_factory=Counter)
    dropped_tests: Counter[str] = field(default_factory=Counter)


def choose(download: Download, workspace: Workspace) -> Content:
    """What is to be shown of a snapshot."""
    content = Content()
    for metric in download.metrics:
        for part in parts(metric.value):
            _add_value(content, metric.config, _grouped(metric.config, part), workspace)
    for test in download.tests:
        _add_test(content, test, workspace)
    return content


def parts(value: object) -> Iterator[Part]:
    """The numbers of a result in the form of Snapshot.dict(). Of a table, such as of correlations, none is shown."""
    if isinstance(value, list):
        return
    if not isinstance(value, dict):
        yield Part("value", None, value)
    elif value.keys() in ({"count", "share"}, {"mean", "std"}):
        yield from (Part(name, None, each) for name, each in value.items())
    elif value.keys() == {"counts", "shares"} and all(isinstance(each, dict) for each in value.values()):
        for name, by_label in value.items():
            yield from (Part(name[:-1], label, each) for label, each in by_label.items())
    elif not any(isinstance(each, dict | list) for each in value.values()):
        yield from (Part("value", label, each) for label, each in value.items())


def _grouped(params: Mapping[str, Any], part: Part) -> Part:
    """The part with its label. GroupBy is the metric that it wraps, once for each value of another column."""
    grouped = part.label is None and params.get("label") is not None
    return part._replace(label=str(params["label"])) if grouped else part


def _named(params: Mapping[str, Any], part: Part) -> Identity:
    wrapped = params.get("metric")
    inner: Mapping[str, Any] = wrapped if isinstance(wrapped, dict) else {}
    told = {**inner, **params}
    scalars = {name: each for name, each in told.items() if isinstance(each, str | int | float)}
    chosen = sorted(name for name in scalars if name not in _NO_PARAMETERS and not name.endswith("tests"))
    return Identity(
        str(inner.get("type", params.get("type", ""))).rpartition(":")[2],
        str(told.get("column", "")),
        ",".join(f"{name}={scalars[name]}" for name in chosen),
        part.label or "",
        part.result,
    )


def _add_value(content: Content, params: Mapping[str, Any], part: Part, workspace: Workspace) -> None:
    identity = _named(params, part)
    if part.label is not None and not matches(identity.metric, workspace.by_label):
        return
    number = _number(part.value)
    reason = _misfit(identity, identity, content.values, workspace) if math.isfinite(number) else "not_finite"
    if not reason and content.values.setdefault(identity, number) != number:
        reason = "duplicate"
    content.dropped_values[reason] += bool(reason)


def _add_test(content: Content, test: Test, workspace: Workspace) -> None:
    status = test.status.lower()
    if status not in STATUSES:
        content.dropped_tests["unknown"] += 1
        return
    content.tests[status] += 1
    params = test.metric_config.params
    identity = _named(params, _grouped(params, _tested(test.bound_test or {})))
    if not matches(identity.metric, workspace.by_label):
        identity = identity._replace(label="")
    key = OneTest(test.id, test.test_config.get("is_critical") is not False, identity)
    if reason := _misfit(key, (test.id, *identity), content.statuses, workspace):
        content.dropped_tests[reason] += 1
        return
    content.statuses[key] = max(content.statuses.get(key, status), status, key=STATUSES.index)


def _tested(bound: Mapping[str, Any]) -> Part:
    """The part of the metric's result that a test is about. Source: the subclasses of Evidently's BoundTest."""
    slot = bound.get("slot")
    if isinstance(bound.get("is_count"), bool):
        slot = "count" if bound["is_count"] else "share"
    elif isinstance(bound.get("is_mean"), bool):
        slot = "mean" if bound["is_mean"] else "std"
    label = bound.get("label")
    return Part(slot if slot in RESULTS else "value", None if label is None else str(label))


def _misfit(key: Hashable, texts: tuple[str, ...], shown: Mapping[Any, object], workspace: Workspace) -> str:
    """Why this is not shown; empty when it is."""
    if not texts[0]:
        return "unknown"
    if any(len(text) > MAX_LABEL for text in texts):
        return "too_long"
    return "limit" if key not in shown and len(shown) >= workspace.max_values else ""


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf
