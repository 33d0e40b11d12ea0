"""The engine that scores with Evidently itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from mlvitals.evidently.engine import Tell, rows_behind
from mlvitals.evidently.engine.columns import Pair, pair
from mlvitals.evidently.engine.drift import UnscoredError, score
from mlvitals.evidently.engine.overview import overview
from mlvitals.evidently.engine.quality import quality
from mlvitals.evidently.engine.statistics import bins, categories, out_of_list, out_of_range, statistics
from mlvitals.evidently.engine.tests import Known, tests
from mlvitals.evidently.plan import Plan, Side
from mlvitals.evidently.results import Column, Progress, Results


class EvidentlyEngine:
    """Scores by Evidently. Imports pandas, SciPy and Evidently: 300 MB of a process of its own."""

    def score(self, reference: pa.Table, current: pa.Table, plan: Plan, tell: Tell) -> Results:
        """Everything that the plan asks for; see Engine."""
        # Sums and squares of very large numbers overflow to infinity, which is told as not known.
        with np.errstate(all="ignore"):
            return _score(reference, current, plan, tell)


def _score(reference: pa.Table, current: pa.Table, plan: Plan, tell: Tell) -> Results:
    tables: dict[Side, pa.Table] = {"reference": reference, "current": current}
    names = sorted({name for table in tables.values() for name in table.column_names if plan.looks_at(name)})
    looked_at = names[: plan.max_columns]
    pairs, columns = [], []
    for done, name in enumerate(looked_at):
        tell(Progress(step="columns", done=done, of=len(looked_at)))
        one, column = _column(name, reference, current, plan)
        pairs.append(one)
        columns.append(column)
    tell(Progress(step="data set", done=len(looked_at), of=len(looked_at)))
    whole = {side: overview(pairs, side, table.num_rows, _width(table, plan)) for side, table in tables.items()}
    told = Results(
        columns=tuple(columns),
        dropped_columns=len(names) - len(looked_at),
        overview=whole,
        quality=tuple(quality(tables, plan)),
    )
    rows = {side: rows_behind(table) for side, table in tables.items()}
    return told.model_copy(update={"tests": tuple(tests(Known(told, pairs, rows), plan))})


def _width(table: pa.Table, plan: Plan) -> int:
    return sum(plan.looks_at(name) for name in table.column_names)


def _column(name: str, reference: pa.Table, current: pa.Table, plan: Plan) -> tuple[Pair, Column]:
    try:
        one = pair(name, reference, current, plan)
        return one, Column(name=name, kind=one.kind, changes=one.changes, **_scored(one, plan), **_described(one, plan))
    except Exception as error:
        # Data that breaks its own type (a string that is no UTF-8, a time beyond all years) is the column's trouble.
        message = f"{type(error).__name__} while it was read"
        return Pair(name, "unsupported", {}, (), "error", message), Column(
            name=name, kind="unsupported", reason="error", message=message
        )


def _scored(one: Pair, plan: Plan) -> Mapping[str, Any]:
    try:
        return {"drift": score(one, plan.drift)}
    except UnscoredError as reason:
        return {"reason": reason.reason, "message": str(reason)}


def _described(one: Pair, plan: Plan) -> Mapping[str, Any]:
    return {
        "statistics": statistics(one, plan),
        "out_of_range_ratio": out_of_range(one),
        "out_of_list_ratio": out_of_list(one),
        "bins": bins(one),
        "categories": categories(one, plan),
    }
