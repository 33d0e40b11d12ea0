"""The metrics that every exporter of type `jmx` has; its others are declared by its configuration."""

from __future__ import annotations

from mlvitals.core.metric import gauge

RULE_MATCHES = gauge(
    "jmx_rule_matches",
    "Samples that the rule found on the daemon's /jmx page; 0: nothing there is what the rule is about",
    "daemon",
    "rule",
)
