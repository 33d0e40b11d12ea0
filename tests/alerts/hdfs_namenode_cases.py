"""When the alerts about the NameNodes' roles, safe mode and checkpoints fire and when not."""

from __future__ import annotations

from tests.alerts.cases import Firing, Silent, series
from tests.alerts.hdfs_series import (
    HDFS,
    HOUR,
    LIVE,
    NN1,
    NN2,
    NOT_SCRAPED,
    UP,
    Series,
    Value,
    by_jmx,
    jmx_role,
    of,
    own,
    role,
)


def changes(daemon: str, **states: str) -> Series:
    """A NameNode's states with the values of each."""
    every = (of("namenode_ha_state", values, daemon=daemon, state=name) for name, values in states.items())
    return {name: values for one in every for name, values in one.items()}


def changes_by_jmx(daemon: str, **states: str) -> Series:
    """A NameNode's states by a jmx_exporter that answers all the time."""
    page = {"daemon": daemon, **by_jmx(daemon)}
    found = series(HDFS, "up", 1, **page)
    for state, values in states.items():
        found |= of("namenode_ha_state", values, state=state, **page)
    return found


CLUSTER = {name: text for name, text in HDFS.items() if name != "instance"}
OTHER = {"instance": "vitals-2:10847"}
OTHER_BLIND = {
    **of("namenode_ha_state", 1, state="active", **OTHER),
    **series(HDFS, "up", 1, **OTHER),
    **own("exporter_up", 1, **OTHER),
    **own("target_up", 0, target="cluster", **OTHER),
    **own("target_failure", 1, target="cluster", reason="connect", **OTHER),
}
"""A second mlvitals that can read no NameNode, with the roles that it read last: nn1 was active."""


def checkpoint(at: Value, transactions: float) -> Series:
    """When the active NameNode's image was saved, and what came since."""
    return {
        **role("active"),
        **of("namenode_last_checkpoint_timestamp_seconds", at),
        **of("namenode_transactions_since_last_checkpoint", transactions),
    }


_DOWN = (
    Firing(
        "HdfsDown",
        {
            **own("exporter_up", 0),
            **own("target_failure", 1, target=NN1, reason="connect"),
            **own("target_failure", 1, target=NN2, reason="auth"),
            **own("exporter_last_success_timestamp_seconds", -HOUR),
        },
        HDFS,
        "prod: HDFS cannot be read, reason: auth, connect. Last read 1h 5m 0s ago.",
    ),
    Silent("HdfsDown", "one daemon is read", UP),
)
_ROLES = (
    Firing(
        "HdfsNoActiveNameNode",
        {**UP, **role("standby"), **role("unknown", NN2)},
        CLUSTER,
        "prod: no NameNode is known to be active: nn1:9870 standby, nn2:9870 unknown.",
    ),
    Firing(
        "HdfsNoActiveNameNode",
        {**jmx_role("standby"), **jmx_role("standby", NN2)},
        {**CLUSTER, "job": "hdfs"},
        "prod: no NameNode is known to be active: nn1:9870 standby, nn2:9870 standby.",
    ),
    Firing(
        "HdfsNoActiveNameNode",
        {**UP, **changes(NN1, active="1x9 0x600", starting="0x9 1x600")},
        CLUSTER,
        "prod: no NameNode is known to be active: nn1:9870 starting.",
        since="10m",
    ),
    Firing(
        "HdfsNoActiveNameNode",
        {
            # The roles that were read last stay until they are too old; DataNodes are still read.
            **UP,
            **own("target_up", "1x9 0x600", target="cluster"),
            **own("target_failure", "_x10 1x600", target="cluster", reason="connect"),
            **changes(NN1, active="1x11 stale"),
        },
        CLUSTER,
        "prod: no NameNode is known to be active, none can be read (connect).",
        since="10m",
    ),
    Silent("HdfsNoActiveNameNode", "one is active", {**UP, **role("active"), **role("standby", NN2)}),
    Silent(
        "HdfsNoActiveNameNode", "one is active, by jmx_exporter", {**jmx_role("active"), **jmx_role("standby", NN2)}
    ),
    Silent(
        "HdfsNoActiveNameNode",
        "a failover of a minute",
        {**UP, **changes(NN1, active="1x9 0x600", standby="0x9 1x600"), **changes(NN2, active="0x10 1x600")},
    ),
    Silent(
        "HdfsNoActiveNameNode",
        "no daemon is read: HdfsDown says it",
        {**UP, **own("exporter_up", 0), **own("target_up", 0, target="cluster"), **role("unknown")},
    ),
    Firing(
        "HdfsNoActiveNameNode",
        {**jmx_role("active", scraped="1x9 0x600"), **jmx_role("standby", NN2, scraped="1x9 0x600")},
        {**CLUSTER, "job": "hdfs"},
        "prod: no NameNode is known to be active.",
        since="10m",
        until="9h",
    ),
    Firing(
        "HdfsNoActiveNameNode",
        {
            # Their jmx_exporters run beside them, and go on.
            **changes_by_jmx(NN1, active="1x9 stale"),
            **changes_by_jmx(NN2, standby="1x9 stale"),
        },
        {**CLUSTER, "job": "hdfs"},
        "prod: no NameNode is known to be active.",
        since="10m",
        until="9h",
    ),
    Firing(
        "HdfsNoActiveNameNode",
        {**UP, **role("standby"), **role("observer", NN2)},
        CLUSTER,
        "prod: no NameNode is known to be active: nn1:9870 standby, nn2:9870 observer.",
    ),
    Firing(
        "HdfsNoActiveNameNode",
        {**UP, **role("standby"), **role("standby", NN2), **OTHER_BLIND},
        CLUSTER,
        "prod: no NameNode is known to be active: nn1:9870 standby, nn2:9870 standby, none can be read (connect).",
    ),
    Silent(
        "HdfsNoActiveNameNode",
        "an observer beside the active one",
        {**UP, **role("active"), **role("observer", NN2)},
    ),
    Silent(
        "HdfsNoActiveNameNode",
        "another mlvitals can read none",
        {**UP, **role("active", NN2), **own("target_up", 1, target="cluster"), **OTHER_BLIND},
    ),
    Silent(
        "HdfsNoActiveNameNode",
        "mlvitals is not scraped",
        {**NOT_SCRAPED, **changes(NN1, active="1x9 stale"), **changes(NN2, standby="1x9 stale")},
    ),
    Silent(
        "HdfsNoActiveNameNode",
        "the exporter was removed",
        {**series(HDFS, "up", "1x9 stale"), **own("exporter_up", "1x9 stale"), **changes(NN1, active="1x9 stale")},
    ),
    Silent("HdfsNoActiveNameNode", "HDFS has no NameNode here", UP),
    Firing(
        "HdfsTwoActiveNameNodes",
        {**role("active"), **role("active", NN2)},
        CLUSTER,
        "prod: 2 NameNodes say that they are active, expected one: nn1:9870 active, nn2:9870 active.",
    ),
    Firing(
        "HdfsTwoActiveNameNodes",
        {**jmx_role("active"), **jmx_role("active", NN2)},
        {**CLUSTER, "job": "hdfs"},
        "prod: 2 NameNodes say that they are active, expected one: nn1:9870 active, nn2:9870 active.",
    ),
    Silent("HdfsTwoActiveNameNodes", "one is active", {**role("active"), **role("standby", NN2)}),
    Silent(
        "HdfsTwoActiveNameNodes",
        "two of mlvitals look at the same NameNode",
        {**role("active"), **of("namenode_ha_state", 1, state="active", **OTHER)},
    ),
    Silent(
        "HdfsTwoActiveNameNodes",
        "another mlvitals can read none, and keeps the roles of before a failover",
        {**role("standby"), **role("active", NN2), **own("target_up", 1, target="cluster"), **OTHER_BLIND},
    ),
    Silent("HdfsTwoActiveNameNodes", "an observer beside it", {**role("active"), **role("observer", NN2)}),
    Silent(
        "HdfsTwoActiveNameNodes",
        "two clusters have one each",
        {**role("active"), **of("namenode_ha_state", 1, state="active", exporter="research", daemon=NN2)},
    ),
    Silent("HdfsTwoActiveNameNodes", "the other one cannot be read", {**role("active"), **role("unknown", NN2)}),
)
_SAFE_MODE = (
    Firing(
        "HdfsSafeMode",
        {**role("active"), **of("namenode_safe_mode", 1), **of("namenode_startup_complete_ratio", 0.75), **LIVE},
        {**HDFS, "daemon": NN1},
        "prod: NameNode nn1:9870 is active and in safe mode: 75% of its start-up are done, 3 DataNodes are live.",
    ),
    Silent("HdfsSafeMode", "it is off", {**role("active"), **of("namenode_safe_mode", 0)}),
    Silent("HdfsSafeMode", "ten minutes after a start", {**role("active"), **of("namenode_safe_mode", "1x10 0x600")}),
    Silent("HdfsSafeMode", "of a standby", {**role("standby"), **of("namenode_safe_mode", 1)}),
    Firing(
        "HdfsCheckpointOld",
        checkpoint(-4 * HOUR, 1500),
        {**HDFS, "daemon": NN1},
        "prod: NameNode nn1:9870: the last checkpoint was 4h 15m 0s ago, expected at most 3h; 1.5k transactions since.",
    ),
    Silent("HdfsCheckpointOld", "one an hour ago", checkpoint("0x60 0+60x600", 1500)),
    Silent("HdfsCheckpointOld", "nothing was written since", checkpoint(-9 * HOUR, 0)),
    Silent("HdfsCheckpointOld", "there was none yet", {**role("active"), **LIVE}),
)

CASES = (*_DOWN, *_ROLES, *_SAFE_MODE)
