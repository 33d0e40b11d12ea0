"""The metrics of the MLflow exporter. Sources are MLflow's REST API 2.0 fields."""

from __future__ import annotations

from mlvitals.core.metric import gauge, info

REGISTRY = "server"
"""The target that models, versions and aliases are read from."""
RUN_STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
STAGES = ("None", "Staging", "Production", "Archived")
OPERATORS = ("<", "<=", ">", ">=")

SERVER_INFO = info("mlflow_server_info", "MLflow's version (GET /version)", "version")

MODELS = gauge("mlflow_models", "Registered models that match the configured patterns (registered-models/search)")
MODEL_CREATED = gauge("mlflow_model_created_timestamp_seconds", "creation_timestamp of the registered model", "model")
MODEL_LAST_UPDATED = gauge(
    "mlflow_model_last_updated_timestamp_seconds",
    "last_updated_timestamp of the registered model; MLflow does not move it when an alias or a tag is set",
    "model",
)
MODEL_VERSIONS = gauge("mlflow_model_versions", "Model versions that exist (model-versions/search)", "model")
MODEL_LATEST_VERSION = gauge("mlflow_model_latest_version", "The highest model version number", "model")
MODEL_LATEST_VERSION_CREATED = gauge(
    "mlflow_model_latest_version_created_timestamp_seconds", "creation_timestamp of the highest model version", "model"
)
MODEL_STAGE_VERSION = gauge(
    "mlflow_model_stage_version", "The latest model version in each stage (latest_versions)", "model", stage=STAGES
)
MODEL_TAG_INFO = info("mlflow_model_tag_info", "Chosen tags of the registered model", "model", "key", "value")

MODEL_ALIAS_VERSION = gauge(
    "mlflow_model_alias_version",
    "The model version that the alias names (aliases of registered-models/search)",
    "model",
    "alias",
)
MODEL_ALIAS_VERSION_CREATED = gauge(
    "mlflow_model_alias_version_created_timestamp_seconds",
    "creation_timestamp of the model version that the alias names",
    "model",
    "alias",
)
MODEL_ALIAS_METRIC = gauge(
    "mlflow_model_alias_metric",
    "Last value of a chosen metric of the run behind the alias (runs/search data.metrics)",
    "model",
    "alias",
    "metric",
)

MODEL_NEW_VERSION_OBJECTIVE = gauge(
    "mlflow_model_new_version_objective_seconds", "Configured new_version_within of the model", "model"
)
MODEL_ALIAS_METRIC_OBJECTIVE = gauge(
    "mlflow_model_alias_metric_objective",
    "Configured bound of a metric behind an alias; the metric is right while `metric operator bound` holds",
    "model",
    "alias",
    "metric",
    operator=OPERATORS,
)

EXPERIMENTS = gauge("mlflow_experiments", "Active experiments that match the configured patterns (experiments/search)")
EXPERIMENT_RUNNING_RUNS = gauge("mlflow_experiment_running_runs", "Runs with status RUNNING now", "experiment")
EXPERIMENT_OLDEST_RUNNING_START = gauge(
    "mlflow_experiment_oldest_running_run_start_timestamp_seconds",
    "start_time of the oldest run with status RUNNING; absent when none is running",
    "experiment",
)
EXPERIMENT_RUNNING_RUN_OBJECTIVE = gauge(
    "mlflow_experiment_running_run_objective_seconds",
    "Configured stuck_after of the experiment: time with status RUNNING after which a run counts as stuck",
    "experiment",
)
EXPERIMENT_RECENT_RUNS = gauge(
    "mlflow_experiment_recent_runs",
    "Runs that ended within the configured window, by status (runs/search end_time)",
    "experiment",
    status=("FINISHED", "FAILED", "KILLED"),
)
EXPERIMENT_LAST_RUN_START = gauge(
    "mlflow_experiment_last_run_start_timestamp_seconds",
    "start_time of the run that started last; one that is SCHEDULED has not",
    "experiment",
)
EXPERIMENT_LAST_RUN_END = gauge(
    "mlflow_experiment_last_run_end_timestamp_seconds", "end_time of the run that ended last", "experiment"
)
EXPERIMENT_LAST_FINISHED_DURATION = gauge(
    "mlflow_experiment_last_finished_run_duration_seconds",
    "end_time - start_time of the last run that ended with status FINISHED",
    "experiment",
)
EXPERIMENT_RUNS = gauge(
    "mlflow_experiment_runs",
    "All runs of the experiment by status; counted at start and hourly, absent until counted",
    "experiment",
    status=RUN_STATUSES,
)

OBJECTIVE_MATCHES = gauge(
    "mlflow_objective_matches",
    "Models (new_version_within), aliases (metrics) or experiments (stuck_after) shown that match a configured pattern",
    "pattern",
    objective=("new_version_within", "metrics", "stuck_after"),
)
