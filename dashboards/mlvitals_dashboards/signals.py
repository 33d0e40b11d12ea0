"""What a panel shows, named once: expression, unit, meaning, and how a value reads in words and colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlvitals.core.metric import Metric

PROCESS_TYPE = "mlvitals"
"""The exporter type under which the process's own page stands in Prometheus."""

VARIABLES = ("exporter", "model", "experiment", "dag_id", "dataset", "column", "daemon", "path")
"""Labels that a dashboard variable of the same name narrows, wherever a metric has them."""

ANYTHING = "=~.*"
"""For `select`: of a label that its variable should not narrow, or that the dashboard has no variable for."""


@dataclass(frozen=True)
class Series:
    """A series that mlvitals does not export but Prometheus or prometheus_client does."""

    name: str
    labels: tuple[str, ...]
    help: str
    inherits: bool = False
    """Carries labels of the metrics that it was made from, too."""

    def __str__(self) -> str:
        return self.name


UP = Series("up", (), "1 when Prometheus could scrape the page")
ALERTS = Series("ALERTS", ("alertname", "alertstate", "severity"), "Alerts that are pending or firing", inherits=True)
PROCESS_MEMORY = Series("process_resident_memory_bytes", (), "Resident memory of the mlvitals process")
PROCESS_CPU = Series("process_cpu_seconds_total", (), "CPU time of the mlvitals process")
PROCESS_START = Series("process_start_time_seconds", (), "When the mlvitals process started, Unix time")
FOREIGN = (UP, ALERTS, PROCESS_MEMORY, PROCESS_CPU, PROCESS_START)


NO_DATA = "No data"


@dataclass(frozen=True)
class Signal:
    """One thing worth knowing.

    `unit` is a unit id of Grafana. `steps` colour values from a bound on: ((0.1, "orange"), (0.3, "red")); below the
    first the colour is `base`. `words` name single values: {0: ("All up", "green")}. `missing` stands where there is
    no value, and says why that can be.
    """

    expr: str
    unit: str
    description: str
    steps: tuple[tuple[float, str], ...] = ()
    words: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    base: str = "text"
    missing: str = NO_DATA
    decimals: int | None = None


def select(metric: Metric | Series, /, **labels: str) -> str:
    """A selector of the metric's series, narrowed by its variables and by labels, as `matcher` takes them.

    A label that is given takes the place of the variable of its name.
    """
    variables = {name: f"=~${name}" for name in VARIABLES if name in ("exporter", *metric.labels)}
    return f"{metric}{{{','.join(matcher(name, value) for name, value in (variables | labels).items())}}}"


def of_exporters(metric: Metric, *variables: str) -> str:
    """A selector of the chosen exporters' series: for the choice of a model, which no model may narrow. `variables`:
    what was chosen before it.
    """
    return f"{metric}{{{','.join(matcher(name, f'=~${name}') for name in ('exporter', *variables))}}}"


def of_process(metric: Metric | Series) -> str:
    """A selector of what the mlvitals processes say about themselves: no exporter narrows that."""
    return f'{metric}{{exporter_type="{PROCESS_TYPE}"}}'


def by(labels: str, expr: str, operation: str = "max") -> str:
    """The expression with these labels alone, so that the queries of one table have the same columns."""
    return f"{operation} by ({labels}) ({expr})"


def matcher(label: str, value: str) -> str:
    """A matcher of PromQL; the value may begin with its operator, as in `!=FAILED` or `=~a|b`."""
    operator = next((sign for sign in ("=~", "!~", "!=") if value.startswith(sign)), "")
    return f'{label}{operator or "="}"{value.removeprefix(operator)}"'
