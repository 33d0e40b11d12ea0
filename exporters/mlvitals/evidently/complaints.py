"""What went wrong beside the numbers, in the log: why a column has no score, a model no quality, a run no place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import structlog

from mlvitals.core.failures import plain
from mlvitals.evidently.results import Outcome, Results

log = structlog.get_logger()

_NAMED = 5
"""Columns that a line names."""
_NORMAL = "unsupported"
"""The reason of columns that never have a score."""


@dataclass(frozen=True, slots=True)
class _Complaint:
    event: str
    reason: str
    error: str
    about: str = ""

    def fields(self) -> Mapping[str, str]:
        fields = {"about": self.about, "reason": self.reason, "error": self.error}
        return {name: text for name, text in fields.items() if text}


class Complaints:
    """Logs what is wrong with a data set's results when it was not so after the computation before."""

    def __init__(self, exporter: str, dataset: str) -> None:
        self._log = log.bind(exporter=exporter, dataset=dataset)
        self._before: frozenset[_Complaint] = frozenset()

    def tell(self, outcome: Outcome) -> None:
        """Log what is new, and once that nothing is wrong any more."""
        found = list(_complaints(outcome))
        for each in found:
            if each not in self._before:
                self._log.warning(each.event, **each.fields())
        if self._before and not found:
            self._log.info("nothing of the data set is left out any more")
        self._before = frozenset(found)


def _complaints(outcome: Outcome) -> Iterator[_Complaint]:
    if outcome.results:
        yield from _columns(outcome.results)
        yield from _tests(outcome.results)
        yield from _quality(outcome.results)
    for event, failed in (("run not written", outcome.not_written), ("report not drawn", outcome.not_drawn)):
        if failed:
            yield _Complaint(event, failed.reason, failed.message)


def _columns(results: Results) -> Iterator[_Complaint]:
    """One line for all columns of the same trouble: there may be hundreds."""
    alike = defaultdict[tuple[str, str], list[str]](list)
    for column in results.columns:
        if column.reason and column.reason != _NORMAL:
            alike[column.reason, column.message].append(column.name)
    for (reason, message), names in alike.items():
        yield _Complaint("columns without a score", reason, message, _listed(names))


def _tests(results: Results) -> Iterator[_Complaint]:
    """Those that cannot be computed, unless their column has told why."""
    told = {column.name for column in results.columns if column.reason}
    alike = defaultdict[tuple[str, str], list[str]](list)
    for test in results.tests:
        if test.status == "error" and test.column not in told:
            alike[test.test, test.message].append(test.column)
    for (name, message), columns in alike.items():
        about = " of ".join(filter(None, (name, _listed(list(filter(None, columns))))))
        yield _Complaint("test not computed", "error", message, about)


def _quality(results: Results) -> Iterator[_Complaint]:
    for each in results.quality:
        if each.message:
            about = f"{each.metric} of {plain(each.prediction, 80)} against {plain(each.target, 80)}, {each.side}"
            yield _Complaint("model quality not computed", "error", each.message, about)


def _listed(names: list[str]) -> str:
    shown = ", ".join(plain(name, 80) for name in names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown
