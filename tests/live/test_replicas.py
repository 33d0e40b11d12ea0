"""Several Prometheus servers for one mlvitals, several mlvitals for one Prometheus, as docs/operations.md says."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests
import yaml

from compose.processes import free_port
from compose.prometheus import Prometheus, prometheus_server
from mlvitals.config import load
from mlvitals.generate import write
from tests.support.replay import Answer, Replay
from tests.support.snippets import snippet
from tests.support.vitals import Vitals, mlvitals
from tests.support.waiting import until

pytestmark = pytest.mark.live

PAGE = "docs/operations.md"
CONFIG = """
web: {{external_url: "{address}"}}
exporters:
  - {{name: research, type: mlflow, url: "{upstream}", interval: 1h, labels: {{team: red}}}}
  - {{name: production, type: mlflow, url: "{upstream}", interval: 1h}}
"""
NAMES, TARGETS = ("research", "production"), ("server", "runs", "run-totals")
# A scrape a second has a second's time: on a busy machine some fail, and their series are gone until the next.
PATIENCE = 120.0
SERIES = '{exporter!=""}'
PROCESSES = 'up{exporter="mlvitals"} == 1'
Start = Callable[..., Prometheus]


@pytest.fixture
def upstream() -> Iterator[Replay]:
    """An empty MLflow that counts what it is asked."""
    with Replay(lambda _: Answer(200, b"{}")) as server:
        yield server


@pytest.fixture
def prometheus(program: Callable[[str], Path], tmp_path: Path) -> Iterator[Start]:
    """Starts Prometheus servers with a configuration that scrapes every second."""
    with ExitStack() as running:

        def start(config: str, *options: str, port: int | None = None) -> Prometheus:
            port = port or free_port()
            folder = tmp_path / str(port)
            folder.mkdir()
            file = folder / "prometheus.yml"
            file.write_text(config.replace(": 15s", ": 1s"))
            url = f"http://127.0.0.1:{port}"
            return running.enter_context(prometheus_server(program("prometheus"), file, folder, url, *options))

        yield start


@contextmanager
def vitals(folder: Path, upstream: Replay) -> Iterator[tuple[Vitals, str]]:
    """A running mlvitals and the Prometheus configuration that it generated."""
    address = f"127.0.0.1:{free_port()}"
    (folder / "mlvitals.yml").write_text(CONFIG.format(address=f"http://{address}", upstream=upstream.url))
    write(load(folder / "mlvitals.yml"), folder / "out")
    config = (folder / "out/prometheus/prometheus.yml").read_text()
    with mlvitals(folder, address=address) as running:
        for name, target in itertools.product(NAMES, TARGETS):
            until(lambda name=name, target=target: running.value(name, "mlvitals_target_up", target=target) == 1)  # type: ignore[misc]
        yield running, config


def scraped(server: Prometheus, times: int) -> bool:
    """Both pages were scraped at least so many times."""
    counts = {row["metric"]["exporter"]: int(row["value"][1]) for row in server.query("count_over_time(up[10m])")}
    return all(counts.get(name, 0) >= times for name in NAMES)


def series(server: Prometheus) -> set[frozenset[tuple[str, str]]]:
    """Labels of every series that an exporter or the process has."""
    return {frozenset(row["metric"].items()) for row in server.query(SERIES)}


def test_two_replicas_have_the_same_series_and_cost_the_upstream_nothing(
    upstream: Replay, prometheus: Start, tmp_path: Path
) -> None:
    with vitals(tmp_path, upstream) as (_, config):
        asked = len(upstream.requests)
        replicas = [prometheus(config), prometheus(config)]
        for replica in replicas:
            until(lambda replica=replica: scraped(replica, 3), PATIENCE)  # type: ignore[misc]
        assert len(upstream.requests) == asked
        until(lambda: series(replicas[0]) == series(replicas[1]) != set(), PATIENCE)
        until(lambda: replicas[0].query('mlvitals_exporter_up{exporter="research",team="red"} == 1'), PATIENCE)


def test_two_processes_share_the_exporters_of_one_file(upstream: Replay, prometheus: Start, tmp_path: Path) -> None:
    file = CONFIG.format(address="${VITALS_URL}", upstream=upstream.url)
    addresses = [f"127.0.0.1:{free_port()}" for _ in NAMES]
    config = snippet(PAGE, "http_sd_configs")
    with ExitStack() as running:
        processes = []
        for number, (name, address) in enumerate(zip(NAMES, addresses, strict=True), 1):
            folder = tmp_path / name
            folder.mkdir()
            (folder / "mlvitals.yml").write_text(file)
            env = {"VITALS_URL": f"http://{address}"}
            processes.append(running.enter_context(mlvitals(folder, "--only", name, address=address, env=env)))
            config = config.replace(f"vitals-{number}.example:10847", address)
        server = prometheus(config)

        def found() -> dict[str, str]:
            query = "count by (exporter) (mlvitals_exporter_up == 1)"
            return {row["metric"]["exporter"]: row["value"][1] for row in server.query(query)}

        until(lambda: found() == dict.fromkeys(NAMES, "1"), PATIENCE)
        until(lambda: {row["metric"]["instance"] for row in server.query(PROCESSES)} == set(addresses), PATIENCE)
        for name, process in zip(NAMES, processes, strict=True):
            answers = {each: requests.get(f"{process.url}/metrics/{each}", timeout=30).status_code for each in NAMES}
            assert answers == {each: 200 if each == name else 404 for each in NAMES}


def test_remote_write_carries_the_labels_of_the_exporters_and_nothing_else(
    upstream: Replay, prometheus: Start, tmp_path: Path
) -> None:
    with vitals(tmp_path, upstream) as (_, config):
        far = prometheus("scrape_configs: []\n", "--web.enable-remote-write-receiver")
        written = snippet(PAGE, "remote_write").replace("https://metrics.example", far.url)
        # As in a Prometheus that has other jobs, too.
        own = free_port()
        whole = yaml.safe_load(config) | yaml.safe_load(written)
        whole["scrape_configs"].append(
            {"job_name": "prometheus", "static_configs": [{"targets": [f"127.0.0.1:{own}"]}]}
        )
        near = prometheus(yaml.safe_dump(whole), port=own)
        until(lambda: near.query('up{job="prometheus"} == 1'), PATIENCE)
        until(lambda: scraped(far, 3), PATIENCE)
        until(lambda: near.query('mlvitals_exporter_up{team="red"}'), PATIENCE)
        (up,) = until(lambda: far.query('mlvitals_exporter_up{exporter="research"}'), PATIENCE)
        assert up["metric"]["team"] == "red"
        assert up["metric"]["exporter_type"] == "mlflow"
        assert far.query('{job=~".+",job!="mlvitals"}') == []
