"""`mlvitals check` opens what the configuration names: each file that cannot be used is one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlvitals import config
from tests.support.pki import Pki

MLFLOW = "  - {{name: {name}, type: mlflow, url: 'https://h', {more}}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With certificates, a password, an empty file and one that is no text; the current folder of the test."""
    Pki(tmp_path)
    (tmp_path / "password").write_text("hunter2\n")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems(*exporters: str, **environment: str) -> list[str]:
    """What is wrong with a file of these entries, each in a line of its own from line 2 on."""
    entries = "".join(MLFLOW.format(name=f"e{number}", more=more) for number, more in enumerate(exporters))
    Path("mlvitals.yml").write_text("exporters:\n" + entries)
    try:
        config.load(Path("mlvitals.yml"), environment, opened=True)
    except config.ConfigError as error:
        return error.problems
    return []


def test_files_that_can_be_used_are_no_mistake(folder: Path) -> None:
    tls = "tls_config: {ca_file: ca.pem, cert_file: client.pem, key_file: client.key}"
    assert problems(f"auth: {{username: u, password_file: password}}, {tls}", "auth: {token_file: password}") == []


def test_each_file_that_cannot_be_used_is_one_line(folder: Path) -> None:
    found = problems(
        "auth: {username: u, password_file: empty}",
        "auth: {token_file: binary}",
        "tls_config: {ca_file: password}",
        "tls_config: {ca_file: empty, cert_file: server.pem, key_file: client.key}",
        "tls_config: {cert_file: server.key, key_file: client.key}",
        "tls_config: {cert_file: client.pem, key_file: ca.pem}",
    )
    assert found == [
        "mlvitals.yml:2: exporters[0].auth.password_file: empty is empty",
        "mlvitals.yml:3: exporters[1].auth.token_file: cannot read binary: not UTF-8 text",
        "mlvitals.yml:4: exporters[2].tls_config.ca_file: cannot use password: it holds no certificate in PEM form",
        "mlvitals.yml:5: exporters[3].tls_config.ca_file: cannot use empty: it holds no certificate in PEM form",
        "mlvitals.yml:5: exporters[3].tls_config.key_file: cannot use client.key: "
        "it is not the key of the certificate server.pem",
        "mlvitals.yml:6: exporters[4].tls_config.cert_file: cannot use server.key: it holds no certificate in PEM form",
        "mlvitals.yml:7: exporters[5].tls_config.key_file: cannot use ca.pem: it holds no private key in PEM form",
    ]


def test_files_are_looked_at_beside_other_mistakes_and_in_databases(folder: Path) -> None:
    Path("mlvitals.yml").write_text(
        "web: {external_url: nowhere}\n"
        "exporters:\n"
        "  - name: a\n"
        "    type: airflow\n"
        "    database:\n"
        "      url: postgresql://db/airflow\n"
        "      username: u\n"
        "      password_file: empty\n"
        "      tls_config:\n"
        "        ca_file: empty\n"
    )
    with pytest.raises(config.ConfigError) as caught:
        config.load(Path("mlvitals.yml"), {}, opened=True)
    assert caught.value.problems == [
        "mlvitals.yml:1: web.external_url: expected a URL such as http://mlflow:5000",
        "mlvitals.yml:8: exporters[0].database.password_file: empty is empty",
        "mlvitals.yml:10: exporters[0].database.tls_config.ca_file: "
        "cannot use empty: it holds no certificate in PEM form",
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_others_may_not_read(folder: Path) -> None:
    Path("password").chmod(0)
    assert problems("auth: {token_file: password}") == [
        "mlvitals.yml:2: exporters[0].auth.token_file: cannot read password: Permission denied"
    ]


@pytest.mark.parametrize("value", ["", " ", "\n"])
def test_a_variable_of_a_secret_that_is_empty_is_a_mistake_for_all_who_read_secrets(folder: Path, value: str) -> None:
    auths = ("auth: {username: u, password: '${PW}'}", "auth: {token: '${PW}'}")
    assert problems(*auths, PW=value) == [
        "mlvitals.yml:2: exporters[0].auth.password: environment variable PW is empty",
        "mlvitals.yml:3: exporters[1].auth.token: environment variable PW is empty",
    ]
    with pytest.raises(config.ConfigError, match="PW is empty"):
        config.load(Path("mlvitals.yml"), {"PW": value})
    config.load(Path("mlvitals.yml"), {"PW": value}, secrets=False)


def test_those_who_read_no_secret_open_no_file(folder: Path) -> None:
    problems("auth: {username: u, password_file: empty}, tls_config: {ca_file: empty}")
    config.load(Path("mlvitals.yml"), {}, secrets=False)


def test_the_files_of_scrape_are_prometheus_s(folder: Path) -> None:
    Path("mlvitals.yml").write_text("web: {scrape: {username: u, password_file: none, ca_file: none}}\nexporters: []\n")
    config.load(Path("mlvitals.yml"), {}, opened=True)


def test_the_web_configuration(folder: Path) -> None:
    text = (
        "tls_server_config:\n"
        "  cert_file: server.pem\n"
        "  key_file: {key}\n"
        "  client_auth_type: RequireAndVerifyClientCert\n"
        "  client_ca_file: {ca}\n"
    )
    web = Path("web.yml")
    web.write_text(text.format(key="server.key", ca="ca.pem"))
    assert config.load_web(web, opened=True).tls_server_config
    web.write_text(text.format(key="client.key", ca="empty"))
    assert config.load_web(web).tls_server_config
    with pytest.raises(config.ConfigError) as caught:
        config.load_web(web, opened=True)
    assert caught.value.problems == [
        "web.yml:3: tls_server_config.key_file: cannot use client.key: it is not the key of the certificate server.pem",
        "web.yml:5: tls_server_config.client_ca_file: cannot use empty: it holds no certificate in PEM form",
    ]
