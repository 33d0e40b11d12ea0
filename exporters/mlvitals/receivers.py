"""Receivers of `notifications:`: what each kind of integration needs to know.

Secrets are named by the path of a file as Alertmanager sees it; mlvitals neither reads nor writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, field_validator

from mlvitals.core.settings import Mistake, Name, Settings, http_url, together

NOBODY = "mlvitals-nobody"
INTEGRATIONS = ("webhook", "slack", "email", "pagerduty", "teams")

Release = tuple[int, int]
NEWER: Mapping[tuple[str, ...], Release] = {("teams",): (0, 28), ("webhook", "url_file"): (0, 28)}
"""Key of a receiver -> the first Alertmanager that knows it, where the oldest that is supported does not.

`msteamsv2_configs` came with 0.28. `url_file` of webhooks came with 0.26, but there Alertmanager crashed when the
webhook answered with an error; 0.28 has the fix. Source: CHANGELOG.md of Alertmanager.
"""


def _sent_url(value: str) -> str:
    """Unlike a base URL this one is used as it is: many webhooks need a query or a trailing slash."""
    if re.match(r"\w+://[^/?#]*@", value):
        # Not http_url's words: they are about an upstream, which has auth.
        raise ValueError("expected a URL without credentials: one that holds a secret goes into a file, as url_file")
    http_url(value.partition("?")[0])
    if not value.isprintable() or " " in value or "#" in value:
        raise ValueError("expected a URL without fragment or spaces")
    if "{{" in value:
        raise ValueError("expected a URL without {{: Alertmanager takes that for a template")
    return value


def _absolute(value: str) -> str:
    # Never the value itself in a message: people put the secret here instead of its path.
    if not value.startswith("/") or not value.isprintable():
        raise ValueError("expected the absolute path of a file as Alertmanager sees it, such as /etc/alertmanager/key")
    return value


def _matching(pattern: str, expected: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"expected {expected}")
        return value

    return AfterValidator(check)


SentUrl = Annotated[str, AfterValidator(_sent_url)]
AlertmanagerFile = Annotated[str, AfterValidator(_absolute)]
"""A file on Alertmanager's machine; it need not exist here."""
# Alertmanager takes both for templates, so they have no braces.
Address = Annotated[str, _matching(r"[^\s,<>{}@]+@[^\s,<>{}@]+", "an address such as ops@example.org")]
Channel = Annotated[str, _matching(r"[#@]?[^\s{}#@]+", "a channel such as '#alerts'")]


class Integration(Settings):
    """What all kinds of notification share."""

    send_resolved: bool = Field(True, description="tell also when alerts end")


class Webhook(Integration):
    """An HTTP endpoint that takes Alertmanager's JSON."""

    url: SentUrl | None = Field(
        None, description="stands readable in the generated alertmanager.yml: put no secret into it"
    )
    url_file: AlertmanagerFile | None = Field(
        None, description="file, as Alertmanager sees it, that holds the URL; needs Alertmanager 0.28"
    )

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """No URL, or two."""
        if ("url" in data) == ("url_file" in data):
            yield (), "expected one of url and url_file"


class Slack(Integration):
    """A channel of Slack, through an incoming webhook."""

    api_url_file: AlertmanagerFile = Field(
        description="file, as Alertmanager sees it, that holds the incoming webhook's URL"
    )
    channel: Channel | None = Field(None, description="default: the channel that the webhook was made for")


class Email(Integration):
    """Mail, sent through notifications.smtp."""

    to: tuple[Address, ...] = Field(description="addresses")

    @field_validator("to")
    @classmethod
    def _some(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("expected at least one address")
        return value


class PagerDuty(Integration):
    """A service of PagerDuty with an integration of the kind Events API v2."""

    routing_key_file: AlertmanagerFile = Field(
        description="file, as Alertmanager sees it, that holds the integration key"
    )
    url: SentUrl | None = Field(
        None, description="default: PagerDuty's; in its EU region https://events.eu.pagerduty.com/v2/enqueue"
    )


class Teams(Integration):
    """A channel of Microsoft Teams, through a workflow that takes webhook requests; needs Alertmanager 0.28."""

    webhook_url_file: AlertmanagerFile = Field(
        description="file, as Alertmanager sees it, that holds the workflow's URL"
    )


class Smtp(Settings):
    """The server that mail is sent through."""

    smarthost: Annotated[str, _matching(r"[^\s/@:{}]+:\d{1,5}", "host:port, such as mail.example.org:587")] = Field(
        description="host:port of the server; port 465 speaks TLS from the start"
    )
    from_: Address = Field(alias="from", description="the sender's address")
    username: str | None = Field(None, min_length=1, description="user, where the server wants a login")
    password_file: AlertmanagerFile | None = Field(
        None, description="file, as Alertmanager sees it, that holds the password"
    )
    require_tls: bool = Field(True, description="false sends mail in clear text where the server has no STARTTLS")
    ca_file: AlertmanagerFile | None = Field(
        None, description="CA, as Alertmanager sees it, that signed the server's certificate"
    )

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """Half a login."""
        yield from together(data, "username", "password_file")


class Receiver(Settings):
    """A named place that notifications go to, in one way or several."""

    name: Name = Field(description="routes name it")
    webhook: Webhook | None = None
    slack: Slack | None = None
    email: Email | None = None
    pagerduty: PagerDuty | None = None
    teams: Teams | None = None

    @field_validator("name")
    @classmethod
    def _free_name(cls, value: str) -> str:
        if value == NOBODY:
            raise ValueError(f"{NOBODY} is a receiver of mlvitals itself: choose another name")
        return value

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """A receiver that tells nobody."""
        if not data.keys() & INTEGRATIONS:
            yield (), f"expected at least one of {', '.join(INTEGRATIONS)}"
