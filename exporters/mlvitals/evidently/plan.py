"""What is to be computed of one data set: the part of its configuration that an engine sees."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from mlvitals.core.bounds import BoundText, contradictions, parse_bound
from mlvitals.core.patterns import Patterns, matches
from mlvitals.core.settings import Mistake, Settings

Side = Literal["reference", "current"]
SIDES: tuple[Side, ...] = get_args(Side)
Method = Literal["ks", "psi", "kl_div", "jensenshannon", "wasserstein", "chisquare"]
"""Evidently's own names of drift methods."""
NumericMethod = Literal["ks", "psi", "kl_div", "jensenshannon", "wasserstein"]
CategoricalMethod = Literal["psi", "kl_div", "jensenshannon", "chisquare"]
NUMERIC_METHODS: tuple[Method, ...] = get_args(NumericMethod)
CATEGORICAL_METHODS: tuple[Method, ...] = get_args(CategoricalMethod)
THRESHOLDS: Mapping[Method, float] = {
    "ks": 0.05,
    "chisquare": 0.05,
    "psi": 0.2,
    "kl_div": 0.1,
    "jensenshannon": 0.1,
    "wasserstein": 0.1,
}
"""Of p-values (ks, chisquare) drift is what is below, of distances what reaches it."""
P_VALUES: frozenset[Method] = frozenset({"ks", "chisquare"})
_ENOUGH: Mapping[Method, int] = {"psi": 1000, "kl_div": 1000, "jensenshannon": 1000, "wasserstein": 2000}
_ENOUGH_OF_EACH = 50


def default_threshold(method: Method, values: tuple[int, int], categories: int = 0) -> float:
    """Where drift begins, for so many values on each side and categories of the reference.

    Two samples of one distribution are apart by chance, and the further the fewer values they have: beyond what is
    drift of large ones. So the threshold of a distance grows as chance does, by the root of what is lacking: about one
    in a hundred such pairs is taken for drifted, where there are more values than categories.
    """
    if method in P_VALUES:
        return THRESHOLDS[method]
    enough = max(_ENOUGH[method], _ENOUGH_OF_EACH * categories)
    return THRESHOLDS[method] * max(1.0, math.sqrt(enough * sum(1 / count for count in values) / 2))


PSI_WARNING = 0.5
"""From this part of its threshold on a PSI is a warning: from 0.1 on, where drift begins at 0.2."""


class DriftRule(Settings):
    """How the drift of some columns is measured."""

    column: str = Field("*", description="pattern of names of columns")
    method: Method | None = Field(
        None, description="ks, psi, kl_div, jensenshannon, wasserstein or chisquare; default by kind of column"
    )
    threshold: float | None = Field(
        None,
        gt=0,
        description="where drift begins; default by method: 0.05 for p-values, 0.2 for psi, 0.1 otherwise, and "
        "more where few values make chance large",
    )


class Drift(Settings):
    """How drift is measured: of a column, by the first rule whose pattern matches it, or else by default."""

    numeric: NumericMethod = Field("wasserstein", description="method for numbers and times")
    categorical: CategoricalMethod = Field("jensenshannon", description="method for everything else")
    columns: tuple[DriftRule, ...] = Field((), description="rules for single columns; the first that matches counts")
    share: float = Field(
        1 / 3, gt=0, le=1, description="share of the columns that could be scored from which the data set has drifted"
    )

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """Thresholds that no p-value can be beyond."""
        defaults = {data.get("numeric"), data.get("categorical")}
        rules = data.get("columns")
        for index, rule in enumerate(rules if isinstance(rules, list) else ()):
            if isinstance(rule, Mapping) and _beyond_p_values(rule, defaults):
                yield ("columns", index, "threshold"), "expected a threshold below 1: the method gives a p-value"

    def of(self, column: str, *, numeric: bool) -> tuple[Method, float | None]:
        """The method for a column, and the threshold where one is configured with it."""
        # Of one rule alone: the threshold of another may be a distance where this is a p-value.
        rule = next((rule for rule in self.columns if matches(column, (rule.column,))), DriftRule())
        return rule.method or (self.numeric if numeric else self.categorical), rule.threshold


def _beyond_p_values(rule: Mapping[str, Any], defaults: Set[object]) -> bool:
    methods = {rule["method"]} if rule.get("method") else defaults
    threshold = rule.get("threshold")
    return isinstance(threshold, int | float) and threshold >= 1 and not methods.isdisjoint(P_VALUES)


TestName = Literal[
    "TestShareOfDriftedColumns",
    "TestColumnDrift",
    "TestColumnShareOfMissingValues",
    "TestMostCommonValueShare",
    "TestNumberOfConstantColumns",
    "TestNumberOfDuplicatedColumns",
    "TestNumberOfDuplicatedRows",
    "TestHighlyCorrelatedColumns",
    "TestNumberOfRows",
    "TestNumberOfColumns",
    "TestColumnsType",
    "TestShareOfOutRangeValues",
    "TestShareOfOutListValues",
    "TestMeanInNSigmas",
    "TestColumnQuantile",
]
"""The names that Evidently's tests had until 0.6."""
PRESETS: Mapping[str, tuple[TestName, ...]] = {
    "DataDrift": ("TestShareOfDriftedColumns", "TestColumnDrift"),
    "DataQuality": (
        "TestColumnShareOfMissingValues",
        "TestMostCommonValueShare",
        "TestNumberOfConstantColumns",
        "TestNumberOfDuplicatedColumns",
        "TestNumberOfDuplicatedRows",
        "TestHighlyCorrelatedColumns",
    ),
    "DataStability": (
        "TestNumberOfRows",
        "TestNumberOfColumns",
        "TestColumnsType",
        "TestColumnShareOfMissingValues",
        "TestShareOfOutRangeValues",
        "TestShareOfOutListValues",
        "TestMeanInNSigmas",
    ),
    "": ("TestColumnQuantile",),
}
"""Group -> its tests, as Evidently's presets had them; a test may be in two."""


class TestRule(Settings):
    """A bound of one test that replaces its default; for columns that a pattern matches.

    Of the rules that match, the first critical one and the first other one count: a fail and a warning.
    """

    __test__ = False

    test: TestName = Field(description="name of the test")
    column: str = Field("*", description="pattern of names of columns, for tests of columns")
    q: float | None = Field(None, gt=0, lt=1, description="for TestColumnQuantile: which quantile; default 0.5")
    sigmas: float | None = Field(None, gt=0, description="for TestMeanInNSigmas: how many; default 2")
    lt: float | None = Field(None, description="right while the value is below this")
    lte: float | None = Field(None, description="right while the value is at most this")
    gt: float | None = Field(None, description="right while the value is above this")
    gte: float | None = Field(None, description="right while the value is at least this")
    critical: bool = Field(True, description="false: a warning where it would fail")
    enabled: bool = Field(True, description="false leaves the test out")

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """Parameters that the test does not know."""
        test = data.get("test")
        if "q" in data and test != "TestColumnQuantile":
            yield ("q",), "only TestColumnQuantile has a quantile"
        if "sigmas" in data and test != "TestMeanInNSigmas":
            yield ("sigmas",), "only TestMeanInNSigmas has sigmas"


QUALITY: Mapping[str, tuple[str, ...]] = {
    "regression": ("rmse", "mse", "mae", "r2"),
    "classification": ("f1", "accuracy"),
}
"""Kind of a prediction -> what is measured of it."""


class Prediction(Settings):
    """A target and what a model predicted of it, both columns of the data set."""

    target: str = Field(description="column that holds what was true")
    prediction: str = Field(description="column that holds what was predicted")
    kind: Literal["regression", "classification"] = Field(description="regression or classification")
    bounds: tuple[BoundText, ...] = Field(
        (), description="bounds of what is measured, such as 'rmse < 10' or 'f1 >= 0.8'"
    )

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """Bounds that contradict each other, or of what is not measured."""
        bounds = data.get("bounds")
        yield from contradictions("bounds", bounds)
        measured = QUALITY.get(str(data.get("kind")), ())
        for index, text in enumerate(bounds if measured and isinstance(bounds, list) else ()):
            with contextlib.suppress(ValueError, AttributeError):
                if (metric := parse_bound(text).metric) not in measured:
                    yield ("bounds", index), f"{metric} is not measured here; expected one of {', '.join(measured)}"


PatternKey = Literal["columns.include", "columns.exclude", "categorical", "categories", "drift.columns", "tests"]
"""Keys of a plan that name columns by pattern."""


class Plan(Settings):
    """What is computed of a data set."""

    columns: Patterns = Patterns()
    max_columns: int = Field(
        200, ge=1, description="columns looked at, first by name; the rest counts as dropped evidently_column_drifted"
    )
    categorical: tuple[str, ...] = Field(
        (), description="patterns of columns of numbers that are codes: taken as categories"
    )
    drift: Drift = Drift()
    quantiles: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        (0.05, 0.25, 0.5, 0.75, 0.95), description="quantiles of columns of numbers"
    )
    categories: tuple[str, ...] = Field(
        (), description="patterns of columns whose values may be shown as labels, with their shares; none by default"
    )
    max_categories: int = Field(20, ge=1, le=100, description="values shown of such a column, the most common first")
    tests: tuple[TestRule, ...] = Field((), description="bounds that replace those of the tests' defaults")
    predictions: tuple[Prediction, ...] = Field((), description="targets and predictions, for model quality")

    def looks_at(self, column: str) -> bool:
        """True for a column that is described and scored, as far as its name tells."""
        return self.columns.matches(column)

    @property
    def like_for_like(self) -> bool:
        """True when the reference is a window as the current data is one, which has about as many rows."""
        return False

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """The same prediction twice: its quality would have two bounds of one name, and be told twice."""
        seen: list[tuple[object, ...]] = []
        predictions = data.get("predictions")
        for index, each in enumerate(predictions if isinstance(predictions, list) else ()):
            if not isinstance(each, Mapping):
                continue
            known = tuple(each.get(key) for key in ("target", "prediction", "kind"))
            if known in seen:
                yield (
                    ("predictions", index),
                    "this prediction is there already; expected all of its bounds in one place",
                )
            seen.append(known)

    @property
    def patterns(self) -> Mapping[PatternKey, Sequence[str]]:
        """The patterns of columns that each key has, without `*`: it is about all columns, whatever they are called."""
        said: Mapping[PatternKey, Iterable[str]] = {
            "columns.include": self.columns.include,
            "columns.exclude": self.columns.exclude,
            "categorical": self.categorical,
            "categories": self.categories,
            "drift.columns": (rule.column for rule in self.drift.columns),
            "tests": (rule.column for rule in self.tests),
        }
        return {key: [each for each in dict.fromkeys(patterns) if each != "*"] for key, patterns in said.items()}
