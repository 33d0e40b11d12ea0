"""What is worth knowing about daemons whose metrics a configuration makes up."""

from __future__ import annotations

from mlvitals.core import metrics as own
from mlvitals.core.metric import Metric
from mlvitals.jmx import metrics as m
from mlvitals_dashboards.signals import Signal, by, select
from mlvitals_dashboards.suite_signals import age
from mlvitals_dashboards.system_signals import (
    alarm,
    data_age,
    failure_reason,
    firing_alerts,
    server_state,
    servers_down,
    servers_firing,
)

TYPE, TITLE = "jmx", "jmx"
NO_DAEMON = "No daemon read"

SERVERS_DOWN = servers_down(TYPE, TITLE)
FIRING = servers_firing(TYPE, TITLE)
DAEMONS_UNREAD = alarm(
    f"{select(own.TARGET_UP, exporter_type=TYPE)} == 0",
    select(own.TARGET_UP, exporter_type=TYPE),
    "suffix: not read",
    "Daemons whose page could not be read last time.",
    "All read",
    NO_DAEMON,
)
RULES_UNMATCHED = alarm(
    f"{select(m.RULE_MATCHES)} == 0",
    select(m.RULE_MATCHES),
    "suffix: match nothing",
    "Rules that find nothing on the page of a daemon, for each daemon.",
    "All match",
    NO_DAEMON,
)
SERVER_STATE = server_state(TYPE, TITLE)
FAILURE_REASON = failure_reason(TYPE)
DATA_AGE = data_age(TYPE)
SERIES = Signal(by("exporter", select(own.EXPORTER_SERIES, exporter_type=TYPE)), "none", "Series on the page.")
ALERT = firing_alerts(TYPE, "daemon, rule")
MATCHES = Signal(
    by("exporter, daemon, rule", select(m.RULE_MATCHES)),
    "none",
    "Samples that the rule finds.",
    words={0: ("NOTHING", "red")},
    base="green",
    missing=NO_DAEMON,
    decimals=0,
)


def _of_daemon(metric: Metric) -> str:
    """What mlvitals says of the target that a daemon is."""
    return f'label_join({select(metric, exporter_type=TYPE, target="=~$daemon")}, "daemon", "", "target")'


DAEMON_STATE = Signal(
    by("exporter, daemon", _of_daemon(own.TARGET_UP)),
    "none",
    "Whether its page was read last time.",
    words={1: ("Up", "green"), 0: ("DOWN", "red")},
    missing=NO_DAEMON,
)
DAEMON_AGE = Signal(
    by("exporter, daemon", age(_of_daemon(own.TARGET_LAST_SUCCESS))),
    "s",
    "Time since its page was last read.",
    missing="Never",
)
