"""The whole configuration file as models; `mlvitals.config` reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field, SerializeAsAny

from mlvitals.core.settings import Duration, ExporterSettings, HttpUrl, Mistake, Settings, together
from mlvitals.notifications import Notifications, Severity
from mlvitals.registry import nearest

_RULE_LABELS = {
    "alertname": "it is the rule's name",
    "severity": "use the key severity",
    "exporter": "it comes from the exporter",
    "exporter_type": "it comes from the exporter",
    "instance": "it comes from the scrape",
    "job": "it comes from the scrape",
}
DEFAULT_LISTEN = "127.0.0.1:10847"


class Scrape(Settings):
    """Credentials of the generated scrape job; the paths are as Prometheus sees them."""

    username: str | None = Field(None, description="user of basic auth")
    password_file: str | None = Field(None, description="file that holds the password")
    ca_file: str | None = Field(None, description="CA that signed the certificate of mlvitals")
    cert_file: str | None = Field(None, description="certificate that Prometheus shows; needs key_file")
    key_file: str | None = Field(None, description="key of cert_file")
    server_name: str | None = Field(None, description="name in the certificate of mlvitals, where it is another one")

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """Half a pair of credentials."""
        yield from together(data, "username", "password_file")
        yield from together(data, "cert_file", "key_file")


class Web(Settings):
    """How mlvitals is reached."""

    external_url: HttpUrl | None = Field(
        None,
        description="how Prometheus and people reach mlvitals; without it /sd answers with the Host of the request",
    )
    scrape: Scrape = Scrape()

    @property
    def url(self) -> str:
        """Where mlvitals is reached, without a trailing slash."""
        return self.external_url or f"http://{DEFAULT_LISTEN}"


class Links(Settings):
    """Where people find the other parts of the stack; what is not set is not linked."""

    grafana: HttpUrl | None = Field(None, description="Grafana; without it notifications link to no dashboard")
    prometheus: HttpUrl | None = Field(None, description="Prometheus; the data source of the dashboards")
    alertmanager: HttpUrl | None = Field(None, description="Alertmanager; where Prometheus sends alerts")
    runbooks: HttpUrl | None = Field(
        None,
        description="where the runbooks are kept that generate writes; a link is this, a slash and the alert's name; "
        "default: mlvitals itself, external_url/runbooks",
    )


class AlertOverride(Settings):
    """Changes to one shipped alert rule."""

    enabled: bool = Field(True, description="false leaves the alert out")
    for_: Duration | None = Field(None, alias="for", description="how long the condition holds before it fires")
    severity: Severity | None = Field(None, description="what routes look at")
    labels: dict[str, str] = Field(default_factory=dict, description="labels added to those that the alert has")

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """Labels that cannot be set here, and texts that are no texts for Prometheus."""
        labels = data.get("labels")
        for label, text in labels.items() if isinstance(labels, dict) else ():
            if isinstance(text, str) and ("{{" in text or not text.isprintable()):
                yield ("labels", label), "expected plain text without {{, which Prometheus takes for a template"
            if label in _RULE_LABELS or not re.fullmatch(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*", label):
                yield ("labels", label), f"cannot be set here: {_RULE_LABELS.get(label, 'not a label name')}"


class Config(Settings):
    """mlvitals.yml."""

    web: Web = Web()
    links: Links = Links()
    exporters: tuple[SerializeAsAny[ExporterSettings], ...] = Field((), description="the systems to read; see below")
    alerts: dict[str, AlertOverride] = Field(
        default_factory=dict, description="changes to shipped alerts, by name; see alerts.md"
    )
    notifications: Notifications | None = None

    @property
    def runbooks(self) -> str:
        """What links to runbooks begin with, without a trailing slash."""
        return self.links.runbooks or f"{self.web.url}/runbooks"


def unknown_teams(config: Config) -> Iterator[Mistake]:
    """Routes of teams that no exporter has, and no alert by a change of the file; others may come from elsewhere."""
    labels = [each.labels for each in config.exporters] + [each.labels for each in config.alerts.values()]
    known = {each["team"] for each in labels if "team" in each}
    for index, route in enumerate(config.notifications.routes if config.notifications else ()):
        if route.team and route.team not in known:
            what = f"no exporter has the label team {route.team!r}; {nearest(route.team, known)}"
            yield ("notifications", "routes", index, "team"), what
