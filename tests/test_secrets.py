"""A secret in every place where configuration can hold one is found in no log, page, error, `ps` line or file.

The places are read off the models: a new key for a secret fails here until it is planted.
"""

from __future__ import annotations

import base64
import itertools
import os
import re
import secrets
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import bcrypt
import pytest
import requests
import trustme
import yaml
from pydantic import BaseModel, SecretStr

from compose.processes import Server, free_port
from mlvitals import assets, registry
from mlvitals.core.settings import HttpOptions
from mlvitals.core.webconfig import WebConfig
from mlvitals.model import Config
from tests.support.faults import subject
from tests.support.proxy import Proxy
from tests.support.replay import Answer, Replay, Request, json_answer, redirect
from tests.support.waiting import until

PUBLIC = {"ca_file", "cert_file", "client_ca_file"}
"""Files that are no secret."""
ECHOES = ("message", "body", "reason", "location", "html", "200")
USER = "scraper"


# Places


def places(model: type[BaseModel], below: str = "") -> Iterator[str]:
    """Every key that holds a secret, or names a file that does; also URLs, which people put tokens into."""
    for name, field in model.model_fields.items():
        at = f"{below}.{field.alias or name}".lstrip(".")
        kinds = set(_kinds(field.annotation))
        if (
            SecretStr in kinds
            or (name.endswith("_file") and name not in PUBLIC)
            or at.endswith(("webhook.url", "_users"))
        ):
            yield at
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from places(kind, at)


def _kinds(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inner in get_args(annotation):
        yield from _kinds(inner)


def planted(data: object, below: str = "") -> Iterator[str]:
    """Every key that this configuration sets."""
    if isinstance(data, Mapping):
        for name, value in data.items():
            at = f"{below}.{name}".lstrip(".")
            yield at
            yield from planted(value, at)
    elif isinstance(data, list):
        for value in data:
            yield from planted(value, below)


# Plants


class Garden:
    """Secrets by the place that they stand in, and the files that hold them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secrets: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        self.ca = trustme.CA()
        self.ca.cert_pem.write_to_path(str(folder / "ca.pem"))

    def new(self, name: str) -> str:
        self.secrets[name] = f"{name}-{secrets.token_hex(8)}"
        return self.secrets[name]

    def file(self, name: str) -> str:
        (self.folder / name).write_text(self.new(name) + "\n")
        return name

    def variable(self, name: str) -> str:
        self.environment[name] = self.new(name)
        return f"${{{name}}}"

    def certificate(self, name: str) -> dict[str, str]:
        made = self.ca.issue_cert("127.0.0.1")
        made.cert_chain_pems[0].write_to_path(str(self.folder / f"{name}.pem"))
        made.private_key_pem.write_to_path(str(self.folder / f"{name}.key"))
        lines = (self.folder / f"{name}.key").read_text().splitlines()
        self.secrets[f"{name}.key"] = max(lines[1:-1], key=len)
        return {"cert_file": f"{name}.pem", "key_file": f"{name}.key"}

    def found_in(self, text: str) -> list[str]:
        """Names of the secrets that this text shows, as they are or in base64."""
        coded = {name: base64.b64encode(f"ann:{secret}".encode()).decode() for name, secret in self.secrets.items()}
        return [name for name, secret in self.secrets.items() if secret in text or coded[name] in text]


def _auths(garden: Garden, name: str) -> Iterator[dict[str, str]]:
    yield {"username": "ann", "password": garden.variable(f"PASSWORD_{name}")}
    yield {"username": "ann", "password_file": garden.file(f"password_{name}")}
    yield {"token": garden.variable(f"TOKEN_{name}")}
    yield {"token_file": garden.file(f"token_{name}")}


def _exporters(garden: Garden, type_name: str, url: str) -> Iterator[dict[str, Any]]:
    tls = {"ca_file": "ca.pem", **garden.certificate(f"client-{type_name}")}
    ends = enumerate(subject(type_name).ends)
    for (index, auth), (way, end) in itertools.product(enumerate(_auths(garden, type_name)), ends):
        for echo in ECHOES:
            entry = {"name": f"{type_name}-{index}-{way}-{echo}", "type": type_name, "interval": "1h"}
            yield {**entry, **subject(type_name).settings(f"{url}/{echo}{end}"), "auth": auth, "tls_config": tls}
    proxied = {"name": f"{type_name}-proxied", "type": type_name, "proxy_from_environment": True}
    yield {**proxied, **subject(type_name).settings(url), "tls_config": tls}


def _databases(garden: Garden) -> Iterator[dict[str, Any]]:
    tls = {"ca_file": "ca.pem", **garden.certificate("client-database")}
    for scheme, password in (
        ("postgresql", {"password": garden.variable("DATABASE_PASSWORD")}),
        ("mysql", {"password_file": garden.file("database_password")}),
    ):
        database = {"url": f"{scheme}://127.0.0.1:9/airflow", "username": "ann", **password, "tls_config": tls}
        yield {"name": scheme, "type": "airflow", "interval": "1h", "database": database}


def _stores(garden: Garden) -> Iterator[dict[str, Any]]:
    sides = {"reference": "s3://bucket/reference.parquet", "current": "s3://bucket/current.parquet"}
    at = {"endpoint_url": "http://127.0.0.1:9", "region": "nowhere", "access_key": "ann"}
    nowhere = {"url": "http://127.0.0.1:9"}
    for name, key, secret in (
        ("s3-variable", {"secret_key": garden.variable("S3_KEY")}, {"secret": garden.variable("UI_SECRET")}),
        ("s3-file", {"secret_key_file": garden.file("s3-key")}, {"secret_file": garden.file("ui-secret")}),
    ):
        more = {"s3": at | key, "workspace": nowhere | secret, "datasets": [{"name": "bought", **sides}]}
        yield {"name": name, "type": "evidently", "interval": "1h", **more}


def _over_http() -> list[str]:
    return [name for name in registry.type_names() if issubclass(registry.exporter_type(name).settings, HttpOptions)]


def _scrape(garden: Garden) -> dict[str, Any]:
    certificate = {"cert_file": "client.pem", "key_file": garden.file("scrape-key")}
    return {"username": USER, "password_file": garden.file("scrape"), "ca_file": "ca.pem", **certificate}


def _config(garden: Garden, url: str) -> dict[str, Any]:
    return {
        "web": {"scrape": _scrape(garden)},
        "exporters": [
            *(entry for name in _over_http() for entry in _exporters(garden, name, url)),
            *_databases(garden),
            *_stores(garden),
        ],
        "notifications": {
            "receiver": "ops",
            "alertmanager_version": "0.31",
            "receivers": [
                {"name": "ops", "webhook": {"url": f"http://127.0.0.1:9/?token={garden.new('webhook')}"}},
                {"name": "files", **_notified(garden)},
            ],
            "smtp": {
                "smarthost": "127.0.0.1:9",
                "from": "a@example.org",
                "username": USER,
                "password_file": _absolute(garden, "smtp"),
            },
        },
    }


def _notified(garden: Garden) -> dict[str, Any]:
    return {
        "webhook": {"url_file": _absolute(garden, "webhook-file")},
        "slack": {"channel": "#ops", "api_url_file": _absolute(garden, "slack")},
        "pagerduty": {"routing_key_file": _absolute(garden, "pagerduty")},
        "teams": {"webhook_url_file": _absolute(garden, "teams")},
        "email": {"to": ["b@example.org"]},
    }


def _absolute(garden: Garden, name: str) -> str:
    return str(garden.folder / garden.file(f"{name}-secret"))


READABLE = {"alertmanager/alertmanager.yml": ["webhook"]}
"""The documentation says so of the webhook's URL."""


def _web(garden: Garden) -> dict[str, Any]:
    password = garden.new("web-password")
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()
    garden.secrets["web-hash"] = hashed.rpartition("$")[2]
    return {"tls_server_config": garden.certificate("server"), "basic_auth_users": {USER: hashed}}


# Upstream


def echo(request: Request) -> Answer:
    """An upstream that is down and says every header back, and what it was sent, in each way that it can."""
    if answer := next(filter(None, (subject(name).open(request) for name in _over_http())), None):
        return answer
    said = "; ".join(f"{name}: {value}" for name, value in request.headers.items() if name == "Authorization")
    said += f" {request.json['password']}" if request.json and "password" in request.json else ""
    how = request.path.split("/")[1]
    if how == "message":
        return json_answer({"error_code": "BAD", "message": said}, 400)
    if how == "reason":
        return Answer(raw=lambda _: iter([f"HTTP/1.1 500 {said}\r\nContent-Length: 0\r\n\r\n".encode()]))
    if how == "location":
        return redirect(f"http://ann:{said}@elsewhere.example/{said}?{said}")
    if how == "html":
        return Answer(200, f"<h1>{said}</h1>".encode(), {"Content-Type": "text/html"})
    return Answer(200, b'{"' + said.encode() + b'": 1') if how == "200" else Answer(403, said.encode())


class Running:
    """mlvitals with all the plants, TLS and a password."""

    server: Server

    def __init__(self, garden: Garden, url: str) -> None:
        self.garden, self.url = garden, url
        self.session = requests.Session()
        # Or requests takes the authorities that the environment names.
        self.session.trust_env = False
        self.session.verify = str(garden.folder / "ca.pem")
        self.session.auth = (USER, garden.secrets["web-password"])

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.url + path, timeout=10)

    def ready(self) -> bool:
        try:
            return self.get("/-/ready").status_code == 200
        except requests.RequestException:
            return False


@pytest.fixture(scope="module")
def garden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Garden]:
    made = Garden(tmp_path_factory.mktemp("secrets"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.ca.issue_cert("127.0.0.1").configure_cert(context)
    made.ca.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with Replay(echo, context) as server, Proxy(refuse=407) as proxy:
        (made.folder / "mlvitals.yml").write_text(yaml.safe_dump(_config(made, server.url)))
        (made.folder / "web.yml").write_text(yaml.safe_dump(_web(made)))
        proxied = proxy.url.replace("://", f"://ann:{made.new('proxy')}@")
        made.environment |= {"HTTPS_PROXY": proxied, "https_proxy": proxied}
        yield made
        sent = "\n".join(f"{request.headers.get('Authorization')} {request.body!r}" for request in server.requests)
        used = [name for name in made.secrets if re.match("(?i)password_|token_", name)]
        assert sorted(set(made.found_in(sent))) == sorted(used), "every credential was sent"
        assert proxy.asked


def environment(garden: Garden) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return {**kept, **garden.environment}


@pytest.fixture(scope="module")
def running(garden: Garden) -> Iterator[Running]:
    address = f"127.0.0.1:{free_port()}"
    options = ["--web-config", "web.yml", "--enable-lifecycle", "--log-level", "debug", "--listen", address]
    command = [sys.executable, "-m", "mlvitals", "run", *options]
    running = Running(garden, f"https://{address}")
    running.server = Server("mlvitals", command, garden.folder, running.ready, environment(garden))
    with running.server:
        yield running


def tool(garden: Garden, *arguments: str) -> str:
    """Everything that a command says."""
    command = [sys.executable, "-m", "mlvitals", *arguments]
    done = subprocess.run(
        command, cwd=garden.folder, env=environment(garden), capture_output=True, text=True, timeout=120, check=False
    )
    return done.stdout + done.stderr


# Tests


def test_every_place_for_a_secret_is_planted(garden: Garden) -> None:
    config = yaml.safe_load((garden.folder / "mlvitals.yml").read_text())
    web = yaml.safe_load((garden.folder / "web.yml").read_text())
    models: Sequence[type[BaseModel]] = [registry.exporter_type(name).settings for name in registry.type_names()]
    wanted = {*places(Config), *(f"exporters.{at}" for model in models for at in places(model))}
    assert wanted <= set(planted(config))
    assert set(places(WebConfig)) <= set(planted(web))
    assert {"exporters.auth.password", "exporters.tls_config.key_file", "web.scrape.password_file"} <= wanted


def test_the_garden_finds_what_is_shown(garden: Garden) -> None:
    for name, secret in garden.secrets.items():
        assert garden.found_in(f"x{secret}y") == [name]


def test_no_page_shows_a_secret(running: Running) -> None:
    exporters = [group["labels"]["exporter"] for group in running.get("/sd").json()]
    until(lambda: "***" in running.get("/").text)
    paths = ["/", "/metrics", "/sd", "/-/ready", "/-/healthy", "/runbooks", "/nowhere", "/metrics/nobody"]
    paths += [f"/metrics/{name}" for name in exporters if name != "mlvitals"]
    paths += [f"/runbooks/{name}" for name in assets.runbooks()]
    for path in paths:
        answer = running.get(path)
        assert not running.garden.found_in(answer.text + str(answer.headers)), path
    assert "through the proxy" in running.get("/").text
    stranger = requests.get(running.url + "/", verify=str(running.garden.folder / "ca.pem"), timeout=10)
    assert stranger.status_code == 401
    assert not running.garden.found_in(stranger.text + str(stranger.headers))


def test_no_log_and_no_process_list_shows_a_secret(running: Running) -> None:
    events = ("***", "collection ended", "upstream called", "request answered")
    until(lambda: all(event in running.server.log.read_text() for event in events))
    assert not running.garden.found_in(running.server.log.read_text())
    line = Path(f"/proc/{running.server.pid}/cmdline").read_text().replace("\0", " ")
    assert "--web-config" in line
    assert not running.garden.found_in(line)


@pytest.mark.parametrize(
    "mistake",
    [
        "exporters: [{name: x, type: mlflow, url: 'http://ann:SECRET@h'}]",
        "exporters: [{name: x, type: mlflow, url: 'http://h', proxy_url: 'http://ann:SECRET@h:1'}]",
        "exporters: [{name: x, type: mlflow, url: 'http://h', auth: {token: SECRET}}]",
        "exporters: [{name: x, type: mlflow, url: 'http://h', auth: {token: [SECRET]}}]",
        "exporters: [{name: x, type: mlflow, url: 'http://h', auth: SECRET}]",
        "exporters: [{name: x, type: mlflow, url: 'http://h', auth: {token: '${HIDDEN}', token_file: bad.yml}}]",
        "exporters: [{name: x, type: mlflow, url: '${HIDDEN}'}]",
        "exporters: [{name: x, type: mlflow, url: 'http://h', max_models: '${HIDDEN}'}]",
        "exporters: [{name: x, type: mlflow, url: 'http://h', auth: {username: a, password_file: '${HIDDEN}'}}]",
        "exporters: [{name: x, type: mlflow, url: 'http://h', auth: {token: *SECRET}}]",
        "exporters: [{name: x, type: mlflow, url: 'http://h', auth: {token: !SECRET}}]",
        "exporters: [{name: x, type: '${HIDDEN}', url: 'http://h'}]",
        "notifications: {receiver: '${HIDDEN}', receivers: [{name: a, webhook: {url: 'http://x'}}]}",
    ],
)
def test_no_mistake_repeats_a_secret(running: Running, mistake: str) -> None:
    garden = running.garden
    garden.environment["HIDDEN"] = garden.new("mistake")
    file = garden.folder / "mlvitals.yml"
    good = file.read_text()
    (garden.folder / "bad.yml").write_text(mistake.replace("SECRET", garden.secrets["mistake"]))
    said = tool(garden, "check", "-c", "bad.yml")
    assert "bad.yml:1" in said
    assert not garden.found_in(said)
    file.write_text((garden.folder / "bad.yml").read_text())
    answer = running.session.post(running.url + "/-/reload", timeout=30)
    file.write_text(good)
    assert answer.status_code == 500
    assert not garden.found_in(answer.text + running.server.log.read_text())


def test_no_command_shows_a_secret(garden: Garden) -> None:
    live = tool(garden, "check", "--live", "--log-level", "debug")
    assert "***" in live
    assert "upstream called" in live
    for said in (live, tool(garden, "check"), tool(garden, "metrics")):
        assert not garden.found_in(said)
    refused = tool(garden, "run", "mlflow", "--set", "url=http://h", "--set", "auth.token=on-the-command-line")
    assert "on-the-command-line" not in refused


def test_no_generated_file_holds_a_secret(garden: Garden) -> None:
    said = tool(garden, "generate", "--output", "out")
    assert "scrape_configs.yml" in said
    assert not garden.found_in(said)
    root = garden.folder / "out"
    for path in (path for path in root.rglob("*") if path.is_file()):
        readable = READABLE.get(str(path.relative_to(root)), [])
        assert garden.found_in(path.read_text()) == readable, path
