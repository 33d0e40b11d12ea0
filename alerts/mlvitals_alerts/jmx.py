"""Rules about daemons of any kind; what is read from them stands in the configuration, and is not known here."""

from __future__ import annotations

from mlvitals.jmx import metrics as m
from mlvitals_alerts.parts import KEEP, down
from mlvitals_alerts.rules import Alert, System, label

SYSTEM = System(
    "jmx",
    "Any /jmx page",
    "mlvitals-jmx",
    (
        down("JmxDown", "jmx", "Daemons"),
        Alert(
            "JmxRuleUnmatched",
            "warning",
            "A rule finds nothing on the page of a daemon.",
            f"{label('exporter')}: the rule {label('rule')} finds nothing on the page of {label('daemon')}.",
            f"{m.RULE_MATCHES} == 0",
            for_="30m",
            keep_firing_for=KEEP,
        ),
    ),
)
