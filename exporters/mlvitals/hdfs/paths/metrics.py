"""The metrics of watched paths. Sources are the answers of WebHDFS; `path` is a path as it is on HDFS."""

from __future__ import annotations

from mlvitals.core.metric import gauge

REASONS = ("auth", "http", "parse", "limit")

PATH_EXISTS = gauge(
    "hdfs_path_exists",
    "1 when the path is there, 0 when not (GETFILESTATUS); of a pattern, every path that it matches is 1",
    "path",
)
PATTERN_MATCHES = gauge(
    "hdfs_path_pattern_matches", "Paths that a configured pattern matches, also those that are not shown", "pattern"
)
PATH_FAILURE = gauge(
    "hdfs_path_failure",
    "1 while a path that a pattern matches cannot be read, and, with the reason limit, while the newest modification "
    "is unknown because there are more than max_path_entries files and folders; absent otherwise",
    "path",
    reason=REASONS,
)
PATH_NEWEST_MODIFICATION = gauge(
    "hdfs_path_newest_modification_timestamp_seconds",
    "modificationTime of the newest file below the path (LISTSTATUS), or of the file itself; hidden and temporary "
    "files do not count, nor do times to come; absent when there is no file",
    "path",
)
PATH_FRESH_OBJECTIVE = gauge(
    "hdfs_path_fresh_objective_seconds", "Configured fresh_within: the newest modification is at most this old", "path"
)
PATH_FILES = gauge("hdfs_path_files", "Files below the path, in snapshots too (GETCONTENTSUMMARY fileCount)", "path")
PATH_DIRECTORIES = gauge(
    "hdfs_path_directories", "Folders below the path and itself (GETCONTENTSUMMARY directoryCount)", "path"
)
PATH_SIZE = gauge("hdfs_path_size_bytes", "Bytes below the path, each once (GETCONTENTSUMMARY length)", "path")
PATH_SPACE_CONSUMED = gauge(
    "hdfs_path_space_consumed_bytes",
    "Bytes with all their replicas, whole blocks where one is being written (GETCONTENTSUMMARY spaceConsumed)",
    "path",
)
PATH_NAME_QUOTA = gauge(
    "hdfs_path_name_quota",
    "What files and directories together may be (GETCONTENTSUMMARY quota); absent when not set",
    "path",
)
PATH_SPACE_QUOTA = gauge(
    "hdfs_path_space_quota_bytes",
    "What the space consumed may be (GETCONTENTSUMMARY spaceQuota); absent when not set",
    "path",
)
PATH_SUMMARY_DURATION = gauge(
    "hdfs_path_content_summary_duration_seconds",
    "How long GETCONTENTSUMMARY took, for which the NameNode holds its lock again and again",
    "path",
)
PATH_WALK_DURATION = gauge(
    "hdfs_path_walk_duration_seconds", "How long the search for the newest modification took", "path"
)
PATH_WALK_ENTRIES = gauge(
    "hdfs_path_walk_entries", "Files and folders that were looked at for the newest modification", "path"
)
