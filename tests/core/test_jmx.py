"""Templates of names, and ObjectNames."""

from __future__ import annotations

import time

import hypothesis.strategies as st
import pytest
from hypothesis import given

from mlvitals.core.jmx import BeanName, bean_name, bean_template, template


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("State", "State", {}),
        ("State", "state", None),
        ("", "", {}),
        ("RpcActivityForPort{port}", "RpcActivityForPort8020", {"port": "8020"}),
        ("RpcActivityForPort{port}", "RpcActivityForPort", None),
        ("DataNodeActivity-{host}-{port}", "DataNodeActivity-dn-1.x-9866", {"host": "dn-1.x", "port": "9866"}),
        ("DataNodeActivity-{host}-{port}", "DataNodeActivity--9866", None),
        ("DataNodeActivity-{host}-{port}", "DataNodeActivity-a-", None),
        ("{a}", "x", {"a": "x"}),
        ("{a}.{b}.{c}", "1.2.3.4", {"a": "1.2", "b": "3", "c": "4"}),
        ("{a}.{b}", "..", None),
        ("{a}.{b}", "...", {"a": ".", "b": "."}),
        ("*-{b}", "a-b", {"b": "b"}),
        ("Namespace_{ns}_table_{table}_metric_{metric}", "Namespace_d_table_t_1_metric_reads",
         {"ns": "d", "table": "t_1", "metric": "reads"}),
        ("a{x}a", "aa", None),
        ("a{x}a", "aaa", {"x": "a"}),
        ("a.b{x}", "aXb1", None),
    ],
)  # fmt: skip
def test_templates(pattern: str, text: str, found: dict[str, str] | None) -> None:
    assert template(pattern).match(text) == found


@pytest.mark.parametrize("pattern", ["{}", "{A}", "{a b}", "{a}{b}", "{a}*", "**", "{1}"])
def test_what_is_no_template(pattern: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        template(pattern)


@given(st.lists(st.text("ab-", min_size=1, max_size=5), min_size=1, max_size=4))
def test_what_is_taken_apart_can_be_put_together_again(parts: list[str]) -> None:
    names = [f"p{index}" for index in range(len(parts))]
    text = "x" + "-".join(parts) + "y"
    found = template("x" + "-".join(f"{{{name}}}" for name in names) + "y").match(text)
    assert found is not None
    assert "x" + "-".join(found[name] for name in names) + "y" == text
    assert all(found.values())


def test_a_hostile_name_takes_no_time() -> None:
    started = time.process_time()
    assert template("{a}-{b}-{c}-{d}-{e}!").match("-" * 1_000_000) is None
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hadoop:service=NameNode,name=JvmMetrics", BeanName("Hadoop", {"service": "NameNode", "name": "JvmMetrics"})),
        ("Hadoop:name=DataNodeVolume-/data 1/dn", BeanName("Hadoop", {"name": "DataNodeVolume-/data 1/dn"})),
        ('a:k="x,y=\\"z"', BeanName("a", {"k": '"x,y=\\"z"'})),
        ("Hadoop", None),
        ("Hadoop:", None),
        (":a=b", None),
        ("Hadoop:a", None),
        ("Hadoop:a=b=c", None),
        ("Hadoop:=b", None),
        ('a:k="x', None),
    ],
)
def test_names_of_beans(text: str, name: BeanName | None) -> None:
    assert bean_name(text) == name


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("Hadoop:service={s},name=A", "Hadoop:name=A,service=NN", {"s": "NN"}),
        ("Hadoop:service={s},name=A", "Hadoop:name=A,service=NN,sub=x", None),
        ("Hadoop:service={s},name=A,*", "Hadoop:name=A,service=NN,sub=x", {"s": "NN"}),
        ("Hadoop:service={s},name=A,*", "Hadoop:name=A", None),
        ("Hadoop:name=A", "hadoop:name=A", None),
        ("Hadoop:name=A-*", "Hadoop:name=A", None),
        ("Hadoop:name=A-*", "Hadoop:name=A-null", {}),
    ],
)
def test_templates_of_beans(pattern: str, text: str, found: dict[str, str] | None) -> None:
    name = bean_name(text)
    assert name is not None
    assert bean_template(pattern).match(name) == found
