"""The configurations for jmx_exporter, played on recorded MBeans, give what the bridge gives. Java is not needed."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from jmx import generate
from mlvitals.core.jmxpage import JmxPage, read
from mlvitals.core.metric import Kind, declared
from mlvitals.core.report import Report
from mlvitals.hdfs import metrics
from tests.exporters.hdfs.fake import beans
from tests.support.exposition import Samples, samples

JMX = Path(generate.__file__).parent
PAGES = [(service, "3.4.3") for service in metrics.SERVICES] + [(metrics.SERVICES[0], "3.5.0")]
DECLARED = {metric.name: metric for metric in declared(metrics)}


@cache
def configuration(service: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((JMX / f"{service.lower()}.yml").read_text("utf-8"))
    return found


def told(service: str, release: str) -> Iterator[tuple[str, Any]]:
    """Each attribute that jmx_exporter fetches as it spells it for its patterns, and its value."""
    excluded = configuration(service).get("excludeObjectNameAttributes", {})
    read = [re.escape(name).replace(r"\*", ".*") for name in configuration(service)["includeObjectNames"]]
    for bean in beans(service.lower(), release).values():
        if not any(re.fullmatch(name, bean["name"]) for name in read):
            continue
        domain, _, keys = bean["name"].partition(":")
        for attribute, value in bean.items():
            if attribute in excluded.get(bean["name"], ()):
                continue
            text = str(value).lower() if isinstance(value, bool) else str(value)
            yield f"{domain}<{keys.replace(',', ', ')}><>{attribute}: {text}", value


def matching(service: str, attribute: str) -> Iterator[tuple[dict[str, Any], re.Match[str]]]:
    for rule in configuration(service)["rules"]:
        # jmx_exporter's own: Pattern.compile("^.*(?:" + pattern + ").*$").
        if match := re.fullmatch(f".*(?:{rule['pattern']}).*", attribute, re.DOTALL):
            yield rule, match


def played(service: str, release: str) -> Samples:
    """What jmx_exporter would show: the first rule that matches wins; a text without `value` is left out."""
    shown: Samples = {}
    for attribute, value in told(service, release):
        rule, match = next(matching(service, attribute), (None, None))
        if rule is None or match is None or ("value" not in rule and not isinstance(value, int | float)):
            continue
        labels = {name: match.expand(text.replace("$", "\\")) for name, text in rule.get("labels", {}).items()}
        key = rule["name"], frozenset(labels.items())
        assert key not in shown, key
        shown[key] = rule.get("value", value) * rule.get("valueFactor", 1)
    return shown


def bridged(service: str, release: str) -> Samples:
    report = Report()
    page = JmxPage(beans(service.lower(), release).values())
    expressible = [rule for rule in generate.RULES[service] if not rule.sources[0].path]
    read(expressible, page, report, "nn1:9870")
    found = samples(report.snapshot("nn1:9870"))
    return {(name, labels - {("daemon", "nn1:9870")}): value for (name, labels), value in found.items()}


def test_what_is_generated_is_fresh() -> None:
    for name, text in generate.pages().items():
        assert (JMX / name).read_text("utf-8") == text


@pytest.mark.parametrize(("service", "release"), PAGES)
def test_names_labels_and_values_are_those_of_the_bridge(service: str, release: str) -> None:
    expected = bridged(service, release)
    assert len(expected) > 30
    assert played(service, release) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("service", "release"), PAGES)
def test_nothing_that_grows_with_the_cluster_is_fetched(service: str, release: str) -> None:
    """What no rule reads is a short text, or a map that Hadoop holds ready for metrics2 (`tag.`)."""
    unread = [each for each in told(service, release) if next(matching(service, each[0]), None) is None]
    grows = [attribute for attribute, value in unread if isinstance(value, list | dict) or str(value)[:1] in ("{", "[")]
    assert [attribute for attribute in grows if "<>tag." not in attribute] == []


@pytest.mark.parametrize(("service", "release"), PAGES)
def test_no_two_rules_are_about_the_same(service: str, release: str) -> None:
    counts = Counter({attribute: len([*matching(service, attribute)]) for attribute, _ in told(service, release)})
    assert {attribute: count for attribute, count in counts.items() if count > 1} == {}


@pytest.mark.parametrize("service", metrics.SERVICES)
def test_rules_are_as_the_metrics_are_declared(service: str) -> None:
    for rule in configuration(service)["rules"]:
        metric = DECLARED[rule["name"]]
        assert {*rule.get("labels", ())} == {*metric.labels} - {"daemon"}, rule
        assert rule["type"] == ("COUNTER" if metric.kind is Kind.COUNTER else "GAUGE")
        assert rule["help"] == metric.help
        fixed = {label: text for label, text in rule.get("labels", {}).items() if "$" not in text}
        assert all(text in metric.values[label] for label, text in fixed.items())


def test_no_name_is_one_that_jmx_exporter_changes() -> None:
    changed = {name for name in DECLARED if name.endswith(("_created", "_created_total", "_bucket"))}
    assert changed == set()


@pytest.mark.parametrize(
    ("state", "safe", "expected"),
    [
        ("active", "Operational", {("active", 1.0), (None, 0.0)}),
        ("standby", "safeMode", {("standby", 1.0), (None, 1.0)}),
        ("activated", "safe", set()),
    ],
)
def test_texts_become_states(state: str, safe: str, expected: set[tuple[str | None, float]]) -> None:
    found = set()
    for bean, attribute in (("NameNodeStatus", f"State: {state}"), ("FSNamesystemState", f"FSState: {safe}")):
        for rule, match in matching("NameNode", f"Hadoop<service=NameNode, name={bean}><>{attribute}"):
            found.add((match[1] if match.re.groups else None, rule["value"]))
    assert found == expected


@pytest.mark.parametrize("text", ["0", "-1", "0.0", "NaN", "null"])
def test_what_stands_for_no_value_is_left_out(text: str) -> None:
    assert [*matching("NameNode", f"Hadoop<service=NameNode, name=FSNamesystem><>LastCheckpointTime: {text}")] == []


def test_prometheus_takes_the_example(promtool: Path) -> None:
    run = subprocess.run([promtool, "check", "config", JMX / "prometheus.yml"], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_what_is_recorded(promtool: Path, tmp_path: Path) -> None:
    def series(name: str, values: str, daemon: str = "nn1:9870", job: str = "nn", **labels: str) -> dict[str, str]:
        known = {"exporter": "hdfs", "daemon": daemon, "job": job, "instance": daemon, **labels}
        written = ",".join(f'{label}="{text}"' for label, text in known.items())
        return {"series": f"{name}{{{written}}}", "values": values}

    counts = [("hdfs_namenode_inodes_added_total", "5 9 2"), ("hdfs_namenode_create_file_ops_total", "2 4 1")]
    given = [
        *(series(name, values, job=job) for name, values in counts for job in ("nn", "mlvitals")),
        series("hdfs_namenode_mkdirs_total", "3 5 1", job="mlvitals"),
        series("hdfs_namenode_ha_state", "1 stale", state="active"),
        series("hdfs_namenode_ha_state", "_ 1 1", state="standby"),
        series("hdfs_namenode_ha_state", "1 1 1", "nn2:9870", state="standby"),
        series("hdfs_namenode_ha_state", "1 1 1", "other:1", "mlvitals", state="active"),
        *(series("jmx_scrape_duration_seconds", "0 0 0", daemon) for daemon in ("nn1:9870", "nn2:9870")),
    ]
    made = '{exporter="hdfs",daemon="nn1:9870",job="nn",instance="nn1:9870"}'
    checks = [
        ('hdfs_namenode_mkdirs_total{job="nn"}', f"hdfs_namenode_mkdirs_total{made}", [3, 5, 1]),
        ('count(hdfs_namenode_mkdirs_total{job="mlvitals"})', "{}", [1, 1, 1]),
        ("hdfs_active_namenodes", 'hdfs_active_namenodes{exporter="hdfs",job="nn"}', [1, 0, 0]),
    ]
    tests = [
        {"expr": expr, "eval_time": f"{minute}m", "exp_samples": [{"labels": labels, "value": value}]}
        for expr, labels, values in checks
        for minute, value in enumerate(values)
    ]
    unit = {
        "rule_files": [str(JMX / "recording.yml")],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": given, "promql_expr_test": tests}],
    }
    file = tmp_path / "unit.yml"
    file.write_text(yaml.safe_dump(unit), "utf-8")
    run = subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("name", ["hadoop-env.sh", "hadoop-env-standalone.sh"])
def test_hadoop_may_read_its_file_twice(name: str) -> None:
    file = JMX / name
    script = (
        f'set -euo pipefail; HDFS_NAMENODE_OPTS=-Xmx1g; . {file}; once=$(env); . {file}; [ "$once" = "$(env)" ]; env'
    )
    run = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    options = dict(re.findall(r"^HDFS_(\w+)_OPTS=(.*)$", run.stdout, re.MULTILINE))
    assert options.keys() == {"NAMENODE", "DATANODE", "JOURNALNODE"}
    assert options["NAMENODE"].startswith("-Xmx1g -")
    assert all("127.0.0.1" in each for each in options.values())
