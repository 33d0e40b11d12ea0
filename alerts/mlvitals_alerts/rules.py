"""What a rule is, and the few templates that descriptions are made of.

Rules keep every label of the series that they look at, so that `exporter`, `team` and whatever else is configured
reach the notification: they aggregate with `without`, never `by`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mlvitals.core.metric import Metric

Severity = Literal["critical", "warning", "info", "none"]

PAGE = ("exporter", "instance")
"""Labels of the page that an alert speaks of. Where each daemon has a page of its own, `exporter` alone means all."""

UP = Metric("up", "Prometheus: 1 when the last scrape of the target succeeded, 0 when it failed")


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert rule; the builder adds runbook_url and dashboard.

    `summary` is one static sentence. `description` is a template that names exporter, object and value against bound.
    `for_` and `keep_firing_for` are Prometheus durations.
    """

    name: str
    severity: Severity
    summary: str
    description: str
    expr: str
    for_: str = "0s"
    keep_firing_for: str = "0s"


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording rule, named level:metric:operations. `help` says what it is and `labels` what it can be read by."""

    name: str
    help: str
    expr: str
    labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class System:
    """All rules about one system. `dashboard` is the uid of the dashboard that shows what they look at.

    `variables` of the dashboard, beside `exporter`, are set to the alert's labels of the same name.
    """

    name: str
    title: str
    dashboard: str
    rules: tuple[Alert | Recording, ...]
    variables: tuple[str, ...] = ()

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """The alert rules, in order."""
        return tuple(rule for rule in self.rules if isinstance(rule, Alert))

    @property
    def recordings(self) -> tuple[Recording, ...]:
        """The recording rules, in order."""
        return tuple(rule for rule in self.rules if isinstance(rule, Recording))


def label(name: str) -> str:
    """Template: a label of the alert."""
    return f"{{{{ $labels.{name} }}}}"


def value(form: str = "humanizeDuration") -> str:
    """Template: the value of the alert's expression through a template function."""
    return f"{{{{ $value | {form} }}}}"


def number(source: str = "$value") -> str:
    """Template: a number with four digits that count."""
    return f'{{{{ {source} | printf "%.4g" }}}}'


def lookup(
    query: str,
    *labels: str,
    show: str = "value",
    text: str = "%s",
    otherwise: str = "unknown",
    of: tuple[str, ...] = PAGE,
) -> str:
    """Template: `text` with the value now of `query`, whose `%s` is the alert's page (`of`) and `labels`.

    Looked up when the alert is evaluated, so that the text can name what is not in the alert's own value without
    making it a label: a label that changes would start `for` anew.
    """
    asked = f"{{{{ with {_printf(query, (*of, *labels))} | query }}}}"
    found = text.replace("%s", f"{{{{ . | first | {show} }}}}")
    return f"{asked}{found}{{{{ else }}}}{otherwise}{{{{ end }}}}"


def last_read(last_success: Metric, *labels: str) -> str:
    """Template: how long ago the thing was last read, as a sentence."""
    since = f"time() - {last_success}{{%s}}"
    never = "Not read since mlvitals started."
    return lookup(since, *labels, show="value | humanizeDuration", text="Last read %s ago.", otherwise=never)


def each(query: str, *labels: str, by: str, show: str, of: tuple[str, ...] = PAGE) -> str:
    """Template: `show` for each result now of `query`, by label `by`, separated by commas; `.` is the result."""
    start = f'{{{{ range $i, $r := {_printf(query, (*of, *labels))} | query | sortByLabel "{by}" }}}}'
    return f"{start}{{{{ if $i }}}}, {{{{ end }}}}{{{{ with $r }}}}{show}{{{{ end }}}}{{{{ end }}}}"


def _printf(query: str, labels: tuple[str, ...]) -> str:
    matchers = ",".join(f"{name}=%q" for name in labels)
    text = query.replace('"', r"\"").replace("%s", matchers)
    return f'printf "{text}" ' + " ".join(f"$labels.{name}" for name in labels)
