"""What must hold while the stack runs, asked of the servers themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from compose.processes import answers, wait_for
from compose.scenario import ALERT, CHAMPION, EXPECTED_ALERTS, EXPORTER, MODELS, STUCK_EXPERIMENT, TEAM
from compose.stack import Stack
from compose.webhook import Notification

PATIENCE = 150.0


@dataclass(frozen=True)
class Finding:
    """One thing that must hold, whether it does, and what was seen instead."""

    what: str
    holds: bool
    seen: str = ""


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
    questions = (_targets, _labels, _models, _alerts, _notification, _runbook)
    found = []
    for question in questions:
        try:
            found.append(question(stack))
        except requests.RequestException as error:
            found.append(Finding((question.__doc__ or "").rstrip("."), holds=False, seen=str(error)))
    return found


def notifications(stack: Stack) -> list[Notification]:
    """The notifications of ALERT that say that it fires."""
    return [one for one in stack.received() if one.labels.get("alertname") == ALERT and one.status == "firing"]


def _targets(stack: Stack) -> Finding:
    """Prometheus finds every exporter by service discovery and scrapes it."""
    wanted = {"mlvitals", EXPORTER}
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


def _models(stack: Stack) -> Finding:
    """What was trained is in Prometheus."""
    champions = stack.prometheus.query(f'mlflow_model_alias_version{{alias="champion"}} == {CHAMPION}')
    missing = sorted(set(MODELS) - {one["metric"]["model"] for one in champions})
    what = f"{len(MODELS)} models whose champion is version {CHAMPION}"
    return Finding(what, not missing, f"not seen: {', '.join(missing)}")


def _alerts(stack: Stack) -> Finding:
    """The alerts that fire are those that should."""
    firing = {alert["labels"]["alertname"] for alert in stack.prometheus.alerts() if alert["state"] == "firing"}
    odd = sorted(firing ^ EXPECTED_ALERTS)
    return Finding(
        f"{' and '.join(sorted(EXPECTED_ALERTS))} fire, nothing else does", not odd, f"not so: {', '.join(odd)}"
    )


def _notification(stack: Stack) -> Finding:
    """The notification has come, with the labels that tell people what it is about."""
    wanted = {"exporter": EXPORTER, "team": TEAM, "experiment": STUCK_EXPERIMENT}
    arrived = notifications(stack)
    right = [one for one in arrived if wanted.items() <= one.labels.items() and one.annotations.get("summary")]
    what = f"{ALERT} arrived at the webhook with {', '.join(wanted)}"
    return Finding(what, bool(right), str(arrived[0].labels) if arrived else "none arrived")


def _runbook(stack: Stack) -> Finding:
    """The notification's runbook can be opened."""
    links = [one.annotations.get("runbook_url", "") for one in notifications(stack)]
    return Finding("its runbook_url opens", bool(links) and answers(links[0]), links[0] if links else "none arrived")


def _name(target: dict[str, Any]) -> str:
    return str(target["labels"].get("exporter") or target["labels"]["job"])


def _is_up(target: dict[str, Any]) -> bool:
    return bool(target["health"] == "up")
