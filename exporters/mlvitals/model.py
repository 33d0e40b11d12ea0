"""The whole configuration file as models; `mlvitals.config` reads it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SerializeAsAny

from mlvitals.core.settings import Duration, ExporterSettings, HttpUrl, Settings
from mlvitals.notifications import Notifications

DEFAULT_LISTEN = "127.0.0.1:10847"


class Scrape(Settings):
    """Credentials of the generated scrape job; the paths are as Prometheus sees them."""

    username: str | None = Field(None, description="user of basic auth")
    password_file: str | None = Field(None, description="file that holds the password")
    ca_file: str | None = Field(None, description="CA that signed the certificate of mlvitals")


class Web(Settings):
    """How mlvitals is reached."""

    external_url: HttpUrl | None = Field(None, description="default: http:// and the listen address")
    scrape: Scrape = Scrape()


class Links(Settings):
    """Where people find the other parts of the stack; what is not set is not linked."""

    grafana: HttpUrl | None = Field(None, description="Grafana; without it notifications link to no dashboard")
    prometheus: HttpUrl | None = Field(None, description="Prometheus; the data source of the dashboards")
    alertmanager: HttpUrl | None = Field(None, description="Alertmanager; where Prometheus sends alerts")


class AlertOverride(Settings):
    """Changes to one shipped alert rule."""

    enabled: bool = True
    for_: Duration | None = Field(None, alias="for")
    severity: Literal["critical", "warning", "info"] | None = None
    labels: dict[str, str] = Field(default_factory=dict)


class Config(Settings):
    """mlvitals.yml."""

    web: Web = Web()
    links: Links = Links()
    exporters: tuple[SerializeAsAny[ExporterSettings], ...] = Field((), description="the systems to read; see below")
    alerts: dict[str, AlertOverride] = Field(default_factory=dict)
    notifications: Notifications | None = None
