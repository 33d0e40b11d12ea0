"""What docs/operations.md says of log lines and configuration is so."""

from __future__ import annotations

import re
from pathlib import Path

from mlvitals import config
from mlvitals.mlflow.config import MlflowSettings
from tests.support.snippets import snippet

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/operations.md").read_text()


def events() -> dict[str, str]:
    """Event -> level, of every log line that the code can write."""
    found: dict[str, str] = {}
    for path in (ROOT / "exporters/mlvitals").rglob("*.py"):
        for level, event in re.findall(r'\blog\.(\w+)\(\s*"([^"]+)"', path.read_text()):
            found[event] = level.replace("exception", "error")
    return found


def test_every_log_line_is_explained() -> None:
    explained = dict(re.findall(r"^\| `([a-z][^`]+)` \| (debug|info|warning|error) \|", PAGE, re.MULTILINE))
    assert explained == events()


def test_the_service_finds_its_secret(tmp_path: Path) -> None:
    (tmp_path / "secrets_mlflow").write_text("long enough\n")
    (tmp_path / "mlvitals.yml").write_text(snippet("docs/operations.md", "CREDENTIALS_DIRECTORY"))
    (exporter,) = config.load(tmp_path / "mlvitals.yml", {"CREDENTIALS_DIRECTORY": str(tmp_path)}).exporters
    assert isinstance(exporter, MlflowSettings)
    assert exporter.auth
    assert exporter.auth.password_file == tmp_path / "secrets_mlflow"


def test_every_program_file_that_it_names_is_there() -> None:
    linked = re.findall(r"\]\(([^)#]+)\)", PAGE)
    assert [link for link in linked if not (ROOT / "docs" / link).exists()] == []
