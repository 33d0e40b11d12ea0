"""Calls and seconds of one Airflow collection over REST: cold, warm, and against listing everything each time.

A real API server of Airflow 3 on PostgreSQL with 500 DAGs that run once an hour, with a made-up past of some days;
between two warm collections 20 runs and their 200 tasks change, some forty times what such DAGs do in half a minute.
The scheduler and the others are not running: nothing else asks the database.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from compose.airflow import Airflow, airflow_server
from compose.postgres import Postgres, postgres_server
from mlvitals.airflow import EXPORTER
from mlvitals.airflow.config import AirflowSettings
from mlvitals.airflow.rest import answers
from mlvitals.airflow.rest.client import RestClient
from mlvitals.airflow.rest.instances import PATH
from mlvitals.core.collector import Collector, Deadline, Snapshot
from mlvitals.core.metric import total_samples
from tests.support.airflow_history import History
from tests.support.calls import measured

BUDGET = 3600.0
DATABASE = "airflow"
DAY = 86_400.0
CHANGE = """
WITH changed AS (UPDATE dag_run SET updated_at = now() WHERE id IN (SELECT id FROM dag_run ORDER BY id DESC LIMIT 20)
                 RETURNING dag_id, run_id)
UPDATE task_instance SET updated_at = now() FROM changed
WHERE task_instance.dag_id = changed.dag_id AND task_instance.run_id = changed.run_id
"""


def populate(postgres: Postgres, history: History) -> None:
    """Put the history where Airflow has made its tables."""
    tables = "dag, dag_run, slot_pool, job, import_error, asset, asset_active, asset_event"
    # Not everything is there that foreign keys point at; the API shows no DAG without its bundle and its file.
    before = ["SET session_replication_role = replica", f"TRUNCATE {tables} CASCADE"]
    after = ["UPDATE dag SET bundle_name = (SELECT name FROM dag_bundle), fileloc = 'dags.py'", "ANALYZE"]
    postgres.sql(";\n".join([*before, *history.rows(), *after]), DATABASE)


def settings(airflow: Airflow) -> AirflowSettings:
    """The exporter as the benchmark runs it."""
    auth = dict(zip(("username", "password"), airflow.viewer, strict=True))
    keys = {"name": "benchmark", "type": "airflow", "url": airflow.url, "auth": auth, "conf_keys": ["model_name"]}
    return AirflowSettings.model_validate(keys)


def collect(collectors: list[Collector]) -> str:
    """One collection, and how many series it gave."""
    results = [result for collector in collectors for result in collector.collect(Deadline(BUDGET))]
    failed = [result for result in results if not isinstance(result, Snapshot)]
    assert not failed, failed
    return f"{sum(total_samples(result.families) for result in results if isinstance(result, Snapshot))} series"


def everything(made: AirflowSettings, airflow: Airflow) -> str:
    """DAGs, and the runs and task instances that ended within a day, in pages as large as Airflow gives."""
    client, deadline = RestClient(made.http(airflow.url)), Deadline(BUDGET)
    since = {"end_date_gte": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - DAY)), "order_by": "id"}
    dags = list(client.list("dags", answers.DAGS_V2, lambda dag: dag.dag_id, deadline, {"order_by": "dag_id"}))
    runs = list(
        client.list("dags/~/dagRuns", answers.RUNS_V2, lambda run: (run.dag_id, run.dag_run_id), deadline, since)
    )
    tasks = sum(1 for _ in client.list(PATH, answers.TASK_INSTANCES, _key, deadline, since))
    client.close()
    return f"{len(dags)} DAGs, {len(runs)} runs, {tasks} task instances"


def _key(instance: answers.TaskInstance) -> tuple[str, str, str]:
    return instance.dag_id, instance.dag_run_id, instance.task_id


def measure(name: str, work: Callable[[], str], times: int = 1) -> float:
    """Print calls and seconds, the least of some times; gives the seconds."""
    cost = measured(work, times)
    print(f"{name:<34} {cost.calls:>5} calls {cost.seconds:>8.2f} s   {cost.what}")
    return cost.seconds


def main() -> int:
    """Populate a server and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=240, help="hours of history: so many runs of each DAG")
    parser.add_argument("--warm", type=int, default=5, help="warm collections, of which the fastest counts")
    options = parser.parse_args()
    history = History(hours=options.hours)
    with tempfile.TemporaryDirectory() as name, postgres_server(Path(name)) as postgres:
        dags = Path(name) / "dags"
        dags.mkdir()
        with airflow_server(Path(name), dags, database=postgres.create_database(DATABASE)) as airflow:
            for server in (airflow.scheduler, airflow.dag_processor, airflow.triggerer):
                server.stop()
            started = time.perf_counter()
            populate(postgres, history)
            runs = f"{history.dags} DAGs x {history.hours} runs x {history.tasks} tasks"
            print(f"{runs} in {time.perf_counter() - started:.0f} s")
            run(postgres, airflow, options.warm)
    return 0


def run(postgres: Postgres, airflow: Airflow, warm: int) -> None:
    """Measure on a populated server."""
    made = settings(airflow)
    collectors = list(EXPORTER.build(made))

    def changed() -> str:
        postgres.sql(CHANGE, DATABASE)
        return collect(collectors)

    measure("cold", partial(collect, collectors))
    seconds = measure("warm", changed, warm)
    naive = measure("everything of a day, each time", partial(everything, made, airflow))
    print(f"warm is {naive / seconds:.0f} times faster than listing everything")
    for collector in collectors:
        collector.close()


if __name__ == "__main__":
    sys.exit(main())
