"""Two data sets compared once, for the command line: a table for people, JSON for machines."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ByteSize
from tabulate import tabulate

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.failures import plain
from mlvitals.evidently.collector import require_evidently
from mlvitals.evidently.config import Dataset, EvidentlySettings
from mlvitals.evidently.job import EngineName, Job
from mlvitals.evidently.plan import SIDES, Side
from mlvitals.evidently.process import run
from mlvitals.evidently.results import Column, Outcome, Progress, Quality, Results, Status

NO_DRIFT, FAILED, DRIFT = 0, 1, 3
"""How the command exits. It fails when nothing could be scored, too."""
_HEADERS = ("column", "type", "method", "score", "threshold", "ratio", "", "missing", "reference", "current")
_BARS = " ▁▂▃▄▅▆▇█"
_WIDEST = 32
_PATIENCE = 86400.0
_UNBOUNDED = ByteSize(sys.maxsize)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came out."""

    dataset: Dataset
    outcome: Outcome
    results: Results

    @property
    def exit_code(self) -> int:
        """NO_DRIFT, DRIFT, or FAILED when no column could be scored."""
        if self.results.drifted_ratio is None:
            return FAILED
        return DRIFT if self._drifted else NO_DRIFT

    @property
    def _drifted(self) -> bool:
        return (self.results.drifted_ratio or 0.0) >= self.dataset.drift.share

    def as_json(self) -> str:
        """JSON: every column of either side, with why it has no score where it has none."""
        reads, results = self.outcome.reads, self.results
        data = {
            "rows": {side: reads[side].rows for side in SIDES},
            "sampled_rows": {side: reads[side].rows_read for side in SIDES},
            "newest": {side: reads[side].newest for side in SIDES},
            "columns": [_column(column) for column in results.columns],
            "drift_share": self.dataset.drift.share,
            "drifted_ratio": results.drifted_ratio,
            "overview": {side: _data(overview) for side, overview in results.overview.items()},
            "tests": [_data(test) for test in results.tests],
            "quality": [_data(quality) for quality in results.quality],
        }
        return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)

    def as_table(self) -> str:
        """A table with small histograms, and the sum of it."""
        rows = [_row(column) for column in self.results.columns]
        # White space is kept, or a histogram would lose the empty bins that it begins with.
        table = tabulate(rows, headers=_HEADERS, tablefmt="simple", disable_numparse=True, preserve_whitespace=True)
        return "\n".join((table, "", *map(self._read, SIDES), *self._quality(), *self._tests(), self._verdict()))

    def as_html(self) -> str:
        """Evidently's report of it. It shows data."""
        return self.outcome.html or ""

    def _read(self, side: Side) -> str:
        read = self.outcome.reads[side]
        sampled = f", computed on {read.rows_read:,} of them" if read.rows_read < read.rows else ""
        return f"{side}: {read.rows:,} rows in {plain(read.location)}{sampled}"

    def _quality(self) -> Iterator[str]:
        known: dict[str, dict[Side, Quality]] = {}
        for each in self.results.quality:
            name = f"{each.metric} of {plain(each.prediction, _WIDEST)} against {plain(each.target, _WIDEST)}"
            known.setdefault(name, {})[each.side] = each
        for name, sides in known.items():
            yield f"{name}: " + " → ".join(_value(sides[side]) for side in SIDES)

    def _tests(self) -> Iterator[str]:
        tests = self.results.tests
        counts = Counter(test.status for test in tests)
        if tests:
            yield "tests: " + ", ".join(f"{counts[status]} {status}" for status in get_args(Status) if counts[status])
        for test in tests:
            if test.status in ("warning", "fail", "error"):
                name = plain(" ".join(filter(None, (test.test, test.column, str(test.q or "")))), 2 * _WIDEST)
                yield f"  {test.status}: {name}" + (f", {test.value:.4g}" if test.value is not None else "")

    def _verdict(self) -> str:
        ratio, results = self.results.drifted_ratio, self.results
        if ratio is None:
            return "no column could be scored"
        without = len(results.columns) - results.scored
        unscored = f", {without} have no score" if without else ""
        share = f"{results.drifted} of {results.scored} scored columns have drifted{unscored}"
        bound = f"the data set has drifted from {self.dataset.drift.share:.1%} on"
        return f"{'drift' if self._drifted else 'no drift'}: {share} ({ratio:.1%}; {bound})"


def compare(dataset: Dataset, engine: EngineName, heard: Callable[[Progress], None], *, html: bool) -> Comparison:
    """Compute it in a worker process, without bounds but patience; `html` asks for Evidently's report, too.

    Raises UpstreamError.
    """
    require_evidently()
    settings = EvidentlySettings(name="compare", type="evidently", datasets=(dataset,), memory_limit=_UNBOUNDED)
    outcome = run(Job(dataset, settings, _PATIENCE, engine=engine, html=html), Deadline(_PATIENCE), heard)
    if outcome.results is None or (html and not outcome.html):
        raise UpstreamError("internal", "the worker gave no results, or no report of them")
    return Comparison(dataset, outcome, outcome.results)


def _column(column: Column) -> dict[str, Any]:
    drift = column.drift
    fields = ("method", "score", "threshold", "drifted", "ratio", "p_value")
    return {
        "name": column.name,
        "type": column.kind,
        **{name: getattr(drift, name) if drift else None for name in fields},
        "missing_ratio": {side: _missing(column, side) for side in column.statistics},
        "statistics": {side: _data(statistics) for side, statistics in column.statistics.items()},
        "out_of_range_ratio": column.out_of_range_ratio,
        "out_of_list_ratio": column.out_of_list_ratio,
        "categories": {side: dict(shares) for side, shares in column.categories.items()},
        "changes": list(column.changes),
        "reason": column.reason,
        "message": column.message or None,
    }


def _data(told: BaseModel) -> Any:
    return json.loads(told.model_dump_json())


def _value(quality: Quality) -> str:
    return f"not known ({plain(quality.message)})" if quality.value is None else f"{quality.value:.4g}"


def _missing(column: Column, side: Side) -> float | None:
    found = column.statistics.get(side)
    return found.missing / found.rows if found and found.rows else None


def _row(column: Column) -> list[str]:
    name = plain(column.name, _WIDEST)
    missing = " → ".join("-" if (ratio := _missing(column, side)) is None else f"{ratio:.1%}" for side in SIDES)
    histograms = [_histogram(column, side) for side in SIDES]
    drift = column.drift
    if drift is None:
        why = next(iter(column.changes), column.reason or "")
        return [name, column.kind, "", "", "", "", why, missing, *histograms]
    numbers = [f"{number:.3g}" for number in (drift.score, drift.threshold, drift.ratio)]
    return [name, column.kind, drift.method, *numbers, "drifted" if drift.drifted else "", missing, *histograms]


def _histogram(column: Column, side: Side) -> str:
    shares: Sequence[float] = column.bins.shares.get(side, ()) if column.bins else ()
    most = max(shares, default=0.0)
    # The smallest share that is there is seen.
    return "".join(_BARS[max(share > 0, round(share / most * (len(_BARS) - 1)))] if most else " " for share in shares)
