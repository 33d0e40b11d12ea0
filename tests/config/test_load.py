from __future__ import annotations

from pathlib import Path

import pytest

from mlvitals import config
from mlvitals.core.settings import Auth, HttpSettings, file_keys, secret_keys
from mlvitals.core.webconfig import WebConfig
from mlvitals.overrides import settings_from_sets


def load(tmp_path: Path, text: str, **environment: str) -> HttpSettings:
    path = tmp_path / "mlvitals.yml"
    path.write_text(text)
    exporter = config.load(path, environment).exporters[0]
    assert isinstance(exporter, HttpSettings)
    return exporter


def test_no_exporters_are_written_as_an_empty_list(tmp_path: Path) -> None:
    (tmp_path / "mlvitals.yml").write_text("exporters: []\n")
    assert config.load(tmp_path / "mlvitals.yml").exporters == ()


def test_five_lines_are_enough(tmp_path: Path) -> None:
    exporter = load(tmp_path, "exporters:\n  - name: registry\n    type: mlflow\n    url: http://mlflow:5000/prefix/\n")
    assert exporter.url == "http://mlflow:5000/prefix"
    assert exporter.schedule().stale_after == 5 * exporter.schedule().interval


def test_variables_are_expanded_after_parsing_and_two_dollars_are_one(tmp_path: Path) -> None:
    text = "exporters: [{name: r, type: mlflow, url: 'http://h', labels: {team: a$$b, cost: 5$, evil: '${EVIL}'}}]"
    exporter = load(tmp_path, text, EVIL="x, name: {y}")
    assert exporter.labels == {"team": "a$b", "cost": "5$", "evil": "x, name: {y}"}


def test_a_secret_from_a_variable_is_shown_nowhere(tmp_path: Path) -> None:
    text = "exporters: [{name: r, type: mlflow, url: http://h, auth: {username: u, password: '${PW}'}}]"
    exporter = load(tmp_path, text, PW="hunter2")
    assert exporter.auth is not None
    assert exporter.auth.password is not None
    assert exporter.auth.password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(exporter) + str(exporter) + exporter.model_dump_json()


def test_the_keys_of_secrets_and_files_are_read_off_the_models() -> None:
    assert secret_keys(Auth) == {"password", "token"}
    assert file_keys(Auth) == {"password_file", "token_file"}
    assert file_keys(WebConfig) == {"cert_file", "key_file", "client_ca_file"}


def test_relative_paths_start_at_the_file(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("x")
    text = "exporters: [{name: r, type: mlflow, url: http://h, auth: {username: u, password_file: pw}}]"
    auth = load(tmp_path, text).auth
    assert auth is not None
    assert auth.password_file == tmp_path / "pw"


def test_merge_keys_and_anchors_work(tmp_path: Path) -> None:
    text = "exporters:\n  - &one {name: a, type: mlflow, url: http://a, interval: 10s}\n  - {<<: *one, name: b, url: http://b}\n"
    path = tmp_path / "mlvitals.yml"
    path.write_text(text)
    assert [(entry.name, entry.interval) for entry in config.load(path).exporters] == [("a", 10.0), ("b", 10.0)]


def test_set_makes_scalars_lists_and_nested_keys() -> None:
    sets = ["url=http://h:1", "interval=1m30s", "metrics=mse", "metrics=auc", "models.exclude=tmp-*", "tags=owner"]
    settings = settings_from_sets("mlflow", sets)
    dumped = settings.model_dump()
    assert (settings.name, settings.type, settings.interval) == ("mlflow", "mlflow", 90.0)
    assert (dumped["metrics"], dumped["tags"], dumped["models"]["exclude"]) == (("mse", "auc"), ("owner",), ("tmp-*",))


@pytest.mark.parametrize(
    ("sets", "problem"),
    [
        (["url"], "--set: expected KEY=VALUE"),
        (["=x"], "--set: expected KEY=VALUE"),
        (["url=http://h", "url=http://i"], "--set url: given twice"),
        (
            ["url=http://h", "auth.password=hunter2"],
            "--set auth.password: a secret would show in ps: use password_file",
        ),
        (["url=http://h", "auth.token=hunter2"], "use token_file"),
        (["url=http://h", "auth=x", "auth.username=u"], "auth has a value of its own"),
        (["url=http://h", "intervl=5s"], "intervl: unknown key; did you mean 'interval'?"),
        (["url=http://h", "tags=[a, b]"], "lists are made by repeating the key"),
        ([], "url: required key is missing"),
        (["url=http://h", "type=foo"], "--set type: the type is mlflow, as named before"),
    ],
)
def test_a_bad_set_is_one_clear_line(sets: list[str], problem: str) -> None:
    with pytest.raises(config.ConfigError) as caught:
        settings_from_sets("mlflow", sets)
    assert problem in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_an_unknown_type_names_the_nearest() -> None:
    with pytest.raises(config.CommandLineError, match="did you mean 'mlflow'"):
        settings_from_sets("mflow", [])
