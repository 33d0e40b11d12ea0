"""What a case of an alert is: series, and what fires from which moment on.

Cases stand in `<system>_cases.py` as `CASES`; promtool runs each against the generated rule files. Time 0 is the Unix
epoch, so a series `…_timestamp_seconds` with the value -3600 speaks of an hour before the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TARGET = {
    "exporter": "registry",
    "exporter_type": "mlflow",
    "instance": "vitals:10847",
    "job": "mlvitals",
    "team": "ml-platform",
}
"""What service discovery puts on every series; `team` is configured. Series of a case have them unless they differ."""


@dataclass(frozen=True, slots=True)
class Firing:
    """From `since` on the condition holds: the alert fires `for` later, not before, with these labels and this text.

    With `until` it fires, with the same text, at every minute up to then.
    """

    alert: str
    series: Mapping[str, str]
    labels: Mapping[str, str]
    description: str
    since: str = "0m"
    until: str = "0m"


@dataclass(frozen=True, slots=True)
class Silent:
    """The alert never fires. `why` names what is near but not wrong."""

    alert: str
    why: str
    series: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spans:
    """One alert fires from the first to the last minute of each of these spans, whatever its text, and not before,
    between or after. `why` names what it goes through.
    """

    alert: str
    why: str
    series: Mapping[str, str]
    fires: tuple[tuple[str, str], ...]


def lasting(value: float) -> str:
    """A value that stays for as long as any case looks."""
    return f"{value:g}x600"


def series(target: Mapping[str, str], metric: str, value: float | str, /, **labels: str) -> dict[str, str]:
    """One series of a target; a number lasts, a text is promtool's."""
    selector = ",".join(f'{name}="{text}"' for name, text in {**target, **labels}.items())
    return {f"{metric}{{{selector}}}": value if isinstance(value, str) else lasting(value)}
