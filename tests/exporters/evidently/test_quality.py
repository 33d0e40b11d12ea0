"""Quality of predictions: as Evidently measures it, on each side, several at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from evidently import BinaryClassification, DataDefinition, Dataset, MulticlassClassification, Regression, Report
from evidently.metrics import MAE, RMSE, Accuracy, F1Score, R2Score

from mlvitals.evidently.results import Quality
from tests.support.datasets import score

ROWS = 300
RNG = np.random.default_rng(9)
TRUE = RNG.normal(10, 3, ROWS)
GUESS = TRUE + RNG.normal(0, 1, ROWS)


def measured(table: pa.Table, kind: str, target: str = "t", prediction: str = "p") -> dict[str, Quality]:
    """Of the current side."""
    plan = {"target": target, "prediction": prediction, "kind": kind}
    results = score(table, table, predictions=[plan])
    assert {each.side for each in results.quality} == {"reference", "current"}
    return {each.metric: each for each in results.quality if each.side == "current"}


@pytest.mark.filterwarnings("ignore:DataFrameGroupBy.apply operated:DeprecationWarning")
def test_regression_is_what_evidently_says() -> None:
    table = pa.table({"t": TRUE, "p": GUESS})
    data = Dataset.from_pandas(
        table.to_pandas(),
        DataDefinition(numerical_columns=["t", "p"], regression=[Regression(target="t", prediction="p")]),
    )
    rmse, mae, r2 = [each["value"] for each in Report([RMSE(), MAE(), R2Score()]).run(data, None).dict()["metrics"]]
    known = measured(table, "regression")
    assert (known["rmse"].value, known["r2"].value) == (rmse, r2)
    assert known["mae"].value == pytest.approx(mae["mean"], rel=1e-14)
    assert known["mse"].value == pytest.approx(rmse**2)


@pytest.mark.parametrize(
    ("labels", "task"),
    [
        ([0, 1], BinaryClassification(target="t", prediction_labels="p", pos_label=1)),
        ([0, 1, 2], MulticlassClassification(target="t", prediction_labels="p")),
        (["a", "b", "c"], MulticlassClassification(target="t", prediction_labels="p")),
    ],
)
def test_classification_is_what_evidently_says(labels: list[int] | list[str], task: object) -> None:
    rng = np.random.default_rng(4)
    true = rng.choice(labels, ROWS)
    frame = pd.DataFrame({"t": true, "p": np.where(rng.random(ROWS) < 0.3, rng.choice(labels, ROWS), true)})
    data = Dataset.from_pandas(frame, DataDefinition(categorical_columns=["t", "p"], classification=[task]))
    f1, accuracy = [each["value"] for each in Report([F1Score(), Accuracy()]).run(data, None).dict()["metrics"]]
    known = measured(pa.Table.from_pandas(frame), "classification")
    assert (known["f1"].value, known["accuracy"].value) == (f1, accuracy)


def test_two_labels_that_are_not_0_and_1_count_alike() -> None:
    known = measured(pa.table({"t": ["y", "y", "n", "n"], "p": ["y", "n", "n", "n"]}), "classification")
    assert known["f1"].value == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert known["accuracy"].value == 0.75


def test_booleans_are_0_and_1() -> None:
    known = measured(pa.table({"t": [True, True, False, False], "p": [1, 0, 0, 0]}), "classification")
    assert known["f1"].value == pytest.approx(2 / 3)


def test_only_whole_pairs_count() -> None:
    table = pa.table({"t": [1.0, 2.0, None, 4.0, float("inf")], "p": [1.0, 3.0, 3.0, float("nan"), 5.0]})
    assert measured(table, "regression")["mse"].value == 0.5
    labels = pa.table({"t": ["a", None, "b"], "p": ["a", "b", "a"]})
    assert measured(labels, "classification")["accuracy"].value == 0.5


def test_several_stand_side_by_side_and_each_side_has_its_own() -> None:
    reference = pa.table({"t": TRUE, "p": TRUE, "q": GUESS, "label": ["a"] * ROWS})
    current = pa.table({"t": TRUE, "p": GUESS, "q": GUESS, "label": ["a"] * ROWS})
    plans = [{"target": "t", "prediction": name, "kind": "regression"} for name in "pq"]
    plans.append({"target": "label", "prediction": "label", "kind": "classification"})
    results = score(reference, current, predictions=plans, columns={"exclude": ["*"]})
    assert results.columns == ()
    mae = {(each.prediction, each.side): each.value for each in results.quality if each.metric == "mae"}
    assert mae["p", "reference"] == 0
    assert mae["p", "current"] == mae["q", "current"] == mae["q", "reference"]
    assert {each.value for each in results.quality if each.target == "label"} == {1.0}


@pytest.mark.parametrize(
    ("table", "kind", "message"),
    [
        (pa.table({"t": [1.0, 2.0]}), "regression", "no column 'p'"),
        (pa.table({"t": [1.0, 2.0], "p": ["a", "b"]}), "regression", "'p' is string, not a number"),
        (pa.table({"t": [None, 2.0], "p": [1.0, None]}), "regression", "no row has both"),
        (pa.table({"t": [1, 2], "p": ["1", "2"]}), "classification", "labels of types that do not compare"),
        (pa.table({"t": [[1], [2]], "p": [[1], [2]]}), "classification", "labels of types that do not compare"),
        (pa.table({"t": pa.array([], pa.float64()), "p": pa.array([], pa.float64())}), "regression", "no row has both"),
    ],
)
def test_what_cannot_be_measured_says_why(table: pa.Table, kind: str, message: str) -> None:
    known = measured(table, kind)
    assert {each.value for each in known.values()} == {None}
    assert all(message in each.message for each in known.values())


def test_targets_that_evidently_stumbles_over_are_measured() -> None:
    table = pa.table({"t": [0.0, 0.0, 0.0], "p": [0.0, 1.0, 0.0]})
    assert measured(table, "regression")["mse"].value == pytest.approx(1 / 3)
    assert measured(table.slice(0, 1), "regression")["r2"].message == "not defined for these values"


@pytest.mark.parametrize("labels", [[0, 1], [False, True]])
def test_without_positives_on_either_side_f1_is_not_defined(labels: list[int]) -> None:
    none = pa.table({"t": labels[:1] * 5, "p": labels[:1] * 5})
    plan = {"target": "t", "prediction": "p", "kind": "classification"}
    for reference in (pa.table({"t": labels, "p": labels}), none):
        results = score(reference, none, predictions=[plan])
        known = {each.metric: each for each in results.quality if each.side == "current"}
        assert (known["f1"].value, known["accuracy"].value) == (None, 1)
        assert known["f1"].message == "not defined for these values"


def test_one_positive_that_was_missed_is_an_f1_of_zero() -> None:
    assert measured(pa.table({"t": [0, 0, 1], "p": [0, 0, 0]}), "classification")["f1"].value == 0
    assert measured(pa.table({"t": [0, 0, 0], "p": [0, 0, 1]}), "classification")["f1"].value == 0
