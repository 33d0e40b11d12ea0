"""What is read from the `/jmx` page of a Hadoop-like daemon, as data: rules from MBeans to metrics.

A rule says which attribute of which MBean becomes which metric, and nothing else. Rules that ship with mlvitals are
values in Python, beside the declarations that they fill: a misspelt metric is an error of the type checker, and whoever
translates them into another form (jmx_exporter's) reads the same values. Rules that people write are YAML, checked when
the configuration is loaded, and become the same values (type `jmx`).

Templates are how names are matched: `{port}` takes one character or more and becomes the label `port`, `*` takes them
and forgets them, everything else stands for itself. A text that can be split in two ways gives the most to what comes
first: `DataNodeActivity-{host}-{port}` finds the port of a host with a dash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from mlvitals.core.metric import Metric

_PLACE = re.compile(r"\{([^{}]*)\}|\*")
_KEY = re.compile(r'([^=,:*?"]+)=("(?:[^"\\]|\\.)*+"|[^,="]*)(?:,|$)')
Captures = dict[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value is: an attribute of an MBean, or what is at a path inside of it.

    `bean` is a JMX ObjectName, its keys in any order, values as templates; `,*` at its end allows further keys.
    `attribute` is a template. `path` are keys, templates too, into an attribute that holds JSON, as text or as it is.
    """

    bean: str
    attribute: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """Fills one metric; of several `sources` the first that has a value counts, as names differ between releases.

    The metric's labels are those of the templates, `labels` (fixed), `text_label`, and `daemon`. The value is the
    attribute's number times `scale`, into base units; `words` gives numbers to texts; with `text_label` the text
    becomes a label and the value is 1; with `positive` 0 and less stand for no value at all,
    with `natural` only what is less.
    """

    metric: Metric
    sources: tuple[Source, ...]
    scale: float = 1.0
    labels: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, float] = field(default_factory=dict)
    text_label: str = ""
    positive: bool = False
    natural: bool = False

    def gives(self, source: Source) -> list[str]:
        """The labels of a sample from this source; one that comes from two places stands twice."""
        places = [*map(template, (source.attribute, *source.path))]
        found = [*bean_template(source.bean).labels, *(label for place in places for label in place.labels)]
        return ["daemon", *self.labels, *found, *filter(None, [self.text_label])]


class Template:
    """A compiled template. Takes time in proportion to the text, whatever an upstream sends.

    Raises ValueError with words for people.
    """

    def __init__(self, text: str) -> None:
        self.names = [match[1] for match in _PLACE.finditer(text)]
        # A group in a pattern to split by stands among the parts.
        self._literals = _PLACE.split(text)[::2]
        if any(name is not None and not re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in self.names):
            raise ValueError(f"expected a label name between braces in {text!r}, lower case")
        if any("{" in literal or "}" in literal for literal in self._literals):
            raise ValueError(f"expected braces around a label name only, not as in {text!r}")
        if "" in self._literals[1:-1]:
            raise ValueError(f"expected text between two places of {text!r}")

    @property
    def labels(self) -> list[str]:
        """The labels that it gives."""
        return [name for name in self.names if name]

    def match(self, text: str) -> Captures | None:
        """Label -> what stands in its place; None for another text."""
        first, *others = self._literals
        if not others:
            return {} if text == first else None
        *middle, last = others
        if not text.startswith(first) or not text.endswith(last):
            return None
        end = len(text) - len(last)
        taken = []
        for literal in reversed(middle):
            at = text.rfind(literal, len(first) + 1, end - 1)
            if at < 0:
                return None
            taken.append(text[at + len(literal) : end])
            end = at
        taken.append(text[len(first) : max(end, len(first))])
        if "" in taken:
            return None
        return {name: part for name, part in zip(self.names, reversed(taken), strict=True) if name}


class BeanName(NamedTuple):
    """A JMX ObjectName: `Hadoop:service=NameNode,name=JvmMetrics`."""

    domain: str
    keys: Mapping[str, str]


class BeanTemplate:
    """A compiled template of ObjectNames. Raises ValueError with words for people."""

    def __init__(self, text: str) -> None:
        self._more = text.endswith(",*")
        name = bean_name(text.removesuffix(",*"))
        if name is None:
            raise ValueError(f"expected an MBean such as Hadoop:service=NameNode,name=JvmMetrics, not {text!r}")
        self._domain = name.domain
        self._keys = {key: Template(value) for key, value in name.keys.items()}

    @property
    def labels(self) -> list[str]:
        """The labels that it gives; one that two places give stands twice."""
        return [label for template in self._keys.values() for label in template.labels]

    def match(self, name: BeanName) -> Captures | None:
        """Label -> what stands in its place; None for another bean."""
        known = name.keys.keys() == self._keys.keys() or (self._more and name.keys.keys() >= self._keys.keys())
        if name.domain != self._domain or not known:
            return None
        found: Captures = {}
        for key, template in self._keys.items():
            captures = template.match(name.keys[key])
            if captures is None:
                return None
            found |= captures
        return found


template = lru_cache(1024)(Template)
bean_template = lru_cache(1024)(BeanTemplate)


def bean_name(text: str) -> BeanName | None:
    """The ObjectName that is written so; None when it is none."""
    domain, colon, rest = text.partition(":")
    keys = dict(_keys(rest))
    return BeanName(domain, keys) if domain and colon and keys and "" not in keys else None


def _keys(text: str) -> Iterator[tuple[str, str]]:
    """The keys of an ObjectName; an empty one stands for what is malformed."""
    at = 0
    while at < len(text):
        match = _KEY.match(text, at)
        if match is None:
            yield "", text
            return
        yield match[1], match[2]
        at = match.end()
