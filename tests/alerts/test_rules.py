"""The shipped rules: when they fire, what they look at, and that nothing about them is missing."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from importlib import import_module
from itertools import chain
from pathlib import Path

import pytest

from mlvitals import assets
from mlvitals.core import metrics as own
from mlvitals.evidently.workspace import metrics as workspaces
from mlvitals_alerts import render
from mlvitals_alerts.rules import Alert, System
from mlvitals_alerts.systems import systems
from tests.alerts import promtool as unit
from tests.alerts.cases import Firing, Silent, Spans
from tests.support import promql

SYSTEMS = systems()
ALERTS = [alert for system in SYSTEMS for alert in system.alerts]
PACKAGE = Path(render.__file__).parent


def cases() -> list[Firing | Silent | Spans]:
    """Every case of every system; a system without its file of cases is an error."""
    return [case for system in SYSTEMS for case in import_module(f"tests.alerts.{system.name}_cases").CASES]


def known() -> dict[str, promql.Series]:
    """All that rules may look at: the metrics of mlvitals itself, of each system and what is recorded."""
    names = [system.name.replace("_", ".") for system in SYSTEMS if system.name != "suite"]
    modules = [import_module(f"mlvitals.{name}.metrics") for name in names]
    recorded = [(rule.name, rule.labels) for system in SYSTEMS for rule in system.recordings]
    return promql.known(own, *modules, workspaces, extra=recorded)


def queries() -> Iterator[tuple[str, str]]:
    """(rule, query), those inside templates included; what they look up of the alert can be anything."""
    for system in SYSTEMS:
        for rule in system.rules:
            yield str(rule.name), rule.expr
            for asked in re.findall(r'printf "((?:[^"\\]|\\.)*)"[^|}]*\| query', getattr(rule, "description", "")):
                yield rule.name, asked.replace("=%q", '=~".*"').replace(r"\"", '"')


def test_the_committed_files_are_those_that_the_rules_make() -> None:
    files = {path.name: path.read_text("utf-8") for path in (PACKAGE / "generated").iterdir()}
    assert files == {f"{system.name}.yml": render.rule_file(system) for system in SYSTEMS}
    assert (PACKAGE.parents[1] / "docs" / "alerts.md").read_text("utf-8") == render.docs(SYSTEMS)


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.alert}-{type(case).__name__}")
def test_a_case(case: Firing | Silent | Spans, promtool: Path, tmp_path: Path) -> None:
    unit.run(promtool, case, tmp_path)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_alert_has_a_firing_and_a_silent_case(alert: Alert) -> None:
    kinds = {type(case) for case in cases() if case.alert == alert.name} - {Spans}
    assert kinds == ({Firing} if alert.expr == "vector(1)" else {Firing, Silent})


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_alert_says_what_people_need(alert: Alert) -> None:
    assert re.fullmatch(r"(Mlvitals|Mlflow|Airflow|Evidently|Hdfs|Jmx)([A-Z][a-z]+)+", alert.name)
    assert re.fullmatch(r"[A-Z][^{}\n]+\.", alert.summary)
    if alert.expr != "vector(1)":
        assert alert.description.startswith("{{ $labels.exporter }}: ")
        assert re.search(r"\.(\{\{ end }})?$", alert.description)


def test_names_are_unique_and_each_page_belongs_to_an_alert() -> None:
    names = [alert.name for alert in ALERTS]
    pages = {path.stem for path in (PACKAGE / "runbooks").glob("*.md")}
    assert len(names) == len(set(names))
    assert pages == set(names)


def test_each_alert_links_to_a_dashboard_that_is_shipped() -> None:
    shipped = {json.loads(text)["uid"] for text in assets.dashboards().values()}
    assert {system.dashboard for system in SYSTEMS} <= shipped


@pytest.mark.parametrize(("rule", "query"), list(queries()))
def test_queries_look_only_at_what_is_declared(rule: str, query: str) -> None:
    assert promql.problems(query, known()) == []


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_rules_keep_every_label_that_people_configure(system: System) -> None:
    assert [rule.name for rule in system.rules if promql.aggregates_by(rule.expr)] == []


def test_a_recorded_series_is_used_more_than_once() -> None:
    used = list(chain.from_iterable(promql.metric_names(query) for _, query in queries()))
    recorded = [rule.name for system in SYSTEMS for rule in system.recordings]
    assert [name for name in recorded if used.count(name) < 2] == []


def test_promtool_finds_nothing_in_the_rule_files(promtool: Path) -> None:
    files = sorted((PACKAGE / "generated").glob("*.yml"))
    lint = ["--lint=all", "--lint-fatal"]
    done = subprocess.run([promtool, "check", "rules", *lint, *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
