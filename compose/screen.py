"""What the demo prints."""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import click
import requests
from tabulate import tabulate

from compose.stack import Stack
from compose.system import Finding
from compose.webhook import Notification

STEP_WIDTH, TEXT_WIDTH = 40, 110
HIDDEN = ("alertname", "severity", "instance", "job", "exporter_type")


def title(interactive: bool) -> None:
    """The first line."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    click.secho(f"mlvitals demo{', Ctrl-C ends it' if interactive else ''}", bold=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """A progress line: what is done, and how long it took."""
    start = time.monotonic()
    if sys.stdout.isatty():
        click.echo(f"  … {what}\r", nl=False)
    yield
    click.echo(f"  {_mark(holds=True)} {what:{STEP_WIDTH}}{time.monotonic() - start:5.1f} s")


def notification(received: Notification) -> None:
    """A notification as it comes."""
    labels, color = received.labels, "green" if received.status == "resolved" else "yellow"
    what = f"{labels.get('alertname')} is {received.status}, severity {labels.get('severity')}"
    click.secho(f"  ● the webhook was told: {what}", fg=color)
    click.echo(textwrap.indent(textwrap.fill(received.annotations.get("description", ""), TEXT_WIDTH), "    "))


def table(stack: Stack) -> None:
    """Where everything is, what is scraped, what fires."""
    at = stack.at
    systems = chain.from_iterable(each.addresses.items() for each in stack.started)
    suite = (("mlvitals", at.mlvitals), ("Prometheus", at.prometheus), ("Alertmanager", at.alertmanager))
    files = (("configuration", stack.generated), ("logs", stack.folder / "*.log"))
    _section((*systems, *suite, *files), ["", "where, until it ends"])
    try:
        series = {
            one["metric"]["exporter"]: one["value"][1] for one in stack.prometheus.query("mlvitals_exporter_series")
        }
        targets = [_target(target["labels"], target["health"], series) for target in stack.prometheus.targets()]
        _section(sorted(targets), ["exporter", "type", "team", "target", "series"])
        _section(sorted(map(_alert, stack.prometheus.alerts())), ["alert", "severity", "state", "about"])
    except requests.RequestException as unanswered:
        error(f"Prometheus does not answer: {unanswered}")


def findings(found: Iterable[Finding]) -> None:
    """What holds and what does not."""
    click.echo()
    for finding in found:
        seen = "" if finding.holds else f" ({finding.seen})"
        click.echo(f"  {_mark(holds=finding.holds)} {finding.what}{seen}")


def error(text: str) -> None:
    """What went wrong."""
    click.secho("\nerror: " + text, fg="red", err=True)


def waiting() -> None:
    """The last line while it runs."""
    click.secho("\nRunning until Ctrl-C; notifications appear below.", bold=True)


def stopping() -> None:
    """The line after a signal."""
    click.echo("\nending all servers …")


def ended() -> None:
    """The last line."""
    click.echo("all have ended, their files are removed")


def _section(rows: Iterable[Iterable[object]], headers: Sequence[str]) -> None:
    click.echo("\n" + textwrap.indent(tabulate(list(rows), headers, disable_numparse=True), "  "))


def _target(labels: dict[str, str], health: str, series: dict[str, str]) -> list[str]:
    name = labels.get("exporter", labels["job"])
    return [name, labels.get("exporter_type", ""), labels.get("team", ""), health, series.get(name, "")]


def _alert(alert: dict[str, Any]) -> list[str]:
    labels = alert["labels"]
    about = {name: labels[name] for name in sorted(labels) if name not in HIDDEN}
    told = ", ".join(f"{name}={value}" for name, value in about.items())
    return [labels["alertname"], labels["severity"], alert["state"], told]


def _mark(*, holds: bool) -> str:
    return click.style("✓", fg="green") if holds else click.style("✗", fg="red")
