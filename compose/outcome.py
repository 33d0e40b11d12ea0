"""What must hold while the stack runs, asked of the servers themselves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import requests

from compose.processes import answers, wait_for
from compose.stack import Stack
from compose.system import Expected, Finding
from compose.webhook import Notification

PATIENCE = 150.0
WATCHDOG = "MlvitalsWatchdog"


def awaited(stack: Stack) -> list[Finding]:
    """What holds in the end: everything, or what did after PATIENCE."""
    found: list[Finding] = []

    def all_hold() -> bool:
        found[:] = findings(stack)
        return all(finding.holds for finding in found)

    wait_for(all_hold, PATIENCE, every=0.5)
    return found


def findings(stack: Stack) -> list[Finding]:
    """Everything that must hold, asked anew. A server that does not answer is a finding, no error."""
    return [_answer(question) for question in _questions(stack)]


def _questions(stack: Stack) -> Iterator[partial[Finding]]:
    yield partial(_targets, stack)
    yield partial(_labels, stack)
    for system in stack.systems:
        yield from (partial(question, stack.prometheus) for question in system.questions)
    yield partial(_alerts, stack)
    for one in _expected(stack):
        yield partial(_notification, stack, one)
        yield partial(_runbook, stack, one)


def _answer(question: partial[Finding]) -> Finding:
    try:
        return question()
    except requests.RequestException as error:
        return Finding((question.func.__doc__ or "").rstrip("."), holds=False, seen=str(error))


def _targets(stack: Stack) -> Finding:
    """Prometheus finds every exporter by service discovery and scrapes it."""
    wanted = {"mlvitals", *stack.exporters}
    targets = stack.prometheus.targets()
    bad = [f"{_name(target)}: {target['lastError'] or target['health']}" for target in targets if not _is_up(target)]
    missing = wanted - {_name(target) for target in targets}
    bad += [f"{name}: not discovered" for name in missing]
    what = f"{len(targets)} targets up, {len(wanted)} of them pages of mlvitals"
    return Finding(what, not bad, "; ".join(bad))


def _labels(stack: Stack) -> Finding:
    """No label of a page collides with one of service discovery."""
    collided = [name for name in stack.prometheus.labels() if name.startswith("exported_")]
    return Finding("no exported_… label in Prometheus", not collided, ", ".join(collided))


def _alerts(stack: Stack) -> Finding:
    """The alerts that fire are those that should."""
    wanted = {WATCHDOG, *(one.alert for one in _expected(stack))}
    firing = {alert["labels"]["alertname"] for alert in stack.prometheus.alerts() if alert["state"] == "firing"}
    odd = sorted(firing ^ wanted)
    return Finding(f"{', '.join(sorted(wanted))} fire, nothing else does", not odd, f"not so: {', '.join(odd)}")


def _notification(stack: Stack, one: Expected) -> Finding:
    """The notification has come, with the labels that tell people what it is about."""
    arrived = _arrived(stack, one)
    right = [each for each in arrived if one.labels.items() <= each.labels.items() and each.annotations.get("summary")]
    what = f"{one.alert} arrived at the webhook with {', '.join(one.labels)}"
    return Finding(what, bool(right), str(arrived[0].labels) if arrived else "none arrived")


def _runbook(stack: Stack, one: Expected) -> Finding:
    """The notification's runbook can be opened."""
    links = [each.annotations.get("runbook_url", "") for each in _arrived(stack, one)]
    return Finding("its runbook_url opens", bool(links) and answers(links[0]), links[0] if links else "none arrived")


def _arrived(stack: Stack, one: Expected) -> list[Notification]:
    return [each for each in stack.received() if each.labels.get("alertname") == one.alert and each.status == "firing"]


def _expected(stack: Stack) -> list[Expected]:
    """The alerts that must fire and arrive."""
    return [one for system in stack.systems for one in system.expected]


def _name(target: dict[str, Any]) -> str:
    return str(target["labels"].get("exporter") or target["labels"]["job"])


def _is_up(target: dict[str, Any]) -> bool:
    return bool(target["health"] == "up")
