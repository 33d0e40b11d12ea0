"""Every query on a real Prometheus that holds a sample of every series which may be asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest
import yaml

import mlvitals_dashboards
from mlvitals import registry
from mlvitals.core import metrics as suite
from mlvitals.core.metric import Metric, declared
from mlvitals_dashboards.queries import Json
from mlvitals_dashboards.signals import ALERTS, FOREIGN, PROCESS_TYPE, Series
from tests.support import history, live_queries
from tests.support.history import Line

END = 1_750_000_000
SAMPLES = 41
GENERATED = Path(mlvitals_dashboards.__path__[0]) / "generated"
OF_PROCESS = (
    suite.BUILD_INFO,
    suite.CONFIG_LAST_RELOAD_SUCCESSFUL,
    suite.CONFIG_LAST_RELOAD_SUCCESS,
    suite.HTTP_REFUSALS,
)


def values(metric: Metric | Series) -> list[float]:
    """What a healthy series of that name looks like."""
    name = str(metric)
    if name.endswith("_total"):
        return [float(n) for n in range(SAMPLES)]
    if "timestamp_seconds" in name or "start_time" in name:
        return [END - 3600.0] * SAMPLES
    return [5.0 if name.endswith("_runs") else 1.0] * SAMPLES


def labelled(metric: Metric) -> Iterator[dict[str, str]]:
    """Label sets: every value of a closed label, one of any other."""
    choices = [metric.values.get(label, (f"a-{label}",)) for label in metric.labels]
    for chosen in product(*choices):
        yield dict(zip(metric.labels, chosen, strict=True))


def exporter_lines(name: str, kind: str, metrics: Iterator[Metric]) -> Iterator[Line]:
    target = {"exporter": name, "exporter_type": kind, "job": "mlvitals", "instance": "127.0.0.1:10847"}
    yield Line("up", target, [1.0] * SAMPLES)
    for metric in metrics:
        for labels in labelled(metric):
            yield Line(str(metric), {**target, **labels}, values(metric))


def process_lines() -> Iterator[Line]:
    yield from exporter_lines("mlvitals", PROCESS_TYPE, iter(OF_PROCESS))
    target = {"exporter": "mlvitals", "exporter_type": PROCESS_TYPE, "job": "mlvitals", "instance": "127.0.0.1:10847"}
    yield from (Line(str(s), target, values(s)) for s in FOREIGN if str(s).startswith("process_"))


def every_line() -> Iterator[Line]:
    yield from process_lines()
    for kind in registry.type_names():
        for name in (f"{kind}-one", f"{kind}-two"):
            own = (metric for metric in declared(suite) if metric not in OF_PROCESS)
            yield from exporter_lines(name, kind, iter([*own, *registry.exporter_type(kind).metrics]))
            labels = {"alertname": "A", "alertstate": "firing", "severity": "warning", "exporter": name}
            yield Line(str(ALERTS), {**labels, "exporter_type": kind}, [1.0] * SAMPLES)


@pytest.fixture(scope="module")
def full(program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[live_queries.Prometheus]:
    """A Prometheus that holds every series."""
    with history.prometheus(program, tmp_path_factory.mktemp("full"), list(every_line()), END) as url:
        yield live_queries.Prometheus(url, at=END)


def dashboards() -> dict[str, Json]:
    return {path.name: json.loads(path.read_bytes()) for path in sorted(GENERATED.glob("*.json"))}


def test_every_query_returns_data_without_a_warning(full: live_queries.Prometheus) -> None:
    assert live_queries.check(full, dashboards(), no_data=None) == []


def test_a_query_without_data_or_with_an_unexpected_answer_is_found(
    full: live_queries.Prometheus, tmp_path: Path
) -> None:
    panel = {"title": "P", "targets": [_target("A", "up"), _target("B", "nothing"), _target("C", "up +")]}
    listed = [{"panel": "P", "ref": "A", "reason": "x"}, {"panel": "P", "ref": "Z", "reason": "x"}]
    (tmp_path / "d.yml").write_text(yaml.safe_dump(listed))
    found = live_queries.check(full, {"d.json": {"panels": [panel], "templating": {"list": []}}}, tmp_path)
    assert [line.partition(": ")[2] for line in found][:2] == [
        "'P' A: returns data now: take it off the list",
        "'P' B: returns no data",
    ]
    assert "'P' C: Prometheus says:" in found[2]
    assert found[3].endswith("'P' Z: listed as empty, but there is no such query")


def test_a_query_that_sometimes_returns_data_may_and_need_not(full: live_queries.Prometheus, tmp_path: Path) -> None:
    panel = {"title": "P", "targets": [_target("A", "up"), _target("B", "nothing")]}
    listed = [{"panel": "P", "ref": ref, "reason": "x", "sometimes": True} for ref in ("A", "B")]
    (tmp_path / "d.yml").write_text(yaml.safe_dump(listed))
    assert live_queries.check(full, {"d.json": {"panels": [panel], "templating": {"list": []}}}, tmp_path) == []


def _target(ref: str, expr: str) -> Json:
    return {"refId": ref, "expr": expr, "instant": True, "legendFormat": ""}


def test_every_list_of_empty_queries_belongs_to_a_dashboard() -> None:
    assert {path.stem for path in live_queries.NO_DATA.iterdir()} <= {
        name.removesuffix(".json") for name in dashboards()
    }
