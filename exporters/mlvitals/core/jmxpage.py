"""The `/jmx` page of a daemon: asked for once, and read by rules.

Sources: Hadoop's JMXJsonServlet, and what Hadoop 2.7.4, 3.4.3 and 3.5.0 were seen to answer: a query that is malformed
gets 200 `{ }`, one that matches nothing 200 `{"beans":[]}`. Neither is a page of zeros.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import from_json

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.jmx import BeanName, Captures, Rule, Source, bean_name, bean_template, template
from mlvitals.core.metric import Metric
from mlvitals.core.outbound import MAX_VALUES, Client, count_values
from mlvitals.core.report import Report
from mlvitals.core.selection import MAX_LABEL

MAX_SAMPLES = 1000
"""Samples of one rule on one page."""
Seen = set[frozenset[tuple[str, str]]]
"""The labels of a metric's samples."""
_NUMBER = re.compile(r"[-+]?\d{1,40}(?:\.\d{0,40})?(?:[eE][-+]?\d{1,3})?")


@dataclass(frozen=True, slots=True)
class _Answer:
    beans: list[dict[str, Any]] | None = None


_ANSWER = TypeAdapter(_Answer)


class JmxPage:
    """The MBeans of one answer. Every value is of the bean that it is asked of: what came is looked up by its name."""

    def __init__(self, beans: Iterable[Mapping[str, Any]], clock: float | None = None) -> None:
        self._beans = [(name, bean) for bean in beans if (name := _name(bean))]
        self._matching: dict[str, list[tuple[Captures, Mapping[str, Any]]]] = {}
        self._parsed: dict[str, Any] = {}
        self.clock = clock
        """The daemon's clock (the Date header), Unix time; None when it does not tell."""

    @property
    def services(self) -> set[str]:
        """What the beans say the daemon is: NameNode, DataNode …"""
        return {name.keys["service"] for name, _ in self._beans if "service" in name.keys}

    def value(self, source: Source) -> Any:
        """The first value there, of whatever type; None when there is none."""
        return next((value for _, value in self.values(source)), None)

    def values(self, source: Source) -> Iterator[tuple[Captures, Any]]:
        """Every value there that is not null, with what stands in the places of the templates."""
        attribute = template(source.attribute)
        for captures, bean in self._matches(source.bean):
            for found, value in _attributes(bean, attribute.names, source.attribute):
                yield from self._inside(value, source.path, captures | found)

    def parsed(self, value: Any) -> Any:
        """JSON inside of a string; None for what is none, or is too large. What is no string stays as it is."""
        if not isinstance(value, str):
            return value
        if value not in self._parsed:
            self._parsed[value] = _parsed(value)
        return self._parsed[value]

    def _inside(self, value: Any, path: Sequence[str], captures: Captures) -> Iterator[tuple[Captures, Any]]:
        if not path:
            yield captures, value
        elif isinstance(inner := self.parsed(value), Mapping):
            for found, each in _attributes(inner, template(path[0]).names, path[0]):
                yield from self._inside(each, path[1:], captures | found)

    def _matches(self, text: str) -> list[tuple[Captures, Mapping[str, Any]]]:
        if text not in self._matching:
            wanted = bean_template(text)
            found = ((wanted.match(name), bean) for name, bean in self._beans)
            self._matching[text] = [(captures, bean) for captures, bean in found if captures is not None]
        return self._matching[text]


def fetch(client: Client, query: str, deadline: Deadline) -> JmxPage:
    """GET the page. Raises UpstreamError."""
    answer = client.get("jmx", _ANSWER, deadline, {"qry": query})
    if answer.beans is None:
        raise UpstreamError("parse", "the answer has no MBeans: either this is no /jmx page, or the query is malformed")
    if not answer.beans:
        raise UpstreamError("parse", f"no MBean matches {query}: is this the right daemon?")
    return JmxPage(answer.beans, client.clock)


def read(rules: Sequence[Rule], page: JmxPage, report: Report, daemon: str) -> list[int]:
    """Add what the rules find; gives how many samples each found. What cannot be shown is counted as dropped."""
    # Of a metric, since rules of one name may find the same labels in different places.
    seen: dict[Metric, Seen] = {rule.metric: set() for rule in rules}
    return [_Reading(rule, report, daemon, seen[rule.metric]).read(page) for rule in rules]


class _Reading:
    """One rule on one page."""

    def __init__(self, rule: Rule, report: Report, daemon: str, seen: Seen) -> None:
        self._rule = rule
        self._report = report
        self._fixed = {"daemon": daemon, **rule.labels}
        self._seen = seen
        self._found = 0
        self._dropped = Counter[str]()

    def read(self, page: JmxPage) -> int:
        for source in self._rule.sources:
            for captures, value in page.values(source):
                self._add(captures, value)
            if self._found or self._dropped:
                break
        self._report.drop(self._rule.metric, self._dropped)
        return self._found

    def _add(self, captures: Captures, value: Any) -> None:
        label = self._rule.text_label
        labels = self._fixed | captures | ({label: value} if label else {})
        if (number := self._number(value)) is None:
            self._dropped["not_a_text" if label else "not_a_number"] += 1
        elif self._means_something(number) and self._fits(labels):
            self._report.add(self._rule.metric, number, **labels)

    def _means_something(self, number: float) -> bool:
        return not ((self._rule.positive and number <= 0) or (self._rule.natural and number < 0))

    def _fits(self, labels: Mapping[str, str]) -> bool:
        key = frozenset(labels.items())
        closed = self._rule.metric.values
        why = (
            (any(len(text) > MAX_LABEL for text in labels.values()) and "too_long")
            or (any(labels[label] not in values for label, values in closed.items()) and "unknown_label")
            or (key in self._seen and "duplicate")
            or (self._found >= MAX_SAMPLES and "limit")
        )
        if why:
            self._dropped[why] += 1
            return False
        self._seen.add(key)
        self._found += 1
        return True

    def _number(self, value: Any) -> float | None:
        if self._rule.text_label:
            return 1.0 if isinstance(value, str) else None
        if isinstance(value, str):
            if value in self._rule.words:
                return self._rule.words[value]
            value = float(value) if _NUMBER.fullmatch(value) else None
        return _scaled(value, self._rule.scale) if isinstance(value, int | float) else None


def _scaled(value: float, scale: float) -> float:
    """Divides where that is exact: 1795393713076 ms are 1795393713.076 s, and not a little more."""
    try:
        return value * scale if scale >= 1 else value / round(1 / scale)
    except OverflowError:
        # A whole number that no float can hold.
        return float("inf")


def _name(bean: Mapping[str, Any]) -> BeanName | None:
    name = bean.get("name")
    return bean_name(name) if isinstance(name, str) and len(name) <= 2 * MAX_LABEL else None


def _attributes(bean: Mapping[str, Any], places: Sequence[str | None], text: str) -> Iterator[tuple[Captures, Any]]:
    if not places:
        if (value := bean.get(text)) is not None:
            yield {}, value
        return
    for name, value in bean.items():
        if value is not None and (captures := template(text).match(name)) is not None:
            yield captures, value


def _parsed(text: str) -> Any:
    encoded = text.encode()
    try:
        # Not json.loads, which takes half characters, and a page with one cannot be sent.
        return from_json(encoded) if count_values(encoded) <= MAX_VALUES else None
    except ValueError:
        return None
