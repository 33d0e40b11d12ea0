"""Series of an HDFS, by the exporter of mlvitals and by jmx_exporter."""

from __future__ import annotations

from tests.alerts.cases import TARGET, series

HOUR = 3600
GIB = 2**30
HDFS = {**TARGET, "exporter": "prod", "exporter_type": "hdfs"}
NN1, NN2, JN1, DN1 = "nn1:9870", "nn2:9870", "jn1:8480", "dn1:9864"
Value = float | str
Series = dict[str, str]


def of(metric: str, value: Value, /, **labels: str) -> Series:
    """One series of the exporter `prod`, of NameNode nn1 unless another daemon is named."""
    return series(HDFS, f"hdfs_{metric}", value, **{"daemon": NN1, **labels})


def own(metric: str, value: Value, /, **labels: str) -> Series:
    """What mlvitals says of the exporter `prod`."""
    return series(HDFS, f"mlvitals_{metric}", value, **labels)


def jmx(metric: str, value: Value, /, **labels: str) -> Series:
    """One series by jmx_exporter: each daemon has an address of its own."""
    return of(metric, value, **by_jmx(labels.get("daemon", NN1)), **labels)


def by_jmx(daemon: str) -> dict[str, str]:
    """The target of jmx_exporter at a daemon."""
    return {"instance": f"{daemon.partition(':')[0]}:9404", "job": "hdfs"}


def role(state: str, daemon: str = NN1) -> Series:
    """A NameNode's state set, one state for as long as any case looks."""
    states = ("active", "standby", "observer", "initializing", "stopping", "starting", "unknown")
    every = (of("namenode_ha_state", int(name == state), daemon=daemon, state=name) for name in states)
    return {name: values for one in every for name, values in one.items()}


def jmx_role(state: str, daemon: str = NN1, scraped: Value = 1) -> Series:
    """A NameNode's state by jmx_exporter, which has no series for the states that it is not in."""
    role_ = "1x600" if scraped == 1 else "1x9 stale"
    return {
        **jmx("namenode_ha_state", role_, daemon=daemon, state=state),
        **series(HDFS, "up", scraped, **by_jmx(daemon), daemon=daemon),
    }


LIVE = of("namenode_live_datanodes", 3)
UP = {**series(HDFS, "up", 1), **own("exporter_up", 1)}
NOT_SCRAPED = {**series(HDFS, "up", "1x9 0x600"), **own("exporter_up", "1x9 stale")}
