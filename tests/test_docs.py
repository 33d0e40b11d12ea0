"""What the guides say is true: links lead somewhere, configuration loads, queries use what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs import generate
from mlvitals import config
from mlvitals.airflow import metrics as airflow
from mlvitals.airflow.sql import schema
from mlvitals.core import metrics as own
from mlvitals.mlflow import metrics as mlflow
from mlvitals.model import Config
from tests.support import promql

ROOT = Path(__file__).resolve().parents[1]
GUIDES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
PAGES = [*GUIDES, *sorted(ROOT.glob("alerts/*/runbooks/*.md"))]
OURS = tuple(f"{key}:" for key in Config.model_fields)


def blocks(language: str) -> list[object]:
    """Every code block of the language, as test parameters."""
    fence = re.compile(rf"^```{language}\n(.*?)^```", re.M | re.S)
    found = [(page, match[1]) for page in GUIDES for match in fence.finditer(page.read_text())]
    return [pytest.param(text, id=f"{page.name}-{number}") for number, (page, text) in enumerate(found)]


class AnyVariable(dict[str, str]):
    """An environment in which every variable is set."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return "value"


@pytest.mark.parametrize("text", blocks("yaml"))
def test_configuration_loads(text: str, tmp_path: Path) -> None:
    if not text.removeprefix("# mlvitals.yml\n").startswith(OURS):
        pytest.skip("the configuration of another program")
    files = re.findall(r'_file: ("[^"]*"|[^,}\s]+)', text)
    for index, name in enumerate(files):
        (tmp_path / str(index)).write_text("secret")
        if not text.startswith("web:") or "scrape" not in text:
            text = text.replace(name, str(tmp_path / str(index)))
    (tmp_path / "mlvitals.yml").write_text(text)
    config.load(tmp_path / "mlvitals.yml", AnyVariable())


@pytest.mark.parametrize("text", blocks("promql"))
def test_queries_use_what_is_declared(text: str) -> None:
    assert promql.problems(text, promql.known(own, airflow, mlflow)) == []


def test_the_rights_to_grant_are_those_for_the_tables_that_are_read() -> None:
    granted = re.findall(r"GRANT SELECT ON ([\w,\s]+) TO", (ROOT / "docs/airflow.md").read_text())
    named = [set(re.split(r",\s+", tables)) for tables in granted]
    assert len(named) == 2
    assert set.union(*named) == schema.TABLES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), target


def test_reference_pages_are_fresh() -> None:
    for name, content in generate.pages().items():
        assert (ROOT / "docs" / name).read_text() == content


def test_every_configuration_key_has_a_meaning() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|.*\| ([^|]*) \|$", generate.pages()["configuration-reference.md"], re.M)
    assert len(rows) > 40
    assert [key for key, meaning in rows if not meaning.strip()] == []
