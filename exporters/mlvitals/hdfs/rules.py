"""Which attribute of which MBean fills which metric of HDFS.

What is no more than that stands here, as data; what compares or counts (roles, mkdirs, lists of DataNodes) stands in
`namenodes` and `datanodes`. Of two sources the first is that of newer releases of Hadoop.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlvitals.core.jmx import Rule, Source
from mlvitals.core.metric import Metric
from mlvitals.hdfs import metrics as m

MILLI, MICRO, NANO = 1e-3, 1e-6, 1e-9
MEBI = 1 << 20
_NAMENODE = "Hadoop:service=NameNode,name="
_DATANODE = "Hadoop:service=DataNode,name="
_JOURNAL = "Hadoop:service=JournalNode,name=Journal-{journal}"
# On Hadoop 3 there are two that hold the same.
_DATASET = (f"{_DATANODE}FSDatasetState", f"{_DATANODE}FSDatasetState-*")
_ACTIVITY = f"{_DATANODE}DataNodeActivity-*"
_RPC = "Hadoop:service={service},name=RpcActivityForPort{port}"
_JVM = "Hadoop:service={service},name=JvmMetrics"

STATUS = f"{_NAMENODE}NameNodeStatus"
ROLE = Source(STATUS, "State")
FILES_CREATED = Source(f"{_NAMENODE}NameNodeActivity", "FilesCreated")
FILES_OPENED = Source(f"{_NAMENODE}NameNodeActivity", "CreateFileOps")
LIVE_NODES = Source(f"{_NAMENODE}NameNodeInfo", "LiveNodes")
DEAD_NODES = Source(f"{_NAMENODE}NameNodeInfo", "DeadNodes")
NAME_DIRECTORIES = Source(f"{_NAMENODE}NameNodeInfo", "NameDirStatuses")


def _of(bean: str, metric: Metric, *attributes: str, scale: float = 1.0, positive: bool = False) -> Rule:
    sources = tuple(Source(_NAMENODE + bean, attribute) for attribute in attributes)
    return Rule(metric, sources, scale, positive=positive)


def _dataset(metric: Metric, attribute: str, scale: float = 1.0, *, positive: bool = False) -> Rule:
    return Rule(metric, tuple(Source(bean, attribute) for bean in _DATASET), scale, positive=positive)


def _activity(metric: Metric, attribute: str, scale: float = 1.0) -> Rule:
    return Rule(metric, (Source(_ACTIVITY, attribute),), scale)


def _volume(metric: Metric, key: str) -> Rule:
    return Rule(metric, (Source(f"{_DATANODE}DataNodeInfo", "VolumeInfo", ("{volume}", key)),))


def _journal(metric: Metric, attribute: str, scale: float = 1.0) -> Rule:
    # -1 is what a JournalNode says that cannot read its disk.
    return Rule(metric, (Source(_JOURNAL, attribute),), scale, natural=True)


def _rpc(metric: Metric, attribute: str, scale: float = 1.0) -> Rule:
    return Rule(metric, (Source(_RPC, attribute),), scale)


def _jvm(metric: Metric, attribute: str, scale: float = 1.0, *, positive: bool = False) -> Rule:
    return Rule(metric, (Source(_JVM, attribute),), scale, positive=positive)


def _threads() -> Iterator[Rule]:
    for state in m.JVM_THREADS.values["state"]:
        attribute = "Threads" + state.title().replace("_", "")
        yield Rule(m.JVM_THREADS, (Source(_JVM, attribute),), labels={"state": state})


def _phases() -> Iterator[Rule]:
    for phase in m.PHASES:
        source = Source(f"{_NAMENODE}StartupProgress", f"{phase}PercentComplete")
        yield Rule(m.STARTUP_PHASE_COMPLETE, (source,), labels={"phase": phase})


def _sync_percentiles() -> Iterator[Rule]:
    for percentile in m.JOURNAL_SYNC_LATENCY.values["percentile"]:
        source = Source(_JOURNAL, f"Syncs60s{percentile}thPercentileLatencyMicros")
        yield Rule(m.JOURNAL_SYNC_LATENCY, (source,), MICRO, {"percentile": percentile})


PROCESS = (
    _rpc(m.RPC_RECEIVED_BYTES, "ReceivedBytes"),
    _rpc(m.RPC_SENT_BYTES, "SentBytes"),
    _rpc(m.RPC_CALLS, "RpcProcessingTimeNumOps"),
    _rpc(m.RPC_QUEUE_MEAN, "RpcQueueTimeAvgTime", MILLI),
    _rpc(m.RPC_PROCESSING_MEAN, "RpcProcessingTimeAvgTime", MILLI),
    _rpc(m.RPC_QUEUE_LENGTH, "CallQueueLength"),
    _rpc(m.RPC_OPEN_CONNECTIONS, "NumOpenConnections"),
    _rpc(m.RPC_DROPPED_CONNECTIONS, "NumDroppedConnections"),
    _rpc(m.RPC_SLOW_CALLS, "RpcSlowCalls"),
    _rpc(m.RPC_CLIENT_BACKOFFS, "RpcClientBackoff"),
    _rpc(m.RPC_AUTHENTICATION_FAILURES, "RpcAuthenticationFailures"),
    _rpc(m.RPC_AUTHORIZATION_FAILURES, "RpcAuthorizationFailures"),
    _jvm(m.JVM_HEAP_USED, "MemHeapUsedM", MEBI),
    _jvm(m.JVM_HEAP_COMMITTED, "MemHeapCommittedM", MEBI),
    _jvm(m.JVM_HEAP_MAX, "MemHeapMaxM", MEBI, positive=True),
    _jvm(m.JVM_NON_HEAP_USED, "MemNonHeapUsedM", MEBI),
    _jvm(m.JVM_NON_HEAP_COMMITTED, "MemNonHeapCommittedM", MEBI),
    _jvm(m.JVM_GC_COLLECTIONS, "GcCount"),
    _jvm(m.JVM_GC_SECONDS, "GcTimeMillis", MILLI),
    _jvm(m.JVM_PAUSE_SECONDS, "GcTotalExtraSleepTime", MILLI),
    _jvm(m.JVM_LONG_PAUSES, "GcNumWarnThresholdExceeded"),
    *_threads(),
)
"""Of every daemon."""

STARTUP = (
    _of("StartupProgress", m.STARTUP_COMPLETE, "PercentComplete"),
    _of("StartupProgress", m.STARTUP_ELAPSED, "ElapsedTime", scale=MILLI),
    *_phases(),
)
"""All that a NameNode tells while it starts."""

NAMENODE = (
    Rule(m.NAMENODE_INFO, (Source(f"{_NAMENODE}NameNodeInfo", "SoftwareVersion"),), text_label="version"),
    _of("NameNodeInfo", m.NAMENODE_START, "NNStartedTimeInMillis", scale=MILLI, positive=True),
    _of("NameNodeStatus", m.LAST_HA_TRANSITION, "LastHATransitionTime", scale=MILLI, positive=True),
    _of("NameNodeStatus", m.SECURITY_ENABLED, "SecurityEnabled"),
    Rule(
        m.SAFE_MODE,
        (Source(f"{_NAMENODE}FSNamesystemState", "FSState"),),
        words={"Operational": 0.0, "safeMode": 1.0},
    ),
    _of("FSNamesystem", m.LAST_WRITTEN_TRANSACTION, "LastWrittenTransactionId"),
    _of("FSNamesystem", m.TRANSACTIONS_SINCE_CHECKPOINT, "TransactionsSinceLastCheckpoint"),
    _of("FSNamesystem", m.TRANSACTIONS_SINCE_LOG_ROLL, "TransactionsSinceLastLogRoll"),
    _of("FSNamesystem", m.LAST_CHECKPOINT, "LastCheckpointTime", scale=MILLI, positive=True),
    _of("FSNamesystem", m.LOCK_QUEUE_LENGTH, "LockQueueLength"),
    _of("FSNamesystem", m.PENDING_DATANODE_MESSAGES, "PendingDataNodeMessageCount"),
    _of("FSNamesystem", m.EXPIRED_HEARTBEATS, "ExpiredHeartbeats"),
    _of("NameNodeActivity", m.INODES_ADDED, "FilesCreated"),
    _of("NameNodeActivity", m.CREATE_FILE_OPS, "CreateFileOps"),
    _of("NameNodeActivity", m.DELETE_FILE_OPS, "DeleteFileOps"),
    _of("NameNodeActivity", m.RENAME_OPS, "FilesRenamed"),
    _of("NameNodeActivity", m.APPEND_OPS, "FilesAppended"),
    _of("NameNodeActivity", m.TRUNCATE_OPS, "FilesTruncated"),
    _of("NameNodeActivity", m.ADD_BLOCK_OPS, "AddBlockOps"),
    _of("NameNodeActivity", m.GET_BLOCK_LOCATIONS_OPS, "GetBlockLocations"),
    _of("NameNodeActivity", m.GET_LISTING_OPS, "GetListingOps"),
    _of("NameNodeActivity", m.FILE_INFO_OPS, "FileInfoOps"),
    _of("NameNodeActivity", m.SNAPSHOT_CREATE_OPS, "CreateSnapshotOps"),
    _of("NameNodeActivity", m.SNAPSHOT_DELETE_OPS, "DeleteSnapshotOps"),
    _of("NameNodeActivity", m.EDIT_LOG_TRANSACTIONS, "TransactionsNumOps"),
    _of("NameNodeActivity", m.EDIT_LOG_SYNCS, "SyncsNumOps"),
    _of("NameNodeActivity", m.EDIT_LOG_SYNC_MEAN, "SyncsAvgTime", scale=MILLI),
    _of("NameNodeActivity", m.BLOCK_REPORTS, "StorageBlockReportNumOps", "BlockReportNumOps"),
    _of("NameNodeActivity", m.BLOCK_REPORT_MEAN, "StorageBlockReportAvgTime", "BlockReportAvgTime", scale=MILLI),
)
"""Of every NameNode that has started."""

TOTALS = (
    _of("FSNamesystemState", m.CAPACITY, "CapacityTotal"),
    _of("FSNamesystemState", m.CAPACITY_USED, "CapacityUsed"),
    _of("FSNamesystemState", m.CAPACITY_REMAINING, "CapacityRemaining"),
    _of("FSNamesystem", m.CAPACITY_NON_DFS, "CapacityUsedNonDFS"),
    _of("FSNamesystemState", m.CAPACITY_LOST, "EstimatedCapacityLostTotal"),
    _of("FSNamesystemState", m.FILES_AND_DIRECTORIES, "FilesTotal"),
    _of("FSNamesystem", m.FILES_UNDER_CONSTRUCTION, "NumFilesUnderConstruction"),
    _of("FSNamesystem", m.SNAPSHOTS, "Snapshots"),
    _of("FSNamesystem", m.SNAPSHOTTABLE_DIRECTORIES, "SnapshottableDirectories"),
    _of("FSNamesystemState", m.ENCRYPTION_ZONES, "NumEncryptionZones"),
    _of("FSNamesystemState", m.XCEIVERS, "TotalLoad"),
    _of("FSNamesystemState", m.BLOCKS, "BlocksTotal"),
    _of("FSNamesystem", m.MISSING_BLOCKS, "MissingBlocks"),
    _of("FSNamesystem", m.MISSING_ONE_REPLICA_BLOCKS, "MissingReplOneBlocks"),
    _of("FSNamesystem", m.CORRUPT_BLOCKS, "CorruptBlocks"),
    _of("FSNamesystemState", m.UNDER_REPLICATED_BLOCKS, "LowRedundancyBlocks", "UnderReplicatedBlocks"),
    _of(
        "FSNamesystemState",
        m.PENDING_RECONSTRUCTION_BLOCKS,
        "PendingReconstructionBlocks",
        "PendingReplicationBlocks",
    ),
    _of("FSNamesystemState", m.SCHEDULED_REPLICATION_BLOCKS, "ScheduledReplicationBlocks"),
    _of("FSNamesystemState", m.PENDING_DELETION_BLOCKS, "PendingDeletionBlocks"),
    _of("FSNamesystem", m.EXCESS_BLOCKS, "ExcessBlocks"),
    _of("FSNamesystem", m.POSTPONED_BLOCKS, "PostponedMisreplicatedBlocks"),
    _of("ECBlockGroupsState", m.EC_BLOCK_GROUPS, "TotalECBlockGroups"),
    _of("ECBlockGroupsState", m.MISSING_EC_BLOCK_GROUPS, "MissingECBlockGroups"),
    _of("ECBlockGroupsState", m.CORRUPT_EC_BLOCK_GROUPS, "CorruptECBlockGroups"),
    _of("ECBlockGroupsState", m.LOW_REDUNDANCY_EC_BLOCK_GROUPS, "LowRedundancyECBlockGroups"),
    _of("FSNamesystemState", m.LIVE_DATANODES, "NumLiveDataNodes"),
    _of("FSNamesystemState", m.DEAD_DATANODES, "NumDeadDataNodes"),
    _of("FSNamesystemState", m.STALE_DATANODES, "NumStaleDataNodes"),
    _of("FSNamesystemState", m.DECOMMISSIONING_DATANODES, "NumDecommissioningDataNodes"),
    _of("FSNamesystemState", m.DECOMMISSIONED_LIVE_DATANODES, "NumDecomLiveDataNodes"),
    _of("FSNamesystemState", m.DECOMMISSIONED_DEAD_DATANODES, "NumDecomDeadDataNodes"),
    _of("FSNamesystemState", m.ENTERING_MAINTENANCE_DATANODES, "NumEnteringMaintenanceDataNodes"),
    _of("FSNamesystemState", m.IN_MAINTENANCE_LIVE_DATANODES, "NumInMaintenanceLiveDataNodes"),
    _of("FSNamesystemState", m.IN_MAINTENANCE_DEAD_DATANODES, "NumInMaintenanceDeadDataNodes"),
    _of("FSNamesystemState", m.STALE_STORAGES, "NumStaleStorages"),
    _of("FSNamesystemState", m.FAILED_VOLUMES, "VolumeFailuresTotal"),
)
"""True of the whole cluster, and only as the active NameNode tells it."""

DATANODE = (
    Rule(
        m.DATANODE_INFO,
        (Source(f"{_DATANODE}DataNodeInfo", "SoftwareVersion"), Source(f"{_DATANODE}DataNodeInfo", "Version")),
        text_label="version",
    ),
    Rule(m.DATANODE_START, (Source(f"{_DATANODE}DataNodeInfo", "DNStartedTimeInMillis"),), MILLI, positive=True),
    _dataset(m.DATANODE_CAPACITY, "Capacity"),
    _dataset(m.DATANODE_CAPACITY_USED, "DfsUsed"),
    _dataset(m.DATANODE_CAPACITY_REMAINING, "Remaining"),
    _dataset(m.DATANODE_CAPACITY_LOST, "EstimatedCapacityLostTotal"),
    _dataset(m.DATANODE_FAILED_VOLUMES, "NumFailedVolumes"),
    _dataset(m.DATANODE_LAST_VOLUME_FAILURE, "LastVolumeFailureDate", MILLI, positive=True),
    _volume(m.DATANODE_VOLUME_USED, "usedSpace"),
    _volume(m.DATANODE_VOLUME_FREE, "freeSpace"),
    _volume(m.DATANODE_VOLUME_RESERVED, "reservedSpace"),
    _volume(m.DATANODE_VOLUME_BLOCKS, "numBlocks"),
    Rule(m.DATANODE_XCEIVERS, (Source(f"{_DATANODE}DataNodeInfo", "XceiverCount"),)),
    _activity(m.DATANODE_READ_BYTES, "BytesRead"),
    _activity(m.DATANODE_WRITTEN_BYTES, "BytesWritten"),
    _activity(m.DATANODE_REMOTE_READ_BYTES, "RemoteBytesRead"),
    _activity(m.DATANODE_REMOTE_WRITTEN_BYTES, "RemoteBytesWritten"),
    _activity(m.DATANODE_READ_SECONDS, "TotalReadTime", MILLI),
    _activity(m.DATANODE_WRITE_SECONDS, "TotalWriteTime", MILLI),
    _activity(m.DATANODE_BLOCKS_READ, "BlocksRead"),
    _activity(m.DATANODE_BLOCKS_WRITTEN, "BlocksWritten"),
    _activity(m.DATANODE_BLOCKS_REPLICATED, "BlocksReplicated"),
    _activity(m.DATANODE_BLOCKS_REMOVED, "BlocksRemoved"),
    _activity(m.DATANODE_BLOCKS_VERIFIED, "BlocksVerified"),
    _activity(m.DATANODE_VERIFICATION_FAILURES, "BlockVerificationFailures"),
    _activity(m.DATANODE_VOLUME_FAILURES, "VolumeFailures"),
    _activity(m.DATANODE_NETWORK_ERRORS, "DatanodeNetworkErrors"),
    _activity(m.DATANODE_HEARTBEATS, "HeartbeatsNumOps"),
    _activity(m.DATANODE_HEARTBEAT_MEAN, "HeartbeatsAvgTime", MILLI),
    _activity(m.DATANODE_READ_BLOCK_MEAN, "ReadBlockOpAvgTime", MILLI),
    _activity(m.DATANODE_WRITE_BLOCK_MEAN, "WriteBlockOpAvgTime", MILLI),
    _activity(m.DATANODE_FLUSH_MEAN, "FlushNanosAvgTime", NANO),
    _activity(m.DATANODE_ACK_MEAN, "PacketAckRoundTripTimeNanosAvgTime", NANO),
)

JOURNALNODE = (
    _journal(m.JOURNAL_LAG, "CurrentLagTxns"),
    _journal(m.JOURNAL_LAST_TRANSACTION, "LastWrittenTxId"),
    Rule(m.JOURNAL_LAST_TIME, (Source(_JOURNAL, "LastJournalTimestamp"),), MILLI, positive=True),
    _journal(m.JOURNAL_PROMISED_EPOCH, "LastPromisedEpoch"),
    _journal(m.JOURNAL_WRITER_EPOCH, "LastWriterEpoch"),
    _journal(m.JOURNAL_BATCHES, "BatchesWritten"),
    _journal(m.JOURNAL_LAGGING_BATCHES, "BatchesWrittenWhileLagging"),
    _journal(m.JOURNAL_TRANSACTIONS, "TxnsWritten"),
    _journal(m.JOURNAL_BYTES, "BytesWritten"),
    _journal(m.JOURNAL_SYNCS, "Syncs60sNumOps"),
    *_sync_percentiles(),
)
