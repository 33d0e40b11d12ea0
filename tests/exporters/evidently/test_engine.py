"""The engine on data as it comes: what is bad has a reason, and costs the rest nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import pyarrow as pa

from mlvitals.evidently.engine.evidently import EvidentlyEngine
from mlvitals.evidently.plan import Plan
from mlvitals.evidently.results import Progress
from tests.support.datasets import churn, score


def test_the_same_twice_is_the_same_bytes_and_with_itself_no_drift() -> None:
    table = churn(1)
    results = score(table, table)
    assert results.model_dump_json() == score(table, table).model_dump_json()
    assert [column.drift and column.drift.score for column in results.columns] == [0.0] * 4
    assert results.drifted_ratio == 0


def test_a_shift_is_drift_of_its_column_only() -> None:
    results = score(churn(1), churn(2, shift=10))
    assert [column.name for column in results.columns if column.drift and column.drift.drifted] == ["age"]
    assert results.drifted_ratio == 0.25


def test_it_tells_how_far_it_is() -> None:
    heard: list[Progress] = []
    EvidentlyEngine().score(churn(1), churn(2), Plan(), heard.append)
    assert [(each.step, each.done, each.of) for each in heard] == [
        *[("columns", done, 4) for done in range(4)],
        ("data set", 4, 4),
    ]


def names() -> str:
    """The score of a column of names, which also says their shares."""
    sides = [pa.table({"x": [f"name {number % prime}" for number in range(2000)]}) for prime in (31, 43)]
    return score(*sides, drift={"categorical": "psi"}, categories=["*"]).model_dump_json()


def test_a_string_has_the_same_score_in_every_process() -> None:
    # The order of a set of strings is another one there.
    program = f"import sys; from {__name__} import names; sys.stdout.write(names())"
    assert _run(program, PYTHONHASHSEED="1") == names()


def test_what_an_engine_is_can_be_known_without_loading_one() -> None:
    heavy = ("evidently", "pandas", "pyarrow", "scipy")
    program = f"import sys, mlvitals.evidently.engine; print([name for name in {heavy} if name in sys.modules])"
    assert _run(program) == "[]\n"


def _run(program: str, **environment: str) -> str:
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=os.environ | environment, check=True, capture_output=True, text=True).stdout
