"""Asks Alertmanager what fires about a model."""

from __future__ import annotations

import json
from typing import Any

import requests

LABELS = ("model", "experiment")
"""An alert is about a model when one of these labels has the model's name.

Not `dag_id`: an alert about a DAG of this pipeline, such as a failed run, ends only after the pipeline has run well
again. If it failed the pipeline, the pipeline would never run well again.
"""


def firing(alertmanager: str, model_name: str) -> list[str]:
    """A line for each alert about the model that fires and that nobody has silenced.

    Raises requests.RequestException when Alertmanager does not answer: then nobody knows.
    """
    found = [alert for label in LABELS for alert in _alerts(alertmanager, label, model_name)]
    return sorted({_line(alert) for alert in found})


def _alerts(alertmanager: str, label: str, value: str) -> list[dict[str, Any]]:
    question = {
        "filter": f"{label}={json.dumps(value, ensure_ascii=False)}",
        "silenced": "false",
        "inhibited": "false",
    }
    answer = requests.get(f"{alertmanager.rstrip('/')}/api/v2/alerts", params=question, timeout=10)
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()
    return found


def _line(alert: dict[str, Any]) -> str:
    labels, annotations = alert["labels"], alert["annotations"]
    return f"{labels['alertname']}: {annotations.get('description') or annotations.get('summary') or labels}"
