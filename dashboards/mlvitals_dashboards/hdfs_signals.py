"""What is worth knowing about an HDFS as a whole: whether it can be used, what it holds, what is asked of it.

Every NameNode may report totals, of which those of the active one are true: see `of_cluster`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mlvitals.core import metrics as own
from mlvitals.core.metric import Metric
from mlvitals.hdfs import metrics as m
from mlvitals_dashboards.signals import ANYTHING, UP, Signal, by, select
from mlvitals_dashboards.system_signals import (
    alarm,
    data_age,
    failure_reason,
    firing_alerts,
    server_state,
    servers_down,
    servers_firing,
)

TYPE, TITLE = "hdfs", "HDFS"
NO_ACTIVE = "No active NameNode"
CLUSTER = "exporter"
DAEMON = "exporter, daemon"

IS_ACTIVE = f"{select(m.HA_STATE, state=m.ACTIVE, daemon=ANYTHING)} == 1"


def of_cluster(metric: Metric) -> str:
    """What the active NameNode says of the cluster, whichever daemons are chosen."""
    return _told(_any(metric))


def _told(expr: str) -> str:
    return by(CLUSTER, f"{expr} and on ({DAEMON}) {IS_ACTIVE}")


def _any(metric: Metric, **labels: str) -> str:
    return select(metric, daemon=ANYTHING, **labels)


def kinds(queries: Mapping[str, str]) -> str:
    """The queries as one, told apart by the label `kind`."""
    return " or ".join(f'label_replace({query}, "kind", "{kind}", "", "")' for kind, query in queries.items())


def rate(metric: Metric, **labels: str) -> str:
    """How fast a counter grows."""
    return f"rate({select(metric, **labels)}[$__rate_interval])"


def _none(
    metric: Metric, unit: str, description: str, color: str = "red", none: str = "None", less: tuple[Metric, ...] = ()
) -> Signal:
    """A total that should be 0; `less`: those of them that are meant to be so, as far as the release tells."""
    total = _any(metric)
    wrong = " - ".join([total, *(f"({_any(each)} or {total} * 0)" for each in less)])
    return Signal(
        f"sum({_told(wrong)})",
        f"suffix: {unit}",
        description,
        steps=((1, color),),
        words={0: (none, "green")},
        base="green",
        missing=NO_ACTIVE,
        decimals=0,
    )


# By jmx_exporter each daemon has a page of its own, and nothing says mlvitals_exporter_up.
_BY_JMX_EXPORTER = f"group without (service) ({_any(m.JVM_HEAP_USED)})"
SERVERS_DOWN = servers_down(TYPE, TITLE, _BY_JMX_EXPORTER)
FIRING = servers_firing(TYPE, TITLE)
# A jmx_exporter beside its daemon answers without it; the page of mlvitals tells of its exporters.
_SILENT = (
    f"{select(UP, exporter_type=TYPE)} == 1"
    f" unless on (exporter, instance) {select(own.EXPORTER_UP, exporter_type=TYPE)}"
    f" unless on (exporter, instance) {_any(m.JVM_HEAP_USED)}"
)
_UNREACHED = f"{select(own.TARGET_UP, exporter_type=TYPE)} == 0 or {select(UP, exporter_type=TYPE)} == 0 or ({_SILENT})"
DAEMONS_UNREAD = alarm(
    _UNREACHED,
    select(UP, exporter_type=TYPE),
    "suffix: not read",
    "Daemons and watched paths that could not be read last time, and pages that Prometheus cannot scrape, or that have "
    "nothing of their daemon. `cluster` is one of them while no NameNode can be read.",
    "All read",
    "No HDFS exporter",
)
# That no NameNode at all can be read is known while their roles are not.
_UNREAD = f"{select(own.TARGET_UP, exporter_type=TYPE, target=m.CLUSTER)} == 0"
_ACTIVE = (
    f"count by ({CLUSTER}) ({by(DAEMON, IS_ACTIVE)} unless on ({CLUSTER}) {_UNREAD})"
    f" or {by(CLUSTER, _any(m.HA_STATE))} * 0 or {by(CLUSTER, _UNREAD)}"
)
ACTIVE_WRONG = alarm(
    f"({_ACTIVE}) != 1",
    _ACTIVE,
    "suffix: wrong",
    "HDFS clusters without an active NameNode, or with more than one: a split brain.",
    "One each",
    "No role known",
)
SAFE_MODE = _none(
    m.SAFE_MODE,
    "in safe mode",
    "HDFS clusters whose active NameNode is in safe mode: they take no writes.",
    none="Off",
)
MISSING_BLOCKS = _none(m.MISSING_BLOCKS, "missing", "Blocks without a readable replica: files that cannot be read.")
CORRUPT_BLOCKS = _none(m.CORRUPT_BLOCKS, "corrupt", "Blocks with a corrupt replica.", "orange")
UNDER_REPLICATED_BLOCKS = _none(
    m.UNDER_REPLICATED_BLOCKS,
    "with too few",
    "Blocks with fewer replicas than asked for; on Hadoop 3 the missing ones are among them.",
    "orange",
)
DEAD_DATANODES = _none(
    m.DEAD_DATANODES,
    "dead",
    "DataNodes without a heartbeat for long, but for those that were taken out of service.",
    less=(m.DECOMMISSIONED_DEAD_DATANODES, m.IN_MAINTENANCE_DEAD_DATANODES),
)
STALE_DATANODES = _none(m.STALE_DATANODES, "stale", "Live DataNodes whose last heartbeat is some time ago.", "orange")
FAILED_VOLUMES = _none(m.FAILED_VOLUMES, "failed", "Volumes that live DataNodes took out of service.", "orange")

_REMAINING = of_cluster(m.CAPACITY_REMAINING)
_FREE = f"{_REMAINING} / ({of_cluster(m.CAPACITY)} > 0)"
FREE = Signal(
    f"min({_FREE})",
    "percentunit",
    "The smallest share of capacity that is free; of all live DataNodes, as the active NameNode counts it.",
    steps=((0.1, "orange"), (0.2, "green")),
    base="red",
    missing="No capacity",
    decimals=1,
)
# Whichever NameNode was active: a failover does not begin anew. A line through little data points anywhere.
_KNOWN = f"last_over_time(({_REMAINING})[10m:5m] offset 12h)"
_SHRINKING = f"deriv(({_REMAINING})[1d:10m]) < 0 and {_KNOWN}"
_LEFT = f"{_REMAINING} / -({_SHRINKING}) or ({_REMAINING} and {_KNOWN}) * 0 - 1 or {_REMAINING} * 0 - 2"
_DAY = 24 * 3600
FULL_IN = Signal(
    _LEFT,
    "s",
    "When nothing is left, if what is free shrinks as fast as in the last day. Not yet: half a day has to be known.",
    steps=((0, "red"), (4 * _DAY, "orange"), (14 * _DAY, "green")),
    words={-1: ("Steady", "green"), -2: ("Not yet", "text")},
    base="green",
    missing=NO_ACTIVE,
    decimals=1,
)

SERVER_STATE = server_state(TYPE, TITLE, _BY_JMX_EXPORTER)
FAILURE_REASON = failure_reason(TYPE)
DATA_AGE = data_age(TYPE)
ALERT = firing_alerts(TYPE, "daemon, path")
CLUSTER_FREE = replace(FREE, expr=_FREE, description="Share of the capacity that is free.")
CAPACITY = Signal(of_cluster(m.CAPACITY), "bytes", "Capacity of the live DataNodes.", missing=NO_ACTIVE)
USED = Signal(of_cluster(m.CAPACITY_USED), "bytes", "Used by HDFS, all replicas.", missing=NO_ACTIVE)
CAPACITIES = Signal(
    kinds(
        {
            "used": USED.expr,
            "used by others": of_cluster(m.CAPACITY_NON_DFS),
            "free": _REMAINING,
        }
    ),
    "bytes",
    "What the capacity of the live DataNodes is used for; dashed, all of it.",
    missing=NO_ACTIVE,
)
LIVE_DATANODES = Signal(of_cluster(m.LIVE_DATANODES), "none", "DataNodes that send heartbeats.", missing=NO_ACTIVE)
FILES = Signal(
    of_cluster(m.FILES_AND_DIRECTORIES), "locale", "Files and directories together.", missing=NO_ACTIVE, decimals=0
)
BLOCKS = Signal(of_cluster(m.BLOCKS), "locale", "Blocks and block groups.", missing=NO_ACTIVE, decimals=0)
BLOCKS_WRONG = Signal(
    kinds(
        {
            "missing": of_cluster(m.MISSING_BLOCKS),
            "corrupt": of_cluster(m.CORRUPT_BLOCKS),
            "under-replicated": of_cluster(m.UNDER_REPLICATED_BLOCKS),
            "pending reconstruction": of_cluster(m.PENDING_RECONSTRUCTION_BLOCKS),
            "pending deletion": of_cluster(m.PENDING_DELETION_BLOCKS),
        }
    ),
    "none",
    "Blocks that are not as they should be. A block may be of several kinds: nobody may sum them.",
    missing=NO_ACTIVE,
    decimals=0,
)
DATANODES = Signal(
    kinds(
        {
            "live": LIVE_DATANODES.expr,
            "dead": of_cluster(m.DEAD_DATANODES),
            "stale": of_cluster(m.STALE_DATANODES),
            "decommissioning": of_cluster(m.DECOMMISSIONING_DATANODES),
            "entering maintenance": of_cluster(m.ENTERING_MAINTENANCE_DATANODES),
        }
    ),
    "none",
    "DataNodes by what the active NameNode thinks of them. Stale ones are live as well.",
    missing=NO_ACTIVE,
    decimals=0,
)


def _rate(metric: Metric) -> str:
    """Of all NameNodes: only the active one takes what changes something, observers take reads."""
    return by(CLUSTER, by(DAEMON, rate(metric, daemon=ANYTHING)), "sum")


def _done(metric: Metric, description: str) -> Signal:
    counted = by(DAEMON, f"increase({_any(metric)}[$__range])")
    return Signal(
        f"sum({counted})",
        "locale",
        f"{description} in the time shown, as far as scrapes tell.",
        missing="Not counted",
        decimals=0,
    )


CREATED_NOW = _done(m.CREATE_FILE_OPS, "Files made")
MKDIRS_NOW = _done(m.MKDIRS, "Directories made, each parent that was missing among them,")
DELETED_NOW = _done(m.DELETE_FILE_OPS, "Calls that deleted something; a whole tree counts once,")
OPENED_NOW = _done(m.GET_BLOCK_LOCATIONS_OPS, "Files opened to be read")
CHANGES = Signal(
    kinds(
        {
            "files made": _rate(m.CREATE_FILE_OPS),
            "directories made": _rate(m.MKDIRS),
            "deletions": _rate(m.DELETE_FILE_OPS),
            "renames": _rate(m.RENAME_OPS),
            "appends": _rate(m.APPEND_OPS),
            "blocks added": _rate(m.ADD_BLOCK_OPS),
        }
    ),
    "ops",
    "Operations that change what is there. A deletion of a tree counts once.",
    missing="Not counted",
)
READS = Signal(
    kinds(
        {
            "files opened": _rate(m.GET_BLOCK_LOCATIONS_OPS),
            "listings": _rate(m.GET_LISTING_OPS),
            "statuses": _rate(m.FILE_INFO_OPS),
        }
    ),
    "ops",
    "Operations that read what is there.",
    missing="Not counted",
)
FILES_OPEN = Signal(
    of_cluster(m.FILES_UNDER_CONSTRUCTION), "none", "Files open for writing.", missing="Not told", decimals=0
)
