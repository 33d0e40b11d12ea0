"""When the alerts about daemons read by rules fire and when not."""

from __future__ import annotations

from tests.alerts.cases import TARGET, Firing, Silent, series

HOUR = 3600
YARN = {**TARGET, "exporter": "yarn", "exporter_type": "jmx"}
RULE = {"daemon": "rm1:8088", "rule": "yarn_apps_running"}


def matched(values: float | str) -> dict[str, str]:
    """How much a rule finds."""
    return series(YARN, "jmx_rule_matches", values, **RULE)


CASES = (
    Firing(
        "JmxDown",
        {
            **series(YARN, "mlvitals_exporter_up", 0),
            **series(YARN, "mlvitals_target_failure", 1, target="rm1:8088", reason="timeout"),
            **series(YARN, "mlvitals_exporter_last_success_timestamp_seconds", -HOUR),
        },
        YARN,
        "yarn: Daemons cannot be read, reason: timeout. Last read 1h 5m 0s ago.",
    ),
    Silent("JmxDown", "a daemon is read", series(YARN, "mlvitals_exporter_up", 1)),
    Firing(
        "JmxRuleUnmatched",
        matched("1x9 0x600"),
        {**YARN, **RULE},
        "yarn: the rule yarn_apps_running finds nothing on the page of rm1:8088.",
        since="10m",
    ),
    Silent("JmxRuleUnmatched", "it finds something", matched(1)),
    Silent("JmxRuleUnmatched", "the daemon starts", matched("0x9 1x600")),
    Silent("JmxRuleUnmatched", "the daemon cannot be read", matched("1x9 stale")),
)
