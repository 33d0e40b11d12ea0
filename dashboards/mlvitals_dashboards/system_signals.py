"""What every system's dashboard says of its servers: `kind` is their exporter type, `title` what people call them; and
the numbers above it that should be 0.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlvitals.core.metric import Metric
from mlvitals.core.metrics import EXPORTER_LAST_SUCCESS, EXPORTER_UP, TARGET_FAILURE
from mlvitals_dashboards.signals import ALERTS, UP, Signal, by, select
from mlvitals_dashboards.suite_signals import STATES, age, state


def alarm(wrong: str, possible: str, unit: str, description: str, none: str, missing: str) -> Signal:
    """How many series `wrong` has, green at 0 as `none`; `missing` when there are none that `possible` counts."""
    return Signal(
        f"count({wrong}) or count({possible}) * 0",
        unit,
        description,
        steps=((1, "red"),),
        words={0: (none, "green")},
        base="green",
        missing=missing,
    )


def state_of(
    metric: Metric, labels: str, states: Mapping[str, tuple[int, tuple[str, str]]], missing: str = "Never"
) -> Signal:
    """The state of a state set, one number for each combination of labels; `states`: state -> number, how it reads."""
    told = [(state, *states[state]) for state in metric.values["state"]]
    said = " or ".join(f"({select(metric, state=state)} == 1) * {number}" for state, number, _ in told)
    words = {number: word for _, number, word in told}
    return Signal(by(labels, said), "none", f"{metric.help[0].upper()}{metric.help[1:]}.", words=words, missing=missing)


def servers_down(kind: str, title: str, otherwise: str = "") -> Signal:
    """How many of them cannot be read; `otherwise` has a series for each page that shows it without our exporter."""
    return alarm(
        f"({_state(kind, otherwise)}) != 1",
        _scraped(kind),
        "suffix: down",
        f"{title} servers that could not be read last time, whose exporter Prometheus cannot scrape, or not yet read "
        "at all.",
        "All up",
        _missing(title),
    )


def servers_firing(kind: str, title: str) -> Signal:
    """How many alerts about them fire."""
    return alarm(
        select(ALERTS, alertstate="firing", exporter_type=kind),
        _scraped(kind),
        "suffix: firing",
        "Alerts that fire now for the exporters chosen above.",
        "None",
        _missing(title),
    )


def server_state(kind: str, title: str, otherwise: str = "") -> Signal:
    """Whether each can be read; `otherwise` as for `servers_down`."""
    return Signal(
        by("exporter", _state(kind, otherwise), "min"),
        "none",
        "Up: the last collection read the server. Down: it could not be read. Not scraped: mlvitals is not reached.",
        words=STATES,
        missing=_missing(title),
    )


def failure_reason(kind: str) -> Signal:
    """Why one cannot be read."""
    return Signal(by("exporter, reason", select(TARGET_FAILURE, exporter_type=kind)), "none", "Why it fails.")


def data_age(kind: str) -> Signal:
    """How old what is known of each is."""
    return Signal(
        by("exporter", age(select(EXPORTER_LAST_SUCCESS, exporter_type=kind))),
        "s",
        "Time since the server was last read.",
        missing="Never read",
    )


def firing_alerts(kind: str, objects: str) -> Signal:
    """The alerts that fire, by the labels that say what each is about."""
    firing = select(ALERTS, alertstate="firing", exporter_type=kind)
    return Signal(by(f"alertname, severity, exporter, {objects}", firing, "count"), "none", "How many fire now.")


def _scraped(kind: str) -> str:
    return select(UP, exporter_type=kind)


def _state(kind: str, otherwise: str) -> str:
    read = select(EXPORTER_UP, exporter_type=kind)
    return state(_scraped(kind), f"{read} or {otherwise}" if otherwise else read)


def _missing(title: str) -> str:
    return f"No {title} exporter"


def matched(matches: Metric, things: str) -> Signal:
    """What the patterns of `objectives:` are about; `things` says of what they are patterns."""
    return Signal(
        by("exporter, objective, pattern", select(matches)),
        "none",
        f"{things} that match the pattern now.",
        words={0: ("NOTHING", "red")},
        base="green",
    )
