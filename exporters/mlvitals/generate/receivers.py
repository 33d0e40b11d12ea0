"""One receiver of alertmanager.yml. Its texts are the templates of `mlvitals_alerts/templates/mlvitals.tmpl`."""

from __future__ import annotations

from typing import Any

from mlvitals.receivers import Email, Integration, PagerDuty, Receiver, Slack, Smtp, Teams, Webhook

Yaml = dict[str, Any]


def receiver(wanted: Receiver, smtp: Smtp | None) -> Yaml:
    """The receiver as Alertmanager reads it."""
    made: Yaml = {"name": wanted.name}
    if wanted.webhook:
        made["webhook_configs"] = [_webhook(wanted.webhook)]
    if wanted.slack:
        made["slack_configs"] = [_slack(wanted.slack)]
    if wanted.email and smtp:
        made["email_configs"] = [_email(wanted.email, smtp)]
    if wanted.pagerduty:
        made["pagerduty_configs"] = [_pagerduty(wanted.pagerduty)]
    if wanted.teams:
        made["msteamsv2_configs"] = [_teams(wanted.teams)]
    return made


def _webhook(webhook: Webhook) -> Yaml:
    return _common(webhook, url=webhook.url, url_file=webhook.url_file)


def _slack(slack: Slack) -> Yaml:
    return _common(
        slack,
        api_url_file=slack.api_url_file,
        channel=slack.channel,
        color=_text("slack.color"),
        title=_text("slack.title"),
        text=_text("slack.text"),
        fallback=_text("slack.title"),
    )


def _email(email: Email, smtp: Smtp) -> Yaml:
    return _common(
        email,
        to=", ".join(email.to),
        smarthost=smtp.smarthost,
        **{"from": smtp.from_},
        auth_username=smtp.username,
        auth_password_file=smtp.password_file,
        # Old releases want STARTTLS at port 465, too, inside of the TLS that all of them begin with there.
        require_tls=smtp.require_tls and not smtp.smarthost.endswith(":465"),
        tls_config={"ca_file": smtp.ca_file} if smtp.ca_file else None,
        headers={"Subject": _text("title")},
        html=_text("email.html"),
        text=_text("text"),
    )


def _pagerduty(pagerduty: PagerDuty) -> Yaml:
    return _common(
        pagerduty,
        routing_key_file=pagerduty.routing_key_file,
        url=pagerduty.url,
        description=_text("pagerduty.summary"),
        severity=_text("pagerduty.severity"),
        component=_text("exporter"),
        **{"class": _text("alertname")},
        # Instead of Alertmanager's own `firing` and `resolved`, which newer ones parse and treat as templates again.
        details={"firing": _text("pagerduty.firing"), "resolved": _text("pagerduty.resolved")},
        links=[
            {"href": _text("runbook"), "text": "Runbook"},
            {"href": _text("dashboard"), "text": "Dashboard"},
        ],
    )


def _teams(teams: Teams) -> Yaml:
    return _common(teams, webhook_url_file=teams.webhook_url_file, title=_text("teams.title"), text=_text("teams.text"))


def _common(integration: Integration, **settings: Any) -> Yaml:
    wanted = {key: value for key, value in settings.items() if value is not None}
    return {**wanted, "send_resolved": integration.send_resolved}


def _text(name: str) -> str:
    return f'{{{{ template "mlvitals.{name}" . }}}}'
