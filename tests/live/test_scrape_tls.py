"""A Prometheus that shows its certificate, with the generated configuration."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from compose.processes import Server, free_port
from compose.prometheus import prometheus_server
from mlvitals.config import load
from mlvitals.generate import write
from tests.support.pki import Pki
from tests.support.waiting import until

pytestmark = pytest.mark.live

# The certificate is for a name that Prometheus does not ask for by itself.
NAME = "vitals.example"
FILES = {"ca": "ca.pem", "cert": "client.pem", "key": "client.key"}


@pytest.fixture
def vitals(tmp_path: Path) -> Path:
    """A folder with certificates, a mlvitals.yml, and a web.yml that asks for a certificate."""
    Pki(tmp_path).issue("vitals", NAME)
    scrape = {f"{kind}_file": str(tmp_path / file) for kind, file in FILES.items()}
    web = {"external_url": f"https://127.0.0.1:{free_port()}", "scrape": {**scrape, "server_name": NAME}}
    (tmp_path / "mlvitals.yml").write_text(yaml.safe_dump({"web": web, "exporters": []}))
    asks = {"client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": "ca.pem"}
    server = {"cert_file": "vitals.pem", "key_file": "vitals.key", **asks}
    (tmp_path / "web.yml").write_text(yaml.safe_dump({"tls_server_config": server}))
    return tmp_path


def test_the_generated_job_shows_a_certificate(vitals: Path, each_program: Callable[[str], Path]) -> None:
    config = load(vitals / "mlvitals.yml")
    write(config, vitals / "out")
    made = vitals / "out/prometheus/prometheus.yml"
    made.write_text(made.read_text().replace(": 15s", ": 1s"))
    listen = config.web.url.removeprefix("https://")
    command = [sys.executable, "-m", "mlvitals", "run", "--listen", listen, "--web-config", "web.yml"]
    url = f"http://127.0.0.1:{free_port()}"
    with (
        Server("mlvitals", command, vitals, lambda: listening(vitals)),
        prometheus_server(each_program("prometheus"), made, vitals, url) as prometheus,
    ):
        until(lambda: prometheus.query('up{exporter="mlvitals"} == 1'), 60)


def listening(folder: Path) -> bool:
    return "event=listening" in (folder / "mlvitals.log").read_text()
