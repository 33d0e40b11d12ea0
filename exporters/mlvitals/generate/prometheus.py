"""prometheus.yml, and the scrape job alone for those who have a Prometheus already."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from mlvitals.generate.files import yaml_file
from mlvitals.model import Config, Scrape

SCRAPE_INTERVAL = "15s"
TLS = {"ca_file", "cert_file", "key_file", "server_name"}
ABOUT = """\
A whole configuration of Prometheus 2.42 or newer: the exporters, the rules and where alerts go.
If you run a Prometheus already, use scrape_configs.yml and rules/ beside this file."""
ABOUT_JOB = """\
The scrape job alone, for a Prometheus that you have. From Prometheus 2.43 on name this file in your prometheus.yml:
    scrape_config_files: [/path/to/scrape_configs.yml]
    rule_files: [/path/to/rules/*.yml]
Before that copy the job into scrape_configs."""


def files(config: Config) -> dict[str, str]:
    """Path below the output folder -> file."""
    jobs = [_exporters(config), *_prometheus(config.links.prometheus)]
    whole = {
        "global": {"scrape_interval": SCRAPE_INTERVAL, "evaluation_interval": SCRAPE_INTERVAL},
        "rule_files": ["rules/*.yml"],
        **_alerting(config.links.alertmanager),
        "scrape_configs": jobs,
    }
    return {
        "prometheus/prometheus.yml": yaml_file(ABOUT, whole),
        "prometheus/scrape_configs.yml": yaml_file(ABOUT_JOB, {"scrape_configs": [_exporters(config)]}),
    }


def _exporters(config: Config) -> dict[str, Any]:
    # Addresses, paths and the labels exporter and exporter_type come from service discovery.
    access = _access(config.web.scrape)
    discovery = {"url": f"{config.web.url}/sd", "refresh_interval": "15s", **access}
    return {"job_name": "mlvitals", **access, "http_sd_configs": [discovery]}


def _access(scrape: Scrape) -> dict[str, Any]:
    access: dict[str, Any] = {}
    if scrape.username:
        access["basic_auth"] = {"username": scrape.username, "password_file": scrape.password_file}
    if tls := scrape.model_dump(include=TLS, exclude_none=True):
        access["tls_config"] = tls
    return access


def _alerting(alertmanager: str | None) -> dict[str, Any]:
    if alertmanager is None:
        return {}
    parts = urlsplit(alertmanager)
    found = {"scheme": parts.scheme, **({"path_prefix": parts.path} if parts.path else {})}
    return {"alerting": {"alertmanagers": [{**found, "static_configs": [{"targets": [parts.netloc]}]}]}}


def _prometheus(link: str | None) -> list[dict[str, Any]]:
    if link is None:
        return []
    parts = urlsplit(link)
    job = {"job_name": "prometheus", "scheme": parts.scheme, "metrics_path": f"{parts.path}/metrics"}
    return [{**job, "static_configs": [{"targets": [parts.netloc]}]}]
