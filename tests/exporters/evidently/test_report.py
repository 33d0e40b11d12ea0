"""What is known of a data set becomes samples: all of it, and nothing that is not declared."""

from __future__ import annotations

from pathlib import Path

from mlvitals.core.metric import declared
from mlvitals.evidently import metrics
from mlvitals.evidently.report import Computed, snapshot, without_data
from mlvitals.evidently.results import (
    Bins,
    Column,
    Failed,
    Matches,
    Outcome,
    Overview,
    Quality,
    Read,
    Results,
    Score,
    Statistics,
    TestResult,
)
from mlvitals.evidently.workspace.metrics import RUN_FAILURE
from tests.exporters.evidently.data import settings
from tests.support.exposition import sample, samples, text

HERE = Path(__file__).parent
SIDES = ("reference", "current")

STATISTICS = Statistics(
    rows=10,
    missing=1,
    infinite=2,
    distinct=7,
    min=-1.5,
    max=9,
    mean=3.25,
    stddev=2.5,
    quantiles={"0.5": 3, "0.9": None},
    most_common_ratio=0.2,
    iqr_outliers_ratio=0.1,
    zscore_outliers_ratio=0,
)
AGE = Column(
    name="age",
    kind="numeric",
    drift=Score(method="ks", score=0.01, threshold=0.05, drifted=True, ratio=0.99 / 0.95, p_value=0.01),
    statistics=dict.fromkeys(SIDES, STATISTICS),
    out_of_range_ratio=0.1,
    bins=Bins(edges=(0, 5, 10), shares={"reference": (0.5, 0.5), "current": (0.25, 0.75)}),
)
COUNTRY = Column(
    name="country",
    kind="categorical",
    statistics={"reference": Statistics(rows=10, missing=0, distinct=2)},
    out_of_list_ratio=0.5,
    categories={"reference": {"de": 0.5, "x" * 300: 0.5}},
    reason="missing",
    message="not in the current data",
    changes=("missing",),
)
OVERVIEW = Overview(
    rows=10,
    columns=2,
    missing_ratio=0.05,
    duplicated_rows=1,
    duplicated_columns=0,
    constant_columns=0,
    empty_columns=0,
    correlated_columns=2,
    multivariate_outliers_ratio=0.01,
)
READ = Read(
    location="/data/churn",
    identity="abc",
    files=2,
    size=1000,
    modified=1700000000,
    rows=20,
    rows_read=10,
    newest=1699999999,
    model_version=3,
)
RESULTS = Results(
    columns=(AGE, COUNTRY),
    dropped_columns=3,
    overview=dict.fromkeys(SIDES, OVERVIEW),
    tests=(
        TestResult(test="TestShareOfDriftedColumns", status="fail", value=1, bounds={"lt": 1 / 3}),
        TestResult(
            test="TestColumnShareOfMissingValues",
            column="age",
            status="success",
            value=0.1,
            bounds={"lt": 0.2},
            warning={"lt": 0.15},
        ),
        TestResult(
            test="TestColumnQuantile", column="age", q=0.5, status="warning", value=3, bounds={"gte": 4, "lte": 5}
        ),
        TestResult(test="TestColumnQuantile", column="age", q=0.9999999, status="success", value=9),
        TestResult(test="TestColumnQuantile", column="age", q=0.99999991, status="success", value=9),
    ),
    quality=(
        Quality(target="t", prediction="p", side="current", metric="f1", value=0.8),
        Quality(target="t", prediction="p", side="reference", metric="f1", value=None, message="no rows"),
    ),
)
OUTCOME = Outcome(
    reads=dict.fromkeys(SIDES, READ),
    results=RESULTS,
    matches=(Matches(key="drift.columns", pattern="age*", columns=1), Matches(key="tests", pattern="agee", columns=0)),
    peak_memory=300 << 20,
    not_written=Failed(reason="connect", message="no such server"),
    not_drawn=Failed(reason="limit", message="the worker was killed"),
)
DATASET = {
    "reference": "mlflow:registry/churn@champion/reference.parquet",
    "predictions": [{"target": "t", "prediction": "p", "kind": "classification", "bounds": ["f1 >= 0.9"]}],
    "objectives": {"fresh_within": "26h", "reference_within": "30d", "min_rows": 100},
}


def test_an_outcome_gives_the_expected_page(refresh: bool) -> None:
    configured = settings(HERE, DATASET)
    found = snapshot(Computed(OUTCOME, ended=1700000100, seconds=12.5), configured.datasets[0], configured)
    expected = HERE / "expected.prom"
    page = text(found.families)
    if refresh:
        expected.write_text(page, encoding="utf-8")
    assert page == expected.read_text(encoding="utf-8")
    assert {family.metric for family in found.families} == {*declared(metrics), RUN_FAILURE}
    assert {str(metric): (why, count) for (metric, why), count in found.dropped.items()} == {
        "evidently_column_drifted": ("limit", 3),
        "evidently_column_category_ratio": ("too_long", 1),
    }


def test_a_name_that_is_too_long_for_a_label_is_left_out_and_counted() -> None:
    configured = settings(HERE)
    named = AGE.model_copy(update={"name": "x" * 300})
    outcome = OUTCOME.model_copy(update={"results": Results(columns=(named, AGE), overview={})})
    found = snapshot(Computed(outcome, ended=1, seconds=1), configured.datasets[0], configured)
    assert sample(metrics.COLUMN_DRIFTED, dataset="churn", column="age") in samples(found)
    assert found.dropped[metrics.COLUMN_DRIFTED, "too_long"] == 1
    assert "xxx" not in text(found.families)


def test_without_data_only_its_age_is_told() -> None:
    dataset = settings(HERE, DATASET).datasets[0]
    assert without_data(dataset, None, None) is None
    found = without_data(dataset, READ, READ.modified and READ.modified + 5)
    assert found
    assert samples(found) == {
        sample(metrics.DATASET_NEWEST, dataset="churn", side="current"): READ.newest,
        sample(metrics.DATASET_MODIFIED, dataset="churn", side="current"): 1700000005,
        sample(metrics.DATASET_FRESH_OBJECTIVE, dataset="churn"): 26 * 3600,
    }


def test_without_a_score_the_data_set_is_not_said_to_be_steady() -> None:
    configured = settings(HERE)
    outcome = OUTCOME.model_copy(update={"results": Results(columns=(COUNTRY,), overview={})})
    found = samples(snapshot(Computed(outcome, ended=1, seconds=1), configured.datasets[0], configured))
    assert sample(metrics.DATASET_DRIFTED, dataset="churn") not in found
    assert found[sample(metrics.DATASET_SCORED_COLUMNS, dataset="churn")] == 0
