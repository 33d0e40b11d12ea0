"""What mutes what, as a real Alertmanager with the generated configuration sees it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, permutations
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from compose.alertmanager import alertmanager_server
from compose.processes import free_port
from mlvitals import assets
from mlvitals.generate import alertmanager, write
from mlvitals.generate.durations import duration
from mlvitals.model import Config
from tests.support.waiting import until

pytestmark = pytest.mark.live

REGISTRY = {"exporter": "registry", "instance": "vitals:10847"}
PROCESS = {"exporter": "mlvitals", "instance": "vitals:10847"}
CHURN = {**REGISTRY, "model": "churn", "alias": "champion"}
Labels = dict[str, str]
OPS = Config.model_validate(
    {
        "notifications": {
            "receivers": [{"name": "ops", "webhook": {"url": "http://127.0.0.1:9"}}],
            "receiver": "ops",
            # Nothing is ever sent: groups wait longer than the tests last.
            "group_wait": "1h",
        }
    }
)


def alert(name: str, severity: str, labels: Labels) -> Labels:
    return {"alertname": name, "severity": severity, **labels}


DOWN = alert("MlflowDown", "critical", REGISTRY)
EXPORTER_DOWN = alert("MlvitalsExporterDown", "warning", REGISTRY)
NODE_DOWN = alert("HdfsNodeDown", "critical", {**REGISTRY, "daemon": "dn7"})
DROPPED = alert("MlvitalsSeriesDropped", "warning", REGISTRY)
LATE = alert("MlflowNewVersionLate", "warning", {**REGISTRY, "model": "churn"})
PAGE_MISSING = alert("MlvitalsScrapeTargetMissing", "critical", REGISTRY)
PROCESS_MISSING = alert("MlvitalsScrapeTargetMissing", "critical", PROCESS)
RELOAD = alert("MlvitalsConfigReloadFailed", "warning", PROCESS)
BOUND = alert("MlflowAliasMetricOutOfBounds", "critical", {**CHURN, "metric": "mse", "operator": "<"})
SAME_METRIC = alert("MlflowAliasMetricMissing", "warning", {**CHURN, "metric": "mse", "operator": ">"})
STUCK = alert("MlflowRunStuck", "critical", {**REGISTRY, "experiment": "train"})
FAILING = alert("MlflowRunsFailing", "warning", {**REGISTRY, "experiment": "train"})
AIRFLOW = {"exporter": "prod", "instance": "vitals:10847"}
AIRFLOW_DOWN = alert("AirflowDown", "critical", AIRFLOW)
DATABASE = alert("AirflowMetadatabaseUnhealthy", "critical", AIRFLOW)
SCHEDULER = alert("AirflowSchedulerUnhealthy", "critical", AIRFLOW)
TRIGGERER = alert("AirflowTriggererUnhealthy", "warning", AIRFLOW)
LATE_DAG = alert("AirflowDagLate", "critical", {**AIRFLOW, "dag_id": "overall"})
NOT_STARTED = alert("AirflowDagNotStarted", "warning", {**AIRFLOW, "dag_id": "overall"})
NO_SUCCESS = alert("AirflowDagNoSuccess", "warning", {**AIRFLOW, "dag_id": "overall"})
RUNNING_LONG = alert("AirflowDagRunningLong", "warning", {**AIRFLOW, "dag_id": "overall"})
WAITING = [
    LATE_DAG,
    NOT_STARTED,
    NO_SUCCESS,
    RUNNING_LONG,
    alert("AirflowTasksQueued", "warning", {**AIRFLOW, "dag_id": "overall"}),
    alert("AirflowPoolStarved", "warning", {**AIRFLOW, "pool": "default_pool"}),
]
CHILD = alert(
    "AirflowTriggeredRunFailed",
    "warning",
    {**AIRFLOW, "dag_id": "overall", "task_id": "train", "child_dag_id": "training", "state": "failed"},
)
PARENT_FAILED = alert("AirflowDagRunFailed", "warning", {**AIRFLOW, "dag_id": "overall"})
CHILD_FAILED = alert("AirflowDagRunFailed", "warning", {**AIRFLOW, "dag_id": "training"})
HDFS = {"exporter": "prod", "instance": "vitals:10847", "daemon": "nn1:9870"}
MISSING_BLOCKS = alert("HdfsMissingBlocks", "critical", HDFS)
UNDER_REPLICATED = alert("HdfsUnderReplicatedBlocks", "warning", HDFS)
CORRUPT = alert("HdfsCorruptBlocks", "warning", HDFS)
NEARLY_FULL = alert("HdfsCapacityLow", "critical", HDFS)
FULL_SOON = alert("HdfsCapacityPredicted", "warning", HDFS)
OTHER_METRIC = alert("MlflowAliasMetricMissing", "warning", {**CHURN, "metric": "mae", "operator": "<"})


def elsewhere(labels: Labels) -> Labels:
    return {**labels, "exporter": "staging"}


class Alertmanager:
    """A running one; `muted` says which of the alerts it got it would not send.

    It inhibits in the background and in order: what came last is asked for until it is muted.
    """

    def __init__(self, url: str) -> None:
        self._url = f"{url}/api/v2/alerts"
        self._asked = count()

    def muted(self, *alerts: Labels) -> list[Labels]:
        """Give it the alerts, ask when it has worked through them, and take them back."""
        last = {"exporter": f"asked-{next(self._asked)}"}
        self._post(alerts, timedelta(hours=1))
        self._post((DOWN | last, EXPORTER_DOWN | last), timedelta(hours=1))
        until(lambda: EXPORTER_DOWN | last in self._suppressed())
        found = self._suppressed()
        self._post((*alerts, DOWN | last, EXPORTER_DOWN | last), timedelta())
        return [labels for labels in found if labels in alerts]

    def _suppressed(self) -> list[Labels]:
        states: list[dict[str, Any]] = requests.get(self._url, timeout=10).json()
        return [state["labels"] for state in states if state["status"]["state"] == "suppressed"]

    def _post(self, alerts: tuple[Labels, ...], lasting: timedelta) -> None:
        ends = (datetime.now(UTC) + lasting).isoformat()
        starts = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
        body = [{"labels": labels, "startsAt": starts, "endsAt": ends} for labels in alerts]
        requests.post(self._url, json=body, timeout=10).raise_for_status()


@pytest.fixture(scope="module")
def running(program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    """Alertmanager with what `generate` writes."""
    folder = tmp_path_factory.mktemp("alertmanager")
    write(OPS, folder)
    config = folder / "alertmanager/alertmanager.yml"
    url = f"http://127.0.0.1:{free_port()}"
    with alertmanager_server(program("alertmanager"), config, folder, url):
        yield Alertmanager(url)


@pytest.mark.parametrize(
    ("sources", "muted"),
    [
        ([DOWN], [EXPORTER_DOWN, DROPPED, LATE]),
        ([AIRFLOW_DOWN], [SCHEDULER, CHILD, CHILD_FAILED, *WAITING]),
        ([DATABASE], [SCHEDULER, TRIGGERER]),
        ([SCHEDULER], WAITING),
        ([CHILD], [PARENT_FAILED]),
        ([BOUND], [SAME_METRIC]),
        ([LATE_DAG], [NOT_STARTED, RUNNING_LONG]),
        ([MISSING_BLOCKS, NEARLY_FULL], [UNDER_REPLICATED, FULL_SOON]),
        ([EXPORTER_DOWN], [LATE, DROPPED, BOUND, NODE_DOWN]),
        ([PAGE_MISSING], [DOWN, EXPORTER_DOWN, LATE, DROPPED, BOUND]),
        ([PROCESS_MISSING], [PAGE_MISSING, RELOAD]),
    ],
    ids=lambda alerts: "+".join(labels["alertname"] for labels in alerts),
)
def test_one_mutes_the_others_of_its_exporter(
    running: Alertmanager, sources: list[Labels], muted: list[Labels]
) -> None:
    found = running.muted(*sources, *muted)
    assert by_name(found) == by_name(muted)


@pytest.mark.parametrize(
    ("source", "other"),
    [
        (BOUND, OTHER_METRIC),
        (BOUND, LATE),
        (STUCK, FAILING),
        (LATE_DAG, NO_SUCCESS),
        (LATE_DAG, {**NOT_STARTED, "dag_id": "training"}),
        (DOWN, elsewhere(EXPORTER_DOWN)),
        (DOWN, elsewhere(LATE)),
        (NODE_DOWN, LATE),
        (NODE_DOWN, EXPORTER_DOWN),
        (NODE_DOWN, DROPPED),
        (alert("JobsOutOfBounds", "warning", REGISTRY), PAGE_MISSING),
        (SCHEDULER, TRIGGERER),
        (SCHEDULER, CHILD_FAILED),
        (SCHEDULER, elsewhere(LATE_DAG)),
        (TRIGGERER, LATE_DAG),
        (CHILD, CHILD_FAILED),
        (CHILD, LATE_DAG),
        (MISSING_BLOCKS, CORRUPT),
        (UNDER_REPLICATED, MISSING_BLOCKS),
        (EXPORTER_DOWN, DOWN),
        (EXPORTER_DOWN, elsewhere(LATE)),
        (EXPORTER_DOWN, RELOAD),
        (PAGE_MISSING, PROCESS_MISSING),
        (PAGE_MISSING, elsewhere(DROPPED)),
        ({"alertname": "DiskFull", "severity": "critical"}, {"alertname": "DiskSlow", "severity": "warning"}),
    ],
    ids=lambda labels: labels["alertname"],
)
def test_one_leaves_the_other_alone(running: Alertmanager, source: Labels, other: Labels) -> None:
    assert other not in running.muted(source, other)


def test_the_alerts_that_it_speaks_of_are_shipped() -> None:
    named = {alertmanager.WATCHDOG, alertmanager.SCRAPE_MISSING, alertmanager.EXPORTER_DOWN}
    named |= {alertmanager.SERIES_DROPPED}
    assert named < set(assets.alert_names())


def test_each_inhibition_is_of_a_pair_of_shipped_alerts() -> None:
    made = yaml.safe_load(alertmanager.files(OPS)["alertmanager/alertmanager.yml"])
    of_nothing = [rule for rule in made["inhibit_rules"] if not any(inhibits(rule, *pair) for pair in pairs())]
    assert of_nothing == []


def pairs() -> Iterator[tuple[Labels, Labels]]:
    """Every two shipped alerts, about the process and about an exporter."""
    groups = (group for content in assets.rule_files().values() for group in content["groups"])
    rules = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    known = [alert(rule["alert"], rule["labels"]["severity"], {}) for rule in rules]
    firing = [{**each, "exporter": exporter} for each in known for exporter in ("mlvitals", "registry")]
    return permutations(firing, 2)


def inhibits(rule: dict[str, Any], source: Labels, target: Labels) -> bool:
    """Whether an inhibition rule is about these two, should the labels that they do not have here be equal."""
    same = all(source.get(name) == target.get(name) for name in rule["equal"])
    return same and matches(rule["source_matchers"], source) and matches(rule["target_matchers"], target)


def matches(matchers: list[str], labels: Labels) -> bool:
    for matcher in matchers:
        name, negated, tilde, wanted = re.fullmatch(r'(\w+)(?:=|(!)=?)(~?)"(.*)"', matcher).groups()  # type: ignore[union-attr]
        found = re.fullmatch(wanted if tilde else re.escape(wanted), labels.get(name, wanted))
        if bool(found) == bool(negated):
            return False
    return True


def test_the_watchdog_is_for_nobody_unless_a_receiver_is_named() -> None:
    made = yaml.safe_load(alertmanager.files(OPS)["alertmanager/alertmanager.yml"])
    first = made["route"]["routes"][0]
    assert first["matchers"] == ['alertname="MlvitalsWatchdog"']
    assert {"name": first["receiver"]} in made["receivers"]


@pytest.mark.parametrize(("seconds", "text"), [(0.25, "250ms"), (90, "1m30s"), (5400, "1h30m"), (864000, "10d")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def by_name(alerts: list[Labels]) -> list[Labels]:
    return sorted(alerts, key=lambda labels: labels["alertname"])
