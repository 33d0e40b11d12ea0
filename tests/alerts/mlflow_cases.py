"""When the alerts about MLflow fire and when not."""

from __future__ import annotations

from tests.alerts.cases import TARGET, Firing, Silent, lasting

HOUR = 3600
DAY = 24 * HOUR
UP = {"mlvitals_exporter_up": lasting(1)}
REGISTRY_UP = {'mlvitals_target_up{target="server"}': lasting(1)}
METRIC = 'mlflow_model_alias_metric{model="churn",alias="champion",metric="mse"}'
SERVED = {**TARGET, "model": "churn", "alias": "champion"}


def bound(operator: str, value: float) -> dict[str, str]:
    """The series of a bound on mse."""
    labels = f'model="churn",alias="champion",metric="mse",operator="{operator}"'
    return {f"mlflow_model_alias_metric_objective{{{labels}}}": lasting(value)}


OLDEST_RUN = 'mlflow_experiment_oldest_running_run_start_timestamp_seconds{experiment="train"}'


MATCHES = 'mlflow_objective_matches{objective="new_version_within",pattern="churn*"}'


def stuck_after(seconds: float) -> dict[str, str]:
    """The series of the objective of the experiment `train`."""
    return {'mlflow_experiment_running_run_objective_seconds{experiment="train"}': lasting(seconds)}


def broken(operator: str, value: float, limit: float) -> Firing:
    """`mse` is `value`, and that is not `operator limit`."""
    return Firing(
        "MlflowAliasMetricOutOfBounds",
        {METRIC: lasting(value), **bound(operator, limit)},
        {**SERVED, "metric": "mse", "operator": operator},
        f"registry: model churn, alias champion: mse is {value:g}, expected {operator} {limit:g}.",
    )


def kept(operator: str, value: float, limit: float) -> Silent:
    """`mse` is `value`, and that is `operator limit`."""
    return Silent(
        "MlflowAliasMetricOutOfBounds",
        f"{value:g} {operator} {limit:g} holds",
        {METRIC: lasting(value), **bound(operator, limit)},
    )


def ended(finished: int, failed: int, killed: int = 0) -> dict[str, str]:
    """Runs of the experiment `train` that ended recently."""
    counts = {"FINISHED": finished, "FAILED": failed, "KILLED": killed}
    return {
        f'mlflow_experiment_recent_runs{{experiment="train",status="{status}"}}': lasting(count)
        for status, count in counts.items()
    }


CASES = (
    Firing(
        "MlflowDown",
        {
            "mlvitals_exporter_up": lasting(0),
            'mlvitals_target_failure{target="mlflow",reason="connect"}': lasting(1),
            'mlvitals_target_failure{target="runs",reason="connect"}': lasting(1),
            "mlvitals_exporter_last_success_timestamp_seconds": lasting(-HOUR),
        },
        TARGET,
        "registry: MLflow cannot be read, reason: connect. Last read 1h 5m 0s ago.",
    ),
    Firing(
        "MlflowDown",
        {
            "mlvitals_exporter_up": "1x9 0x600",
            # The reason changes while the alert waits: that must not make it wait anew.
            'mlvitals_target_failure{target="mlflow",reason="connect"}': "_x9 1x2 stale",
            'mlvitals_target_failure{target="mlflow",reason="timeout"}': "_x12 1x600",
        },
        TARGET,
        "registry: MLflow cannot be read, reason: timeout. Not read since mlvitals started.",
        since="10m",
    ),
    Silent("MlflowDown", "MLflow is read", UP),
    Silent("MlflowDown", "four minutes are a restart", {"mlvitals_exporter_up": "1x9 0x3 1x600"}),
    Silent("MlflowDown", "another system is down", {'mlvitals_exporter_up{exporter_type="weather"}': lasting(0)}),
    Firing(
        "MlflowNewVersionLate",
        {
            'mlflow_model_latest_version_created_timestamp_seconds{model="churn"}': lasting(-2 * DAY),
            'mlflow_model_created_timestamp_seconds{model="churn"}': lasting(-9 * DAY),
            'mlflow_model_new_version_objective_seconds{model="churn"}': lasting(2 * DAY + HOUR - 1),
        },
        {**TARGET, "model": "churn"},
        "registry: model churn has had no new version for 2d 1h 5m 0s, objective 2d 0h 59m 59s.",
        since="1h",
    ),
    Firing(
        "MlflowNewVersionLate",
        {
            # A model that never had a version.
            'mlflow_model_created_timestamp_seconds{model="new"}': lasting(-2 * DAY),
            'mlflow_model_new_version_objective_seconds{model="new"}': lasting(DAY),
        },
        {**TARGET, "model": "new"},
        "registry: model new has had no new version for 2d 0h 5m 0s, objective 1d 0h 0m 0s.",
    ),
    Silent(
        "MlflowNewVersionLate",
        "an old model with a new version",
        {
            'mlflow_model_latest_version_created_timestamp_seconds{model="churn"}': lasting(-HOUR),
            'mlflow_model_created_timestamp_seconds{model="churn"}': lasting(-9 * DAY),
            'mlflow_model_new_version_objective_seconds{model="churn"}': lasting(DAY),
        },
    ),
    Silent(
        "MlflowNewVersionLate",
        "no objective",
        {'mlflow_model_latest_version_created_timestamp_seconds{model="churn"}': lasting(-900 * DAY)},
    ),
    Firing(
        "MlflowAliasMetricOutOfBounds",
        # mlvitals starts anew: its page is empty for a moment, and that is no good news.
        {METRIC: "9x9 stale _x3 9x600", **bound("<", 0.5)},
        {**SERVED, "metric": "mse", "operator": "<"},
        "registry: model churn, alias champion: mse is 9, expected < 0.5.",
        until="20m",
    ),
    broken("<", 0.5, 0.5),
    broken("<=", 0.75, 0.5),
    broken(">", 0.5, 0.5),
    broken(">=", 0.25, 0.5),
    kept("<", 0.4, 0.5),
    kept("<=", 0.5, 0.5),
    kept(">", 0.6, 0.5),
    kept(">=", 0.5, 0.5),
    Silent("MlflowAliasMetricOutOfBounds", "no bound", {METRIC: lasting(1e9)}),
    Silent(
        "MlflowAliasMetricOutOfBounds",
        "the bound is another alias's",
        {METRIC.replace("champion", "challenger"): lasting(9), **bound("<", 0.5)},
    ),
    Firing(
        "MlflowAliasMetricMissing",
        {METRIC.replace("mse", "mae"): lasting(0.1), **bound("<", 0.5)},
        {**SERVED, "metric": "mse", "operator": "<"},
        "registry: model churn, alias champion: mse has no finite value, expected < 0.5.",
    ),
    Silent("MlflowAliasMetricMissing", "a value, though a bad one", {METRIC: lasting(9), **bound("<", 0.5)}),
    Silent("MlflowAliasMetricMissing", "no bound, no value"),
    Firing(
        "MlflowAliasGone",
        {'mlflow_model_alias_version{model="churn",alias="champion"}': "3x9 stale", **REGISTRY_UP},
        SERVED,
        "registry: model churn, alias champion: the alias is gone; it named version 3.",
        since="10m",
    ),
    Silent(
        "MlflowAliasGone",
        "the alias moved",
        {'mlflow_model_alias_version{model="churn",alias="champion"}': "3x9 4x600", **REGISTRY_UP},
    ),
    Silent(
        "MlflowAliasGone",
        "the registry cannot be read, its runs can",
        {
            **UP,
            'mlvitals_target_up{target="runs"}': lasting(1),
            'mlflow_model_alias_version{model="churn",alias="champion"}': "3x9 stale",
            'mlvitals_target_up{target="server"}': "1x9 0x600",
        },
    ),
    Silent(
        "MlflowAliasGone",
        "the exporter is gone too",
        {
            'mlflow_model_alias_version{model="churn",alias="champion"}': "3x9 stale",
            'mlvitals_target_up{target="server"}': "1x9 stale",
            'mlvitals_target_up{exporter="other",target="server"}': lasting(1),
        },
    ),
    Firing(
        "MlflowRunStuck",
        {OLDEST_RUN: lasting(-5 * HOUR - 1), **stuck_after(6 * HOUR)},
        {**TARGET, "experiment": "train"},
        "registry: experiment train: the oldest run with status RUNNING started 6h 5m 1s ago, objective 6h 0m 0s.",
        since="1h",
    ),
    Firing(
        "MlflowRunStuck",
        # mlvitals starts anew: its page is empty for a moment, and that is no good news.
        {OLDEST_RUN: f"{-2 * HOUR}x9 stale _x3 {-2 * HOUR}x600", **stuck_after(HOUR)},
        {**TARGET, "experiment": "train"},
        "registry: experiment train: the oldest run with status RUNNING started 2h 5m 0s ago, objective 1h 0m 0s.",
    ),
    Silent(
        "MlflowRunStuck",
        "a run of five hours ends and the next begins",
        {OLDEST_RUN: f"{-5 * HOUR}x30 {20 * 60}x600", **stuck_after(11 * HOUR)},
    ),
    Silent(
        "MlflowRunStuck",
        "a run of three days where five are expected, beside an experiment with a short objective",
        {
            OLDEST_RUN: lasting(-3 * DAY),
            **stuck_after(5 * DAY),
            'mlflow_experiment_running_run_objective_seconds{experiment="other"}': lasting(1),
        },
    ),
    Silent("MlflowRunStuck", "no run is running", {**UP, **stuck_after(1)}),
    Firing(
        "MlflowObjectiveUnmatched",
        {MATCHES: "2x59 0x600"},
        {**TARGET, "objective": "new_version_within", "pattern": "churn*"},
        "registry: the objective new_version_within for churn* matches nothing that is shown.",
        since="1h",
    ),
    Silent("MlflowObjectiveUnmatched", "one model matches", {MATCHES: lasting(1)}),
    Silent("MlflowObjectiveUnmatched", "the model was made anew within the hour", {MATCHES: "1x9 0x50 1x600"}),
    Silent("MlflowObjectiveUnmatched", "the registry cannot be read", {MATCHES: "1x9 stale"}),
    Firing(
        "MlflowRunsFailing",
        ended(1, 3),
        {**TARGET, "experiment": "train"},
        "registry: experiment train: 75% of 4 recent runs failed, expected at most 50%.",
    ),
    Silent("MlflowRunsFailing", "half of the runs", ended(2, 2)),
    Silent("MlflowRunsFailing", "too few to tell", ended(0, 3)),
    Silent("MlflowRunsFailing", "killed by people", ended(2, 2, killed=9)),
    Silent("MlflowRunsFailing", "none ended", ended(0, 0)),
)
