"""The command line, as a process: messages, logs."""

from __future__ import annotations

import itertools
import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.support.replay import Answer, Replay
from tests.support.vitals import mlvitals
from tests.support.waiting import until

FILE = """
exporters:
  - {{name: good, type: mlflow, url: "{good}", interval: 1s}}
  - {{name: bad, type: mlflow, url: "http://127.0.0.1:9", interval: 1s}}
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mlvitals", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def upstream() -> Replay:
    """An MLflow without models."""
    return Replay(lambda _: Answer(body=b"{}", headers={"Content-Type": "application/json"}))


@pytest.mark.parametrize("command", ["run", "check", "generate", "metrics"])
def test_help_is_there_for_every_command(tmp_path: Path, command: str) -> None:
    done = run(tmp_path, command, "--help")
    assert done.returncode == 0
    assert all(option in done.stdout for option in ("--log-level", "--log-format"))


def test_check_says_what_was_read_and_what_to_do(tmp_path: Path, upstream: Replay) -> None:
    with upstream:
        (tmp_path / "mlvitals.yml").write_text(FILE.format(good=upstream.url))
        assert run(tmp_path, "check").returncode == 0
        live = run(tmp_path, "check", "--live")
    assert live.returncode == 1
    results = {tuple(line.split()[:4:3]) for line in live.stdout.splitlines() if line.startswith(("good ", "bad "))}
    assert results == {("good", "up"), ("bad", "connect")}
    said = " ".join(live.stdout.split())
    assert (
        "bad, server: cannot connect to http://127.0.0.1:9/api/2.0/mlflow/registered-models/search: Connection" in said
    )
    assert "Check that the address is right, that the system runs, and that this host may reach it." in said


def test_check_names_the_objectives_that_are_about_nothing(tmp_path: Path, upstream: Replay) -> None:
    with upstream:
        entry = {"name": "good", "type": "mlflow", "url": upstream.url}
        late = {"objectives": [{"model": "chrun", "new_version_within": "1d"}]}
        (tmp_path / "mlvitals.yml").write_text(json.dumps({"exporters": [entry | late]}))
        live = run(tmp_path, "check", "--live")
    assert live.returncode == 0, live.stdout
    assert "good, server: new_version_within: the pattern 'chrun' matches nothing" in live.stdout.splitlines()


def test_what_check_reads_fits_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mlvitals.yml").write_text(FILE.format(good="http://127.0.0.1:9"))
    heights = []
    for width in (60, 80, 200):
        monkeypatch.setenv("COLUMNS", str(width))
        lines = run(tmp_path, "check", "--live").stdout.splitlines()
        assert [line for line in lines if len(line) > width and not one_word(line)] == []
        heights.append(len(lines))
    assert heights == sorted(heights, reverse=True)
    assert heights[0] > heights[-1]


def one_word(line: str) -> bool:
    """An address that is longer than the line."""
    return len(line.split()) == 1


def test_check_logs_as_it_is_told_and_shows_names_as_they_are(tmp_path: Path, upstream: Replay) -> None:
    with upstream:
        file = FILE.format(good=upstream.url).replace("name: good", 'name: "1e5"')
        (tmp_path / "mlvitals.yml").write_text(file)
        quiet = run(tmp_path, "check", "--live")
        told = run(tmp_path, "check", "--live", "--log-level", "info", "--log-format", "json")
    assert quiet.stderr.splitlines() == ["Reading 1e5, bad …"]
    assert any(line.startswith("1e5 ") for line in quiet.stdout.splitlines())
    events = {json.loads(line)["event"] for line in told.stderr.splitlines()[1:]}
    assert {"target is up", "target failed"} <= events


def test_check_names_the_mistakes_of_both_files(tmp_path: Path) -> None:
    (tmp_path / "mlvitals.yml").write_text("exporters: [{name: a, type: mlflow, url: nowhere}]\n")
    (tmp_path / "web.yml").write_text("basic_auth_users: {ann: hunter2}\n")
    both = run(tmp_path, "check", "--web-config", "web.yml")
    assert (both.returncode, both.stdout) == (1, "")
    assert [line.partition(": expected")[0] for line in both.stderr.splitlines()] == [
        "mlvitals: mlvitals.yml:1: exporters[0].url",
        "mlvitals: web.yml:1: basic_auth_users.ann",
    ]
    assert "hunter2" not in both.stderr


def test_check_of_the_web_configuration_alone_says_what_it_asks_for(tmp_path: Path) -> None:
    (tmp_path / "web.yml").write_text("{}\n")
    alone = run(tmp_path, "check", "--web-config", "web.yml")
    assert (alone.returncode, alone.stdout) == (0, "web.yml: no mistakes, no TLS, authentication: none\n")


MISSPELT_TEAM = """
exporters: [{name: a, type: mlflow, url: "http://h", labels: {team: research}}]
notifications:
  receivers: [{name: ops, webhook: {url: "http://127.0.0.1:9"}}]
  receiver: ops
  routes: [{receiver: ops, team: reserch}]
"""


def test_a_misspelt_team_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "mlvitals.yml").write_text(MISSPELT_TEAM)
    checked = run(tmp_path, "check")
    assert (checked.returncode, checked.stdout) == (0, "mlvitals.yml: no mistakes, exporters: 1\n")
    assert checked.stderr == (
        "mlvitals: warning: mlvitals.yml:6: notifications.routes[0].team: "
        "no exporter has the label team 'reserch'; did you mean 'research'?\n"
    )


WITHOUT_SECRETS = """
web:
  external_url: http://vitals.example
exporters:
  - name: registry
    type: mlflow
    url: "http://${HOST_THAT_NOBODY_SET}"
    auth: {username: ann, password_file: "${FOLDER_THAT_NOBODY_SET}/password"}
    tls_config: {ca_file: none.pem, cert_file: none.pem, key_file: none.key}
  - {name: other, type: mlflow, url: "http://mlflow", auth: {token: "${TOKEN_THAT_NOBODY_SET}"}}
  - {name: third, type: mlflow, url: "http://mlflow", auth: {token_file: none}}
"""


def test_generate_needs_no_secret_and_check_needs_all(tmp_path: Path) -> None:
    (tmp_path / "mlvitals.yml").write_text(WITHOUT_SECRETS.replace("${HOST_THAT_NOBODY_SET}", "mlflow"))
    checked = run(tmp_path, "check")
    assert checked.returncode == 1
    assert checked.stderr.splitlines() == [
        "mlvitals: mlvitals.yml:8: exporters[0].auth.password_file: "
        "environment variable FOLDER_THAT_NOBODY_SET is not set",
        "mlvitals: mlvitals.yml:9: exporters[0].tls_config.ca_file: no such file: none.pem",
        "mlvitals: mlvitals.yml:9: exporters[0].tls_config.cert_file: no such file: none.pem",
        "mlvitals: mlvitals.yml:9: exporters[0].tls_config.key_file: no such file: none.key",
        "mlvitals: mlvitals.yml:10: exporters[1].auth.token: environment variable TOKEN_THAT_NOBODY_SET is not set",
        "mlvitals: mlvitals.yml:11: exporters[2].auth.token_file: no such file: none",
    ]
    generated = run(tmp_path, "generate", "--output", "out")
    assert (generated.returncode, generated.stderr) == (0, "")
    assert "http://vitals.example/sd" in (tmp_path / "out/prometheus/prometheus.yml").read_text()


def test_generate_needs_everything_else(tmp_path: Path) -> None:
    odd = "alerts: {MlflowRunStuk: {}}\nnotifications: {receiver: a, receivers: [{name: a, webhook: {url: '${HOOK}'}}]}"
    literal = WITHOUT_SECRETS.replace("${TOKEN_THAT_NOBODY_SET}", "hunter2")
    (tmp_path / "mlvitals.yml").write_text(f"{literal}{odd}\n")
    generated = run(tmp_path, "generate", "--output", "out")
    assert generated.returncode == 1
    assert generated.stderr.splitlines() == [
        "mlvitals: mlvitals.yml:7: exporters[0].url: environment variable HOST_THAT_NOBODY_SET is not set",
        "mlvitals: mlvitals.yml:10: exporters[1].auth.token: "
        "a secret does not stand in this file: use ${VARIABLE} or token_file",
        "mlvitals: mlvitals.yml:12: alerts.MlflowRunStuk: unknown alert; did you mean 'MlflowRunStuck'?",
        "mlvitals: mlvitals.yml:13: notifications.receivers[0].webhook.url: environment variable HOOK is not set",
    ]
    assert not (tmp_path / "out").exists()


def test_only_runs_the_exporters_that_are_named(tmp_path: Path, upstream: Replay) -> None:
    with upstream:
        (tmp_path / "mlvitals.yml").write_text(FILE.format(good=upstream.url))
        unknown = run(tmp_path, "run", "--only", "god")
        assert unknown.stderr == "mlvitals: --only god: no such exporter; the file has good, bad\n"
        with mlvitals(tmp_path, "--only", "good") as vitals:
            until(lambda: vitals.value("good", "mlvitals_exporter_up") == 1)
            assert "bad" not in vitals.server.log.read_text()


def test_a_failing_source_is_one_line_a_change_in_json_too(tmp_path: Path, upstream: Replay) -> None:
    with upstream:
        (tmp_path / "mlvitals.yml").write_text(FILE.format(good=upstream.url))
        with mlvitals(tmp_path, "--log-format", "json", "--only", "bad") as vitals:
            until(lambda: (vitals.value("bad", ERRORS, reason="connect") or 0) >= 6)
            lines = [json.loads(line) for line in vitals.server.log.read_text().splitlines()]
    failed = [line for line in lines if line["event"] == "target failed"]
    assert sorted(line["target"] for line in failed) == ["run-totals", "runs", "server"]
    assert {line["level"] for line in failed} == {"warning"}
    assert all(line["reason"] == "connect" for line in failed)


ERRORS = "mlvitals_exporter_collection_errors_total"


def test_a_log_that_cannot_be_written_costs_lines_and_nothing_else(tmp_path: Path) -> None:
    flapping = itertools.cycle([Answer(500), Answer(body=b"{}", headers={"Content-Type": "application/json"})])
    with Replay(lambda _: next(flapping)) as source:
        (tmp_path / "mlvitals.yml").write_text(FILE.format(good=source.url))
        with mlvitals(tmp_path, "--only", "good") as vitals:
            resource.prlimit(vitals.server.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
            asked = len(source.requests)
            until(lambda: len(source.requests) > asked + 20)
            assert requests.get(f"{vitals.url}/metrics", timeout=10).ok


def test_the_catalogue_has_every_form(tmp_path: Path) -> None:
    rows = json.loads(run(tmp_path, "metrics", "--format", "json").stdout)
    names = {row["name"] for row in rows}
    assert {"mlflow_model_alias_version", "mlvitals_target_up"} <= names
    for form in ("table", "markdown"):
        shown = run(tmp_path, "metrics", "--format", form).stdout
        assert all(name in shown for name in names)


def test_the_standalone_form_is_discovered_once(tmp_path: Path, upstream: Replay) -> None:
    with upstream, mlvitals(tmp_path, "mlflow", "--set", f"url={upstream.url}") as vitals:
        groups = requests.get(f"{vitals.url}/sd", timeout=10).json()
        page = requests.get(f"{vitals.url}/metrics", timeout=10).text
    (group,) = groups
    assert (group["labels"]["exporter"], group["labels"]["__metrics_path__"]) == ("mlflow", "/metrics")
    assert "mlvitals_build_info{" in page
    assert "mlvitals_exporter_series" in page
