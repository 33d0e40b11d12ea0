"""Turns cases into unit tests of promtool and runs them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from mlvitals.core.settings import parse_duration
from mlvitals.generate.durations import duration
from mlvitals_alerts import render
from mlvitals_alerts.rules import Alert, System
from mlvitals_alerts.systems import systems
from tests.alerts.cases import TARGET, Firing, Silent, Spans

STEP = 60
GENERATED = Path(render.__file__).parent / "generated"
ALERTS: dict[str, tuple[Alert, System]] = {
    alert.name: (alert, system) for system in systems() for alert in system.alerts
}


def run(promtool: Path, case: Firing | Silent | Spans, folder: Path) -> None:
    """Run one case. Fails with promtool's own words."""
    alert, system = ALERTS[case.alert]
    unit = {
        "rule_files": [str(GENERATED / f"{system.name}.yml")],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": _series(case.series), **_checks(alert, system, case)}],
    }
    file = folder / "unit.yml"
    file.write_text(yaml.safe_dump(unit, sort_keys=False), "utf-8")
    done = subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _checks(alert: Alert, system: System, case: Firing | Silent | Spans) -> dict[str, Any]:
    if isinstance(case, Spans):
        return {"promql_expr_test": [_fires(case, minute * STEP) for minute in range(120)]}
    return {"alert_rule_test": _firing(alert, system, case) if isinstance(case, Firing) else _silent(case)}


def _fires(case: Spans, at: float) -> dict[str, Any]:
    fires = any(parse_duration(first) <= at <= parse_duration(last) for first, last in case.fires)
    firing = f'count(ALERTS{{alertname="{case.alert}",alertstate="firing"}})'
    return {"expr": firing, "eval_time": duration(at), "exp_samples": [{"labels": "{}", "value": 1}] * fires}


def _series(series: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"series": _selector(name), "values": values} for name, values in series.items()]


def _selector(written: str) -> str:
    """The series as written, with the labels of TARGET that it does not set itself; an empty one is left out."""
    name, _, rest = written.partition("{")
    labels = TARGET | dict(re.findall(r'(\w+)="([^"]*)"', rest))
    return name + "{" + ",".join(f'{key}="{value}"' for key, value in labels.items() if value) + "}"


def _firing(alert: Alert, system: System, case: Firing) -> list[dict[str, Any]]:
    fires = parse_duration(case.since) + parse_duration(alert.for_)
    last = max(fires, parse_duration(case.until))
    expected = [_expected(alert, system, case)]
    checks = [_check(case.alert, at, expected) for at in range(int(fires), int(last) + STEP, STEP)]
    return [_check(case.alert, fires - STEP, []), *checks] if fires else checks


def _expected(alert: Alert, system: System, case: Firing) -> dict[str, Any]:
    shown = {f"var-{name}": case.labels[name] for name in ("exporter", *system.variables) if name in case.labels}
    variables = f"?{urlencode(shown)}" if shown else ""
    return {
        "exp_labels": {**case.labels, "severity": alert.severity},
        "exp_annotations": {
            "summary": alert.summary,
            "description": case.description,
            "runbook_url": f"/runbooks/{alert.name}",
            "dashboard": f"/d/{system.dashboard}{variables}",
        },
    }


def _silent(case: Silent) -> list[dict[str, Any]]:
    return [_check(case.alert, 5 * step * STEP, []) for step in range(1, 25)]


def _check(alert: str, at: float, expected: list[dict[str, Any]]) -> dict[str, Any]:
    return {"eval_time": duration(at), "alertname": alert, "exp_alerts": expected}
