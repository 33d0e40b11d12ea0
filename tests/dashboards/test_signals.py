"""What signals say of situations that matter at night, computed by promtool. Time 0 is the Unix epoch."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mlvitals_dashboards import mlflow_signals as mlflow
from mlvitals_dashboards import suite_signals as suite
from mlvitals_dashboards.queries import substituted
from tests.dashboards.airflow_cases import CASES as AIRFLOW
from tests.dashboards.cases import Case, Series
from tests.dashboards.evidently_cases import CASES as EVIDENTLY
from tests.dashboards.hdfs_cases import CASES as HDFS

HOUR = 3600
DAY = 24 * HOUR
ONE = 'exporter="one",exporter_type="mlflow",instance="v:1",job="mlvitals"'
TWO = 'exporter="two",exporter_type="mlflow",instance="v:1",job="mlvitals"'
PROCESS = 'exporter="mlvitals",exporter_type="mlvitals",instance="v:1",job="mlvitals"'


def bound(operator: str, value: float, metric: float | str | None) -> Series:
    labels = f'{ONE},model="m",alias="a",metric="mse"'
    objective: Series = {f'mlflow_model_alias_metric_objective{{{labels},operator="{operator}"}}': value}
    return objective if metric is None else {**objective, f"mlflow_model_alias_metric{{{labels}}}": metric}


def runs(labels: str, finished: int, failed: int) -> Series:
    recent = f"mlflow_experiment_recent_runs{{{labels}"
    return {
        f'{recent},status="FINISHED"}}': finished,
        f'{recent},status="FAILED"}}': failed,
        f'{recent},status="KILLED"}}': 0,
    }


def bounded(operator: str, metric: float | str | None, state: int) -> Case:
    series = bound(operator, 1, metric)
    return Case(f"{metric} {operator} 1", mlflow.METRIC_STATE, series, {BOUND % operator: state})


UP = {f"up{{{ONE}}}": 1, f"mlvitals_exporter_up{{{ONE}}}": 1, f"up{{{TWO}}}": 1, f"up{{{PROCESS}}}": 1}
BOTH = {**UP, f"mlvitals_exporter_up{{{TWO}}}": 1}
DOWN = {**UP, f"mlvitals_exporter_up{{{TWO}}}": 0}
UNREACHED = {**UP, f"up{{{TWO}}}": 0}
MODEL, OTHER = f'{ONE},model="m"', f'{TWO},model="m"'
STATE = '{exporter="%s"}'
BOUND = '{exporter="one",model="m",alias="a",metric="mse",operator="%s"}'
NEWEST = "mlflow_model_latest_version_created_timestamp_seconds"
OBJECTIVE = "mlflow_model_new_version_objective_seconds"
TRAIN, TUNE = f'{ONE},experiment="train"', f'{ONE},experiment="tune"'
OLDEST_RUN = "mlflow_experiment_oldest_running_run_start_timestamp_seconds"
STUCK_AFTER = "mlflow_experiment_running_run_objective_seconds"

BOUNDS: list[tuple[str, float | str | None, int]] = [
    ("<", 0.5, 0),
    ("<", 1, 1),
    ("<=", 1, 0),
    ("<=", 1.5, 1),
    (">", 1.5, 0),
    (">", 1, 1),
    (">=", 1, 0),
    (">=", 0.5, 1),
    ("<", "NaN", 1),
    (">=", None, 2),
]

CASES = [
    Case("all is well", mlflow.SERVERS_DOWN, BOTH, {"{}": 0}),
    Case("one server cannot be read", mlflow.SERVERS_DOWN, DOWN, {"{}": 1}),
    Case("a page cannot be scraped and its series are gone", mlflow.SERVERS_DOWN, UNREACHED, {"{}": 1}),
    Case("nothing was read yet", mlflow.SERVERS_DOWN, UP, {"{}": 1}),
    Case("the process alone is no exporter", mlflow.SERVERS_DOWN, {f"up{{{PROCESS}}}": 1}, {}),
    Case("states", mlflow.SERVER_STATE, DOWN, {STATE % "one": 1, STATE % "two": 0}),
    Case("not scraped", mlflow.SERVER_STATE, UNREACHED, {STATE % "one": 1, STATE % "two": -2}),
    Case("starting", mlflow.SERVER_STATE, UP, {STATE % "one": 1, STATE % "two": -1}),
    Case("all exporters are up", suite.EXPORTERS_DOWN, BOTH, {"{}": 0}),
    Case("one exporter is down", suite.EXPORTERS_DOWN, DOWN, {"{}": 1}),
    Case("no exporter at all", suite.EXPORTERS_DOWN, {f"up{{{PROCESS}}}": 1}, {}),
    Case("targets of one exporter fail", suite.TARGETS_FAILING, {
        f'mlvitals_target_up{{{ONE},target="a"}}': 0,
        f'mlvitals_target_up{{{ONE},target="b"}}': 1,
    }, {"{}": 1}),
    Case("no target fails", suite.TARGETS_FAILING, {f'mlvitals_target_up{{{ONE},target="b"}}': 1}, {"{}": 0}),
    Case("no outage", suite.LONGEST_OUTAGE, {
        f'mlvitals_target_up{{{ONE},target="a"}}': 1,
        f'mlvitals_target_last_success_timestamp_seconds{{{ONE},target="a"}}': -3600,
    }, {"{}": 0}),
    Case("an outage, and a slow target that is well", suite.LONGEST_OUTAGE, {
        f'mlvitals_target_up{{{ONE},target="a"}}': 0,
        f'mlvitals_target_last_success_timestamp_seconds{{{ONE},target="a"}}': -600,
        f'mlvitals_target_up{{{ONE},target="b"}}': 1,
        f'mlvitals_target_last_success_timestamp_seconds{{{ONE},target="b"}}': -3600,
    }, {"{}": 600}),
    Case("a target that was never read", suite.LONGEST_OUTAGE, {
        f'mlvitals_target_up{{{ONE},target="a"}}': 0
    }, {"{}": -1}),
    Case("a failing target was last read an hour ago", suite.FAILING_SINCE, {
        f'mlvitals_target_last_success_timestamp_seconds{{{ONE},target="a"}}': -3600,
        f'mlvitals_target_last_success_timestamp_seconds{{{ONE},target="b"}}': -30,
        f'mlvitals_target_failure{{{ONE},target="a",reason="auth"}}': 1,
    }, {'{exporter="one",target="a"}': 3600}),
    Case("nothing is dropped", suite.DROPPED, BOTH, {"{}": 0}),
    Case("the last reload was refused", suite.CONFIGURATION, {
        f"mlvitals_config_last_reload_successful{{{PROCESS}}}": 0
    }, {"{}": 0}),
    Case("the watchdog is no alert of an exporter", suite.FIRING, {
        **BOTH, 'ALERTS{alertname="MlvitalsWatchdog",alertstate="firing",severity="none"}': 1
    }, {"{}": 0}),
    Case("pending alerts do not count", suite.FIRING, {
        **BOTH,
        f'ALERTS{{{ONE},alertname="A",alertstate="firing"}}': 1,
        f'ALERTS{{{ONE},alertname="B",alertstate="pending"}}': 1,
    }, {"{}": 1}),
    Case("the model of one server is late, its namesake on the other is not", mlflow.MODELS_LATE, {
        f"{NEWEST}{{{MODEL}}}": -2 * DAY, f"{OBJECTIVE}{{{MODEL}}}": DAY,
        f"{NEWEST}{{{OTHER}}}": -2 * DAY, f"{OBJECTIVE}{{{OTHER}}}": 3 * DAY,
    }, {"{}": 1}),
    Case("a model without a version is as old as the model", mlflow.MODEL_STATE, {
        f"mlflow_model_created_timestamp_seconds{{{MODEL}}}": -2 * DAY, f"{OBJECTIVE}{{{MODEL}}}": DAY,
    }, {'{exporter="one",model="m"}': 1}),
    Case("without an objective nothing is late", mlflow.MODELS_LATE, {f"{NEWEST}{{{MODEL}}}": -2 * DAY}, {}),
    Case("a run is stuck by the objective of its own experiment", mlflow.STUCK, {
        f"{OLDEST_RUN}{{{TRAIN}}}": -2 * HOUR, f"{STUCK_AFTER}{{{TRAIN}}}": HOUR,
        f"{OLDEST_RUN}{{{TUNE}}}": -2 * HOUR, f"{STUCK_AFTER}{{{TUNE}}}": 3 * HOUR,
    }, {"{}": 1}),
    Case("what runs is stuck or not, and what does not run is neither", mlflow.RUN_STATE, {
        f"{OLDEST_RUN}{{{TRAIN}}}": -2 * HOUR, f"{STUCK_AFTER}{{{TRAIN}}}": 2 * HOUR - 1,
        f"{OLDEST_RUN}{{{TUNE}}}": -2 * HOUR, f"{STUCK_AFTER}{{{TUNE}}}": 2 * HOUR,
        f'{STUCK_AFTER}{{{ONE},experiment="idle"}}': 6 * HOUR,
    }, {'{exporter="one",experiment="train"}': 1, '{exporter="one",experiment="tune"}': 0}),
    Case("nothing runs", mlflow.STUCK, {f"{STUCK_AFTER}{{{TRAIN}}}": 1}, {}),
    Case("an alias two versions behind", mlflow.ALIAS_BEHIND, {
        f"mlflow_model_latest_version{{{MODEL}}}": 5,
        f'mlflow_model_alias_version{{{MODEL},alias="a"}}': 3,
        f'mlflow_model_alias_version{{{MODEL},alias="b"}}': 5,
    }, {'{exporter="one",model="m",alias="a"}': 2, '{exporter="one",model="m",alias="b"}': 0}),
    *(bounded(*row) for row in BOUNDS),
    Case("a bound without a metric is counted", mlflow.BOUNDS_BROKEN, bound("<", 1, None), {"{}": 1}),
    Case("all in bounds", mlflow.BOUNDS_BROKEN, bound("<", 1, 0.5), {"{}": 0}),
    Case("no bounds", mlflow.BOUNDS_BROKEN, {f'mlflow_model_alias_metric{{{MODEL},alias="a",metric="mse"}}': 1}, {}),
    Case("the value stands beside its bound, and without one too", mlflow.METRIC_VALUE, {
        **bound("<", 1, 0.5), f'mlflow_model_alias_metric{{{MODEL},alias="a",metric="r2"}}': 0.9
    }, {BOUND % "<": 0.5, '{exporter="one",model="m",alias="a",metric="r2"}': 0.9}),
    Case("the worst experiment with enough runs counts", mlflow.FAILED_RATIO, {
        **runs(f'{ONE},experiment="a"', 6, 2), **runs(f'{ONE},experiment="b"', 1, 2)
    }, {"{}": 0.25}),
    Case("few runs say nothing", mlflow.FAILED_RATIO, runs(f'{ONE},experiment="b"', 1, 2), {}),
    Case("an idle experiment has no ratio", mlflow.EXPERIMENT_FAILED_RATIO, runs(f'{ONE},experiment="b"', 0, 0), {}),
]  # fmt: skip


@pytest.mark.parametrize("case", [*CASES, *AIRFLOW, *EVIDENTLY, *HDFS], ids=lambda case: case.why)
def test_the_signal_says_it(case: Case, program: Callable[[str], Path], tmp_path: Path) -> None:
    expected = [{"labels": labels, "value": value} for labels, value in case.expected.items()]
    unit = {
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": str(value)} for name, value in case.series.items()],
                "promql_expr_test": [
                    {"expr": substituted(case.signal.expr), "eval_time": case.at, "exp_samples": expected}
                ],
            }
        ]
    }
    file = tmp_path / "unit.yml"
    file.write_text(yaml.safe_dump(unit))
    done = subprocess.run([program("promtool"), "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
