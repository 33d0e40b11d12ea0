"""Rules about HDFS, for the exporter of mlvitals and for jmx_exporter on each daemon alike.

By jmx_exporter every daemon is a page of its own, so `instance` says nothing of the cluster; a state has no series
while it is 0; and every NameNode reports the totals of the cluster, of which only those of the active one are true.
That mlvitals cannot read a daemon is told by MlvitalsTargetFailing, with the reason.
"""

from __future__ import annotations

from mlvitals.core import metrics as own
from mlvitals.core.metric import Metric
from mlvitals.hdfs import metrics as m
from mlvitals_alerts.parts import KEEP, down
from mlvitals_alerts.rules import UP, Alert, Recording, Severity, System, each, label, lookup, number, value

FREE = 0.1
FULL_DAYS = 4
GROWING_BELOW = 0.4
"""Free share from which on it matters how fast it shrinks."""
CHECKPOINT_HOURS = 3
"""Three times the default of dfs.namenode.checkpoint.period."""
JOURNAL_LAG = 1000
RPC_SECONDS = 0.1
HEAP = 0.9
REMEMBERED = "1w"
"""For how long it is known that an HDFS has NameNodes when none answers any more: longer than any outage lasts."""
NAMED = 5
"""DataNodes that a text names; the dashboard has them all."""

_CLUSTER = ("exporter",)
_IS_ACTIVE = f'{m.HA_STATE}{{state="{m.ACTIVE}"}} == 1'
ACTIVE = f"and on (exporter, daemon) {_IS_ACTIVE}"
"""Of what every NameNode says of the cluster, what is true."""

_AGENT = f'{UP}{{exporter_type="hdfs",daemon!=""}}'
"""Targets of jmx_exporter, one for each daemon."""
# What is gone from the configuration has no target; what mlvitals says of HDFS is gone while it is not scraped.
_THERE = f'({UP}{{exporter_type="hdfs",daemon=""}} == 1 or {_AGENT})'
_UNREAD = f'{own.TARGET_UP}{{exporter_type="hdfs",target="{m.CLUSTER}"}}'
# Roles of before stay for a while when no NameNode at all can be read; another mlvitals may know the ones of now.
_NOT_OLD = f"unless on (exporter, instance) {_UNREAD} == 0"
_IS_ACTIVE_NOW = f"({_IS_ACTIVE} {_NOT_OLD})"
_NAMENODE = f"{label('exporter')}: NameNode {label('daemon')}"
_KNOWN = f"({m.HA_STATE}{{%s}} == 1 {_NOT_OLD})"
_STATES = (
    lookup(_KNOWN, text=": ", otherwise="", of=_CLUSTER)
    + each(
        f"max by (daemon, state) {_KNOWN}", by="daemon", show="{{ .Labels.daemon }} {{ .Labels.state }}", of=_CLUSTER
    )
    + each(
        f'max by (reason) ({own.TARGET_FAILURE}{{%s,target="{m.CLUSTER}"}})',
        by="reason",
        show=", none can be read ({{ .Labels.reason }})",
        of=_CLUSTER,
    )
)


def _of_daemon(metric: Metric, show: str = "value", text: str = "%s", otherwise: str = "unknown") -> str:
    return lookup(f"{metric}{{%s}}", "daemon", show=show, text=text, otherwise=otherwise)


def _named(query: str, daemon: str, show: str) -> str:
    """Template: the first few DataNodes of a query of the cluster; nothing where there are none."""
    some = lookup(query, text=": ", otherwise="", of=_CLUSTER)
    return some + each(f"topk({NAMED}, max by ({daemon}) ({query}))", by=daemon, show=show, of=_CLUSTER)


def _count(
    name: str, severity: Severity, summary: str, description: str, count: Metric | str, for_: str = "5m"
) -> Alert:
    """The alert that the active NameNode counts some of what there should be none of."""
    return Alert(name, severity, summary, description, f"{count} > 0\n{ACTIVE}", for_=for_, keep_firing_for=KEEP)


_NAMENODES = (
    Alert(
        "HdfsNoActiveNameNode",
        "critical",
        "No NameNode is known to be active.",
        f"{label('exporter')}: no NameNode is known to be active{_STATES}.",
        # Not the number of them: it is absent while one cannot be read, which is when the other has to be active.
        f"(\n  group without (daemon, instance, state) (last_over_time({m.HA_STATE}[{REMEMBERED}]) == 1)\n"
        f"  and on (exporter) {_THERE}\n  unless on (exporter) {_IS_ACTIVE_NOW}\n"
        f"  or max without (instance, target) ({_UNREAD}) == 0\n)\n"
        f"unless max without (instance) ({own.EXPORTER_UP}) == 0",
        for_="2m",
        keep_firing_for=KEEP,
    ),
    Alert(
        "HdfsTwoActiveNameNodes",
        "critical",
        "More than one NameNode says that it is active.",
        f"{label('exporter')}: {number()} NameNodes say that they are active, expected one{_STATES}.",
        # Several processes of mlvitals may look at the same NameNode.
        f"count without (daemon, state) (max without (instance) {_IS_ACTIVE_NOW}) > 1",
        for_="2m",
        keep_firing_for=KEEP,
    ),
    Alert(
        "HdfsSafeMode",
        "critical",
        "The active NameNode is in safe mode: HDFS takes no writes.",
        f"{_NAMENODE} is active and in safe mode: "
        + _of_daemon(m.STARTUP_COMPLETE, "value | humanizePercentage")
        + " of its start-up are done, "
        + _of_daemon(m.LIVE_DATANODES)
        + " DataNodes are live.",
        f"{m.SAFE_MODE} == 1\n{ACTIVE}",
        for_="15m",
        keep_firing_for=KEEP,
    ),
    Alert(
        "HdfsCheckpointOld",
        "warning",
        "The image of the active NameNode has not been saved for hours.",
        f"{_NAMENODE}: the last checkpoint was {value()} ago, expected at most {CHECKPOINT_HOURS}h; "
        + _of_daemon(m.TRANSACTIONS_SINCE_CHECKPOINT, "value | humanize")
        + " transactions since.",
        f"time() - {m.LAST_CHECKPOINT} > {CHECKPOINT_HOURS} * 3600\n"
        f"and {m.TRANSACTIONS_SINCE_CHECKPOINT} > 0\n{ACTIVE}",
        for_="15m",
        keep_firing_for=KEEP,
    ),
)

_BLOCKS = (
    _count(
        "HdfsMissingBlocks",
        "critical",
        "Blocks have no readable replica.",
        f"{_NAMENODE}: {number()} of "
        + _of_daemon(m.BLOCKS, "value | humanize")
        + " blocks have no readable replica, "
        + _of_daemon(m.MISSING_ONE_REPLICA_BLOCKS)
        + " of them in files that ask for one replica; "
        + _of_daemon(m.DEAD_DATANODES)
        + " DataNodes are dead.",
        m.MISSING_BLOCKS,
    ),
    _count(
        "HdfsCorruptBlocks",
        "warning",
        "Blocks have a corrupt replica.",
        f"{_NAMENODE}: {number()} of " + _of_daemon(m.BLOCKS, "value | humanize") + " blocks have a corrupt replica.",
        m.CORRUPT_BLOCKS,
        "15m",
    ),
    _count(
        "HdfsUnderReplicatedBlocks",
        "warning",
        "Blocks have had too few replicas for long.",
        f"{_NAMENODE}: {number()} of "
        + _of_daemon(m.BLOCKS, "value | humanize")
        + " blocks have fewer replicas than asked for; "
        + _of_daemon(m.PENDING_RECONSTRUCTION_BLOCKS)
        + " are being replicated, "
        + _of_daemon(m.DEAD_DATANODES)
        + " DataNodes are dead.",
        m.UNDER_REPLICATED_BLOCKS,
        "1h",
    ),
)


def _less(metric: Metric) -> str:
    """What older releases do not have counts as none."""
    return f"\n- ({metric} or {m.DEAD_DATANODES} * 0)"


_DATANODES = (
    _count(
        "HdfsDataNodesDead",
        "warning",
        "DataNodes are dead that nobody took out of service.",
        f"{_NAMENODE}: {number()} DataNodes are dead, "
        + _of_daemon(m.LIVE_DATANODES)
        + " are live"
        + _named(f"{m.DATANODE_LIVE}{{%s}} == 0", "datanode", "{{ .Labels.datanode }} is dead")
        + ".",
        str(m.DEAD_DATANODES) + _less(m.DECOMMISSIONED_DEAD_DATANODES) + _less(m.IN_MAINTENANCE_DEAD_DATANODES),
    ),
    _count(
        "HdfsDataNodesStale",
        "warning",
        "DataNodes send their heartbeats too late.",
        f"{_NAMENODE}: {number()} of "
        + _of_daemon(m.LIVE_DATANODES)
        + " live DataNodes have sent no heartbeat for a while.",
        m.STALE_DATANODES,
        "15m",
    ),
    _count(
        "HdfsVolumesFailed",
        "warning",
        "Volumes of DataNodes have failed.",
        f"{_NAMENODE}: {number()} volumes of DataNodes have failed, "
        + _of_daemon(m.CAPACITY_LOST, "value | humanize1024", "%sB")
        + " of capacity are lost"
        + _named(f"{m.DATANODE_FAILED_VOLUMES}{{%s}} > 0", "daemon", "{{ .Value }} of {{ .Labels.daemon }}")
        + ".",
        m.FAILED_VOLUMES,
    ),
)

# Without a live DataNode the capacity is 0: then nothing is said of what is free.
_FREE = f"{m.CAPACITY_REMAINING} / ({m.CAPACITY} > 0)"
_SIZE = _of_daemon(m.CAPACITY, "value | humanize1024", "%sB")
REMAINING = Recording(
    "exporter:hdfs_namenode_capacity_remaining_bytes:max",
    "What is free by the NameNode that is active, whichever that is: it goes on through failovers",
    f"max without (daemon, instance) ({m.CAPACITY_REMAINING} {ACTIVE})",
)
_LEFT = f"{REMAINING}{{%s}} / -(deriv({REMAINING}[1d]) < 0)"
_CAPACITY = (
    Alert(
        "HdfsCapacityLow",
        "critical",
        "HDFS is nearly full.",
        f"{_NAMENODE}: {value('humanizePercentage')} of {_SIZE} are free, expected at least {FREE:.0%}.",
        f"{_FREE} < {FREE}\n{ACTIVE}",
        for_="15m",
        keep_firing_for=KEEP,
    ),
    Alert(
        "HdfsCapacityPredicted",
        "warning",
        f"HDFS will be full within {FULL_DAYS} days.",
        f"{_NAMENODE}: {value('humanizePercentage')} of {_SIZE} are free; "
        "as fast as in the last day, nothing is left in "
        + lookup(_LEFT, show="value | humanizeDuration", of=_CLUSTER)
        + f", expected more than {FULL_DAYS}d.",
        # A line through little data points anywhere: half a day has to be there.
        f"{_FREE} < {GROWING_BELOW}\n{ACTIVE}\n"
        f"and on (exporter) predict_linear({REMAINING}[1d], {FULL_DAYS} * 86400) < 0\n"
        f"and on (exporter) {REMAINING} offset 12h",
        for_="1h",
        keep_firing_for="1h",
    ),
)

_DAEMON = f"{label('exporter')}: {label('service')} {label('daemon')}"
_PORT = ("daemon", "service", "port")
# One that is cut off hears of nothing that it lacks. Daemons are not read at the same moment: what it has now against
# what another one had a while ago. Below 0 it says that it has nothing.
_CUT_OFF = (
    f"max without (daemon, instance) ({m.JOURNAL_LAST_TRANSACTION} offset 2m)\n"
    f"- ignoring (daemon, instance) group_right () clamp_min({m.JOURNAL_LAST_TRANSACTION}, 0)"
)
_DAEMONS = (
    Alert(
        "HdfsDaemonNotScraped",
        "warning",
        "A daemon cannot be read by jmx_exporter.",
        f"{label('exporter')}: {label('daemon')} cannot be read by the jmx_exporter at {label('instance')}: "
        "{{ if $value }}its page has nothing of the daemon{{ else }}Prometheus cannot scrape it{{ end }}.",
        # A jmx_exporter beside its daemon answers without it. Each daemon has a heap.
        f"{_AGENT} == 0 or ({_AGENT} == 1 unless on (exporter, instance) {m.JVM_HEAP_USED})",
        for_="5m",
    ),
    Alert(
        "HdfsJournalNodeLagging",
        "warning",
        "A JournalNode is behind the others.",
        f"{label('exporter')}: JournalNode {label('daemon')} is {value('humanize')} transactions behind the others in "
        f"journal {label('journal')}, expected at most {JOURNAL_LAG}.",
        f"{m.JOURNAL_LAG} > {JOURNAL_LAG}\nor {_CUT_OFF} > {JOURNAL_LAG}",
        for_="5m",
        keep_firing_for=KEEP,
    ),
    Alert(
        "HdfsRpcQueueSlow",
        "warning",
        "Calls wait long before a daemon takes them up.",
        f"{_DAEMON}: calls to port {label('port')} wait {value()} on average, expected at most "
        f"{RPC_SECONDS * 1000:.0f}ms; "
        + lookup(f"{m.RPC_QUEUE_LENGTH}{{%s}}", *_PORT)
        + " wait now, and processing one takes "
        + lookup(f"{m.RPC_PROCESSING_MEAN}{{%s}}", *_PORT, show="value | humanizeDuration")
        + ".",
        # While no call comes, the last mean stays for ever.
        f"{m.RPC_QUEUE_MEAN} > {RPC_SECONDS}\nand rate({m.RPC_CALLS}[5m]) > 0",
        for_="15m",
        keep_firing_for=KEEP,
    ),
    Alert(
        "HdfsHeapNearMaximum",
        "warning",
        "The heap of a daemon stays near its maximum.",
        f"{_DAEMON}: the heap was never below {value('humanizePercentage')} of "
        + lookup(f"{m.JVM_HEAP_MAX}{{%s}}", "daemon", "service", show="value | humanize1024", text="%sB")
        + f" within 15m, expected at most {HEAP:.0%}.",
        # Right before each collection of garbage a healthy heap is nearly full, too.
        f"min_over_time({m.JVM_HEAP_USED}[15m]) / ({m.JVM_HEAP_MAX} > 0) > {HEAP}",
        for_="15m",
        keep_firing_for=KEEP,
    ),
)

SYSTEM = System(
    "hdfs",
    "HDFS",
    "mlvitals-hdfs",
    (down("HdfsDown", "hdfs", "HDFS"), *_NAMENODES, *_BLOCKS, *_DATANODES, REMAINING, *_CAPACITY, *_DAEMONS),
)
