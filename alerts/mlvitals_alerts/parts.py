"""What the rules of several systems share."""

from __future__ import annotations

from mlvitals.core import metrics as own
from mlvitals.core.metric import Metric
from mlvitals_alerts.rules import Alert, each, label, last_read

KEEP = "5m"
"""Data that leaves the page for a moment (a restart, one failed read) must not look like the end of the problem."""


def down(name: str, exporter_type: str, title: str, for_: str = "5m") -> Alert:
    """The alert that nothing of a system can be read; it mutes all others of its exporter. `for_`: some reads."""
    return Alert(
        name,
        "critical",
        f"{title} cannot be read.",
        f"{label('exporter')}: {title} cannot be read, reason: "
        + each(f"count by (reason) ({own.TARGET_FAILURE}{{%s}})", by="reason", show="{{ .Labels.reason }}")
        + ". "
        + last_read(own.EXPORTER_LAST_SUCCESS),
        f'{own.EXPORTER_UP}{{exporter_type="{exporter_type}"}} == 0',
        for_=for_,
    )


def unmatched(name: str, matches: Metric) -> Alert:
    """The alert that a pattern of `objectives:` is about nothing; `matches` counts what each of them is about."""
    return Alert(
        name,
        "warning",
        "A configured objective is about nothing.",
        f"{label('exporter')}: the objective {label('objective')} for {label('pattern')} "
        "matches nothing that is shown.",
        f"{matches} == 0",
        for_="1h",
        keep_firing_for=KEEP,
    )
