"""What `alerts:`, `web:` and `links:` do to the shipped rules."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import yaml

from mlvitals import assets
from mlvitals.generate import write
from mlvitals.model import Config

Rule = dict[str, Any]


def rules(folder: Path, **config: Any) -> dict[str, Rule]:
    """Alert -> its generated rule."""
    write(Config.model_validate(config), folder)
    files = [yaml.safe_load(path.read_text("utf-8")) for path in sorted((folder / "prometheus/rules").glob("*.yml"))]
    return {
        rule["alert"]: rule for file in files for group in file["groups"] for rule in group["rules"] if "alert" in rule
    }


def shipped() -> dict[str, Rule]:
    groups = (group for content in assets.rule_files().values() for group in content["groups"])
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


def without_links(rule: Rule) -> Rule:
    annotations = {key: rule["annotations"][key] for key in ("summary", "description")}
    return {**rule, "annotations": annotations}


def test_without_changes_only_the_links_differ(tmp_path: Path) -> None:
    made = rules(tmp_path)
    assert made.keys() == shipped().keys() == set(assets.alert_names())
    for name, rule in made.items():
        assert without_links(rule) == without_links(shipped()[name])
        assert rule["annotations"]["runbook_url"] == f"http://127.0.0.1:10847/runbooks/{name}"
        assert "dashboard" not in rule["annotations"]


def test_links_start_at_the_configured_addresses(tmp_path: Path) -> None:
    made = rules(tmp_path, web={"external_url": "https://v.example/ml/"}, links={"grafana": "https://g.example/x"})
    annotations = made["MlflowDown"]["annotations"]
    assert annotations["runbook_url"] == "https://v.example/ml/runbooks/MlflowDown"
    assert annotations["dashboard"].startswith("https://g.example/x/d/mlvitals-mlflow{{ with $labels.exporter }}")


def test_runbooks_may_be_kept_elsewhere_and_are_written_for_that(tmp_path: Path) -> None:
    made = rules(tmp_path, web={"external_url": "https://v.example"}, links={"runbooks": "https://wiki.example/ml/"})
    for name, rule in made.items():
        assert rule["annotations"]["runbook_url"] == f"https://wiki.example/ml/{name}"
    written = {path.stem: path.read_text("utf-8") for path in (tmp_path / "runbooks").glob("*.md")}
    assert written == assets.runbooks()
    assert made.keys() <= written.keys()


def test_an_override_changes_its_rule_and_no_other(tmp_path: Path) -> None:
    change = {"for": "90m", "severity": "info", "labels": {"cost_centre": "4711"}}
    made = rules(tmp_path, alerts={"MlflowRunStuck": change})
    assert made["MlflowRunStuck"]["for"] == "1h30m"
    assert made["MlflowRunStuck"]["labels"] == {"severity": "info", "cost_centre": "4711"}
    others = {name: without_links(rule) for name, rule in made.items() if name != "MlflowRunStuck"}
    assert others == {name: without_links(rule) for name, rule in shipped().items() if name != "MlflowRunStuck"}


def test_an_override_gives_an_alert_that_had_none_its_for(tmp_path: Path) -> None:
    assert rules(tmp_path, alerts={"MlvitalsWatchdog": {"for": "1s"}})["MlvitalsWatchdog"]["for"] == "1s"


def test_a_disabled_alert_is_left_out(tmp_path: Path) -> None:
    made = rules(tmp_path, alerts={"MlflowRunStuck": {"enabled": False, "for": "1h"}})
    assert made.keys() == shipped().keys() - {"MlflowRunStuck"}


def test_a_file_whose_alerts_are_all_disabled_is_not_written(tmp_path: Path) -> None:
    ours = [name for name in assets.alert_names() if name.startswith("Mlvitals")]
    made = rules(tmp_path, alerts={name: {"enabled": False} for name in ours})
    assert made.keys() == shipped().keys() - set(ours)
    written = {path.stem for path in (tmp_path / "prometheus/rules").iterdir()}
    assert written == {"airflow", "evidently", "hdfs", "hdfs_paths", "jmx", "mlflow"}


def test_promtool_finds_nothing_in_changed_rules(tmp_path: Path, promtool: Path) -> None:
    change = {"for": "90s", "severity": "info", "labels": {"note": "'\"{ $labels.exporter }: # \\ é"}}
    rules(tmp_path, alerts=dict.fromkeys(assets.alert_names(), change))
    lint = ["--lint=all", "--lint-fatal"]
    command: list[str | Path] = [promtool, "check", "rules", *lint, *(tmp_path / "prometheus/rules").iterdir()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
