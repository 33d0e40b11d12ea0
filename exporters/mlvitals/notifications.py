"""The `notifications:` part of the configuration: who is told what."""

from __future__ import annotations

from pydantic import Field

from mlvitals.core.settings import Duration, HttpUrl, Name, Settings


class Webhook(Settings):
    """An HTTP endpoint that takes Alertmanager's JSON."""

    url: HttpUrl
    send_resolved: bool = True


class Receiver(Settings):
    """A named place that notifications go to."""

    name: Name
    webhook: Webhook


class Route(Settings):
    """Alerts with these labels go to this receiver; the first route that matches wins."""

    receiver: Name
    severity: str | None = None
    team: str | None = None


class Notifications(Settings):
    """Receivers and the routes to them."""

    receiver: Name = Field(description="takes what no route takes")
    receivers: tuple[Receiver, ...]
    routes: tuple[Route, ...] = ()
    group_wait: Duration = 30.0
    group_interval: Duration = 300.0
    repeat_interval: Duration = 10800.0
