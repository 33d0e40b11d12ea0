"""Whatever stands in the rules is a mistake that is told, or makes rules that can be used."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from mlvitals.core.jmxpage import JmxPage, read
from mlvitals.core.report import Report
from mlvitals.jmx.config import JmxSettings, rule_name
from tests.exporters.hdfs.fake import namenode

TEXTS = st.sampled_from(
    [
        *(
            "",
            "a",
            "A b",
            "{x}",
            "{x}{y}",
            "{x}-*",
            "*",
            "{daemon}",
            "{le}",
            "{",
            "a:b=c",
            "a:b={x},c={x}",
            "a:b={y},*",
        ),
        *("Hadoop:service=NameNode,name={x}", "Hadoop:service=NameNode,name=NameNodeInfo", "Threads", "LiveNodes", "x"),
        *("m_total", "m_bytes", "m_seconds_total", "mlvitals_x", "gauge", "counter", "seconds", "mebibytes", "percent"),
    ]
)
VALUES = TEXTS | st.integers(-1, 2) | st.booleans() | st.none() | st.floats()
KEYS = ("bean", "attribute", "path", "name", "kind", "unit", "help", "labels", "words", "text_label")
MAPPINGS = st.dictionaries(TEXTS, VALUES, max_size=3)
RULES = st.fixed_dictionaries(
    {},
    optional={key: VALUES | MAPPINGS | st.lists(VALUES, max_size=3) for key in KEYS},
)
LIKELY = st.fixed_dictionaries(
    {
        "bean": st.sampled_from(["Hadoop:service=NameNode,name={x}", "Hadoop:service={y},*"]),
        "attribute": st.sampled_from(["Threads", "{z}", "LiveNodes", "FSState"]),
        "name": st.sampled_from(["m", "n", "m_bytes", "m_total"]),
    },
    optional={
        "kind": st.sampled_from(["gauge", "counter"]),
        "unit": st.sampled_from(["bytes", "mebibytes"]),
        "path": st.lists(st.sampled_from(["{d}", "{z}", "capacity"]), max_size=2),
        "labels": st.dictionaries(st.sampled_from(["a", "x", "exporter"]), st.sampled_from(["1", "2"]), max_size=2),
        "words": st.dictionaries(st.just("Operational"), st.integers(0, 1), max_size=1),
        "text_label": st.sampled_from(["state", "z"]),
    },
)


@given(rules=st.lists(LIKELY | LIKELY | RULES | VALUES, max_size=5) | VALUES)
@settings(max_examples=500, deadline=None)
def test_rules_are_refused_or_work(rules: Any) -> None:
    data = {"name": "x", "type": "jmx", "daemons": ["http://h:1"], "rules": rules}
    try:
        made = JmxSettings.model_validate(data)
    except ValidationError as error:
        assert error.errors()
        return
    compiled = made.compiled()
    assert len({rule_name(rule) for rule in compiled}) == len(compiled)
    report = Report()
    assert len(read(compiled, JmxPage(namenode().values()), report, "h:1")) == len(compiled)
    families = report.snapshot("h:1").families
    assert len({family.metric.name for family in families}) == len(families)


def test_rules_that_work_are_found_by_that_test() -> None:
    rule = {"bean": "Hadoop:service=NameNode,name={x}", "attribute": "Threads", "name": "m"}
    assert JmxSettings.model_validate({"name": "x", "type": "jmx", "daemons": ["http://h:1"], "rules": [rule]})


@pytest.mark.parametrize("key", ["unit", "kind"])
def test_rules_of_one_name_agree(key: str) -> None:
    rule = {"bean": "a:b=c", "attribute": "d", "name": "m_bytes"}
    other = {**rule, key: {"unit": "bytes", "kind": "counter"}[key]}
    with pytest.raises(ValidationError, match=f"another rule of m_bytes has another {key}"):
        JmxSettings.model_validate({"name": "x", "type": "jmx", "daemons": ["http://h:1"], "rules": [rule, other]})


@pytest.mark.parametrize(
    "name",
    [
        *(
            "up",
            "scrape_duration_seconds",
            "process_cpu_seconds",
            "python_gc",
            "mlvitals_target_up",
            "jmx_scrape_error",
        ),
        *("hdfs_active_namenodes", "airflow_dags", "mlflow_x", "evidently_x", "jmx_rule_matches"),
    ],
)
def test_names_that_mean_something_else_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="taken, by mlvitals or Prometheus"):
        _loaded(name)


@pytest.mark.parametrize("name", ["uptime_seconds", "upper", "processes", "dfs_files", "yarn_up", "jmxter", "hdfs2_x"])
def test_names_that_look_alike_are_free(name: str) -> None:
    assert _loaded(name).rules[0].name == name


def _loaded(name: str) -> JmxSettings:
    rule = {"bean": "a:b=c", "attribute": "d", "name": name}
    return JmxSettings.model_validate({"name": "x", "type": "jmx", "daemons": ["http://h:1"], "rules": [rule]})
