"""What a step of the reference pipeline learns from its conf."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from compose.systems import airflow
from pipeline.run import MODELS, Run


@dataclass
class DagRun:
    dag_id: str
    run_id: str
    conf: Mapping[str, Any] | None


PARENT = {"parent_dag_id": "overall", "parent_run_id": "scheduled__2026-01-02T02:00:00+00:00"}


def _run(**conf: Any) -> Run:
    return Run.of(DagRun("deepdata", "manual__1", conf))


def test_a_step_knows_the_run_that_it_is_a_part_of() -> None:
    assert _run(model_name="digits-knn", **PARENT).tags == {
        "airflow.dag_id": "deepdata",
        "airflow.run_id": "manual__1",
        "airflow.parent_dag_id": "overall",
        "airflow.parent_run_id": "scheduled__2026-01-02T02:00:00+00:00",
    }


def test_one_that_was_started_by_hand_is_its_own_parent() -> None:
    run = _run(model_name="digits-knn")
    assert (run.parent_dag_id, run.parent_run_id) == ("deepdata", "manual__1")


@pytest.mark.parametrize("conf", [None, {}, {"model_name": None}, {"model_name": "../x"}, {"model_name": ["a"]}])
def test_a_model_that_there_is_not_is_refused(conf: Mapping[str, Any] | None) -> None:
    with pytest.raises(ValueError, match="expected one of digits-logistic, digits-knn"):
        Run.of(DagRun("deepdata", "manual__1", conf))


def test_steps_of_one_run_share_their_data_and_no_others() -> None:
    steps = (Run.of(DagRun(step, step, {"model_name": MODELS[0], **PARENT})) for step in ("deepdata", "training"))
    assert len({step.data_url("file:///data") for step in steps}) == 1
    others = (_run(model_name=MODELS[1], **PARENT), _run(model_name=MODELS[0], **PARENT | {"parent_run_id": "2"}))
    assert len({other.data_url("file:///data") for other in others}) == 2


@pytest.mark.parametrize("run_id", ["scheduled__2026-01-02T02:00:00+00:00", "../../etc", "a b/c?d#e%f", "..", ".", ""])
def test_whatever_the_run_is_called_its_data_are_below_the_base(run_id: str) -> None:
    url = _run(model_name="digits-knn", parent_run_id=run_id).data_url("hdfs://nn1/data/")
    folder = url.removeprefix("hdfs://nn1/data/digits-knn/")
    assert set(folder) & set("/:+ ?#%") == set()
    assert folder not in ("", ".", "..")


def test_the_demo_expects_what_the_pipeline_has() -> None:
    assert airflow.MODELS == MODELS
    assert {path.stem for path in airflow.DAGS[0].glob("*.py")} == {airflow.PARENT, *airflow.STEPS}
