"""HDFS: can it be used, is what it holds safe, is there room, what is asked of it, and how are its daemons?"""

from __future__ import annotations

from mlvitals.hdfs import metrics
from mlvitals_dashboards import hdfs_daemon_signals as d
from mlvitals_dashboards import hdfs_signals as s
from mlvitals_dashboards.layout import dashboard, label_variable
from mlvitals_dashboards.parts import Column, alert_table, drill_down, lines, row, runbook, stat, table, timeline
from mlvitals_dashboards.signals import of_exporters

UID = "mlvitals-hdfs"
NAME = 110
"""Pixels for the name of an exporter."""

_HEALTH = {"exporter": drill_down("Exporter health", "mlvitals-exporters", exporter="exporter")}
_ONLY = {"daemon": drill_down("Only this daemon", UID, exporter="exporter", daemon="daemon")}
_OF_DAEMON = {"exporter": "HDFS", "daemon": "Daemon", "version": "Hadoop"}

_SUMMARY = [
    stat("servers", "Clusters", s.SERVERS_DOWN, links=runbook("HdfsDown")),
    stat("firing", "Alerts", s.FIRING),
    stat("daemons", "Daemons and paths", s.DAEMONS_UNREAD, links=runbook("MlvitalsTargetFailing")),
    stat("active", "Active NameNode", s.ACTIVE_WRONG, links=runbook("HdfsNoActiveNameNode", "HdfsTwoActiveNameNodes")),
    stat("safe-mode", "Safe mode", s.SAFE_MODE, links=runbook("HdfsSafeMode")),
    stat("free", "Free", s.FREE, links=runbook("HdfsCapacityLow", "HdfsCapacityPredicted")),
    stat("missing", "Missing blocks", s.MISSING_BLOCKS, links=runbook("HdfsMissingBlocks")),
    stat("corrupt", "Corrupt blocks", s.CORRUPT_BLOCKS, links=runbook("HdfsCorruptBlocks")),
    stat("under", "Replicas", s.UNDER_REPLICATED_BLOCKS, links=runbook("HdfsUnderReplicatedBlocks")),
    stat("dead", "Dead DataNodes", s.DEAD_DATANODES, links=runbook("HdfsDataNodesDead")),
    stat("stale", "Stale DataNodes", s.STALE_DATANODES, links=runbook("HdfsDataNodesStale")),
    stat("volumes", "Failed volumes", s.FAILED_VOLUMES, links=runbook("HdfsVolumesFailed")),
]
_CLUSTERS = table(
    "cluster-table",
    "Every HDFS",
    {"exporter": "HDFS", "reason": "Reason"},
    [
        Column("State", s.SERVER_STATE),
        Column("Last read", s.DATA_AGE),
        Column("Capacity", s.CAPACITY),
        Column("Free", s.CLUSTER_FREE),
        Column("Full in", s.FULL_IN),
        Column("Live", s.LIVE_DATANODES),
        Column("Files", s.FILES),
        Column("Blocks", s.BLOCKS),
        Column("failure", s.FAILURE_REASON),
    ],
    order=(
        *("HDFS", "State", "Last read", "Capacity", "Free", "Full in", "Live", "Files", "Blocks", "Reason", "failure"),
    ),
    description="One row for each HDFS, by its active NameNode. The name leads to the health of its exporter.",
    missing="No HDFS exporter: add one to mlvitals.yml",
    sort="Free",
    descending=False,
    cell_links=_HEALTH,
    hide=("failure",),
    widths={"exporter": NAME},
    w=14,
    h=6,
    links=runbook("HdfsCapacityPredicted"),
)
_ALERTS = alert_table(
    {"exporter": "HDFS", "daemon": "Daemon", "path": "Path"},
    s.ALERT,
    widths={"exporter": 90},
    w=10,
)
_ROLES = timeline("roles", "NameNodes over time", d.ROLE, "{{exporter}} {{daemon}}", h=5)

_STORAGE = [
    lines(
        "capacity",
        "Capacity, all of it dashed",
        s.CAPACITIES,
        "{{exporter}} {{kind}}",
        more={"{{exporter}}": s.CAPACITY},
        links=runbook("HdfsCapacityLow"),
    ),
    lines(
        "blocks",
        "Blocks that are not as they should be",
        s.BLOCKS_WRONG,
        "{{exporter}} {{kind}}",
        steps=True,
        links=runbook("HdfsMissingBlocks", "HdfsCorruptBlocks", "HdfsUnderReplicatedBlocks"),
    ),
    lines(
        "datanodes",
        "DataNodes by state",
        s.DATANODES,
        "{{exporter}} {{kind}}",
        steps=True,
        links=runbook("HdfsDataNodesDead", "HdfsDataNodesStale"),
    ),
    lines("files", "Files and directories", s.FILES, "{{exporter}}", steps=True, w=6),
    lines("files-open", "Files open for writing", s.FILES_OPEN, "{{exporter}}", steps=True, w=6),
]
_OPERATIONS = [
    stat("created", "Files made", s.CREATED_NOW, w=6),
    stat("mkdirs", "Directories made", s.MKDIRS_NOW, w=6),
    stat("deleted", "Deletions", s.DELETED_NOW, w=6),
    stat("opened", "Files opened", s.OPENED_NOW, w=6),
    lines("changes", "Changes per second", s.CHANGES, "{{exporter}} {{kind}}"),
    lines("reads", "Reads per second", s.READS, "{{exporter}} {{kind}}"),
]
_NAMENODES = [
    table(
        "namenode-table",
        "Every NameNode",
        _OF_DAEMON,
        [
            Column("State", d.ROLE),
            Column("Safe mode", d.SAFE_MODE),
            Column("Started", d.STARTUP),
            Column("Up for", d.UPTIME),
            Column("Heap", d.HEAP),
            Column("Checkpoint", d.CHECKPOINT_AGE),
            Column("Edits since", d.TRANSACTIONS),
            Column("Failed folders", d.FAILED_DIRECTORIES),
            Column("info", d.VERSION),
        ],
        order=(
            *("HDFS", "Daemon", "State", "Safe mode", "Started", "Up for", "Heap", "Checkpoint", "Edits since"),
            *("Failed folders", "Hadoop", "info"),
        ),
        description="Each NameNode with what it says of itself. The name narrows the dashboard to it.",
        missing=d.NOT_READ,
        sort="State",
        descending=False,
        cell_links=_ONLY,
        hide=("info",),
        widths={"exporter": NAME},
        h=6,
        links=runbook("HdfsSafeMode", "HdfsCheckpointOld", "HdfsHeapNearMaximum"),
    ),
    lines(
        "rpc-queue",
        "Calls wait",
        d.RPC_QUEUE,
        "{{exporter}} {{daemon}} port {{port}}",
        links=runbook("HdfsRpcQueueSlow"),
    ),
    lines("rpc-processing", "Calls take", d.RPC_PROCESSING, "{{exporter}} {{daemon}} port {{port}}"),
    lines("rpc-calls", "Calls per second", d.RPC_CALLS, "{{exporter}} {{daemon}} port {{port}}"),
    lines("rpc-waiting", "Calls that wait", d.RPC_WAITING, "{{exporter}} {{daemon}} port {{port}}"),
    lines("sync", "Writing the edit log takes", d.SYNC_MEAN, "{{exporter}} {{daemon}}"),
    lines("lock", "Threads that wait for the lock", d.LOCK_QUEUE, "{{exporter}} {{daemon}}"),
    lines(
        "edits",
        "Edits since the last checkpoint",
        d.TRANSACTIONS,
        "{{exporter}} {{daemon}}",
        w=24,
        h=7,
        links=runbook("HdfsCheckpointOld"),
    ),
]
_DATANODES = [
    table(
        "seen-table",
        "DataNodes, as the active NameNode sees them",
        {"exporter": "HDFS", "datanode": "DataNode"},
        [
            Column("State", d.SEEN_STATE),
            Column("Heartbeat", d.SEEN_CONTACT),
            Column("Capacity", d.SEEN_CAPACITY),
            Column("Used", d.SEEN_USED),
            Column("Blocks", d.SEEN_BLOCKS),
        ],
        description="Every DataNode that the active NameNode knows, dead ones first.",
        missing=d.NOT_SEEN,
        sort="State",
        descending=False,
        widths={"exporter": NAME},
        links=runbook("HdfsDataNodesDead", "HdfsDataNodesStale"),
    ),
    table(
        "datanode-table",
        "DataNodes, as they say themselves",
        _OF_DAEMON,
        [
            Column("Up for", d.DN_UPTIME),
            Column("Free", d.DN_REMAINING),
            Column("Failed volumes", d.DN_FAILED_VOLUMES),
            Column("Transfers", d.DN_XCEIVERS),
            Column("Errors in 1 h", d.DN_ERRORS),
            Column("Checksums", d.DN_UNVERIFIED),
            Column("info", d.DN_VERSION),
        ],
        order=(
            *("HDFS", "Daemon", "Up for", "Free", "Failed volumes", "Transfers", "Errors in 1 h", "Checksums"),
            *("Hadoop", "info"),
        ),
        description="Every DataNode that was asked itself. The name narrows the dashboard to it.",
        missing=d.NOT_READ,
        sort="Failed volumes",
        cell_links=_ONLY,
        hide=("info",),
        widths={"exporter": NAME},
        links=runbook("HdfsVolumesFailed"),
    ),
    lines("read", "Read from disks", d.READ, "{{exporter}} {{daemon}}"),
    lines("written", "Written to disks", d.WRITTEN, "{{exporter}} {{daemon}}"),
    lines("read-mean", "Reading a block takes", d.READ_MEAN, "{{exporter}} {{daemon}}"),
    lines("write-mean", "Writing a block takes", d.WRITE_MEAN, "{{exporter}} {{daemon}}"),
]
_VOLUMES = row(
    "Volumes",
    [
        table(
            "volume-table",
            "Every volume",
            {"exporter": "HDFS", "daemon": "Daemon", "volume": "Volume"},
            [
                Column("Free", d.VOLUME_FREE),
                Column("Used", d.VOLUME_USED),
                Column("Reserved", d.VOLUME_RESERVED),
                Column("Blocks", d.VOLUME_BLOCKS),
            ],
            description="The volumes of every DataNode that was asked itself, the fullest first.",
            missing=d.NOT_SEEN,
            sort="Free",
            descending=False,
            cell_links=_ONLY,
            widths={"exporter": NAME},
        )
    ],
)
_JOURNALNODES = row(
    "JournalNodes",
    [
        table(
            "journal-table",
            "Journals",
            {"exporter": "HDFS", "daemon": "Daemon", "journal": "Journal"},
            [
                Column("Behind", d.LAG),
                Column("Last edits", d.JOURNAL_AGE),
                Column("Last edit", d.JOURNAL_TRANSACTION),
                Column("Epoch", d.JOURNAL_EPOCH),
            ],
            description="Each journal on each JournalNode, the one furthest behind first.",
            missing=d.NO_JOURNAL,
            sort="Behind",
            cell_links=_ONLY,
            widths={"exporter": NAME},
            h=6,
            links=runbook("HdfsJournalNodeLagging"),
        ),
        lines("journal-sync", "Slowest writes to disk", d.JOURNAL_SYNC, "{{exporter}} {{daemon}} {{journal}}"),
        lines("journal-rate", "Transactions per second", d.JOURNAL_RATE, "{{exporter}} {{daemon}} {{journal}}"),
    ],
)
_JVM = row(
    "Java processes",
    [
        lines(
            "heap", "Heap", d.HEAPS, "{{exporter}} {{service}} {{daemon}}", w=8, links=runbook("HdfsHeapNearMaximum")
        ),
        lines("gc", "Collecting garbage", d.GC, "{{exporter}} {{service}} {{daemon}}", w=8),
        lines("pauses", "Standing still", d.PAUSES, "{{exporter}} {{service}} {{daemon}}", w=8),
    ],
)

DASHBOARD = dashboard(
    UID,
    "HDFS",
    "HDFS clusters with their NameNodes, DataNodes and JournalNodes, by mlvitals or by jmx_exporter.",
    [
        *_SUMMARY,
        _CLUSTERS,
        _ALERTS,
        _ROLES,
        row("Storage"),
        *_STORAGE,
        row("Operations"),
        *_OPERATIONS,
        row("NameNodes"),
        *_NAMENODES,
        row("DataNodes"),
        *_DATANODES,
        _VOLUMES,
        _JOURNALNODES,
        _JVM,
    ],
    exporters=s.TYPE,
    variables=[label_variable("daemon", "Daemon", of_exporters(metrics.JVM_HEAP_USED))],
    tags=["hdfs"],
)
