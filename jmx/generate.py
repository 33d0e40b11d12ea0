"""Writes jmx_exporter's configurations from the rules of the exporter `hdfs`, and the table in README.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlvitals.core.jmx import Rule, bean_name
from mlvitals.core.metric import Kind, Metric, declared
from mlvitals.core.yamltext import dump
from mlvitals.hdfs import metrics, rules

HERE = Path(__file__).parent
NAMENODE, DATANODE, JOURNALNODE = metrics.SERVICES
_ROLE = Rule(metrics.HA_STATE, (rules.ROLE,), text_label="state")
_PAUSES = (metrics.JVM_PAUSE_SECONDS, metrics.JVM_LONG_PAUSES)
"""JournalNodes have none."""
RULES: Mapping[str, Sequence[Rule]] = {
    NAMENODE: (_ROLE, *rules.NAMENODE, *rules.STARTUP, *rules.TOTALS, *rules.PROCESS),
    DATANODE: (*rules.DATANODE, *rules.PROCESS),
    JOURNALNODE: (*rules.JOURNALNODE, *(rule for rule in rules.PROCESS if rule.metric not in _PAUSES)),
}
"""Service -> what its daemons are read by."""
NOT_FETCHED = {
    "Hadoop:service=NameNode,name=NameNodeInfo": (
        "CorruptFiles",
        "DeadNodes",
        "DecomNodes",
        "DistinctVersions",
        "EnteringMaintenanceNodes",
        "JournalTransactionInfo",
        "LiveNodes",
        "NameDirSize",
        "NameDirStatuses",
        "NameJournalStatus",
        "NodeUsage",
        "VerifyECWithTopologyResult",
    ),
    "Hadoop:service=NameNode,name=FSNamesystemState": ("SnapshotStats", "TopUserOpCounts"),
    "Hadoop:service=DataNode,name=DataNodeInfo": (
        "BPServiceActorInfo",
        "DatanodeNetworkCounts",
        "DiskBalancerStatus",
        "NamenodeAddresses",
        "VolumeInfo",
    ),
}
"""MBean -> attributes with JSON or lists, which no rule reads. The daemon builds each when it is asked, and
jmx_exporter looks for every pattern in all of it: with 1,000 DataNodes that costs the NameNode about a second.
"""
RECORDED = (metrics.MKDIRS, metrics.ACTIVE_NAMENODES)
"""What recording.yml gives."""

_HEADER = """\
# Made by `make generate` from the rules of mlvitals' exporter hdfs. Do not edit.
# For jmx_exporter 1.0.1 and 0.20.0, on a {service} of Hadoop 3: see README.md.
"""
_PLACE = re.compile(r"\{([^{}]*)\}|\*")
_POSITIVE, _NATURAL = "(?=[0-9.]*[1-9])", "(?!-)"
_TABLE = re.compile(r"(?<=<!-- table -->\n).*(?=<!-- end of the table -->)", re.DOTALL)


def pages() -> dict[str, str]:
    """File name -> content."""
    readme = (HERE / "README.md").read_text("utf-8")
    table = "".join(f"{line}\n" for line in _table())
    configurations = {f"{service.lower()}.yml": configuration(service) for service in RULES}
    return {**configurations, "README.md": _TABLE.sub(lambda _: table, readme)}


def configuration(service: str) -> str:
    """jmx_exporter's configuration for the daemons of a service."""
    said = [rule for rule in RULES[service] if _is_expressible(rule)]
    names = sorted({_object_names(rule.sources[0].bean, service) for rule in said})
    not_fetched = {name: list(NOT_FETCHED[name]) for name in names if name in NOT_FETCHED}
    told = {
        "includeObjectNames": names,
        **({"excludeObjectNameAttributes": not_fetched} if not_fetched else {}),
        "rules": [entry for rule in said for entry in _entries(rule, service)],
    }
    return _HEADER.format(service=service) + dump(told)


def _is_expressible(rule: Rule) -> bool:
    """False for what is inside of a text that holds JSON, where no rule of jmx_exporter looks."""
    return not rule.sources[0].path


def _entries(rule: Rule, service: str) -> Iterator[dict[str, Any]]:
    """What jmx_exporter calls rules. A text gives a number only with `value`."""
    pattern, labels = _pattern(rule, service)
    told = {
        "name": rule.metric.name,
        "type": "COUNTER" if rule.metric.kind is Kind.COUNTER else "GAUGE",
        "help": rule.metric.help,
        **({"labels": labels} if labels else {}),
    }
    if rule.words:
        for word, number in rule.words.items():
            yield {"pattern": f"{pattern}{word}$", **told, "value": number}
    elif rule.text_label:
        known = rule.metric.values.get(rule.text_label, (".+",))
        yield {"pattern": f"{pattern}({'|'.join(known)})$", **told, "value": 1.0}
    else:
        factor = {} if rule.scale == 1 else {"valueFactor": rule.scale}
        only = _POSITIVE if rule.positive else _NATURAL if rule.natural else ""
        yield {"pattern": pattern + only, **told, **factor}


def _pattern(rule: Rule, service: str) -> tuple[str, dict[str, str]]:
    """What matches an attribute up to its value, as jmx_exporter spells it; label -> fixed text, or what is captured.

    Of several sources it is that of Hadoop 3: where HDFS has both, jmx_exporter would show the same series twice.
    """
    bean = bean_name(rule.sources[0].bean.replace("{service}", service))
    if bean is None:
        raise ValueError(f"{rule.sources[0].bean} is no MBean")
    keys = ", ".join(f"{key}={_PLACE.sub(_captured, value)}" for key, value in bean.keys.items())
    places = [match[1] for value in bean.keys.values() for match in _PLACE.finditer(value) if match[1]]
    found = {label: f"${number}" for number, label in enumerate([*places, *filter(None, [rule.text_label])], 1)}
    fixed = {"service": service} if "{service}" in rule.sources[0].bean else {}
    return f"^{bean.domain}<{keys}><>{rule.sources[0].attribute}: ", {**fixed, **rule.labels, **found}


def _captured(place: re.Match[str]) -> str:
    return "([^,>]+)" if place[1] else "[^,>]+"


def _object_names(bean: str, service: str) -> str:
    return _PLACE.sub("*", bean.replace("{service}", service))


def _table() -> Iterator[str]:
    yield "| metric | by jmx_exporter | what differs |"
    yield "|---|---|---|"
    for metric in declared(metrics):
        yield f"| `{metric}` | {_way(metric)} | {'; '.join(_differences(metric))} |"


def _way(metric: Metric) -> str:
    files = [f"`{service.lower()}.yml`" for service in RULES if any(_rules_of(metric, service))]
    return ", ".join(files) or ("`recording.yml`" if metric in RECORDED else "no")


def _rules_of(metric: Metric, *services: str) -> Iterator[Rule]:
    for rule in (rule for service in services or RULES for rule in RULES[service]):
        if rule.metric is metric and _is_expressible(rule):
            yield rule


def _differences(metric: Metric) -> Iterator[str]:
    if _way(metric) == "no":
        yield "JSON in a text, which jmx_exporter does not read"
    if metric is metrics.HA_STATE:
        yield "the state that is, without the zeros of the others; nothing while it starts or cannot be read"
    if metric is metrics.ACTIVE_NAMENODES:
        yield "counts those that can be read"
    if metric.kind is Kind.INFO:
        yield "1.0.1 drops `_info`; `prometheus.yml` puts it back"
    if metric in {rule.metric for rule in rules.TOTALS}:
        yield "from every NameNode, not from the active one only"
    if any(len(rule.sources) > 1 for rule in _rules_of(metric)):
        yield "Hadoop 3 only"


if __name__ == "__main__":
    for page, text in pages().items():
        (HERE / page).write_text(text, "utf-8")
