"""The metrics of the HDFS exporter. Sources are MBeans of the daemons, as MBean.Attribute; the domain is `Hadoop`.

Names of Hadoop 2.7 to 3.5 are folded into one metric: where the help names two attributes, the first is the newer one.
Kinds of blocks and of DataNodes overlap in HDFS (a missing block is under-replicated, a stale DataNode is live), so
each has a metric of its own: there is nothing to sum.
"""

from __future__ import annotations

from collections.abc import Callable

from mlvitals.core.metric import Metric, counter, gauge, info

CLUSTER = "cluster"
"""The target of what is true of all NameNodes together: their roles, and the totals of the active one."""
ACTIVE, STARTING, UNKNOWN = "active", "starting", "unknown"
HA_STATES = (ACTIVE, "standby", "observer", "initializing", "stopping", STARTING, UNKNOWN)
"""What NameNodeStatus.State says; `starting`: the NameNode answers without it; `unknown`: it could not be read."""
SERVICES = ("NameNode", "DataNode", "JournalNode")
PHASES = ("LoadingFsImage", "LoadingEdits", "SavingCheckpoint", "SafeMode")


def _gauge(name: str, help: str, *labels: str, **values: tuple[str, ...]) -> Metric:  # noqa: A002
    return gauge(name, help, "daemon", *labels, **values)


def _counter(name: str, help: str, *labels: str, **values: tuple[str, ...]) -> Metric:  # noqa: A002
    return counter(name, help, "daemon", *labels, **values)


def _rpc(kind: Callable[..., Metric], name: str, attribute: str, means: str = "") -> Metric:
    source = f"RpcActivityForPort<port>.{attribute}"
    return kind(name, f"{means} ({source})" if means else source, "daemon", "port", service=SERVICES)


def _jvm(kind: Callable[..., Metric], name: str, help: str) -> Metric:  # noqa: A002
    return kind(name, help, "daemon", service=SERVICES)


def _mean(attribute: str) -> str:
    return f"Mean in Hadoop's last metrics period ({attribute})"


# High availability, from every NameNode.
HA_STATE = _gauge(
    "hdfs_namenode_ha_state",
    "1 for the state of the NameNode (NameNodeStatus.State), else 0; starting: it answers without that bean, unknown: "
    "it could not be read",
    state=HA_STATES,
)
ACTIVE_NAMENODES = gauge(
    "hdfs_active_namenodes",
    "NameNodes whose state is active (NameNodeStatus.State); absent while the state of one of them is unknown",
)
LAST_HA_TRANSITION = _gauge(
    "hdfs_namenode_last_ha_transition_timestamp_seconds",
    "NameNodeStatus.LastHATransitionTime; absent while there was none since the NameNode started",
)

# Of each NameNode.
NAMENODE_INFO = info("hdfs_namenode_info", "Hadoop's version (NameNodeInfo.SoftwareVersion)", "daemon", "version")
NAMENODE_START = _gauge(
    "hdfs_namenode_start_timestamp_seconds", "NameNodeInfo.NNStartedTimeInMillis; absent on Hadoop 2"
)
SECURITY_ENABLED = _gauge(
    "hdfs_namenode_security_enabled", "1 when Kerberos is on (NameNodeStatus.SecurityEnabled), else 0"
)
SAFE_MODE = _gauge(
    "hdfs_namenode_safe_mode", "1 while FSNamesystemState.FSState is safeMode, 0 while it is Operational"
)
STARTUP_COMPLETE = _gauge(
    "hdfs_namenode_startup_complete_ratio", "Share of the start-up that is done (StartupProgress.PercentComplete)"
)
STARTUP_ELAPSED = _gauge(
    "hdfs_namenode_startup_elapsed_seconds", "Time that the start-up has taken (StartupProgress.ElapsedTime)"
)
STARTUP_PHASE_COMPLETE = _gauge(
    "hdfs_namenode_startup_phase_complete_ratio",
    "Share of a phase of the start-up that is done (StartupProgress.<phase>PercentComplete)",
    phase=PHASES,
)
LAST_WRITTEN_TRANSACTION = _gauge(
    "hdfs_namenode_last_written_transaction_id",
    "FSNamesystem.LastWrittenTransactionId: the last edit written by the active NameNode, or read by a standby",
)
TRANSACTIONS_SINCE_CHECKPOINT = _gauge(
    "hdfs_namenode_transactions_since_last_checkpoint", "FSNamesystem.TransactionsSinceLastCheckpoint"
)
TRANSACTIONS_SINCE_LOG_ROLL = _gauge(
    "hdfs_namenode_transactions_since_last_log_roll", "FSNamesystem.TransactionsSinceLastLogRoll"
)
LAST_CHECKPOINT = _gauge(
    "hdfs_namenode_last_checkpoint_timestamp_seconds", "FSNamesystem.LastCheckpointTime; absent before the first"
)
LOCK_QUEUE_LENGTH = _gauge(
    "hdfs_namenode_lock_queue_length", "Threads that wait for the namesystem's lock (FSNamesystem.LockQueueLength)"
)
PENDING_DATANODE_MESSAGES = _gauge(
    "hdfs_namenode_pending_datanode_messages",
    "Messages of DataNodes that a standby keeps until it has read the edits (FSNamesystem.PendingDataNodeMessageCount)",
)
EXPIRED_HEARTBEATS = _counter(
    "hdfs_namenode_expired_heartbeats_total", "DataNodes found dead, since start (FSNamesystem.ExpiredHeartbeats)"
)
NAME_DIRECTORIES = _gauge(
    "hdfs_namenode_name_directories",
    "Directories of the image and the edit log, active or failed (NameNodeInfo.NameDirStatuses)",
    state=("active", "failed"),
)

# Operations of each NameNode since it started.
INODES_ADDED = _counter(
    "hdfs_namenode_inodes_added_total",
    "Files and directories made (NameNodeActivity.FilesCreated): create_file_ops + mkdirs",
)
CREATE_FILE_OPS = _counter("hdfs_namenode_create_file_ops_total", "Files made (NameNodeActivity.CreateFileOps)")
MKDIRS = _counter(
    "hdfs_namenode_mkdirs_total",
    "Directories made: NameNodeActivity.FilesCreated - CreateFileOps, which HDFS does not count itself",
)
DELETE_FILE_OPS = _counter(
    "hdfs_namenode_delete_file_ops_total",
    "Calls that deleted something, a tree counts once (NameNodeActivity.DeleteFileOps)",
)
RENAME_OPS = _counter("hdfs_namenode_rename_ops_total", "NameNodeActivity.FilesRenamed")
APPEND_OPS = _counter("hdfs_namenode_append_ops_total", "NameNodeActivity.FilesAppended")
TRUNCATE_OPS = _counter("hdfs_namenode_truncate_ops_total", "NameNodeActivity.FilesTruncated")
ADD_BLOCK_OPS = _counter("hdfs_namenode_add_block_ops_total", "NameNodeActivity.AddBlockOps")
GET_BLOCK_LOCATIONS_OPS = _counter(
    "hdfs_namenode_get_block_locations_ops_total", "Files opened to be read (NameNodeActivity.GetBlockLocations)"
)
GET_LISTING_OPS = _counter("hdfs_namenode_get_listing_ops_total", "NameNodeActivity.GetListingOps")
FILE_INFO_OPS = _counter("hdfs_namenode_file_info_ops_total", "NameNodeActivity.FileInfoOps")
SNAPSHOT_CREATE_OPS = _counter("hdfs_namenode_create_snapshot_ops_total", "NameNodeActivity.CreateSnapshotOps")
SNAPSHOT_DELETE_OPS = _counter("hdfs_namenode_delete_snapshot_ops_total", "NameNodeActivity.DeleteSnapshotOps")
EDIT_LOG_TRANSACTIONS = _counter("hdfs_namenode_edit_log_transactions_total", "NameNodeActivity.TransactionsNumOps")
EDIT_LOG_SYNCS = _counter("hdfs_namenode_edit_log_syncs_total", "NameNodeActivity.SyncsNumOps")
EDIT_LOG_SYNC_MEAN = _gauge(
    "hdfs_namenode_edit_log_sync_mean_seconds",
    "Mean of the syncs in Hadoop's last metrics period (NameNodeActivity.SyncsAvgTime)",
)
BLOCK_REPORTS = _counter(
    "hdfs_namenode_block_reports_total", "NameNodeActivity.StorageBlockReportNumOps; BlockReportNumOps on Hadoop 2"
)
BLOCK_REPORT_MEAN = _gauge(
    "hdfs_namenode_block_report_mean_seconds",
    "Mean time to process one in Hadoop's last metrics period (NameNodeActivity.StorageBlockReportAvgTime; "
    "BlockReportAvgTime on Hadoop 2)",
)

# Totals of the cluster, from the active NameNode only.
CAPACITY = _gauge("hdfs_namenode_capacity_bytes", "Of the live DataNodes (FSNamesystemState.CapacityTotal)")
CAPACITY_USED = _gauge("hdfs_namenode_capacity_used_bytes", "Used by HDFS (FSNamesystemState.CapacityUsed)")
CAPACITY_REMAINING = _gauge("hdfs_namenode_capacity_remaining_bytes", "FSNamesystemState.CapacityRemaining")
CAPACITY_NON_DFS = _gauge(
    "hdfs_namenode_capacity_non_dfs_used_bytes", "Used by others (FSNamesystem.CapacityUsedNonDFS)"
)
CAPACITY_LOST = _gauge(
    "hdfs_namenode_estimated_capacity_lost_bytes", "To failed volumes (FSNamesystemState.EstimatedCapacityLostTotal)"
)
FILES_AND_DIRECTORIES = _gauge("hdfs_namenode_files_and_directories", "Both together (FSNamesystemState.FilesTotal)")
FILES_UNDER_CONSTRUCTION = _gauge(
    "hdfs_namenode_files_under_construction",
    "Files open for writing (FSNamesystem.NumFilesUnderConstruction); absent on Hadoop 2",
)
SNAPSHOTS = _gauge("hdfs_namenode_snapshots", "FSNamesystem.Snapshots")
SNAPSHOTTABLE_DIRECTORIES = _gauge("hdfs_namenode_snapshottable_directories", "FSNamesystem.SnapshottableDirectories")
ENCRYPTION_ZONES = _gauge("hdfs_namenode_encryption_zones", "FSNamesystemState.NumEncryptionZones")
XCEIVERS = _gauge("hdfs_namenode_xceivers", "Transfers on all DataNodes (FSNamesystemState.TotalLoad)")

BLOCKS = _gauge("hdfs_namenode_blocks", "Blocks and erasure-coded block groups (FSNamesystemState.BlocksTotal)")
MISSING_BLOCKS = _gauge(
    "hdfs_namenode_missing_blocks",
    "Without a readable replica, block groups that cannot be decoded among them (FSNamesystem.MissingBlocks)",
)
MISSING_ONE_REPLICA_BLOCKS = _gauge(
    "hdfs_namenode_missing_replication_one_blocks",
    "Missing blocks of files that ask for one replica (FSNamesystem.MissingReplOneBlocks)",
)
CORRUPT_BLOCKS = _gauge("hdfs_namenode_corrupt_blocks", "With a corrupt replica (FSNamesystem.CorruptBlocks)")
UNDER_REPLICATED_BLOCKS = _gauge(
    "hdfs_namenode_under_replicated_blocks",
    "With fewer replicas than asked for (FSNamesystemState.LowRedundancyBlocks; UnderReplicatedBlocks on Hadoop 2, "
    "where it leaves out the missing ones)",
)
PENDING_RECONSTRUCTION_BLOCKS = _gauge(
    "hdfs_namenode_pending_reconstruction_blocks",
    "FSNamesystemState.PendingReconstructionBlocks; PendingReplicationBlocks on Hadoop 2",
)
SCHEDULED_REPLICATION_BLOCKS = _gauge(
    "hdfs_namenode_scheduled_replication_blocks", "FSNamesystemState.ScheduledReplicationBlocks"
)
PENDING_DELETION_BLOCKS = _gauge("hdfs_namenode_pending_deletion_blocks", "FSNamesystemState.PendingDeletionBlocks")
EXCESS_BLOCKS = _gauge("hdfs_namenode_excess_blocks", "With more replicas than asked for (FSNamesystem.ExcessBlocks)")
POSTPONED_BLOCKS = _gauge("hdfs_namenode_postponed_misreplicated_blocks", "FSNamesystem.PostponedMisreplicatedBlocks")
EC_BLOCK_GROUPS = _gauge(
    "hdfs_namenode_ec_block_groups", "Erasure-coded (ECBlockGroupsState.TotalECBlockGroups); absent on Hadoop 2"
)
MISSING_EC_BLOCK_GROUPS = _gauge(
    "hdfs_namenode_missing_ec_block_groups", "ECBlockGroupsState.MissingECBlockGroups; absent on Hadoop 2"
)
CORRUPT_EC_BLOCK_GROUPS = _gauge(
    "hdfs_namenode_corrupt_ec_block_groups", "ECBlockGroupsState.CorruptECBlockGroups; absent on Hadoop 2"
)
LOW_REDUNDANCY_EC_BLOCK_GROUPS = _gauge(
    "hdfs_namenode_low_redundancy_ec_block_groups", "ECBlockGroupsState.LowRedundancyECBlockGroups; absent on Hadoop 2"
)

LIVE_DATANODES = _gauge("hdfs_namenode_live_datanodes", "FSNamesystemState.NumLiveDataNodes")
DEAD_DATANODES = _gauge("hdfs_namenode_dead_datanodes", "FSNamesystemState.NumDeadDataNodes")
STALE_DATANODES = _gauge(
    "hdfs_namenode_stale_datanodes", "Live ones without a heartbeat for a while (FSNamesystemState.NumStaleDataNodes)"
)
DECOMMISSIONING_DATANODES = _gauge(
    "hdfs_namenode_decommissioning_datanodes", "FSNamesystemState.NumDecommissioningDataNodes"
)
DECOMMISSIONED_LIVE_DATANODES = _gauge(
    "hdfs_namenode_decommissioned_live_datanodes", "FSNamesystemState.NumDecomLiveDataNodes"
)
DECOMMISSIONED_DEAD_DATANODES = _gauge(
    "hdfs_namenode_decommissioned_dead_datanodes", "FSNamesystemState.NumDecomDeadDataNodes"
)
ENTERING_MAINTENANCE_DATANODES = _gauge(
    "hdfs_namenode_entering_maintenance_datanodes",
    "FSNamesystemState.NumEnteringMaintenanceDataNodes; absent on Hadoop 2",
)
IN_MAINTENANCE_LIVE_DATANODES = _gauge(
    "hdfs_namenode_in_maintenance_live_datanodes", "FSNamesystemState.NumInMaintenanceLiveDataNodes; absent on Hadoop 2"
)
IN_MAINTENANCE_DEAD_DATANODES = _gauge(
    "hdfs_namenode_in_maintenance_dead_datanodes", "FSNamesystemState.NumInMaintenanceDeadDataNodes; absent on Hadoop 2"
)
STALE_STORAGES = _gauge("hdfs_namenode_stale_storages", "FSNamesystemState.NumStaleStorages")
FAILED_VOLUMES = _gauge("hdfs_namenode_failed_volumes", "On live DataNodes (FSNamesystemState.VolumeFailuresTotal)")

# Each DataNode as the active NameNode sees it.
DATANODE_LIVE = _gauge(
    "hdfs_namenode_datanode_live",
    "1 for a DataNode of NameNodeInfo.LiveNodes, 0 for one of DeadNodes; `datanode` is the NameNode's name for it",
    "datanode",
)
DATANODE_LAST_CONTACT = _gauge(
    "hdfs_namenode_datanode_last_contact_timestamp_seconds",
    "Last heartbeat: the NameNode's clock - lastContact of NameNodeInfo.LiveNodes or DeadNodes",
    "datanode",
)
DATANODE_SEEN_CAPACITY = _gauge(
    "hdfs_namenode_datanode_capacity_bytes", "capacity of NameNodeInfo.LiveNodes", "datanode"
)
DATANODE_SEEN_USED = _gauge(
    "hdfs_namenode_datanode_capacity_used_bytes", "usedSpace of NameNodeInfo.LiveNodes", "datanode"
)
DATANODE_SEEN_BLOCKS = _gauge("hdfs_namenode_datanode_blocks", "numBlocks of NameNodeInfo.LiveNodes", "datanode")

# DataNodes, each asked itself.
DATANODE_INFO = info(
    "hdfs_datanode_info", "Hadoop's version (DataNodeInfo.SoftwareVersion; Version on Hadoop 2)", "daemon", "version"
)
DATANODE_START = _gauge(
    "hdfs_datanode_start_timestamp_seconds", "DataNodeInfo.DNStartedTimeInMillis; absent on Hadoop 2"
)
DATANODE_CAPACITY = _gauge("hdfs_datanode_capacity_bytes", "FSDatasetState.Capacity")
DATANODE_CAPACITY_USED = _gauge("hdfs_datanode_capacity_used_bytes", "Used by HDFS (FSDatasetState.DfsUsed)")
DATANODE_CAPACITY_REMAINING = _gauge("hdfs_datanode_capacity_remaining_bytes", "FSDatasetState.Remaining")
DATANODE_CAPACITY_LOST = _gauge(
    "hdfs_datanode_estimated_capacity_lost_bytes", "To failed volumes (FSDatasetState.EstimatedCapacityLostTotal)"
)
DATANODE_FAILED_VOLUMES = _gauge("hdfs_datanode_failed_volumes", "FSDatasetState.NumFailedVolumes")
DATANODE_LAST_VOLUME_FAILURE = _gauge(
    "hdfs_datanode_last_volume_failure_timestamp_seconds",
    "FSDatasetState.LastVolumeFailureDate; absent while there was none",
)
DATANODE_VOLUME_USED = _gauge(
    "hdfs_datanode_volume_used_bytes", "Used by HDFS (usedSpace of DataNodeInfo.VolumeInfo)", "volume"
)
DATANODE_VOLUME_FREE = _gauge("hdfs_datanode_volume_free_bytes", "freeSpace of DataNodeInfo.VolumeInfo", "volume")
DATANODE_VOLUME_RESERVED = _gauge(
    "hdfs_datanode_volume_reserved_bytes", "reservedSpace of DataNodeInfo.VolumeInfo", "volume"
)
DATANODE_VOLUME_BLOCKS = _gauge(
    "hdfs_datanode_volume_blocks", "numBlocks of DataNodeInfo.VolumeInfo; absent on Hadoop 2", "volume"
)
DATANODE_XCEIVERS = _gauge("hdfs_datanode_xceivers", "Threads that transfer blocks now (DataNodeInfo.XceiverCount)")
DATANODE_READ_BYTES = _counter("hdfs_datanode_read_bytes_total", "DataNodeActivity.BytesRead")
DATANODE_WRITTEN_BYTES = _counter("hdfs_datanode_written_bytes_total", "DataNodeActivity.BytesWritten")
DATANODE_REMOTE_READ_BYTES = _counter(
    "hdfs_datanode_remote_read_bytes_total", "For clients on other hosts (DataNodeActivity.RemoteBytesRead)"
)
DATANODE_REMOTE_WRITTEN_BYTES = _counter(
    "hdfs_datanode_remote_written_bytes_total", "For clients on other hosts (DataNodeActivity.RemoteBytesWritten)"
)
DATANODE_READ_SECONDS = _counter(
    "hdfs_datanode_read_seconds_total", "Time spent reading (DataNodeActivity.TotalReadTime)"
)
DATANODE_WRITE_SECONDS = _counter(
    "hdfs_datanode_write_seconds_total", "Time spent writing (DataNodeActivity.TotalWriteTime)"
)
DATANODE_BLOCKS_READ = _counter("hdfs_datanode_blocks_read_total", "DataNodeActivity.BlocksRead")
DATANODE_BLOCKS_WRITTEN = _counter("hdfs_datanode_blocks_written_total", "DataNodeActivity.BlocksWritten")
DATANODE_BLOCKS_REPLICATED = _counter("hdfs_datanode_blocks_replicated_total", "DataNodeActivity.BlocksReplicated")
DATANODE_BLOCKS_REMOVED = _counter("hdfs_datanode_blocks_removed_total", "DataNodeActivity.BlocksRemoved")
DATANODE_BLOCKS_VERIFIED = _counter("hdfs_datanode_blocks_verified_total", "DataNodeActivity.BlocksVerified")
DATANODE_VERIFICATION_FAILURES = _counter(
    "hdfs_datanode_block_verification_failures_total", "DataNodeActivity.BlockVerificationFailures"
)
DATANODE_VOLUME_FAILURES = _counter("hdfs_datanode_volume_failures_total", "DataNodeActivity.VolumeFailures")
DATANODE_NETWORK_ERRORS = _counter("hdfs_datanode_network_errors_total", "DataNodeActivity.DatanodeNetworkErrors")
DATANODE_HEARTBEATS = _counter("hdfs_datanode_heartbeats_total", "DataNodeActivity.HeartbeatsNumOps")
DATANODE_HEARTBEAT_MEAN = _gauge("hdfs_datanode_heartbeat_mean_seconds", _mean("DataNodeActivity.HeartbeatsAvgTime"))
DATANODE_READ_BLOCK_MEAN = _gauge("hdfs_datanode_read_block_mean_seconds", _mean("DataNodeActivity.ReadBlockOpAvgTime"))
DATANODE_WRITE_BLOCK_MEAN = _gauge(
    "hdfs_datanode_write_block_mean_seconds", _mean("DataNodeActivity.WriteBlockOpAvgTime")
)
DATANODE_FLUSH_MEAN = _gauge("hdfs_datanode_flush_mean_seconds", _mean("DataNodeActivity.FlushNanosAvgTime"))
DATANODE_ACK_MEAN = _gauge(
    "hdfs_datanode_packet_ack_round_trip_mean_seconds", _mean("DataNodeActivity.PacketAckRoundTripTimeNanosAvgTime")
)

# JournalNodes, each of their journals.
JOURNAL_LAG = _gauge(
    "hdfs_journalnode_lag_transactions",
    "How far behind the other JournalNodes (Journal-<journal>.CurrentLagTxns)",
    "journal",
)
JOURNAL_LAST_TRANSACTION = _gauge(
    "hdfs_journalnode_last_written_transaction_id", "Journal-<journal>.LastWrittenTxId", "journal"
)
JOURNAL_LAST_TIME = _gauge(
    "hdfs_journalnode_last_journal_timestamp_seconds",
    "When edits last came, by the NameNode's clock (Journal-<journal>.LastJournalTimestamp); absent on Hadoop 2",
    "journal",
)
JOURNAL_PROMISED_EPOCH = _gauge(
    "hdfs_journalnode_last_promised_epoch", "Journal-<journal>.LastPromisedEpoch", "journal"
)
JOURNAL_WRITER_EPOCH = _gauge("hdfs_journalnode_last_writer_epoch", "Journal-<journal>.LastWriterEpoch", "journal")
JOURNAL_BATCHES = _counter("hdfs_journalnode_written_batches_total", "Journal-<journal>.BatchesWritten", "journal")
JOURNAL_LAGGING_BATCHES = _counter(
    "hdfs_journalnode_written_while_lagging_batches_total", "Journal-<journal>.BatchesWrittenWhileLagging", "journal"
)
JOURNAL_TRANSACTIONS = _counter(
    "hdfs_journalnode_written_transactions_total", "Journal-<journal>.TxnsWritten", "journal"
)
JOURNAL_BYTES = _counter("hdfs_journalnode_written_bytes_total", "Journal-<journal>.BytesWritten", "journal")
JOURNAL_SYNCS = _gauge(
    "hdfs_journalnode_recent_syncs", "In the last 60 seconds (Journal-<journal>.Syncs60sNumOps)", "journal"
)
JOURNAL_SYNC_LATENCY = _gauge(
    "hdfs_journalnode_recent_sync_seconds",
    "Percentile of the syncs of the last 60 seconds (Journal-<journal>.Syncs60s<percentile>thPercentileLatencyMicros)",
    "journal",
    percentile=("50", "75", "90", "95", "99"),
)

# Of every daemon; `service` is what its MBeans say it is.
_RPC_PERIOD = "Hadoop's last metrics period, where Hadoop's rpc.metrics.timeunit is MILLISECONDS, as it is unless set"
RPC_RECEIVED_BYTES = _rpc(counter, "hdfs_rpc_received_bytes_total", "ReceivedBytes")
RPC_SENT_BYTES = _rpc(counter, "hdfs_rpc_sent_bytes_total", "SentBytes")
RPC_CALLS = _rpc(counter, "hdfs_rpc_calls_total", "RpcProcessingTimeNumOps", "Calls processed")
RPC_QUEUE_MEAN = _rpc(gauge, "hdfs_rpc_queue_mean_seconds", "RpcQueueTimeAvgTime", f"Mean wait in {_RPC_PERIOD}")
RPC_PROCESSING_MEAN = _rpc(
    gauge, "hdfs_rpc_processing_mean_seconds", "RpcProcessingTimeAvgTime", f"Mean in {_RPC_PERIOD}"
)
RPC_QUEUE_LENGTH = _rpc(gauge, "hdfs_rpc_call_queue_length", "CallQueueLength")
RPC_OPEN_CONNECTIONS = _rpc(gauge, "hdfs_rpc_open_connections", "NumOpenConnections")
RPC_DROPPED_CONNECTIONS = _rpc(counter, "hdfs_rpc_dropped_connections_total", "NumDroppedConnections")
RPC_SLOW_CALLS = _rpc(counter, "hdfs_rpc_slow_calls_total", "RpcSlowCalls")
RPC_CLIENT_BACKOFFS = _rpc(
    counter, "hdfs_rpc_client_backoffs_total", "RpcClientBackoff", "Calls sent back because the queue was full"
)
RPC_AUTHENTICATION_FAILURES = _rpc(counter, "hdfs_rpc_authentication_failures_total", "RpcAuthenticationFailures")
RPC_AUTHORIZATION_FAILURES = _rpc(counter, "hdfs_rpc_authorization_failures_total", "RpcAuthorizationFailures")

JVM_HEAP_USED = _jvm(gauge, "hdfs_jvm_heap_used_bytes", "JvmMetrics.MemHeapUsedM")
JVM_HEAP_COMMITTED = _jvm(gauge, "hdfs_jvm_heap_committed_bytes", "JvmMetrics.MemHeapCommittedM")
JVM_HEAP_MAX = _jvm(gauge, "hdfs_jvm_heap_max_bytes", "JvmMetrics.MemHeapMaxM; absent where the JVM knows none")
JVM_NON_HEAP_USED = _jvm(gauge, "hdfs_jvm_non_heap_used_bytes", "JvmMetrics.MemNonHeapUsedM")
JVM_NON_HEAP_COMMITTED = _jvm(gauge, "hdfs_jvm_non_heap_committed_bytes", "JvmMetrics.MemNonHeapCommittedM")
JVM_GC_COLLECTIONS = _jvm(counter, "hdfs_jvm_gc_collections_total", "JvmMetrics.GcCount")
JVM_GC_SECONDS = _jvm(counter, "hdfs_jvm_gc_seconds_total", "JvmMetrics.GcTimeMillis")
JVM_PAUSE_SECONDS = _jvm(
    counter,
    "hdfs_jvm_pause_seconds_total",
    "Time lost to pauses of the JVM or the host (JvmMetrics.GcTotalExtraSleepTime); JournalNodes have none",
)
JVM_LONG_PAUSES = _jvm(
    counter,
    "hdfs_jvm_long_pauses_total",
    "Pauses longer than jvm.pause.warn-threshold.ms (JvmMetrics.GcNumWarnThresholdExceeded); JournalNodes have none",
)
JVM_THREADS = _gauge(
    "hdfs_jvm_threads",
    "Threads by state (JvmMetrics.Threads<state>)",
    service=SERVICES,
    state=("new", "runnable", "blocked", "waiting", "timed_waiting", "terminated"),
)
