"""Dashboards and rules with jmx_exporter alone: all but what only mlvitals can tell is there, and means the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from compose import jars
from compose.hdfs import Extra, Hdfs, hdfs_cluster
from compose.processes import free_port
from compose.prometheus import Prometheus, prometheus_server
from mlvitals import assets
from tests.live.hdfs.test_jmx_exporter import JMX, KINDS, fill, moved, options
from tests.support import live_queries
from tests.support.missing import skipped_without
from tests.support.waiting import soon, until

pytestmark = [pytest.mark.live, pytest.mark.ordered]

PATIENCE = 120.0
ONLY_MLVITALS = {
    "Every HDFS": "BI",
    "Every NameNode": "H",
    "DataNodes, as the active NameNode sees them": "ABCDE",
    "Every volume": "ABCD",
}
"""Panel -> its queries: when mlvitals read it and why not, and what is JSON in a text."""
NOTHING_WRONG = {"Firing alerts": "A"}
PENDING = "HdfsNoActiveNameNode"


@dataclass(frozen=True)
class Watched:
    """An HDFS, and the Prometheus that knows it by jmx_exporter."""

    cluster: Hdfs
    prometheus: Prometheus

    def alerts(self) -> dict[str, dict[str, Any]]:
        """The pending and firing ones by name."""
        return {alert["labels"]["alertname"]: alert for alert in self.prometheus.alerts()}


@pytest.fixture(scope="module")
def watched(program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("prometheus")
    with skipped_without("HDFS"):
        agent = jars.agent("jmx_prometheus_javaagent", "1.0.1")
        said = options("hadoop-env.sh", {"JMX_AGENT": str(agent), "JMX_EXPORTER": str(JMX)})
        ports = {daemon: free_port() for daemon in KINDS}
        extras = {daemon: Extra(moved(said[KINDS[daemon].upper()], port)) for daemon, port in ports.items()}
        config, url = configured(folder, ports), f"http://127.0.0.1:{free_port()}"
        with (
            hdfs_cluster(tmp_path_factory.mktemp("hdfs"), ha=True, extras=extras) as cluster,
            prometheus_server(program("prometheus"), config, folder, url) as prometheus,
        ):
            fill(cluster)
            yield Watched(cluster, prometheus)


def configured(folder: Path, ports: dict[str, int]) -> Path:
    """Our rules and those of the example, and a job for each kind of daemon with the labels that the example makes.

    The example names daemons by their host, which is the same for all of these.
    """
    rules = {"recording.yml": yaml.safe_load((JMX / "recording.yml").read_text("utf-8")), **assets.rule_files()}
    for name, content in rules.items():
        (folder / name).write_text(yaml.safe_dump(content))
    example = yaml.safe_load((JMX / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    relabelling = example[0]["metric_relabel_configs"]
    jobs = [
        {
            "job_name": kind,
            "metric_relabel_configs": relabelling,
            "static_configs": [target(daemon, port) for daemon, port in ports.items() if KINDS[daemon] == kind],
        }
        for kind in sorted({*KINDS.values()})
    ]
    file = folder / "prometheus.yml"
    often = {"scrape_interval": "2s", "evaluation_interval": "2s"}
    file.write_text(yaml.safe_dump({"global": often, "rule_files": [*rules], "scrape_configs": jobs}))
    return file


def target(daemon: str, port: int) -> dict[str, Any]:
    labels = {"exporter": "hdfs", "exporter_type": "hdfs", "daemon": f"{daemon}:80", "team": "data-platform"}
    return {"targets": [f"127.0.0.1:{port}"], "labels": labels}


def test_the_dashboard_shows_what_jmx_exporter_can_tell(watched: Watched, tmp_path: Path) -> None:
    empty = [
        {"panel": panel, "ref": ref, "reason": "not by jmx_exporter"}
        for panel, refs in {**ONLY_MLVITALS, **NOTHING_WRONG}.items()
        for ref in refs
    ]
    (tmp_path / "hdfs.yml").write_text(yaml.safe_dump(empty))
    shown = {"hdfs.json": json.loads(assets.dashboards()["hdfs.json"])}
    asked = live_queries.Prometheus(watched.prometheus.url, rate_interval="20s")
    soon(lambda: live_queries.check(asked, shown, tmp_path), PATIENCE)


def test_a_standby_that_reports_totals_too_makes_no_alert_twice(watched: Watched) -> None:
    """`fill` leaves a block with too few replicas. A NameNode counts while it is active, and keeps the number."""

    def told() -> list[str]:
        alerts = [alert["labels"] for alert in watched.prometheus.alerts()]
        return [one["daemon"] for one in alerts if one["alertname"] == "HdfsUnderReplicatedBlocks"]

    def counted() -> set[str]:
        found = watched.prometheus.query("hdfs_namenode_under_replicated_blocks > 0")
        return {one["metric"]["daemon"] for one in found}

    watched.cluster.ha_admin("-failover", "nn1", "nn2")
    until(lambda: "nn2:80" in counted(), PATIENCE)
    watched.cluster.ha_admin("-failover", "nn2", "nn1")
    until(lambda: counted() == {"nn1:80", "nn2:80"}, PATIENCE)
    until(lambda: told() == ["nn1:80"], PATIENCE)


def test_without_an_active_namenode_the_alert_says_what_they_are_and_keeps_the_team(watched: Watched) -> None:
    watched.cluster.ha_admin("-transitionToStandby", "nn1")
    until(lambda: PENDING in watched.alerts(), PATIENCE)
    alert = watched.alerts()[PENDING]
    assert alert["labels"]["team"] == "data-platform"
    said = "hdfs: no NameNode is known to be active: nn1:80 standby, nn2:80 standby."
    assert alert["annotations"]["description"] == said
    watched.cluster.ha_admin("-transitionToActive", "nn2")
    until(lambda: PENDING not in watched.alerts(), PATIENCE)
