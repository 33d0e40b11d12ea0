"""What changes on a real MLflow changes on the page, read step by step by one collector."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from mlflow import MlflowClient

from compose.mlflow import mlflow_server
from mlvitals.core.collector import UpstreamError
from mlvitals.mlflow import metrics, served
from mlvitals.mlflow.config import MlflowSettings
from tests.exporters.mlflow.scenario import HOUR, Scenario
from tests.exporters.mlflow.whole import Whole
from tests.support.exposition import Samples, read, sample, samples
from tests.support.replay import Answer, Replay, Request, forwarder

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as server:
        yield server.url


@pytest.fixture
def scenario(url: str) -> Scenario:
    return Scenario(url)


Look = Callable[[], Samples]


@pytest.fixture
def proxy(url: str) -> Iterator[Replay]:
    """Between collector and server: counts calls, and can fail."""
    with Replay(forwarder(url)) as server:
        yield server


@pytest.fixture
def look(proxy: Replay) -> Iterator[Look]:
    """Collect once more, with the same collector."""
    collector = Whole(MlflowSettings.model_validate({"name": "x", "type": "mlflow", "url": proxy.url}))
    yield lambda: samples(read(collector))
    collector.close()


def _of(shown: Samples, **labels: str) -> dict[str, float]:
    """Metric -> value of the samples with exactly these labels."""
    return {metric: value for (metric, found), value in shown.items() if found == frozenset(labels.items())}


def test_the_life_of_a_model(scenario: Scenario, look: Look) -> None:
    client, name = scenario.client, "life"
    experiment = client.create_experiment("life")
    good, better = (scenario.run(experiment, "FINISHED", 2, 1, mse=mse) for mse in (0.5, 0.25))

    client.create_registered_model(name)
    shown = look()
    assert shown[sample(metrics.MODEL_VERSIONS, model=name)] == 0
    assert sample(metrics.MODEL_LATEST_VERSION, model=name) not in shown

    scenario.version(name, good)
    scenario.version(name, better)
    client.set_registered_model_alias(name, "champion", "1")
    shown = look()
    assert shown[sample(metrics.MODEL_VERSIONS, model=name)] == 2
    assert shown[sample(metrics.MODEL_LATEST_VERSION, model=name)] == 2
    assert shown[sample(metrics.MODEL_ALIAS_VERSION, model=name, alias="champion")] == 1
    assert shown[sample(metrics.MODEL_ALIAS_METRIC, model=name, alias="champion", metric="mse")] == 0.5

    client.set_registered_model_alias(name, "champion", "2")
    shown = look()
    assert shown[sample(metrics.MODEL_ALIAS_VERSION, model=name, alias="champion")] == 2
    assert shown[sample(metrics.MODEL_ALIAS_METRIC, model=name, alias="champion", metric="mse")] == 0.25

    client.delete_model_version(name, "2")
    shown = look()
    assert shown[sample(metrics.MODEL_VERSIONS, model=name)] == 1
    assert shown[sample(metrics.MODEL_LATEST_VERSION, model=name)] == 1
    assert not _of(shown, model=name, alias="champion")
    assert not _of(shown, model=name, alias="champion", metric="mse")

    client.set_registered_model_alias(name, "champion", scenario.version(name, good))
    shown = look()
    assert shown[sample(metrics.MODEL_ALIAS_METRIC, model=name, alias="champion", metric="mse")] == 0.5

    client.delete_registered_model_alias(name, "champion")
    assert not _of(look(), model=name, alias="champion")

    client.rename_registered_model(name, "life, renamed")
    shown = look()
    assert not _of(shown, model=name)
    assert shown[sample(metrics.MODEL_VERSIONS, model="life, renamed")] == 2

    client.delete_registered_model("life, renamed")
    assert not _of(look(), model="life, renamed")


def test_a_model_made_anew_under_its_old_name(scenario: Scenario, look: Look) -> None:
    client = scenario.client
    for versions in (3, 1):
        client.create_registered_model("phoenix")
        for _ in range(versions):
            scenario.version("phoenix")
        assert look()[sample(metrics.MODEL_VERSIONS, model="phoenix")] == versions
        client.delete_registered_model("phoenix")


def test_a_metric_that_changes_after_the_run_has_ended(
    scenario: Scenario, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = scenario.client
    run_id = scenario.run(client.create_experiment("late"), "FINISHED", 2, 1, mse=0.5)
    client.create_registered_model("late")
    client.set_registered_model_alias("late", "champion", scenario.version("late", run_id))
    key = sample(metrics.MODEL_ALIAS_METRIC, model="late", alias="champion", metric="mse")
    assert look()[key] == 0.5
    client.log_metric(run_id, "mse", 0.125, step=1)
    assert look()[key] == 0.5
    monkeypatch.setattr(served, "REREAD_AFTER", 0.0)
    assert look()[key] == 0.125


def test_the_life_of_runs(scenario: Scenario, look: Look) -> None:
    client = scenario.client
    experiment = client.create_experiment("runs")
    objective = {str(metrics.EXPERIMENT_RUNNING_RUN_OBJECTIVE): 6 * HOUR / 1000}
    assert _of(look(), experiment="runs") == {**objective, str(metrics.EXPERIMENT_RUNNING_RUNS): 0}

    long = scenario.run(experiment, "RUNNING", 3 * HOUR)
    short = scenario.run(experiment, "RUNNING", HOUR)
    assert _of(look(), experiment="runs") == {
        **objective,
        str(metrics.EXPERIMENT_RUNNING_RUNS): 2,
        str(metrics.EXPERIMENT_OLDEST_RUNNING_START): (scenario.now - 3 * HOUR) / 1000,
        str(metrics.EXPERIMENT_LAST_RUN_START): (scenario.now - HOUR) / 1000,
    }

    client.set_terminated(short, "FINISHED", end_time=scenario.now)
    client.set_terminated(long, "FAILED", end_time=scenario.now - 1)
    shown = look()
    assert _recent(shown) == {"FINISHED": 1, "FAILED": 1, "KILLED": 0}
    assert _of(shown, experiment="runs") == {
        **objective,
        str(metrics.EXPERIMENT_RUNNING_RUNS): 0,
        str(metrics.EXPERIMENT_LAST_RUN_START): (scenario.now - HOUR) / 1000,
        str(metrics.EXPERIMENT_LAST_RUN_END): scenario.now / 1000,
        str(metrics.EXPERIMENT_LAST_FINISHED_DURATION): 3600,
    }

    # A run that is resumed keeps its end time while it is running.
    client.update_run(short, "RUNNING")
    shown = look()
    assert _recent(shown) == {"FINISHED": 0, "FAILED": 1, "KILLED": 0}
    assert shown[sample(metrics.EXPERIMENT_RUNNING_RUNS, experiment="runs")] == 1
    client.set_terminated(short, "KILLED", end_time=scenario.now + 5)
    assert _recent(look()) == {"FINISHED": 0, "FAILED": 1, "KILLED": 1}

    client.rename_experiment(experiment, "runs, renamed")
    shown = look()
    assert not _of(shown, experiment="runs")
    assert _recent(shown, "runs, renamed") == {"FINISHED": 0, "FAILED": 1, "KILLED": 1}

    client.delete_experiment(experiment)
    assert not _of(look(), experiment="runs, renamed")
    client.restore_experiment(experiment)
    assert _recent(look(), "runs, renamed") == {"FINISHED": 0, "FAILED": 1, "KILLED": 1}


def _recent(shown: Samples, experiment: str = "runs") -> dict[str, float]:
    metric = metrics.EXPERIMENT_RECENT_RUNS
    return {status: shown[sample(metric, experiment=experiment, status=status)] for status in metric.values["status"]}


def test_a_training_machine_whose_clock_is_far_behind(scenario: Scenario, look: Look) -> None:
    experiment = scenario.client.create_experiment("skewed")
    run_id = scenario.run(experiment, "RUNNING", 9 * HOUR)
    look()
    scenario.client.set_terminated(run_id, "FINISHED", end_time=scenario.now - 8 * HOUR)
    assert _recent(look(), "skewed")["FINISHED"] == 1


def test_an_exporter_whose_clock_is_wrong(scenario: Scenario, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = scenario.client.create_experiment("clock")
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 30 * 86400)
    run_id = scenario.run(experiment, "RUNNING", HOUR)
    look()
    scenario.client.set_terminated(run_id, "FINISHED", end_time=scenario.now)
    assert _recent(look(), "clock")["FINISHED"] == 1


def test_a_failed_collection_neither_loses_nor_counts_twice(scenario: Scenario, proxy: Replay, look: Look) -> None:
    experiment = scenario.client.create_experiment("failing")
    scenario.run(experiment, "FINISHED", 2, 1)
    look()
    forward = proxy.respond
    for fail_at in range(1, 5):
        scenario.run(experiment, "FINISHED", 2, 1)
        calls = iter(range(1, 100))

        def respond(request: Request, calls: Iterator[int] = calls, fail_at: int = fail_at) -> Answer:
            return Answer(500) if next(calls) == fail_at else forward(request)

        proxy.respond = respond
        with pytest.raises(UpstreamError, match="500"):
            look()
        proxy.respond = forward
        assert _recent(look(), "failing")["FINISHED"] == fail_at + 1


def test_a_warm_collection_is_four_calls(scenario: Scenario, proxy: Replay, look: Look) -> None:
    look()
    proxy.requests.clear()
    look()
    assert [request.path.rpartition("mlflow/")[2] for request in proxy.requests] == [
        "registered-models/search",
        "experiments/search",
        "runs/search",
        "runs/search",
    ]


def test_a_deleted_run_leaves_when_the_ledger_is_renewed(url: str, scenario: Scenario) -> None:
    client: MlflowClient = scenario.client
    experiment = client.create_experiment("deleted runs")
    kept, gone = (scenario.run(experiment, "FAILED", start, start - 1) for start in (HOUR, HOUR // 2))
    configured = {"name": "x", "type": "mlflow", "url": url, "baseline_interval": "1ms"}
    collector = Whole(MlflowSettings.model_validate(configured))
    assert _recent(samples(read(collector)), "deleted runs")["FAILED"] == 2
    client.delete_run(gone)
    shown = samples(read(collector))
    collector.close()
    assert _recent(shown, "deleted runs")["FAILED"] == 1
    ended = client.get_run(kept).info.end_time
    assert shown[sample(metrics.EXPERIMENT_LAST_RUN_END, experiment="deleted runs")] == ended / 1000


NAMES = [
    "it's",
    'say "yes"',
    "both ' and \"",
    "x' OR '1'='1",
    "new\nline",
    "back\\slash",
    "end\\'",
    "%_",
    "`tick`",
    "-- comment",
    "(a, b)",
    "ünï☃😀",
    " spaces ",
    "'",
    "A",
    "a",
]


def test_names_that_filters_cannot_quote(scenario: Scenario, look: Look) -> None:
    for number, name in enumerate(NAMES, start=1):
        scenario.client.create_registered_model(name)
        for _ in range(number):
            scenario.version(name)
    shown = look()
    assert [shown[sample(metrics.MODEL_VERSIONS, model=name)] for name in NAMES] == [*range(1, len(NAMES) + 1)]


def test_a_host_name_that_mlflow_does_not_know(url: str) -> None:
    strange = url.replace("127.0.0.1", "127.1")
    collector = Whole(MlflowSettings.model_validate({"name": "x", "type": "mlflow", "url": strange}))
    with pytest.raises(UpstreamError, match="--allowed-hosts") as caught:
        read(collector)
    collector.close()
    assert caught.value.reason == "http"
    assert repr(strange.removeprefix("http://")) in str(caught.value)
