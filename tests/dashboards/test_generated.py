"""The committed dashboards: fresh, and without a finding of any check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import mlvitals_dashboards
from mlvitals import assets, registry
from mlvitals.core.metric import Metric
from mlvitals_dashboards import build, lint
from mlvitals_dashboards.__main__ import main
from mlvitals_dashboards.queries import Json, panels

GENERATED = Path(mlvitals_dashboards.__path__[0]) / "generated"
FILES = sorted(GENERATED.glob("*.json"))


def load(path: Path) -> Json:
    dashboard: Json = json.loads(path.read_bytes())
    return dashboard


def exported() -> list[Metric]:
    return [metric for name in registry.type_names() for metric in registry.exporter_type(name).metrics]


def test_what_is_committed_is_what_the_modules_make(tmp_path: Path) -> None:
    made = build.write(mlvitals_dashboards, tmp_path)
    assert {path.name for path in FILES} == {path.name for path in made}
    for path in made:
        assert path.read_bytes() == (GENERATED / path.name).read_bytes(), "run: python -m mlvitals_dashboards"


def test_a_file_that_no_module_makes_is_removed(tmp_path: Path) -> None:
    (tmp_path / "gone.json").write_text("{}")
    build.write(mlvitals_dashboards, tmp_path)
    assert not (tmp_path / "gone.json").exists()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_check_finds_anything(path: Path) -> None:
    assert lint.findings(load(path), exported()) == []


def test_every_dashboard_has_an_address_of_its_own() -> None:
    uids = [load(path)["uid"] for path in FILES]
    assert len(set(uids)) == len(uids)


def test_the_health_table_leads_to_a_dashboard_for_every_exporter_type() -> None:
    assert {f"mlvitals-{name}" for name in registry.type_names()} <= {load(path)["uid"] for path in FILES}


def test_every_linked_runbook_exists() -> None:
    linked = {
        link["url"].rpartition("/")[2] for path in FILES for panel in panels(load(path)) for link in _links(panel)
    }
    assert linked
    assert linked <= assets.runbooks().keys()


def _links(panel: Json) -> list[Json]:
    return [link for link in panel.get("links", []) if "/runbooks/" in link["url"]]


def test_a_package_of_a_plug_in_is_made_the_same_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "their_dashboards"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "helper.py").write_text("")
    (package / "theirs.py").write_text(
        "from mlvitals_dashboards.layout import dashboard\n"
        "DASHBOARD = dashboard('mlvitals-theirs', 'Theirs', 'What it shows', [])\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    main(["their_dashboards"])
    (made,) = (package / "generated").iterdir()
    assert made.name == "theirs.json"
    assert lint.findings(load(made), ()) == []
