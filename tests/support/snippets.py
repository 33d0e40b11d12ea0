"""Every fenced block of the guides: where it stands and which test tries it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
_GUIDES = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/*.md"),
    ROOT / "docs/example-plugin/README.md",
    ROOT / "compose/README.md",
    ROOT / "jmx/README.md",
]

TRIED_BY = {
    "yaml": "tests/test_docs.py",
    "promql": "tests/live/test_stack.py",
    "sh": "tests/packaging/test_snippets.py",
    "python": "tests/packaging/test_snippets.py",
    "json": "tests/packaging/test_snippets.py",
    "sql": "tests/live/airflow/test_rights.py",
}
"""Language -> the module that tries every block in it, but those below."""

PIECE = "a piece of the reference pipeline, which runs in the demo; tests/test_docs.py looks for it"
NOT_TRIED = {
    ("README.md", "Airflow ──REST or SQL──┐"): "a drawing",
    ("docs/dashboards.md", "dashboards/mlvitals_dashboards/"): "a list of files; tests/test_docs.py looks for each",
    ("docs/notifications.md", "[FIRING:1] MlflowAliasMetricOutOfBounds on registry (critical)"): (
        "what a mail looks like; tests/live/test_receivers.py holds the text of each kind of message"
    ),
    ("docs/dashboards.md", "from tests.support.live_queries import Prometheus, check"): (
        "tests/live/test_stack.py does it with a Prometheus that has data"
    ),
    ("docs/evidently.md", "mlvitals compare reference.parquet current.parquet --set drift.numeric=psi"): (
        "needs Evidently, which is not installed there; tests/exporters/evidently/test_compare.py does it"
    ),
    ("docs/pipeline.md", 'with mlflow.start_run(tags={**tags, "data_url": folder}):'): PIECE,
    ("docs/pipeline.md", "def trigger(step, model_name):"): PIECE,
    ("docs/example-plugin/README.md", "exporters:"): (
        "needs the plug-in; tests/packaging/test_snippets.py has it in its mlvitals.yml"
    ),
    ("compose/README.md", 'with mlflow_server(tmp_path, ("admin", "a long password")) as mlflow:'): (
        "a piece of a test; tests/live/test_outage.py does it"
    ),
}
"""(guide, first line) -> why no test tries it as it stands, and what there is instead."""


@dataclass(frozen=True)
class Snippet:
    """A block: its guide, its place among the guide's blocks, the language of its fence, its text."""

    guide: Path
    number: int
    language: str
    text: str

    @property
    def name(self) -> str:
        """Guide and number."""
        return f"{self.guide.relative_to(ROOT)}-{self.number}"

    @property
    def key(self) -> tuple[str, str]:
        """Guide and first line, which stay when another block is put before it."""
        return str(self.guide.relative_to(ROOT)), self.text.lstrip().partition("\n")[0]


def snippets() -> Iterator[Snippet]:
    """All blocks of all guides."""
    fence = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    for guide in _GUIDES:
        for number, match in enumerate(fence.finditer(guide.read_text("utf-8")), 1):
            yield Snippet(guide, number, match[1], match[2])


def tried(language: str) -> list[Any]:
    """The blocks in a language that its module has to try, as a test's parameters."""
    chosen = [each for each in snippets() if each.language == language and each.key not in NOT_TRIED]
    return [pytest.param(each, id=each.name) for each in chosen]


def snippet(guide: str, holding: str) -> str:
    """The text of the only block of a guide that holds this."""
    (found,) = (each.text for each in snippets() if each.key[0] == guide and holding in each.text)
    return found
