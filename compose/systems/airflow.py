"""Airflow in the demo: the reference pipeline runs once, and a DAG of another team fails."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from compose import environment
from compose.airflow import AIRFLOW_3, Airflow, airflow_server
from compose.processes import ServerError, background, tail, wait_for
from compose.prometheus import Prometheus
from compose.system import Addresses, Expected, Finding, Settings, Started, Step, System
from compose.systems import hdfs

DAGS = tuple(environment.CHECKOUT / "compose" / name for name in ("dags", "other_dags"))
PARENT, STEPS = "overall", ("deepdata", "mlflow_training", "alert_server")
MODELS = ("digits-logistic", "digits-knn")

FAILING, WAITING = "nightly_export", "nightly_delivery"
DAG_IDS = frozenset({PARENT, *STEPS, FAILING, WAITING})
ALERT = "AirflowDagRunFailed"

EXPORTER, TEAM = "airflow", "data-platform"
PATIENCE = 300.0


def _install(step: Step) -> None:
    with step("Airflow's packages"):
        environment.of_server(AIRFLOW_3.pins)


@contextmanager
def _start(folder: Path, at: Addresses, step: Step) -> Iterator[Started]:
    dags, data = folder / "dags", hdfs.data_url(at, hdfs.WRITER)
    for source in DAGS:
        shutil.copytree(source, dags, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    settings = {
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW_VAR_DATA_URL": data,
        "AIRFLOW_VAR_MLFLOW_TRACKING_URI": at.of("mlflow"),
        "AIRFLOW_VAR_ALERTMANAGER_URL": at.alertmanager,
    }
    with ExitStack() as running:
        with step("Airflow's database"):
            airflow = running.enter_context(airflow_server(folder, dags, settings=settings, wait=False))
        yield Started(
            addresses={"Airflow": airflow.url, "Airflow's passwords": str(folder / "airflow/passwords.json")},
            exporters=[_exporter(airflow, folder)],
            alerts={},
            servers={server.name: server for server in airflow.servers},
            settle=lambda step: _settle(airflow, data, folder, step),
        )


def _exporter(airflow: Airflow, folder: Path) -> Settings:
    username, password = airflow.viewer
    file = folder / "airflow-viewer.password"
    file.touch(mode=0o600)
    file.write_text(password)
    return {
        "name": EXPORTER,
        "type": "airflow",
        "url": airflow.url,
        "auth": {"username": username, "password_file": str(file)},
        "interval": "5s",
        "labels": {"team": TEAM},
        "conf_keys": ["model_name"],
        "tasks": {"include": [PARENT, *STEPS]},
        "objectives": [
            {"dag": PARENT, "success_within": "26h", "duration_within": "2h", "start_within": "10m"},
            {"asset": "*", "updated_within": "26h"},
        ],
    }


def _settle(airflow: Airflow, data: str, folder: Path, step: Step) -> None:
    deliver = [str(airflow.python), "-m", "pipeline.data", data]
    with step("Airflow"), background("raw-data", deliver, folder, airflow.env, cwd=folder / "dags") as delivered:
        airflow.wait_until_ready()
        if not wait_for(lambda: _dag_ids(airflow) >= DAG_IDS, PATIENCE, every=0.5):
            raise ServerError(f"Airflow has not found its DAGs, but {', '.join(_dag_ids(airflow)) or 'none'}")
        delivered()
    with step(f"{PARENT} has run"):
        for dag_id in DAG_IDS:
            airflow.call("PATCH", f"/dags/{dag_id}", {"is_paused": False})
        # Once it is not paused, the run that its schedule has been due for begins.
        ended = wait_for(lambda: _state(airflow) in ("success", "failed"), PATIENCE, every=1)
        if not ended or _state(airflow) == "failed":
            raise ServerError(f"{PARENT} is {_state(airflow)}\n{_failures(folder)}")


def _dag_ids(airflow: Airflow) -> set[str]:
    return {dag["dag_id"] for dag in airflow.call("GET", "/dags")["dags"]}


def _state(airflow: Airflow) -> str:
    runs = airflow.call("GET", f"/dags/{PARENT}/dagRuns")["dag_runs"]
    return str(runs[0]["state"]) if runs else "not begun"


def _failures(folder: Path) -> str:
    """The ends of the logs of the pipeline's tasks that failed."""
    logs = sorted(folder.glob("airflow/logs/dag_id=*/run_id=*/task_id=*/*.log"))
    failed = [log for log in logs if FAILING not in str(log) and "Task failed with exception" in log.read_text()]
    return "\n".join(f"--- {log.relative_to(folder)}\n{tail(log, 4)}" for log in failed)


def _dags(prometheus: Prometheus) -> Finding:
    """The DAGs are in Prometheus."""
    seen = {one["metric"]["dag_id"] for one in prometheus.query("airflow_dag_paused == 0")}
    return Finding(f"{len(DAG_IDS)} DAGs", seen == DAG_IDS, f"not so: {', '.join(sorted(DAG_IDS ^ seen))}")


def _run(prometheus: Prometheus) -> Finding:
    """The pipeline's run is seen to have succeeded."""
    seen = prometheus.query(f'airflow_dag_last_success_timestamp_seconds{{dag_id="{PARENT}"}}')
    return Finding(f"{PARENT} succeeded", bool(seen), "no success seen")


def _children(prometheus: Prometheus) -> Finding:
    """Which runs it triggered is known."""
    seen = prometheus.query(f'airflow_triggered_run_state{{dag_id="{PARENT}",state="success"}} == 1')
    found = sorted(f"{one['metric']['task_id']} triggered {one['metric']['child_dag_id']}" for one in seen)
    wanted = sorted(f"{step}_{model} triggered {step}" for step in STEPS for model in MODELS)
    what = f"its {len(wanted)} tasks triggered runs of {', '.join(STEPS)}, which succeeded"
    return Finding(what, found == wanted, f"seen: {', '.join(found) or 'none'}")


def _conf(prometheus: Prometheus) -> Finding:
    """The conf of the runs is seen."""
    seen = prometheus.query('airflow_dag_conf_last_run_state{key="model_name",state="success"} == 1')
    found = {(one["metric"]["dag_id"], one["metric"]["value"]) for one in seen}
    wanted = {(step, model) for step in STEPS for model in MODELS}
    missing = ", ".join(sorted(f"{step} for {model}" for step, model in wanted - found))
    return Finding(f"each of them ran for model_name {' and '.join(MODELS)}", not missing, f"not seen: {missing}")


def _trained(prometheus: Prometheus) -> Finding:
    """What the pipeline trained is in Prometheus."""
    champions = prometheus.query('mlflow_model_alias_version{alias="champion"}')
    missing = sorted(set(MODELS) - {one["metric"]["model"] for one in champions})
    return Finding(f"{' and '.join(MODELS)} have a champion in MLflow", not missing, f"not seen: {', '.join(missing)}")


SYSTEM = System(
    start=_start,
    questions=(_dags, _run, _children, _conf, _trained),
    expected=(Expected(ALERT, {"exporter": EXPORTER, "team": TEAM, "dag_id": FAILING}),),
    install=_install,
)
