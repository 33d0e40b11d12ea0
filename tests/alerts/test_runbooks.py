"""The runbooks: each has the parts that a person at night looks for, and what it says to type works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from mlvitals import config
from mlvitals_alerts import render
from tests.alerts.test_rules import ALERTS, known
from tests.support import promql

RUNBOOKS = Path(render.__file__).parent / "runbooks"
PAGES = {path.stem: path.read_text("utf-8") for path in sorted(RUNBOOKS.glob("*.md"))}
EXPRESSIONS = {alert.name: alert.expr for alert in ALERTS}
DOCS = RUNBOOKS.parents[2] / "docs"
RECEIVERS = {"receiver": "deadman", "receivers": [{"name": "deadman", "webhook": {"url": "http://127.0.0.1:9"}}]}
PARTS = ["Meaning", "Impact", "Diagnosis", "Mitigation", "Change or silence"]
KNOWN = {**known(), "ALERTS": promql.Series(promql.TARGET_LABELS | {"alertname", "alertstate", "severity"})}


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


@pytest.mark.parametrize("alert", PAGES)
def test_a_runbook_has_every_part(alert: str) -> None:
    assert PAGES[alert].startswith(f"# {alert}\n")
    assert re.findall(r"^## (.+)$", PAGES[alert], re.MULTILINE) == PARTS


@pytest.mark.parametrize("alert", PAGES)
def test_its_queries_look_only_at_what_is_declared(alert: str) -> None:
    queries = blocks(PAGES[alert], "promql")
    assert queries
    assert [problem for query in queries for problem in promql.problems(query, KNOWN)] == []


@pytest.mark.parametrize("alert", PAGES)
def test_it_says_how_to_change_the_rule(alert: str) -> None:
    written = [yaml.safe_load(block) for block in blocks(PAGES[alert], "yaml")]
    assert any(alert in block.get("alerts", {}) for block in written)


@pytest.mark.parametrize("page", [*PAGES, "alerts", "notifications"])
def test_its_configuration_is_valid(page: str, tmp_path: Path) -> None:
    file = tmp_path / "mlvitals.yml"
    for block in blocks(PAGES.get(page) or (DOCS / f"{page}.md").read_text("utf-8"), "yaml"):
        # A part that stands alone on the page may name a receiver of the rest of the file.
        parts = yaml.safe_load(block)
        if "watchdog" in parts.get("notifications", {}):
            parts["notifications"] = RECEIVERS | parts["notifications"]
        file.write_text(yaml.safe_dump(parts))
        config.load(file, environment={})


@pytest.mark.parametrize("alert", PAGES)
def test_it_does_not_copy_the_expression_that_would_go_stale(alert: str) -> None:
    flat = re.sub(r"\s+", "", PAGES[alert])
    assert re.sub(r"\s+", "", EXPRESSIONS[alert]) not in flat


def test_the_ten_things_about_hdfs_are_asked_as_the_alerts_ask() -> None:
    page = (DOCS / "hdfs.md").read_text("utf-8").partition("## The ten things")[2].partition("\n## ")[0]
    assert [problem for query in blocks(page, "promql") for problem in promql.problems(query, KNOWN)] == []
    asked = blocks(page.partition("**2. ")[2].partition("**10. ")[0], "promql")
    assert len(asked) == 10
    assert {query.rstrip("\n") for query in asked} - {*EXPRESSIONS.values()} == set()
