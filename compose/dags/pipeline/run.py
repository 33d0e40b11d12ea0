"""For what a run is done, and where its data lie. Imports nothing but Python, so that a DAG file may import it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

MODELS = ("digits-logistic", "digits-knn")
"""The model kinds: values of the conf key `model_name`, and names of the registered models."""


class DagRun(Protocol):
    """What is read of Airflow's DagRun."""

    dag_id: str
    run_id: str
    conf: Mapping[str, Any] | None


@dataclass(frozen=True)
class Run:
    """A run of a step, its model, and the run of `overall` that it is a part of: itself when nobody triggered it."""

    dag_id: str
    run_id: str
    model_name: str
    parent_dag_id: str
    parent_run_id: str

    @classmethod
    def of(cls, dag_run: DagRun) -> Self:
        """From `dag_run.conf`. Raises ValueError when it names no model that there is."""
        conf = dag_run.conf or {}
        model_name = conf.get("model_name")
        if model_name not in MODELS:
            raise ValueError(f"dag_run.conf has model_name {model_name!r}, expected one of {', '.join(MODELS)}")
        parent = str(conf.get("parent_dag_id") or dag_run.dag_id), str(conf.get("parent_run_id") or dag_run.run_id)
        return cls(dag_run.dag_id, dag_run.run_id, model_name, *parent)

    @property
    def tags(self) -> dict[str, str]:
        """What leads from a run of MLflow back to Airflow."""
        return {
            "airflow.dag_id": self.dag_id,
            "airflow.run_id": self.run_id,
            "airflow.parent_dag_id": self.parent_dag_id,
            "airflow.parent_run_id": self.parent_run_id,
        }

    def data_url(self, base: str) -> str:
        """The folder of the data of this model in this run of `overall`.

        Each has its own: a retry overwrites nothing but its own data, and what a model was trained on stays.
        """
        # A run id has colons, which HDFS forbids, and a plus sign, which some read as a space; two dots lead elsewhere.
        return "/".join((base.rstrip("/"), self.model_name, re.sub(r"[^A-Za-z0-9_-]", "_", self.parent_run_id)))


def raw_url(base: str) -> str:
    """The file that other systems deliver: one row an image, its pixels and the digit that it shows as `target`."""
    return f"{base.rstrip('/')}/raw/digits.parquet"
