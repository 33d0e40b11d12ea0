"""The metrics of the HDFS exporter. Sources are MBeans of the daemons, as MBean.Attribute; the domain is `Hadoop`.

Names of Hadoop 2.7 to 3.5 are folded into one metric: where the help names two attributes, the first is the newer one.
Kinds of blocks and of DataNodes overlap in HDFS (a missing block is under-replicated, a stale DataNode is live), so
each has a metric of its own: there is nothing to sum.
"""

from __future__ import annotations

from mlvitals.core.metric import counter, gauge, info

CLUSTER = "cluster"
"""The target of what is true of all NameNodes together: their roles, and the totals of the active one."""
ACTIVE, STARTING, UNKNOWN = "active", "starting", "unknown"
HA_STATES = (ACTIVE, "standby", "observer", "initializing", "stopping", STARTING, UNKNOWN)
"""What NameNodeStatus.State says; `starting`: the NameNode answers without it; `unknown`: it could not be read."""
SERVICES = ("NameNode", "DataNode", "JournalNode")
PHASES = ("LoadingFsImage", "LoadingEdits", "SavingCheckpoint", "SafeMode")

# High availability, from every NameNode.
HA_STATE = gauge(
    "hdfs_namenode_ha_state",
    "1 for the state of the NameNode (NameNodeStatus.State), else 0; starting: it answers without that bean, unknown: "
    "it could not be read",
    "daemon",
    state=HA_STATES,
)
ACTIVE_NAMENODES = gauge(
    "hdfs_active_namenodes",
    "NameNodes whose state is active (NameNodeStatus.State); absent while the state of one of them is unknown",
)
LAST_HA_TRANSITION = gauge(
    "hdfs_namenode_last_ha_transition_timestamp_seconds",
    "NameNodeStatus.LastHATransitionTime; absent while there was none since the NameNode started",
    "daemon",
)

# Of each NameNode.
NAMENODE_INFO = info("hdfs_namenode_info", "Hadoop's version (NameNodeInfo.SoftwareVersion)", "daemon", "version")
NAMENODE_START = gauge(
    "hdfs_namenode_start_timestamp_seconds", "NameNodeInfo.NNStartedTimeInMillis; absent on Hadoop 2", "daemon"
)
SECURITY_ENABLED = gauge(
    "hdfs_namenode_security_enabled", "1 when Kerberos is on (NameNodeStatus.SecurityEnabled), else 0", "daemon"
)
SAFE_MODE = gauge(
    "hdfs_namenode_safe_mode", "1 while FSNamesystemState.FSState is safeMode, 0 while it is Operational", "daemon"
)
STARTUP_COMPLETE = gauge(
    "hdfs_namenode_startup_complete_ratio",
    "Share of the start-up that is done (StartupProgress.PercentComplete)",
    "daemon",
)
STARTUP_ELAPSED = gauge(
    "hdfs_namenode_startup_elapsed_seconds", "Time that the start-up has taken (StartupProgress.ElapsedTime)", "daemon"
)
STARTUP_PHASE_COMPLETE = gauge(
    "hdfs_namenode_startup_phase_complete_ratio",
    "Share of a phase of the start-up that is done (StartupProgress.<phase>PercentComplete)",
    "daemon",
    phase=PHASES,
)
LAST_WRITTEN_TRANSACTION = gauge(
    "hdfs_namenode_last_written_transaction_id",
    "FSNamesystem.LastWrittenTransactionId: the last edit written by the active NameNode, or read by a standby",
    "daemon",
)
TRANSACTIONS_SINCE_CHECKPOINT = gauge(
    "hdfs_namenode_transactions_since_last_checkpoint", "FSNamesystem.TransactionsSinceLastCheckpoint", "daemon"
)
TRANSACTIONS_SINCE_LOG_ROLL = gauge(
    "hdfs_namenode_transactions_since_last_log_roll", "FSNamesystem.TransactionsSinceLastLogRoll", "daemon"
)
LAST_CHECKPOINT = gauge(
    "hdfs_namenode_last_checkpoint_timestamp_seconds",
    "FSNamesystem.LastCheckpointTime; absent before the first",
    "daemon",
)
LOCK_QUEUE_LENGTH = gauge(
    "hdfs_namenode_lock_queue_length",
    "Threads that wait for the namesystem's lock (FSNamesystem.LockQueueLength)",
    "daemon",
)
PENDING_DATANODE_MESSAGES = gauge(
    "hdfs_namenode_pending_datanode_messages",
    "Messages of DataNodes that a standby keeps until it has read the edits (FSNamesystem.PendingDataNodeMessageCount)",
    "daemon",
)
EXPIRED_HEARTBEATS = counter(
    "hdfs_namenode_expired_heartbeats_total",
    "DataNodes found dead, since start (FSNamesystem.ExpiredHeartbeats)",
    "daemon",
)
NAME_DIRECTORIES = gauge(
    "hdfs_namenode_name_directories",
    "Directories of the image and the edit log, active or failed (NameNodeInfo.NameDirStatuses)",
    "daemon",
    state=("active", "failed"),
)

# Operations of each NameNode since it started.
INODES_ADDED = counter(
    "hdfs_namenode_inodes_added_total",
    "Files and directories made (NameNodeActivity.FilesCreated): create_file_ops + mkdirs",
    "daemon",
)
CREATE_FILE_OPS = counter(
    "hdfs_namenode_create_file_ops_total", "Files made (NameNodeActivity.CreateFileOps)", "daemon"
)
MKDIRS = counter(
    "hdfs_namenode_mkdirs_total",
    "Directories made: NameNodeActivity.FilesCreated - CreateFileOps, which HDFS does not count itself",
    "daemon",
)
DELETE_FILE_OPS = counter(
    "hdfs_namenode_delete_file_ops_total",
    "Calls that deleted something, a tree counts once (NameNodeActivity.DeleteFileOps)",
    "daemon",
)
RENAME_OPS = counter("hdfs_namenode_rename_ops_total", "NameNodeActivity.FilesRenamed", "daemon")
APPEND_OPS = counter("hdfs_namenode_append_ops_total", "NameNodeActivity.FilesAppended", "daemon")
TRUNCATE_OPS = counter("hdfs_namenode_truncate_ops_total", "NameNodeActivity.FilesTruncated", "daemon")
ADD_BLOCK_OPS = counter("hdfs_namenode_add_block_ops_total", "NameNodeActivity.AddBlockOps", "daemon")
GET_BLOCK_LOCATIONS_OPS = counter(
    "hdfs_namenode_get_block_locations_ops_total",
    "Files opened to be read (NameNodeActivity.GetBlockLocations)",
    "daemon",
)
GET_LISTING_OPS = counter("hdfs_namenode_get_listing_ops_total", "NameNodeActivity.GetListingOps", "daemon")
FILE_INFO_OPS = counter("hdfs_namenode_file_info_ops_total", "NameNodeActivity.FileInfoOps", "daemon")
SNAPSHOT_CREATE_OPS = counter("hdfs_namenode_create_snapshot_ops_total", "NameNodeActivity.CreateSnapshotOps", "daemon")
SNAPSHOT_DELETE_OPS = counter("hdfs_namenode_delete_snapshot_ops_total", "NameNodeActivity.DeleteSnapshotOps", "daemon")
EDIT_LOG_TRANSACTIONS = counter(
    "hdfs_namenode_edit_log_transactions_total", "NameNodeActivity.TransactionsNumOps", "daemon"
)
EDIT_LOG_SYNCS = counter("hdfs_namenode_edit_log_syncs_total", "NameNodeActivity.SyncsNumOps", "daemon")
EDIT_LOG_SYNC_MEAN = gauge(
    "hdfs_namenode_edit_log_sync_mean_seconds",
    "Mean of the syncs in Hadoop's last metrics period (NameNodeActivity.SyncsAvgTime)",
    "daemon",
)
BLOCK_REPORTS = counter(
    "hdfs_namenode_block_reports_total",
    "NameNodeActivity.StorageBlockReportNumOps; BlockReportNumOps on Hadoop 2",
    "daemon",
)
BLOCK_REPORT_MEAN = gauge(
    "hdfs_namenode_block_report_mean_seconds",
    "Mean time to process one in Hadoop's last metrics period (NameNodeActivity.StorageBlockReportAvgTime; "
    "BlockReportAvgTime on Hadoop 2)",
    "daemon",
)

# Totals of the cluster, from the active NameNode only.
CAPACITY = gauge("hdfs_namenode_capacity_bytes", "Of the live DataNodes (FSNamesystemState.CapacityTotal)", "daemon")
CAPACITY_USED = gauge("hdfs_namenode_capacity_used_bytes", "Used by HDFS (FSNamesystemState.CapacityUsed)", "daemon")
CAPACITY_REMAINING = gauge("hdfs_namenode_capacity_remaining_bytes", "FSNamesystemState.CapacityRemaining", "daemon")
CAPACITY_NON_DFS = gauge(
    "hdfs_namenode_capacity_non_dfs_used_bytes", "Used by others (FSNamesystem.CapacityUsedNonDFS)", "daemon"
)
CAPACITY_LOST = gauge(
    "hdfs_namenode_estimated_capacity_lost_bytes",
    "To failed volumes (FSNamesystemState.EstimatedCapacityLostTotal)",
    "daemon",
)
FILES_AND_DIRECTORIES = gauge(
    "hdfs_namenode_files_and_directories", "Both together (FSNamesystemState.FilesTotal)", "daemon"
)
FILES_UNDER_CONSTRUCTION = gauge(
    "hdfs_namenode_files_under_construction",
    "Files open for writing (FSNamesystem.NumFilesUnderConstruction); absent on Hadoop 2",
    "daemon",
)
SNAPSHOTS = gauge("hdfs_namenode_snapshots", "FSNamesystem.Snapshots", "daemon")
SNAPSHOTTABLE_DIRECTORIES = gauge(
    "hdfs_namenode_snapshottable_directories", "FSNamesystem.SnapshottableDirectories", "daemon"
)
ENCRYPTION_ZONES = gauge("hdfs_namenode_encryption_zones", "FSNamesystemState.NumEncryptionZones", "daemon")
XCEIVERS = gauge("hdfs_namenode_xceivers", "Transfers on all DataNodes (FSNamesystemState.TotalLoad)", "daemon")

BLOCKS = gauge(
    "hdfs_namenode_blocks", "Blocks and erasure-coded block groups (FSNamesystemState.BlocksTotal)", "daemon"
)
MISSING_BLOCKS = gauge(
    "hdfs_namenode_missing_blocks",
    "Without a readable replica, block groups that cannot be decoded among them (FSNamesystem.MissingBlocks)",
    "daemon",
)
MISSING_ONE_REPLICA_BLOCKS = gauge(
    "hdfs_namenode_missing_replication_one_blocks",
    "Missing blocks of files that ask for one replica (FSNamesystem.MissingReplOneBlocks)",
    "daemon",
)
CORRUPT_BLOCKS = gauge("hdfs_namenode_corrupt_blocks", "With a corrupt replica (FSNamesystem.CorruptBlocks)", "daemon")
UNDER_REPLICATED_BLOCKS = gauge(
    "hdfs_namenode_under_replicated_blocks",
    "With fewer replicas than asked for (FSNamesystemState.LowRedundancyBlocks; UnderReplicatedBlocks on Hadoop 2, "
    "where it leaves out the missing ones)",
    "daemon",
)
PENDING_RECONSTRUCTION_BLOCKS = gauge(
    "hdfs_namenode_pending_reconstruction_blocks",
    "FSNamesystemState.PendingReconstructionBlocks; PendingReplicationBlocks on Hadoop 2",
    "daemon",
)
SCHEDULED_REPLICATION_BLOCKS = gauge(
    "hdfs_namenode_scheduled_replication_blocks", "FSNamesystemState.ScheduledReplicationBlocks", "daemon"
)
PENDING_DELETION_BLOCKS = gauge(
    "hdfs_namenode_pending_deletion_blocks", "FSNamesystemState.PendingDeletionBlocks", "daemon"
)
EXCESS_BLOCKS = gauge(
    "hdfs_namenode_excess_blocks", "With more replicas than asked for (FSNamesystem.ExcessBlocks)", "daemon"
)
POSTPONED_BLOCKS = gauge(
    "hdfs_namenode_postponed_misreplicated_blocks", "FSNamesystem.PostponedMisreplicatedBlocks", "daemon"
)
EC_BLOCK_GROUPS = gauge(
    "hdfs_namenode_ec_block_groups",
    "Erasure-coded (ECBlockGroupsState.TotalECBlockGroups); absent on Hadoop 2",
    "daemon",
)
MISSING_EC_BLOCK_GROUPS = gauge(
    "hdfs_namenode_missing_ec_block_groups", "ECBlockGroupsState.MissingECBlockGroups; absent on Hadoop 2", "daemon"
)
CORRUPT_EC_BLOCK_GROUPS = gauge(
    "hdfs_namenode_corrupt_ec_block_groups", "ECBlockGroupsState.CorruptECBlockGroups; absent on Hadoop 2", "daemon"
)
LOW_REDUNDANCY_EC_BLOCK_GROUPS = gauge(
    "hdfs_namenode_low_redundancy_ec_block_groups",
    "ECBlockGroupsState.LowRedundancyECBlockGroups; absent on Hadoop 2",
    "daemon",
)

LIVE_DATANODES = gauge("hdfs_namenode_live_datanodes", "FSNamesystemState.NumLiveDataNodes", "daemon")
DEAD_DATANODES = gauge("hdfs_namenode_dead_datanodes", "FSNamesystemState.NumDeadDataNodes", "daemon")
STALE_DATANODES = gauge(
    "hdfs_namenode_stale_datanodes",
    "Live ones without a heartbeat for a while (FSNamesystemState.NumStaleDataNodes)",
    "daemon",
)
DECOMMISSIONING_DATANODES = gauge(
    "hdfs_namenode_decommissioning_datanodes", "FSNamesystemState.NumDecommissioningDataNodes", "daemon"
)
DECOMMISSIONED_LIVE_DATANODES = gauge(
    "hdfs_namenode_decommissioned_live_datanodes", "FSNamesystemState.NumDecomLiveDataNodes", "daemon"
)
DECOMMISSIONED_DEAD_DATANODES = gauge(
    "hdfs_namenode_decommissioned_dead_datanodes", "FSNamesystemState.NumDecomDeadDataNodes", "daemon"
)
ENTERING_MAINTENANCE_DATANODES = gauge(
    "hdfs_namenode_entering_maintenance_datanodes",
    "FSNamesystemState.NumEnteringMaintenanceDataNodes; absent on Hadoop 2",
    "daemon",
)
IN_MAINTENANCE_LIVE_DATANODES = gauge(
    "hdfs_namenode_in_maintenance_live_datanodes",
    "FSNamesystemState.NumInMaintenanceLiveDataNodes; absent on Hadoop 2",
    "daemon",
)
IN_MAINTENANCE_DEAD_DATANODES = gauge(
    "hdfs_namenode_in_maintenance_dead_datanodes",
    "FSNamesystemState.NumInMaintenanceDeadDataNodes; absent on Hadoop 2",
    "daemon",
)
STALE_STORAGES = gauge("hdfs_namenode_stale_storages", "FSNamesystemState.NumStaleStorages", "daemon")
FAILED_VOLUMES = gauge(
    "hdfs_namenode_failed_volumes", "On live DataNodes (FSNamesystemState.VolumeFailuresTotal)", "daemon"
)

# Each DataNode as the active NameNode sees it.
DATANODE_LIVE = gauge(
    "hdfs_namenode_datanode_live",
    "1 for a DataNode of NameNodeInfo.LiveNodes, 0 for one of DeadNodes; `datanode` is the NameNode's name for it",
    "daemon",
    "datanode",
)
DATANODE_LAST_CONTACT = gauge(
    "hdfs_namenode_datanode_last_contact_timestamp_seconds",
    "Last heartbeat: the NameNode's clock - lastContact of NameNodeInfo.LiveNodes or DeadNodes",
    "daemon",
    "datanode",
)
DATANODE_SEEN_CAPACITY = gauge(
    "hdfs_namenode_datanode_capacity_bytes", "capacity of NameNodeInfo.LiveNodes", "daemon", "datanode"
)
DATANODE_SEEN_USED = gauge(
    "hdfs_namenode_datanode_capacity_used_bytes", "usedSpace of NameNodeInfo.LiveNodes", "daemon", "datanode"
)
DATANODE_SEEN_BLOCKS = gauge(
    "hdfs_namenode_datanode_blocks", "numBlocks of NameNodeInfo.LiveNodes", "daemon", "datanode"
)

# DataNodes, each asked itself.
DATANODE_INFO = info(
    "hdfs_datanode_info", "Hadoop's version (DataNodeInfo.SoftwareVersion; Version on Hadoop 2)", "daemon", "version"
)
DATANODE_START = gauge(
    "hdfs_datanode_start_timestamp_seconds", "DataNodeInfo.DNStartedTimeInMillis; absent on Hadoop 2", "daemon"
)
DATANODE_CAPACITY = gauge("hdfs_datanode_capacity_bytes", "FSDatasetState.Capacity", "daemon")
DATANODE_CAPACITY_USED = gauge("hdfs_datanode_capacity_used_bytes", "Used by HDFS (FSDatasetState.DfsUsed)", "daemon")
DATANODE_CAPACITY_REMAINING = gauge("hdfs_datanode_capacity_remaining_bytes", "FSDatasetState.Remaining", "daemon")
DATANODE_CAPACITY_LOST = gauge(
    "hdfs_datanode_estimated_capacity_lost_bytes",
    "To failed volumes (FSDatasetState.EstimatedCapacityLostTotal)",
    "daemon",
)
DATANODE_FAILED_VOLUMES = gauge("hdfs_datanode_failed_volumes", "FSDatasetState.NumFailedVolumes", "daemon")
DATANODE_LAST_VOLUME_FAILURE = gauge(
    "hdfs_datanode_last_volume_failure_timestamp_seconds",
    "FSDatasetState.LastVolumeFailureDate; absent while there was none",
    "daemon",
)
DATANODE_VOLUME_USED = gauge(
    "hdfs_datanode_volume_used_bytes", "Used by HDFS (usedSpace of DataNodeInfo.VolumeInfo)", "daemon", "volume"
)
DATANODE_VOLUME_FREE = gauge(
    "hdfs_datanode_volume_free_bytes", "freeSpace of DataNodeInfo.VolumeInfo", "daemon", "volume"
)
DATANODE_VOLUME_RESERVED = gauge(
    "hdfs_datanode_volume_reserved_bytes", "reservedSpace of DataNodeInfo.VolumeInfo", "daemon", "volume"
)
DATANODE_VOLUME_BLOCKS = gauge(
    "hdfs_datanode_volume_blocks", "numBlocks of DataNodeInfo.VolumeInfo; absent on Hadoop 2", "daemon", "volume"
)
DATANODE_XCEIVERS = gauge(
    "hdfs_datanode_xceivers", "Threads that transfer blocks now (DataNodeInfo.XceiverCount)", "daemon"
)
DATANODE_READ_BYTES = counter("hdfs_datanode_read_bytes_total", "DataNodeActivity.BytesRead", "daemon")
DATANODE_WRITTEN_BYTES = counter("hdfs_datanode_written_bytes_total", "DataNodeActivity.BytesWritten", "daemon")
DATANODE_REMOTE_READ_BYTES = counter(
    "hdfs_datanode_remote_read_bytes_total", "For clients on other hosts (DataNodeActivity.RemoteBytesRead)", "daemon"
)
DATANODE_REMOTE_WRITTEN_BYTES = counter(
    "hdfs_datanode_remote_written_bytes_total",
    "For clients on other hosts (DataNodeActivity.RemoteBytesWritten)",
    "daemon",
)
DATANODE_READ_SECONDS = counter(
    "hdfs_datanode_read_seconds_total", "Time spent reading (DataNodeActivity.TotalReadTime)", "daemon"
)
DATANODE_WRITE_SECONDS = counter(
    "hdfs_datanode_write_seconds_total", "Time spent writing (DataNodeActivity.TotalWriteTime)", "daemon"
)
DATANODE_BLOCKS_READ = counter("hdfs_datanode_blocks_read_total", "DataNodeActivity.BlocksRead", "daemon")
DATANODE_BLOCKS_WRITTEN = counter("hdfs_datanode_blocks_written_total", "DataNodeActivity.BlocksWritten", "daemon")
DATANODE_BLOCKS_REPLICATED = counter(
    "hdfs_datanode_blocks_replicated_total", "DataNodeActivity.BlocksReplicated", "daemon"
)
DATANODE_BLOCKS_REMOVED = counter("hdfs_datanode_blocks_removed_total", "DataNodeActivity.BlocksRemoved", "daemon")
DATANODE_BLOCKS_VERIFIED = counter("hdfs_datanode_blocks_verified_total", "DataNodeActivity.BlocksVerified", "daemon")
DATANODE_VERIFICATION_FAILURES = counter(
    "hdfs_datanode_block_verification_failures_total", "DataNodeActivity.BlockVerificationFailures", "daemon"
)
DATANODE_VOLUME_FAILURES = counter("hdfs_datanode_volume_failures_total", "DataNodeActivity.VolumeFailures", "daemon")
DATANODE_NETWORK_ERRORS = counter(
    "hdfs_datanode_network_errors_total", "DataNodeActivity.DatanodeNetworkErrors", "daemon"
)
DATANODE_HEARTBEATS = counter("hdfs_datanode_heartbeats_total", "DataNodeActivity.HeartbeatsNumOps", "daemon")
DATANODE_HEARTBEAT_MEAN = gauge(
    "hdfs_datanode_heartbeat_mean_seconds",
    "Mean in Hadoop's last metrics period (DataNodeActivity.HeartbeatsAvgTime)",
    "daemon",
)
DATANODE_READ_BLOCK_MEAN = gauge(
    "hdfs_datanode_read_block_mean_seconds",
    "Mean in Hadoop's last metrics period (DataNodeActivity.ReadBlockOpAvgTime)",
    "daemon",
)
DATANODE_WRITE_BLOCK_MEAN = gauge(
    "hdfs_datanode_write_block_mean_seconds",
    "Mean in Hadoop's last metrics period (DataNodeActivity.WriteBlockOpAvgTime)",
    "daemon",
)
DATANODE_FLUSH_MEAN = gauge(
    "hdfs_datanode_flush_mean_seconds",
    "Mean in Hadoop's last metrics period (DataNodeActivity.FlushNanosAvgTime)",
    "daemon",
)
DATANODE_ACK_MEAN = gauge(
    "hdfs_datanode_packet_ack_round_trip_mean_seconds",
    "Mean in Hadoop's last metrics period (DataNodeActivity.PacketAckRoundTripTimeNanosAvgTime)",
    "daemon",
)

# JournalNodes, each of their journals.
JOURNAL_LAG = gauge(
    "hdfs_journalnode_lag_transactions",
    "How far behind the other JournalNodes (Journal-<journal>.CurrentLagTxns)",
    "daemon",
    "journal",
)
JOURNAL_LAST_TRANSACTION = gauge(
    "hdfs_journalnode_last_written_transaction_id", "Journal-<journal>.LastWrittenTxId", "daemon", "journal"
)
JOURNAL_LAST_TIME = gauge(
    "hdfs_journalnode_last_journal_timestamp_seconds",
    "When edits last came, by the NameNode's clock (Journal-<journal>.LastJournalTimestamp); absent on Hadoop 2",
    "daemon",
    "journal",
)
JOURNAL_PROMISED_EPOCH = gauge(
    "hdfs_journalnode_last_promised_epoch", "Journal-<journal>.LastPromisedEpoch", "daemon", "journal"
)
JOURNAL_WRITER_EPOCH = gauge(
    "hdfs_journalnode_last_writer_epoch", "Journal-<journal>.LastWriterEpoch", "daemon", "journal"
)
JOURNAL_BATCHES = counter(
    "hdfs_journalnode_written_batches_total", "Journal-<journal>.BatchesWritten", "daemon", "journal"
)
JOURNAL_LAGGING_BATCHES = counter(
    "hdfs_journalnode_written_while_lagging_batches_total",
    "Journal-<journal>.BatchesWrittenWhileLagging",
    "daemon",
    "journal",
)
JOURNAL_TRANSACTIONS = counter(
    "hdfs_journalnode_written_transactions_total", "Journal-<journal>.TxnsWritten", "daemon", "journal"
)
JOURNAL_BYTES = counter("hdfs_journalnode_written_bytes_total", "Journal-<journal>.BytesWritten", "daemon", "journal")
JOURNAL_SYNCS = gauge(
    "hdfs_journalnode_recent_syncs", "In the last 60 seconds (Journal-<journal>.Syncs60sNumOps)", "daemon", "journal"
)
JOURNAL_SYNC_LATENCY = gauge(
    "hdfs_journalnode_recent_sync_seconds",
    "Percentile of the syncs of the last 60 seconds (Journal-<journal>.Syncs60s<percentile>thPercentileLatencyMicros)",
    "daemon",
    "journal",
    percentile=("50", "75", "90", "95", "99"),
)

# Of every daemon; `service` is what its MBeans say it is.
_SERVICE = {"service": SERVICES}
RPC_RECEIVED_BYTES = counter(
    "hdfs_rpc_received_bytes_total", "RpcActivityForPort<port>.ReceivedBytes", "daemon", "port", **_SERVICE
)
RPC_SENT_BYTES = counter(
    "hdfs_rpc_sent_bytes_total", "RpcActivityForPort<port>.SentBytes", "daemon", "port", **_SERVICE
)
RPC_CALLS = counter(
    "hdfs_rpc_calls_total",
    "Calls processed (RpcActivityForPort<port>.RpcProcessingTimeNumOps)",
    "daemon",
    "port",
    **_SERVICE,
)
RPC_QUEUE_MEAN = gauge(
    "hdfs_rpc_queue_mean_seconds",
    "Mean wait in Hadoop's last metrics period (RpcActivityForPort<port>.RpcQueueTimeAvgTime)",
    "daemon",
    "port",
    **_SERVICE,
)
RPC_PROCESSING_MEAN = gauge(
    "hdfs_rpc_processing_mean_seconds",
    "Mean in Hadoop's last metrics period (RpcActivityForPort<port>.RpcProcessingTimeAvgTime)",
    "daemon",
    "port",
    **_SERVICE,
)
RPC_QUEUE_LENGTH = gauge(
    "hdfs_rpc_call_queue_length", "RpcActivityForPort<port>.CallQueueLength", "daemon", "port", **_SERVICE
)
RPC_OPEN_CONNECTIONS = gauge(
    "hdfs_rpc_open_connections", "RpcActivityForPort<port>.NumOpenConnections", "daemon", "port", **_SERVICE
)
RPC_DROPPED_CONNECTIONS = counter(
    "hdfs_rpc_dropped_connections_total", "RpcActivityForPort<port>.NumDroppedConnections", "daemon", "port", **_SERVICE
)
RPC_SLOW_CALLS = counter(
    "hdfs_rpc_slow_calls_total", "RpcActivityForPort<port>.RpcSlowCalls", "daemon", "port", **_SERVICE
)
RPC_CLIENT_BACKOFFS = counter(
    "hdfs_rpc_client_backoffs_total",
    "Calls sent back because the queue was full (RpcActivityForPort<port>.RpcClientBackoff)",
    "daemon",
    "port",
    **_SERVICE,
)
RPC_AUTHENTICATION_FAILURES = counter(
    "hdfs_rpc_authentication_failures_total",
    "RpcActivityForPort<port>.RpcAuthenticationFailures",
    "daemon",
    "port",
    **_SERVICE,
)
RPC_AUTHORIZATION_FAILURES = counter(
    "hdfs_rpc_authorization_failures_total",
    "RpcActivityForPort<port>.RpcAuthorizationFailures",
    "daemon",
    "port",
    **_SERVICE,
)

JVM_HEAP_USED = gauge("hdfs_jvm_heap_used_bytes", "JvmMetrics.MemHeapUsedM", "daemon", **_SERVICE)
JVM_HEAP_COMMITTED = gauge("hdfs_jvm_heap_committed_bytes", "JvmMetrics.MemHeapCommittedM", "daemon", **_SERVICE)
JVM_HEAP_MAX = gauge(
    "hdfs_jvm_heap_max_bytes", "JvmMetrics.MemHeapMaxM; absent where the JVM knows none", "daemon", **_SERVICE
)
JVM_NON_HEAP_USED = gauge("hdfs_jvm_non_heap_used_bytes", "JvmMetrics.MemNonHeapUsedM", "daemon", **_SERVICE)
JVM_NON_HEAP_COMMITTED = gauge(
    "hdfs_jvm_non_heap_committed_bytes", "JvmMetrics.MemNonHeapCommittedM", "daemon", **_SERVICE
)
JVM_GC_COLLECTIONS = counter("hdfs_jvm_gc_collections_total", "JvmMetrics.GcCount", "daemon", **_SERVICE)
JVM_GC_SECONDS = counter("hdfs_jvm_gc_seconds_total", "JvmMetrics.GcTimeMillis", "daemon", **_SERVICE)
JVM_PAUSE_SECONDS = counter(
    "hdfs_jvm_pause_seconds_total",
    "Time lost to pauses of the JVM or the host (JvmMetrics.GcTotalExtraSleepTime); JournalNodes have none",
    "daemon",
    **_SERVICE,
)
JVM_LONG_PAUSES = counter(
    "hdfs_jvm_long_pauses_total",
    "Pauses longer than jvm.pause.warn-threshold.ms (JvmMetrics.GcNumWarnThresholdExceeded); JournalNodes have none",
    "daemon",
    **_SERVICE,
)
JVM_THREADS = gauge(
    "hdfs_jvm_threads",
    "Threads by state (JvmMetrics.Threads<state>)",
    "daemon",
    **_SERVICE,
    state=("new", "runnable", "blocked", "waiting", "timed_waiting", "terminated"),
)
