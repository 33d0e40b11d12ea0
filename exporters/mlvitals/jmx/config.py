"""Configuration of the exporter of any `/jmx` page: its rules are checked when the file is loaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from mlvitals.core.fleet import FleetOptions, twice
from mlvitals.core.jmx import Rule, Source, bean_template, template
from mlvitals.core.metric import RESERVED_LABELS, Kind, Metric
from mlvitals.core.settings import HttpUrl, Mistake, Settings, empty
from mlvitals.registry import type_names

_UNITS = {
    "seconds": ("seconds", 1.0),
    "milliseconds": ("seconds", 1e-3),
    "microseconds": ("seconds", 1e-6),
    "nanoseconds": ("seconds", 1e-9),
    "bytes": ("bytes", 1.0),
    "kibibytes": ("bytes", 2.0**10),
    "mebibytes": ("bytes", 2.0**20),
    "gibibytes": ("bytes", 2.0**30),
    "ratio": ("ratio", 1.0),
    "percent": ("ratio", 1e-2),
}
"""Unit of an attribute -> the base unit in which it is shown, and the factor."""
Unit = Literal[
    "seconds",
    "milliseconds",
    "microseconds",
    "nanoseconds",
    "bytes",
    "kibibytes",
    "mebibytes",
    "gibibytes",
    "ratio",
    "percent",
]
_LABEL = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PROMETHEUS = ("up", "scrape_", "process_", "python_")


def _compiles(compile_text: Callable[[str], object], text: str) -> str:
    compile_text(text)
    return text


_Bean = Annotated[str, AfterValidator(partial(_compiles, bean_template))]
_Text = Annotated[str, Field(min_length=1), AfterValidator(partial(_compiles, template))]


class RuleSettings(Settings):
    """Which attribute of which MBean becomes which metric."""

    bean: _Bean = Field(
        description="the MBean, such as Hadoop:service=HBase,name=RegionServer,sub=Regions; {queue} in a value of its "
        "keys takes anything and becomes the label queue, * takes anything, ,* at the end allows further keys"
    )
    attribute: _Text = Field(description="its attribute; {…} and * as in bean")
    path: tuple[_Text, ...] = Field((), description="keys into JSON that the attribute holds; {…} and * as in bean")
    name: str = Field(description="name of the metric, with its base unit, and _total when it is a counter")
    kind: Literal["gauge", "counter"] = Field("gauge", description="gauge or counter")
    unit: Unit | None = Field(None, description="unit of the attribute, converted into seconds, bytes or a ratio")
    help: str = Field("", description="what the metric means; default: bean and attribute")
    labels: dict[str, str] = Field(default_factory=dict, description="labels with fixed values")
    words: dict[str, float] = Field(
        default_factory=dict, description="numbers for texts that the attribute may have, such as {STARTED: 1}"
    )
    text_label: str | None = Field(
        None, description="label that takes the attribute's text, for an attribute that is one; the value is 1"
    )

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """A name that is none, or of another unit, and labels that cannot be."""
        name, unit = data.get("name"), data.get("unit")
        if isinstance(name, str):
            yield from _odd_name(name, data.get("kind"))
            if isinstance(unit, str) and unit in _UNITS and not _has_unit(name, _UNITS[unit][0]):
                yield ("name",), f"expected a name that ends in _{_UNITS[unit][0]}, before _total if it has that"
        yield from _odd_labels(data)
        if data.get("words") and data.get("text_label"):
            yield ("text_label",), "expected one of words and text_label"

    @property
    def source(self) -> Source:
        """Where its value is."""
        return Source(self.bean, self.attribute, self.path)

    @property
    def scale(self) -> float:
        """Factor into the base unit."""
        return _UNITS[self.unit][1] if self.unit else 1.0

    def rule(self, sources: tuple[Source, ...], help: str) -> Rule:  # noqa: A002
        """With these sources; the metric is that of all rules of its name."""
        # Sorted: rules of one name may find their labels in different places.
        metric = Metric(self.name, help, tuple(sorted(self.given)), Kind(self.kind))
        return Rule(metric, sources, self.scale, self.labels, self.words, self.text_label or "")

    @property
    def given(self) -> set[str]:
        """Labels of its metric."""
        return {*_labels(self.model_dump()), "daemon"}


class JmxSettings(FleetOptions):
    """Daemons of one kind, each with a `/jmx` page, and what is read from it."""

    daemons: tuple[HttpUrl, ...] = Field(description="URLs of the daemons, such as http://rm1:8088")
    query: str = Field(
        "Hadoop:*", min_length=1, description="which MBeans are asked for; '*:*' adds those of the JVM, and 300 kB"
    )
    rules: tuple[RuleSettings, ...] = Field(description="what is read; see below")

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """What every exporter may have wrong, a daemon that stands twice, and rules that contradict each other."""
        yield from super().mistakes(data)
        yield from empty(data, "daemons", "rules")
        yield from twice(data, "daemons")
        yield from _contradictions(data)

    def compiled(self) -> list[Rule]:
        """The rules. Those of one name and the same fixed labels are one, with their sources in turn."""
        helps = {each.name: each.help.strip() or f"{each.bean}.{each.attribute}" for each in reversed(self.rules)}
        groups: dict[tuple[str, ...], list[RuleSettings]] = {}
        for each in self.rules:
            groups.setdefault((each.name, *map(str, sorted(each.labels.items()))), []).append(each)
        return [
            first.rule(tuple(each.source for each in (first, *others)), helps[first.name])
            for first, *others in groups.values()
        ]


def rule_name(rule: Rule) -> str:
    """How the rule is called on the page: the metric, and its fixed labels."""
    fixed = ",".join(f'{label}="{value}"' for label, value in rule.labels.items())
    return f"{rule.metric}{{{fixed}}}" if fixed else str(rule.metric)


def _odd_name(name: str, kind: Any) -> Iterator[Mistake]:
    try:
        Metric(name, "any", (), Kind.COUNTER if kind == Kind.COUNTER else Kind.GAUGE)
    except ValueError as error:
        yield ("name",), str(error).removeprefix(f"metric {name!r}: ")
    for taken in (*_PROMETHEUS, "mlvitals_", *(f"{exporter_type}_" for exporter_type in type_names())):
        if name == taken or (taken.endswith("_") and name.startswith(taken)):
            what = f"names that begin with {taken} are" if taken.endswith("_") else f"the name {taken} is"
            yield ("name",), f"{what} taken, by mlvitals or Prometheus: choose another"


def _has_unit(name: str, unit: str) -> bool:
    return name.removesuffix("_total").endswith(f"_{unit}")


def _odd_labels(data: Mapping[str, Any]) -> Iterator[Mistake]:
    labels = data.get("labels")
    fixed = [label for label in labels if isinstance(label, str)] if isinstance(labels, Mapping) else []
    given = _labels(data)
    for label in dict.fromkeys(given):
        at = ("labels", label) if label in fixed else ("text_label",) if label == data.get("text_label") else ("bean",)
        if label == "daemon" or label in RESERVED_LABELS:
            yield at, f"the label {label} is set by mlvitals or Prometheus: choose another"
        elif not _LABEL.fullmatch(label):
            yield at, f"{label!r} is no label: expected lower case words joined by underscores"
        elif given.count(label) > 1:
            yield at, f"the label {label} comes from two places"


def _labels(data: Mapping[str, Any]) -> list[str]:
    """Labels of a rule as it is written, those of what compiles; one that comes from two places stands twice."""
    fixed, path, text = data.get("labels"), data.get("path"), data.get("text_label")
    found = [label for label in fixed if isinstance(label, str)] if isinstance(fixed, Mapping) else []
    found += [text] if isinstance(text, str) else []
    found += _places(bean_template, data.get("bean"))
    for each in (data.get("attribute"), *(path if isinstance(path, list | tuple) else ())):
        found += _places(template, each)
    return found


def _places(compile_text: Callable[[str], Any], text: Any) -> list[str]:
    try:
        return list(compile_text(text).labels) if isinstance(text, str) else []
    except ValueError:
        # Told where the text stands.
        return []


def _contradictions(data: Mapping[str, Any]) -> Iterator[Mistake]:
    """Rules of one name that are not of one metric, and labels of the target that are also the metric's."""
    rules, target = data.get("rules"), data.get("labels")
    first: dict[str, Mapping[str, Any]] = {}
    for index, rule in enumerate(rules if isinstance(rules, list | tuple) else ()):
        if not isinstance(rule, Mapping) or not isinstance(name := rule.get("name"), str):
            continue
        for key, what in _differences(first.setdefault(name, rule), rule):
            yield ("rules", index, key if key in rule else "name"), f"another rule of {name} has {what}"
        for label in _labels(rule):
            if isinstance(target, Mapping) and label in target:
                yield ("labels", label), f"{name} has this label: choose another"


def _differences(before: Mapping[str, Any], rule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Key and words for what keeps two rules from being of one metric; with the same labels they are also one rule."""
    told = {"kind": "another kind", "unit": "another unit"}
    if rule.get("labels") == before.get("labels"):
        told["words"] = "other words"
    yield from ((key, what) for key, what in told.items() if rule.get(key) != before.get(key))
    if {*_labels(rule)} != {*_labels(before)}:
        yield "name", "other labels"
