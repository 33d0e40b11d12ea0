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

`mlvitals generate` writes these rules, with your changes, to `prometheus/rules/`. Every alert carries the labels
`exporter` and `exporter_type`, those of the object it speaks of, and every label that you gave the exporter.

Change or switch off a rule in `mlvitals.yml`, then generate again:

```yaml
alerts:
  MlflowRunStuck: {for: 12h, severity: info, labels: {team: research}}
  MlvitalsSeriesDropped: {enabled: false}
```
"""

_VARIABLE = "{{ with $labels.exporter }}?var-exporter={{ . | urlquery }}{{ end }}"


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
            "dashboard": f"/d/{system.dashboard}{_VARIABLE}",
        },
    }


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
