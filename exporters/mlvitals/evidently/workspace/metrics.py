"""The metrics of watched workspaces. Sources are the fields of Evidently's snapshots.

Of each project the newest snapshot is shown, by the time that it is about. A series is named by what was computed
(`metric` is Evidently's class, `parameters` are its own), never by Evidently's metric id, which changes with every
test and threshold. `label` is the class or category, empty unless `by_label` names the metric.
"""

from __future__ import annotations

from mlvitals.core.metric import gauge, info

STATUSES = ("success", "skipped", "warning", "error", "fail")
"""Evidently's states of a test, the worst last."""
RESULTS = ("value", "count", "share", "mean", "std")
REASONS = ("auth", "connect", "http", "parse", "limit", "internal")

PROJECTS = gauge("evidently_workspace_projects", "Projects that match the configured patterns", "workspace")
SNAPSHOTS = gauge("evidently_workspace_snapshots", "Snapshots of the project", "workspace", "project")
SNAPSHOT_TIMESTAMP = gauge(
    "evidently_workspace_snapshot_timestamp_seconds",
    "timestamp of the snapshot that is shown; one without a zone counts as local time",
    "workspace",
    "project",
)
SNAPSHOT_ADDED = gauge(
    "evidently_workspace_snapshot_added_timestamp_seconds",
    "When the snapshot that is shown was added to the workspace, by its UUID",
    "workspace",
    "project",
)
FRESH_OBJECTIVE = gauge(
    "evidently_workspace_fresh_objective_seconds",
    "Configured fresh_within: a snapshot was added at most this long ago",
    "workspace",
    "project",
)
PROJECT_FAILURE = gauge(
    "evidently_workspace_project_failure",
    "1 while the project, or a newer snapshot than the one that is shown, cannot be read; absent otherwise",
    "workspace",
    "project",
    reason=REASONS,
)
VALUE = gauge(
    "evidently_workspace_value",
    "Result of a metric: a number (value), or the parts of CountValue (count, share) and MeanStdValue (mean, std)",
    "workspace",
    "project",
    "metric",
    "column",
    "parameters",
    "label",
    result=RESULTS,
)
TESTS = gauge("evidently_workspace_tests", "Tests of the snapshot by status", "workspace", "project", status=STATUSES)
TEST_STATUS = gauge(
    "evidently_workspace_test_status",
    "State of a test of a result, the worst of several with the same labels; one that is not critical cannot fail",
    "workspace",
    "project",
    "test",
    "metric",
    "column",
    "parameters",
    "label",
    result=RESULTS,
    critical=("true", "false"),
    status=STATUSES,
)
TAG_INFO = info(
    "evidently_workspace_tag_info",
    "Chosen metadata of the snapshot, and tags: `key:value`, or a key alone",
    "workspace",
    "project",
    "key",
    "value",
)
RUN_FAILURE = gauge(
    "evidently_dataset_run_failure",
    "1 when the last computation could not be written into the configured workspace, with the reason; absent otherwise",
    "dataset",
    reason=("auth", "connect", "timeout", *REASONS[2:]),
)
MODEL_VERSION = gauge(
    "evidently_workspace_model_version",
    "version of the metadata or tags, where they also name the model and it is a number",
    "workspace",
    "project",
    "model",
)
