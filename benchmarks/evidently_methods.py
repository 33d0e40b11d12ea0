"""How often each drift method takes two samples of one distribution for drifted, by the number of rows.

Numbers are normal, categories five that are equally frequent. The first number is with the default threshold, the
second with the one that it has for large samples. docs/evidently.md has the result.
"""

from __future__ import annotations

from itertools import product
from typing import Any

TRIES, SEED = 100, 1
ROWS = (100, 300, 1_000, 3_000)
CATEGORIES = 5


def table(rng: Any, rows: int, *, numbers: bool) -> Any:
    """Each column is a try."""
    import pyarrow as pa

    draw = rng.normal(size=(TRIES, rows)) if numbers else rng.integers(0, CATEGORIES, (TRIES, rows))
    return pa.table({f"column {number}": values for number, values in enumerate(draw)})


def alarms(reference: Any, current: Any, drift: dict[str, object], *, numbers: bool) -> int:
    """Columns that have drifted."""
    from mlvitals.evidently.engine.evidently import EvidentlyEngine
    from mlvitals.evidently.plan import Plan

    plan = Plan.model_validate({"drift": drift, "categorical": [] if numbers else ["*"]})
    return EvidentlyEngine().score(reference, current, plan, lambda progress: None).drifted


def main() -> None:
    """One line for each method and number of rows."""
    import numpy as np

    from mlvitals.evidently.plan import CATEGORICAL_METHODS, NUMERIC_METHODS, THRESHOLDS

    for numbers, methods in ((True, NUMERIC_METHODS), (False, CATEGORICAL_METHODS)):
        for rows, method in product(ROWS, methods):
            rng = np.random.default_rng(SEED)
            sides = [table(rng, rows, numbers=numbers) for _ in range(2)]
            rules = ({"method": method}, {"method": method, "threshold": THRESHOLDS[method]})
            found = [alarms(sides[0], sides[1], {"columns": [rule]}, numbers=numbers) for rule in rules]
            kind = "numbers" if numbers else "categories"
            print(f"{kind:10} {rows:6,} rows {method:14} {found[0]:3} {found[1]:3} of {TRIES}", flush=True)


if __name__ == "__main__":
    main()
