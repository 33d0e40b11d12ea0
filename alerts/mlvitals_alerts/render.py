"""Rules as Prometheus rule files and as a page for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlvitals.core.yamltext import dump
from mlvitals_alerts.rules import Alert, Recording, System

HEADER = "# Made by `python -m mlvitals_alerts`. Do not edit.\n"
DOCS_HEAD = """\
<!-- Made by `python -m mlvitals_alerts`. Do not edit. -->
# Alerts

`mlvitals generate` writes these rules, with your changes, to `prometheus/rules/`. They run on Prometheus 2.42 or newer.
Every alert carries `exporter`, the labels of the object that it speaks of, and every label that you gave the exporter;
its description names the value and the bound. The reason why something cannot be read stands in the description and is
no label: a reason that changes would make the alert wait anew.

| severity | meant for |
| --- | --- |
| critical | somebody has to act now |
| warning | somebody has to act in working hours |
| info | good to know |
| none | the watchdog, which people should not get |

Change or switch off a rule in `mlvitals.yml`, then generate again and reload Prometheus:

```yaml
alerts:
  MlflowRunsFailing: {for: 2h, severity: info, labels: {team: research}}
  MlvitalsSeriesDropped: {enabled: false}
```

What a value is compared with (a late version, a stuck run, a metric out of bounds) is an objective of the exporter, and
takes effect when mlvitals loads `mlvitals.yml` again: see [Configuration](configuration.md). `for` is the time that the
condition has to hold; it begins anew when data was missing for a while.

## Runbooks

Every alert links to its runbook: what it means, how to find the reason, what to do. mlvitals serves them at
`/runbooks`, so that of `MlvitalsScrapeTargetMissing` is out of reach just when mlvitals is gone. `mlvitals generate`
therefore writes all of them, as Markdown, to `runbooks/`. Put them onto a wiki or a site, and say where that is:

```yaml
links:
  runbooks: https://wiki.example/mlvitals     # /MlflowDown is appended, without .md
```

Rules, notifications and dashboards then link to that place.

## Who is told

`notifications:` in `mlvitals.yml` says it: receivers, routes by severity and team, times in which nobody is told, and
what mutes what. See [Notifications](notifications.md).

## Into a Prometheus or an Alertmanager that you have

`prometheus/scrape_configs.yml` is the scrape job alone: name it in `scrape_config_files` (Prometheus 2.43 or newer) or
copy the job, and add `prometheus/rules/*.yml` to `rule_files`. Of `alertmanager.yml` take the `inhibit_rules`, the
route of the watchdog and, for the texts, `mlvitals.tmpl` with what refers to it. A scrape job that you write yourself
must set the labels `exporter` and `exporter_type`.
"""


def rule_file(system: System) -> str:
    """The system's rules as a Prometheus rule file.

    `runbook_url` and `dashboard` are links without a host; `mlvitals generate` makes them whole.
    """
    rules = [_recording(rule) if isinstance(rule, Recording) else _alert(rule, system) for rule in system.rules]
    return HEADER + dump({"groups": [{"name": f"mlvitals-{system.name}", "rules": rules}]})


def _recording(rule: Recording) -> dict[str, Any]:
    return {"record": rule.name, "expr": rule.expr}


def _alert(alert: Alert, system: System) -> dict[str, Any]:
    waits = {"for": alert.for_, "keep_firing_for": alert.keep_firing_for}
    return {
        "alert": alert.name,
        "expr": alert.expr,
        **{key: wait for key, wait in waits.items() if wait != "0s"},
        "labels": {"severity": alert.severity},
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "runbook_url": f"/runbooks/{alert.name}",
            "dashboard": f"/d/{system.dashboard}{''.join(_variables(system))}",
        },
    }


def _variables(system: System) -> Iterator[str]:
    """Template: the variables of the dashboard, so that it opens at what the alert is about."""
    for name in ("exporter", *system.variables):
        sign = "?" if name == "exporter" else "&"
        yield f"{{{{ with $labels.{name} }}}}{sign}var-{name}={{{{ . | urlquery }}}}{{{{ end }}}}"


def docs(systems: list[System]) -> str:
    """All rules as a Markdown page."""
    return "\n".join([DOCS_HEAD, *(line for system in systems for line in _section(system))])


def _section(system: System) -> Iterator[str]:
    yield f"## {system.title}\n"
    yield "| alert | severity | when | for | runbook |"
    yield "| --- | --- | --- | --- | --- |"
    for alert in system.alerts:
        page = f"[{alert.name}](../alerts/mlvitals_alerts/runbooks/{alert.name}.md)"
        waits = "at once" if alert.for_ == "0s" else alert.for_
        yield f"| `{alert.name}` | {alert.severity} | {alert.summary} | {waits} | {page} |"
    yield ""
    if system.recordings:
        yield "| recorded series | labels | what it is |"
        yield "| --- | --- | --- |"
        for rule in system.recordings:
            yield f"| `{rule.name}` | {', '.join(f'`{name}`' for name in rule.labels)} | {rule.help} |"
        yield ""
