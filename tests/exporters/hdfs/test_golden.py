"""Recorded answers of real daemons of three releases of Hadoop are the expected pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlvitals.core.collector import Deadline, Snapshot
from mlvitals.core.jmx import Rule
from mlvitals.core.metric import Metric, declared
from mlvitals.hdfs import EXPORTER, metrics, rules
from mlvitals.hdfs.paths import metrics as paths
from tests.exporters.hdfs.fake import FakeHdfs, beans, settings
from tests.support.exposition import text
from tests.support.replay import Replay

HERE = Path(__file__).parent
RELEASES = {
    "2.7.4": ("namenode", "datanode", "journalnode"),
    "3.4.3": ("namenode", "datanode", "journalnode"),
    "3.5.0": ("namenode",),
}


def _collected(release: str) -> tuple[list[Snapshot], str]:
    """What the collector gives, and what the port of this run is to be replaced with."""
    found: list[Snapshot] = []
    with Replay(FakeHdfs(**{daemon: beans(daemon, release) for daemon in RELEASES[release]})) as server:
        listed = {f"{daemon}s": [daemon] for daemon in RELEASES[release]}
        (collector,) = EXPORTER.build(settings(server.url, discover_datanodes=False, **listed))
        for result in collector.collect(Deadline(30)):
            assert isinstance(result, Snapshot), result
            found.append(result)
        collector.close()
    return sorted(found, key=lambda snapshot: snapshot.target), f"127.0.0.1:{server.port}/"


@pytest.mark.parametrize("release", RELEASES)
def test_recorded_answers_give_the_expected_page(release: str, refresh: bool) -> None:
    snapshots, address = _collected(release)
    page = "".join(text(snapshot.families) for snapshot in snapshots).replace(address, "host/")
    expected = HERE / f"expected-{release}.prom"
    if refresh:
        expected.write_text(page, encoding="utf-8")
    assert page == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("release", RELEASES)
def test_nothing_of_a_real_page_is_left_out(release: str) -> None:
    snapshots, _ = _collected(release)
    # The bean of a release, and the same under its older name, are not two.
    assert [snapshot.dropped for snapshot in snapshots if snapshot.dropped] == []


def _emitted(release: str) -> set[Metric]:
    snapshots, _ = _collected(release)
    return {family.metric for snapshot in snapshots for family in snapshot.families if family.samples}


def test_every_declared_metric_is_emitted_and_no_other() -> None:
    # Real daemons had neither a failover nor a failed volume.
    never = {metrics.LAST_HA_TRANSITION, metrics.DATANODE_LAST_VOLUME_FAILURE}
    assert _emitted("2.7.4") | _emitted("3.4.3") == set(declared(metrics)) - never
    assert set(EXPORTER.metrics) == set(declared(metrics, paths))


def test_hadoop_2_lacks_only_what_says_so() -> None:
    missing = _emitted("3.4.3") - _emitted("2.7.4")
    assert {metric for metric in missing if "absent on Hadoop 2" not in metric.help} == set()


ALL = (*rules.PROCESS, *rules.STARTUP, *rules.NAMENODE, *rules.TOTALS, *rules.DATANODE, *rules.JOURNALNODE)


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: f"{rule.metric}{list(rule.labels.values())}")
def test_rules_give_the_labels_that_their_metric_has(rule: Rule) -> None:
    for source in rule.sources:
        assert sorted(rule.gives(source)) == sorted(rule.metric.labels)


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: f"{rule.metric}{list(rule.labels.values())}")
def test_helps_name_the_attribute(rule: Rule) -> None:
    told = rule.metric.help
    for label, value in rule.labels.items():
        told = told.replace(f"<{label}>", value.title().replace("_", "") if label == "state" else value)
    for source in rule.sources:
        assert (source.path[-1] if source.path else source.attribute) in told
