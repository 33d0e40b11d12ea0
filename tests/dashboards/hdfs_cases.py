"""What the signals about HDFS say, by the exporter of mlvitals and by jmx_exporter."""

from __future__ import annotations

from mlvitals.core import metrics as own
from mlvitals.core.metric import Metric
from mlvitals.hdfs import metrics as m
from mlvitals.hdfs.paths import metrics as p
from mlvitals_dashboards import hdfs_daemon_signals as d
from mlvitals_dashboards import hdfs_path_signals as paths
from mlvitals_dashboards import hdfs_signals as s
from mlvitals_dashboards.signals import UP
from tests.dashboards.cases import Case, Series, series

DAY = 24 * 3600
GIB = 2**30
NN1, NN2, DN1 = "nn1:9870", "nn2:9870", "dn1:9864"
PROD = '{exporter="prod"}'
TRAIN = '{exporter="prod",path="/data/train"}'


def of(metric: object, value: float | str, **labels: str) -> Series:
    """One series of the exporter `prod`, whose labels may be changed."""
    return series(metric, value, **{"exporter": "prod", "exporter_type": "hdfs", **labels})


def role(state: str, daemon: str = NN1, **labels: str) -> Series:
    """A NameNode's state set."""
    every = (of(m.HA_STATE, int(name == state), daemon=daemon, state=name, **labels) for name in m.HA_STATES)
    return {name: value for one in every for name, value in one.items()}


def page(daemon: str) -> dict[str, str]:
    """The target of jmx_exporter at a daemon."""
    return {"instance": f"{daemon.partition(':')[0]}:9404", "job": "hdfs", "daemon": daemon}


def by_jmx(daemon: str, service: str, *series: Series) -> Series:
    """A daemon that jmx_exporter reads, with what else it says."""
    read = of(m.JVM_HEAP_USED, GIB, service=service, **page(daemon))
    return {**of(UP, 1, **page(daemon)), **read, **{key: value for one in series for key, value in one.items()}}


def jmx_role(state: str, daemon: str) -> Series:
    """Its state by jmx_exporter, which has no series for the others."""
    return of(m.HA_STATE, 1, state=state, **page(daemon))


def namenodes(metric: Metric, one: float, other: float) -> Series:
    """What both NameNodes say by jmx_exporter; the first is active."""
    return {
        **by_jmx(NN1, "NameNode", jmx_role("active", NN1), of(metric, one, **page(NN1))),
        **by_jmx(NN2, "NameNode", jmx_role("standby", NN2), of(metric, other, **page(NN2))),
    }


def capacity(remaining: float, total: float) -> Series:
    """The capacity of the cluster, by its active NameNode."""
    return {
        **role("active"),
        **of(m.CAPACITY, total, daemon=NN1),
        **of(m.CAPACITY_REMAINING, remaining, daemon=NN1),
    }


def path(**values: float) -> Series:
    """The path /data/train: values by the names of their metrics."""
    found = of(p.PATH_EXISTS, 1, path="/data/train")
    for metric, value in values.items():
        found |= of(getattr(p, metric), value, path="/data/train")
    return found


def verdict(why: str, said: int, series: Series) -> Case:
    """What the table of paths says of /data/train."""
    return Case(why, paths.VERDICT, series, {TRAIN: said})


BOTH = {**role("active"), **role("standby", NN2)}
SPLIT = {**role("active"), **role("active", NN2)}
DEAD = {**role("active"), **of(m.DEAD_DATANODES, 3, daemon=NN1)}
FRESH = path(PATH_NEWEST_MODIFICATION=-DAY, PATH_FRESH_OBJECTIVE=DAY)
STALE = path(PATH_NEWEST_MODIFICATION=-DAY - 1, PATH_FRESH_OBJECTIVE=DAY)
EMPTY = path(PATH_FRESH_OBJECTIVE=DAY)
FULL = path(PATH_SPACE_CONSUMED=95, PATH_SPACE_QUOTA=100)
MANY = of(p.PATH_FAILURE, 1, path="/data/train", reason="limit")
GONE = of(p.PATH_EXISTS, 0, path="/data/train")

CASES = [
    Case("daemons are read by jmx_exporter", s.SERVERS_DOWN, namenodes(m.BLOCKS, 1, 1), {"{}": 0}),
    Case("a daemon of jmx_exporter says nothing yet", s.SERVERS_DOWN, {
        **namenodes(m.BLOCKS, 1, 1), **of(UP, 1, **page(DN1))
    }, {"{}": 1}),
    Case("the exporter of mlvitals reads nothing", s.SERVERS_DOWN, {
        **of(UP, 1), **of(own.EXPORTER_UP, 0), **of(m.JVM_HEAP_USED, GIB, daemon=NN1, service="NameNode")
    }, {"{}": 1}),
    Case("a page of jmx_exporter cannot be scraped", s.SERVER_STATE, {
        **namenodes(m.BLOCKS, 1, 1), **of(UP, 0, **page(DN1))
    }, {PROD: -2}),
    Case("one NameNode is active", s.ACTIVE_WRONG, BOTH, {"{}": 0}),
    Case("one NameNode is active, by jmx_exporter", s.ACTIVE_WRONG, namenodes(m.BLOCKS, 1, 1), {"{}": 0}),
    Case("two NameNodes are active", s.ACTIVE_WRONG, SPLIT, {"{}": 1}),
    Case("no NameNode is active", s.ACTIVE_WRONG, role("standby"), {"{}": 1}),
    Case("two of mlvitals read the same NameNode", s.ACTIVE_WRONG, {
        **BOTH, **role("active", instance="v:2")
    }, {"{}": 0}),
    Case("no NameNode can be read, and the roles of before are still there", s.ACTIVE_WRONG, {
        **BOTH, **of(own.TARGET_UP, 0, target="cluster")
    }, {"{}": 1}),
    Case("no NameNode can be read", s.ACTIVE_WRONG, of(own.TARGET_UP, 0, target="cluster"), {"{}": 1}),
    Case("one cluster of two has no active NameNode", s.ACTIVE_WRONG, {
        **BOTH, **role("starting", exporter="research")
    }, {"{}": 1}),
    Case("only the active NameNode counts missing blocks", s.MISSING_BLOCKS, namenodes(
        m.MISSING_BLOCKS, 6, 9
    ), {"{}": 6}),
    Case("nobody knows of missing blocks", s.MISSING_BLOCKS, {
        **role("standby"), **of(m.MISSING_BLOCKS, 0, daemon=NN1)
    }, {}),
    Case("two of mlvitals do not double what is missing", s.MISSING_BLOCKS, {
        **role("active"), **of(m.MISSING_BLOCKS, 6, daemon=NN1),
        **role("active", instance="v:2"), **of(m.MISSING_BLOCKS, 6, daemon=NN1, instance="v:2"),
    }, {"{}": 6}),
    Case("Hadoop 2 does not tell of maintenance", s.DEAD_DATANODES, {
        **DEAD, **of(m.DECOMMISSIONED_DEAD_DATANODES, 1, daemon=NN1)
    }, {"{}": 2}),
    Case("dead in maintenance, and taken out of service", s.DEAD_DATANODES, {
        **DEAD,
        **of(m.DECOMMISSIONED_DEAD_DATANODES, 1, daemon=NN1), **of(m.IN_MAINTENANCE_DEAD_DATANODES, 2, daemon=NN1),
    }, {"{}": 0}),
    Case("a quarter is free", s.FREE, capacity(25, 100), {"{}": 0.25}),
    Case("the only DataNode is dead", s.FREE, capacity(0, 0), {}),
    Case("nothing is known of how it shrinks", s.FULL_IN, capacity(25, 100), {PROD: -2}),
    Case("how it shrinks is known through a failover", s.FULL_IN, {
        **of(m.HA_STATE, "1x599 stale", state="active", **page(NN1)),
        **of(m.HA_STATE, "_x600 1x600", state="active", **page(NN2)),
        **of(m.CAPACITY_REMAINING, "48000-10x599 stale", **page(NN1)),
        **of(m.CAPACITY_REMAINING, "_x600 42000-10x600", **page(NN2)),
    }, {PROD: 40200 / 10 * 60}, "13h"),
    Case("a page cannot be scraped, a daemon not be read", s.DAEMONS_UNREAD, {
        **of(UP, 1), **of(own.EXPORTER_UP, 1), **of(UP, 0, **page(NN2)),
        **of(own.TARGET_UP, 0, target=DN1), **of(own.TARGET_UP, 1, target=NN1),
    }, {"{}": 2}),
    Case("a jmx_exporter answers without its daemon", s.DAEMONS_UNREAD, {
        **namenodes(m.BLOCKS, 1, 1), **of(UP, 1, **page(DN1))
    }, {"{}": 1}),
    *(
        Case(f"a NameNode is {state}", d.ROLE, role(state), {f'{{exporter="prod",daemon="{NN1}"}}': number})
        for state, number in (("active", 0), ("standby", 1), ("starting", 4), ("unknown", 6))
    ),
    Case("a standby, by jmx_exporter", d.ROLE, jmx_role("standby", NN2), {f'{{exporter="prod",daemon="{NN2}"}}': 1}),
    Case("a JVM that knows no maximum", d.HEAP, of(m.JVM_HEAP_USED, 1, daemon=NN1, service="NameNode"), {}),
    verdict("exactly in time", 0, FRESH),
    verdict("stale outweighs a full quota", 3, {**STALE, **FULL}),
    verdict("no file where some are expected", 2, EMPTY),
    verdict("too many files to tell", 4, {**EMPTY, **MANY}),
    verdict("a quota is nearly used", 1, FULL),
    verdict("names are nearly used", 1, path(PATH_FILES=90, PATH_DIRECTORIES=5, PATH_NAME_QUOTA=100)),
    verdict("a quota of nothing", 0, path(PATH_SPACE_CONSUMED=0, PATH_SPACE_QUOTA=0)),
    verdict("it is not there", 5, {**EMPTY, **GONE}),
    Case("stale and empty ones count", paths.STALE, {
        **STALE, **of(p.PATH_EXISTS, 1, path="/b"), **of(p.PATH_FRESH_OBJECTIVE, 1, path="/b")
    }, {"{}": 2}),
    Case("no objective", paths.STALE, path(PATH_NEWEST_MODIFICATION=-9 * DAY), {}),
    Case("entries are told from daemons", paths.UNREAD, {
        **of(own.TARGET_UP, 0, target=NN1), **of(own.TARGET_UP, 0, target="cluster"),
        **of(own.TARGET_UP, 0, target="/data/*"), **of(own.TARGET_UP, 1, target="/data/x:1"),
    }, {"{}": 1}),
]  # fmt: skip
