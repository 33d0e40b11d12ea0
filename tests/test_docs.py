"""What the guides say is true: links lead somewhere, configuration loads, queries use what there is."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from docs import generate
from mlvitals import config
from mlvitals.airflow import metrics as airflow
from mlvitals.airflow.sql import schema
from mlvitals.core import metrics as own
from mlvitals.core.webconfig import WebConfig
from mlvitals.evidently import metrics as evidently
from mlvitals.evidently.workspace import metrics as workspaces
from mlvitals.hdfs import metrics as hdfs
from mlvitals.hdfs.paths import metrics as paths
from mlvitals.jmx import metrics as jmx
from mlvitals.mlflow import metrics as mlflow
from mlvitals.model import Config
from mlvitals_alerts.systems import systems
from tests.support import promql
from tests.support.pki import Pki
from tests.support.snippets import NOT_TRIED, PIECE, TRIED_BY, Snippet, snippet, snippets, tried

ROOT = Path(__file__).resolve().parents[1]
GUIDES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "jmx/README.md"])
PAGES = [*GUIDES, *sorted(ROOT.glob("alerts/*/runbooks/*.md"))]
OURS = frozenset(Config.model_fields)
WEB = frozenset(WebConfig.model_fields)


class AnyVariable(dict[str, str]):
    """An environment in which every variable is set."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return "value"


def test_every_block_is_tried_or_listed_with_the_reason() -> None:
    neither = [each.name for each in snippets() if each.language not in TRIED_BY and each.key not in NOT_TRIED]
    assert neither == []
    assert NOT_TRIED.keys() - {each.key for each in snippets()} == set()


@pytest.mark.parametrize("language", TRIED_BY)
def test_the_module_that_is_to_try_a_language_does(language: str) -> None:
    assert f'tried("{language}")' in (ROOT / TRIED_BY[language]).read_text()


@pytest.mark.parametrize("snippet", tried("yaml"))
def test_the_program_that_it_is_for_takes_it(snippet: Snippet, promtool: Path, tmp_path: Path) -> None:
    keys = yaml.safe_load(snippet.text).keys()
    file = tmp_path / "snippet.yml"
    file.write_text(with_secrets(snippet.text, tmp_path) if keys <= OURS else snippet.text)
    if keys <= OURS:
        config.load(file, AnyVariable())
        return
    if keys <= WEB:
        Pki(tmp_path)
        config.load_web(file)
    check = "web-config" if keys <= WEB else "rules" if keys == {"groups"} else "config"
    run = subprocess.run([promtool, "check", check, file], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def with_secrets(text: str, folder: Path) -> str:
    """The text with files that are there."""
    for index, name in enumerate(re.findall(r'_file: ("[^"]*"|[^,}\s]+)', text)):
        (folder / str(index)).write_text("secret")
        text = text.replace(name, str(folder / str(index)))
    return text


@pytest.mark.parametrize("snippet", tried("promql"))
def test_queries_use_what_is_declared(snippet: Snippet) -> None:
    recorded = [(rule.name, rule.labels) for system in systems() for rule in system.recordings]
    known = promql.known(own, airflow, evidently, hdfs, jmx, mlflow, paths, workspaces, extra=recorded)
    assert promql.problems(snippet.text, known) == []


def test_the_files_of_a_list_are_there() -> None:
    first, *rows = snippet("docs/dashboards.md", "_signals.py").splitlines()
    rows = [row.replace("…", "*") for row in rows]
    names = [name for row in rows for name in re.findall(r"[\w/*]+\.(?:py|json)|lint/", row.partition("  " * 4)[0])]
    assert len(names) > 6
    assert [name for name in names if not list((ROOT / first).glob(name))] == []


def test_the_rights_to_grant_are_those_for_the_tables_that_are_read() -> None:
    granted = re.findall(r"GRANT SELECT ON ([\w,\s]+) TO", (ROOT / "docs/airflow.md").read_text())
    named = [set(re.split(r",\s+", tables)) for tables in granted]
    assert len(named) == 2
    assert set.union(*named) == schema.TABLES


def test_pieces_of_the_pipeline_stand_there_as_they_are_shown() -> None:
    there = "".join(path.read_text() for path in sorted((ROOT / "compose/dags").rglob("*.py")))
    pieces = [each.text for each in snippets() if NOT_TRIED.get(each.key) == PIECE]
    assert len(pieces) == 2
    assert [piece for piece in pieces if piece not in there] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), target


def test_reference_pages_are_fresh() -> None:
    for name, content in generate.pages().items():
        assert (ROOT / "docs" / name).read_text() == content


def test_the_reference_has_the_defaults_of_each_type() -> None:
    page = generate.pages()["configuration-reference.md"]
    sections = re.split(r"\n## An exporter of type `(\w+)`\n", page)[1:]
    told = {
        kind: re.findall(r"^\| `(?:interval|deadline)` \| duration \| `(\w+)` \|", section, re.M)
        for kind, section in zip(sections[::2], sections[1::2], strict=True)
    }
    assert (told["evidently"], told["mlflow"]) == (["10m", "10m"], ["30s", "30s"])
    # Those that `check` refuses are not named.
    assert "chisquare" not in next(line for line in page.splitlines() if "drift.numeric`" in line)


def test_every_configuration_key_has_a_meaning() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|.*\| ([^|]*) \|$", generate.pages()["configuration-reference.md"], re.M)
    assert len(rows) > 40
    assert [key for key, meaning in rows if not meaning.strip()] == []
