"""What is worth knowing about each NameNode, DataNode and JournalNode."""

from __future__ import annotations

from mlvitals.core.metric import Metric
from mlvitals.hdfs import metrics as m
from mlvitals_dashboards.hdfs_signals import DAEMON, rate
from mlvitals_dashboards.signals import Signal, by, select
from mlvitals_dashboards.suite_signals import age
from mlvitals_dashboards.system_signals import state_of

NOT_READ = "No daemon read"
NO_JOURNAL = "No JournalNode"
DRAWN = 50
"""DataNodes on one graph; a cluster may have thousands."""
_STATES = {
    "active": (0, ("Active", "green")),
    "standby": (1, ("Standby", "blue")),
    "observer": (2, ("Observer", "blue")),
    "initializing": (3, ("Initializing", "orange")),
    "starting": (4, ("Starting", "orange")),
    "stopping": (5, ("Stopping", "orange")),
    "unknown": (6, ("UNKNOWN", "red")),
}
_ON_OFF = {0: ("Off", "green"), 1: ("ON", "red")}
HEAP_STEPS = ((0.8, "orange"), (0.9, "red"))

# NameNodes.
ROLE = state_of(m.HA_STATE, DAEMON, _STATES, "No role known")
VERSION = Signal(by(f"{DAEMON}, version", select(m.NAMENODE_INFO)), "none", "Hadoop's version.")
SAFE_MODE = Signal(by(DAEMON, select(m.SAFE_MODE)), "none", "In safe mode it takes no writes.", words=_ON_OFF)
STARTUP = Signal(by(DAEMON, select(m.STARTUP_COMPLETE)), "percentunit", "How much of the start-up is done.", decimals=0)
UPTIME = Signal(by(DAEMON, age(select(m.NAMENODE_START))), "s", "Time since it started.", decimals=1)
CHECKPOINT_AGE = Signal(
    by(DAEMON, age(select(m.LAST_CHECKPOINT))),
    "s",
    "Time since the image was last saved.",
    steps=((3 * 3600, "orange"),),
    missing="Never",
    decimals=1,
)
TRANSACTIONS = Signal(
    by(DAEMON, select(m.TRANSACTIONS_SINCE_CHECKPOINT)),
    "locale",
    "Edits since the image was saved: what a restart has to read.",
    missing=NOT_READ,
    decimals=0,
)
FAILED_DIRECTORIES = Signal(
    by(DAEMON, select(m.NAME_DIRECTORIES, state="failed")),
    "none",
    "Directories of the image and the edit log that failed.",
    steps=((1, "red"),),
    decimals=0,
)
SYNC_MEAN = Signal(
    by(DAEMON, select(m.EDIT_LOG_SYNC_MEAN)),
    "s",
    "Mean time of writing edits to disks and JournalNodes, of Hadoop's last metrics period.",
    missing=NOT_READ,
)
LOCK_QUEUE = Signal(
    by(DAEMON, select(m.LOCK_QUEUE_LENGTH)),
    "none",
    "Threads that wait for the lock of the namesystem.",
    missing=NOT_READ,
    decimals=0,
)


def _heap(**labels: str) -> str:
    used, most = (by(f"{DAEMON}, service", select(metric, **labels)) for metric in (m.JVM_HEAP_USED, m.JVM_HEAP_MAX))
    return f"{used} / ({most} > 0)"


def _of_namenode(metric: Metric) -> str:
    return by(f"{DAEMON}, port", select(metric, service="NameNode"))


HEAP = Signal(
    by(DAEMON, _heap(service="NameNode")), "percentunit", "Heap used, of its maximum.", steps=HEAP_STEPS, decimals=0
)
RPC_QUEUE = Signal(
    _of_namenode(m.RPC_QUEUE_MEAN),
    "s",
    "Mean time that calls waited for a handler, of Hadoop's last metrics period in which there were calls.",
    missing=NOT_READ,
)
RPC_PROCESSING = Signal(
    _of_namenode(m.RPC_PROCESSING_MEAN),
    "s",
    "Mean time that calls took, of Hadoop's last metrics period in which there were calls.",
    missing=NOT_READ,
)
RPC_CALLS = Signal(
    by(f"{DAEMON}, port", rate(m.RPC_CALLS, service="NameNode")), "ops", "Calls that were processed.", missing=NOT_READ
)
RPC_WAITING = Signal(
    _of_namenode(m.RPC_QUEUE_LENGTH), "none", "Calls that wait for a handler.", missing=NOT_READ, decimals=0
)

# DataNodes, as the active NameNode sees them.
SEEN = "exporter, datanode"
NOT_SEEN = "Only the exporter of mlvitals tells DataNodes apart"
SEEN_STATE = Signal(
    by(SEEN, select(m.DATANODE_LIVE)),
    "none",
    "Whether the active NameNode calls it live.",
    words={1: ("Live", "green"), 0: ("DEAD", "red")},
    missing=NOT_SEEN,
)
SEEN_CONTACT = Signal(by(SEEN, age(select(m.DATANODE_LAST_CONTACT))), "s", "Time since its last heartbeat.", decimals=0)
SEEN_CAPACITY = Signal(by(SEEN, select(m.DATANODE_SEEN_CAPACITY)), "bytes", "Its capacity.")
SEEN_USED = Signal(
    f"{by(SEEN, select(m.DATANODE_SEEN_USED))} / ({by(SEEN, select(m.DATANODE_SEEN_CAPACITY))} > 0)",
    "percentunit",
    "Part of it that HDFS uses.",
    decimals=0,
)
SEEN_BLOCKS = Signal(by(SEEN, select(m.DATANODE_SEEN_BLOCKS)), "locale", "Its blocks.", decimals=0)

# DataNodes, each asked itself.
DN_VERSION = Signal(by(f"{DAEMON}, version", select(m.DATANODE_INFO)), "none", "Hadoop's version.", missing=NOT_READ)
DN_UPTIME = Signal(by(DAEMON, age(select(m.DATANODE_START))), "s", "Time since it started.", decimals=1)
DN_REMAINING = Signal(by(DAEMON, select(m.DATANODE_CAPACITY_REMAINING)), "bytes", "Free for HDFS.", missing=NOT_READ)
DN_FAILED_VOLUMES = Signal(
    by(DAEMON, select(m.DATANODE_FAILED_VOLUMES)),
    "none",
    "Volumes that it took out of service.",
    steps=((1, "red"),),
    decimals=0,
)
DN_XCEIVERS = Signal(by(DAEMON, select(m.DATANODE_XCEIVERS)), "none", "Threads that transfer blocks now.", decimals=0)
DN_ERRORS = Signal(
    by(DAEMON, f"increase({select(m.DATANODE_NETWORK_ERRORS)}[1h])"), "none", "Network errors in an hour.", decimals=0
)
DN_UNVERIFIED = Signal(
    by(DAEMON, f"increase({select(m.DATANODE_VERIFICATION_FAILURES)}[1d])"),
    "none",
    "Checksums that did not fit in a day.",
    steps=((1, "red"),),
    decimals=0,
)
VOLUME = f"{DAEMON}, volume"
VOLUME_FREE = Signal(
    by(VOLUME, select(m.DATANODE_VOLUME_FREE)),
    "bytes",
    "Free bytes.",
    missing=NOT_SEEN,
)
VOLUME_USED = Signal(by(VOLUME, select(m.DATANODE_VOLUME_USED)), "bytes", "Used by HDFS.")
VOLUME_RESERVED = Signal(by(VOLUME, select(m.DATANODE_VOLUME_RESERVED)), "bytes", "Kept from HDFS.")
VOLUME_BLOCKS = Signal(
    by(VOLUME, select(m.DATANODE_VOLUME_BLOCKS)), "locale", "Blocks; not told by Hadoop 2.", decimals=0
)


def most(labels: str, expr: str, at_end: str) -> str:
    """The daemons of which `at_end` is largest."""
    return f"{by(labels, expr)} and on ({DAEMON}) topk({DRAWN}, {at_end})"


def _traffic(metric: Metric, description: str) -> Signal:
    text = f"{description}. Of the daemons chosen above, the {DRAWN} with the most by now."
    return Signal(most(DAEMON, rate(metric), rate_at_end(metric)), "Bps", text, missing=NOT_READ)


def rate_at_end(metric: Metric) -> str:
    """How fast a counter grows by the end of the time shown."""
    return f"rate({select(metric)}[$__rate_interval] @ end())"


def _slow(metric: Metric, description: str) -> Signal:
    selector = select(metric)
    text = f"{description}, of Hadoop's last metrics period. Of the daemons chosen above, the {DRAWN} slowest by now."
    return Signal(most(DAEMON, selector, f"{selector} @ end()"), "s", text, missing=NOT_READ)


READ = _traffic(m.DATANODE_READ_BYTES, "Bytes read from disks")
WRITTEN = _traffic(m.DATANODE_WRITTEN_BYTES, "Bytes written to disks")
READ_MEAN = _slow(m.DATANODE_READ_BLOCK_MEAN, "Mean time to read a block")
WRITE_MEAN = _slow(m.DATANODE_WRITE_BLOCK_MEAN, "Mean time to write a block")

# JournalNodes.
JOURNAL = f"{DAEMON}, journal"
LAG = Signal(
    by(JOURNAL, select(m.JOURNAL_LAG)),
    "none",
    "Transactions that it is behind the others.",
    steps=((1000, "red"),),
    missing=NO_JOURNAL,
    decimals=0,
)
JOURNAL_AGE = Signal(
    by(JOURNAL, age(select(m.JOURNAL_LAST_TIME))),
    "s",
    "Time since edits last came; not told by Hadoop 2.",
    missing="Not told",
    decimals=0,
)
JOURNAL_TRANSACTION = Signal(
    by(JOURNAL, select(m.JOURNAL_LAST_TRANSACTION)), "none", "The last edit that it wrote.", decimals=0
)
JOURNAL_EPOCH = Signal(
    by(JOURNAL, select(m.JOURNAL_WRITER_EPOCH)), "none", "Grows by one with every failover.", decimals=0
)
JOURNAL_RATE = Signal(
    by(JOURNAL, rate(m.JOURNAL_TRANSACTIONS)), "cps", "Transactions that were written.", missing=NO_JOURNAL
)
JOURNAL_SYNC = Signal(
    by(JOURNAL, select(m.JOURNAL_SYNC_LATENCY, percentile="99")),
    "s",
    "99th percentile of the time that writing to disk took, of the last 60 seconds.",
    missing=NO_JOURNAL,
)

# Every daemon.
_SERVICE = f"{DAEMON}, service"
_MOST = f" Of the daemons chosen above, the {DRAWN} with the most by now."
HEAPS = Signal(
    most(_SERVICE, _heap(), f"{select(m.JVM_HEAP_USED)} @ end()"),
    "percentunit",
    f"Heap used, of its maximum. Of the daemons chosen above, the {DRAWN} with the largest heaps.",
    missing=NOT_READ,
)
GC = Signal(
    most(_SERVICE, rate(m.JVM_GC_SECONDS), rate_at_end(m.JVM_GC_SECONDS)),
    "percentunit",
    f"Part of the time that goes into collecting garbage.{_MOST}",
    missing=NOT_READ,
)
PAUSES = Signal(
    most(_SERVICE, rate(m.JVM_PAUSE_SECONDS), rate_at_end(m.JVM_PAUSE_SECONDS)),
    "percentunit",
    f"Part of the time in which the JVM or its host stood still; not told by JournalNodes.{_MOST}",
    missing=NOT_READ,
)
