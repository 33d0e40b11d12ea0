"""A workspace as real Evidently writes it: few rows and columns, and a result of every form."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from evidently import BinaryClassification, DataDefinition, Dataset, Regression, Report
from evidently.metrics import (
    MAE,
    CategoryCount,
    CorrelationMatrix,
    DriftedColumnsCount,
    F1ByLabel,
    InRangeValueCount,
    MeanValue,
    OutListValueCount,
    QuantileValue,
    RowCount,
    UniqueValueCount,
    ValueDrift,
)
from evidently.metrics.group_by import GroupBy
from evidently.tests import gt, lt
from evidently.ui.workspace import Workspace

DAY = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
DEFINITION = DataDefinition(
    numerical_columns=["age", "target", "prediction"],
    categorical_columns=["plan", "churned", "guess"],
    regression=[Regression(target="target", prediction="prediction")],
    classification=[BinaryClassification(target="churned", prediction_labels="guess")],
)


def dataset(shift: float, rows: int = 40) -> Any:
    """Customers, older by `shift` years; always the same."""
    random = np.random.default_rng(0)
    truth = random.normal(size=rows)
    frame = pd.DataFrame(
        {
            "age": random.normal(40 + shift, 10, rows).round(2),
            "plan": ["basic", "basic", "gold", "basic"] * (rows // 4),
            "target": truth,
            "prediction": truth + random.normal(0.5, 0.1, rows),
            "churned": [0, 1] * (rows // 2),
            "guess": [0, 1, 0, 0] * (rows // 4),
        }
    )
    return Dataset.from_pandas(frame, data_definition=DEFINITION)


def drift(shift: float, timestamp: dt.datetime = DAY, **about: Any) -> Any:
    """A snapshot with drift, and a test of every status but error and skipped."""
    band = [lt(0.1, is_critical=False), lt(0.2)]
    metrics = [
        DriftedColumnsCount(columns=["age"], method="psi", share_tests=[lt(0.5)]),
        ValueDrift(column="age", method="psi", threshold=0.2, tests=band),
        ValueDrift(column="age", method="wasserstein"),
        RowCount(tests=[gt(10)]),
    ]
    return Report(metrics, **about).run(dataset(shift), dataset(0), timestamp=timestamp, name="nightly")


def forms(timestamp: dt.datetime = DAY) -> Any:
    """A snapshot with a result of every form, and tests of labels."""
    metrics = [
        MeanValue(column="age"),
        QuantileValue(column="age", quantile=0.1),
        QuantileValue(column="age", quantile=0.9),
        MAE(mean_tests=[lt(1)], std_tests=[gt(1, is_critical=False)]),
        F1ByLabel(tests={0: [gt(0.1)]}),
        UniqueValueCount(column="plan", tests={"gold": [lt(5)], "basic": [gt(5)]}, share_tests={"gold": [lt(0.9)]}),
        CategoryCount(column="plan", category="gold"),
        InRangeValueCount(column="age", left=20, right=60),
        OutListValueCount(column="plan", values=["basic"]),
        CorrelationMatrix(),
        GroupBy(MeanValue(column="age"), "plan"),
    ]
    return Report(metrics).run(dataset(0), None, timestamp=timestamp)


def not_a_number(timestamp: dt.datetime = DAY) -> Any:
    """A snapshot of a column without values."""
    frame = pd.DataFrame({"empty": [np.nan] * 4, "full": [1.0] * 4})
    data = Dataset.from_pandas(frame, data_definition=DataDefinition(numerical_columns=["empty", "full"]))
    return Report([MeanValue(column="empty"), MeanValue(column="full")]).run(data, None, timestamp=timestamp)


def populate(path: Path) -> None:
    """Four projects. The snapshot that is added last is not the newest by its time; one project has none."""
    workspace = Workspace.create(str(path))
    churn = workspace.create_project("churn")
    about: dict[str, Any] = {
        "tags": ["nightly", "model:churn", "team: growth"],
        "metadata": {"version": "7", "dataset": "churn"},
    }
    workspace.add_run(churn.id, drift(15, **about))
    workspace.add_run(churn.id, drift(0, DAY - dt.timedelta(days=1)))
    workspace.add_run(workspace.create_project("forms").id, forms())
    workspace.add_run(workspace.create_project("sensors").id, not_a_number())
    workspace.create_project("new")
