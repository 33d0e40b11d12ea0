"""Checks of a dashboard, for ours and for those of plug-ins: `findings(dashboard, metrics)` is empty when all is well.

The rules are those of Grafana's dashboard-linter, with the variable `exporter` in place of `job` and `instance`, and
Grafana's own schema and registries. Every finding is one line that names the panel.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlvitals.core.metric import Metric
from mlvitals_dashboards.lint.promql import promql
from mlvitals_dashboards.lint.rules import rules
from mlvitals_dashboards.lint.schema import identifiers, schema
from mlvitals_dashboards.queries import Json

__all__ = ["findings", "identifiers", "promql", "rules", "schema"]


def findings(dashboard: Json, metrics: Iterable[Metric]) -> list[str]:
    """What is wrong with the dashboard; `metrics` are those that its queries may use besides the suite's own."""
    return [*schema(dashboard), *identifiers(dashboard), *rules(dashboard), *promql(dashboard, metrics)]
