"""What `mlvitals generate` writes for Grafana."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlvitals import assets, registry
from mlvitals.generate import grafana, write
from mlvitals.model import Config
from mlvitals_dashboards import lint

LINKS = {"prometheus": "http://prometheus:9090", "alertmanager": "http://alertmanager:9093"}
DASHBOARDS = Path("grafana/dashboards")
PROVISIONING = Path("grafana/provisioning")


def config(**parts: Any) -> Config:
    return Config.model_validate(parts)


def variable(dashboard: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(v for v in dashboard["templating"]["list"] if v["name"] == name)
    return found


def written(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def test_every_dashboard_is_written_and_still_sound(tmp_path: Path) -> None:
    write(config(links=LINKS, web={"external_url": "https://vitals.example/ml"}), tmp_path)
    assert {path.name for path in (tmp_path / DASHBOARDS).iterdir()} == assets.dashboards().keys()
    metrics = [metric for name in registry.type_names() for metric in registry.exporter_type(name).metrics]
    for path in (tmp_path / DASHBOARDS).iterdir():
        dashboard = json.loads(path.read_bytes())
        assert lint.findings(dashboard, metrics) == []
        assert variable(dashboard, "mlvitals_url")["query"] == "https://vitals.example/ml"
        assert variable(dashboard, "mlvitals_url")["current"]["value"] == "https://vitals.example/ml"
        assert variable(dashboard, "datasource")["current"]["value"] == "mlvitals-prometheus"


def test_links_to_runbooks_lead_where_they_are_kept(tmp_path: Path) -> None:
    write(config(links={"runbooks": "https://wiki.example/ml"}, web={"external_url": "https://v.example"}), tmp_path)
    for name in assets.dashboards():
        text = (tmp_path / DASHBOARDS / name).read_text("utf-8")
        assert json.loads(text)
        assert "/runbooks/" not in text
        assert '"https://wiki.example/ml/' in text
        assert "${mlvitals_url:raw}/" in text


def test_data_sources_are_those_that_the_links_name(tmp_path: Path) -> None:
    write(config(links=LINKS), tmp_path)
    made = written(tmp_path / PROVISIONING / "datasources" / "mlvitals.yaml")
    prometheus, alertmanager = made["datasources"]
    assert made["prune"] is True
    assert (prometheus["uid"], prometheus["type"], prometheus["url"]) == (
        "mlvitals-prometheus",
        "prometheus",
        "http://prometheus:9090",
    )
    assert alertmanager["uid"] == prometheus["jsonData"]["alertmanagerUid"]
    assert alertmanager["url"] == "http://alertmanager:9093"


def test_the_time_interval_is_the_scrape_interval(tmp_path: Path) -> None:
    write(config(links=LINKS), tmp_path)
    scraped = written(tmp_path / "prometheus" / "prometheus.yml")["global"]["scrape_interval"]
    source = written(tmp_path / PROVISIONING / "datasources" / "mlvitals.yaml")["datasources"][0]
    assert source["jsonData"]["timeInterval"] == scraped


def test_without_links_no_data_source_is_written_and_the_dashboards_choose_none(tmp_path: Path) -> None:
    write(config(), tmp_path)
    assert not (tmp_path / PROVISIONING / "datasources").exists()
    dashboard = json.loads((tmp_path / DASHBOARDS / "mlflow.json").read_bytes())
    assert "current" not in variable(dashboard, "datasource")


def test_an_alertmanager_alone_is_not_named_by_a_prometheus(tmp_path: Path) -> None:
    write(config(links={"prometheus": LINKS["prometheus"]}), tmp_path)
    (source,) = written(tmp_path / PROVISIONING / "datasources" / "mlvitals.yaml")["datasources"]
    assert "alertmanagerUid" not in source["jsonData"]


def test_the_provider_names_the_folder_that_was_written(tmp_path: Path) -> None:
    write(config(), tmp_path / "a$b")
    made = (tmp_path / "a$b" / PROVISIONING / "dashboards" / "mlvitals.yaml").read_text()
    (provider,) = yaml.safe_load(made)["providers"]
    assert provider["options"]["path"] == str(tmp_path / "a$$b" / DASHBOARDS)
    assert (provider["allowUiUpdates"], provider["folderUid"]) == (False, "mlvitals")


def test_writing_again_changes_nothing_and_leaves_a_copy_of_somebody_alone(tmp_path: Path) -> None:
    first = {path: path.read_bytes() for path in write(config(links=LINKS), tmp_path)}
    theirs = tmp_path / DASHBOARDS / "copy.json"
    theirs.write_bytes((tmp_path / DASHBOARDS / "mlflow.json").read_bytes())
    assert {path: path.read_bytes() for path in write(config(links=LINKS), tmp_path)} == first
    assert theirs.exists()


@pytest.mark.parametrize("content", ["{}", "[]", "not JSON", '{"tags": null}', "\xff"])
def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path, content: str) -> None:
    theirs = tmp_path / DASHBOARDS / "mlflow.json"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(content.encode("latin-1"))
    with pytest.raises(FileExistsError, match=r"mlflow\.json was not made by mlvitals"):
        write(config(), tmp_path)
    assert theirs.read_bytes() == content.encode("latin-1")


def test_a_dashboard_of_a_plug_in_needs_no_variables(tmp_path: Path) -> None:
    made = grafana.files(config(), {"other.json": '{"title": "Other"}'}, tmp_path)
    assert json.loads(made["grafana/dashboards/other.json"]) == {"title": "Other"}


def test_generating_needs_no_grafanalib(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from mlvitals.generate import write; from mlvitals.model import Config;"
        f"write(Config(), Path({str(tmp_path)!r}));"
        "sys.exit(any(name in sys.modules for name in ('grafanalib', 'jsonschema', 'promql_parser')))"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
