"""`mlvitals check --live`: every source read once, and what came back, as text that fits a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from tabulate import tabulate

from mlvitals.advice import advice
from mlvitals.core.collector import Snapshot
from mlvitals.core.objectives import MATCHES
from mlvitals.core.runner import collect_once
from mlvitals.core.settings import ExporterSettings
from mlvitals.suite import collectors

_NARROW = 40


class Outcome(NamedTuple):
    """What came of one target: `up` or the reason of its failure; `words` say what is wrong and what to do.

    One that is up has words too where something that is configured is about nothing.
    """

    exporter: str
    type: str
    target: str
    result: str
    series: int
    words: tuple[str, ...] = ()

    @property
    def up(self) -> bool:
        """The target was read."""
        return self.result == "up"


def read(exporters: Iterable[ExporterSettings]) -> list[Outcome]:
    """Every target of every exporter, in order."""
    with ThreadPoolExecutor(8) as threads:
        return [outcome for found in threads.map(_outcomes, exporters) for outcome in found]


def shown(outcomes: Iterable[Outcome], width: int) -> str:
    """A table of all, and below it the words of each that has some, in lines of at most `width` characters.

    What has no space, an address, is not broken.
    """
    outcomes = list(outcomes)
    table = tabulate([each[:5] for each in outcomes], headers=Outcome._fields[:5], disable_numparse=True)
    return "\n\n".join([table, *("\n".join(_lines(each, max(width, _NARROW))) for each in outcomes if each.words)])


def _lines(outcome: Outcome, width: int) -> Iterator[str]:
    first, *more = outcome.words
    yield from _wrapped(f"{outcome.exporter}, {outcome.target}: {first}", width, "")
    for words in more:
        yield from _wrapped(words, width, "  ")


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def _outcomes(settings: ExporterSettings) -> Iterator[Outcome]:
    built = [collector for collector in collectors(settings.for_a_look()) if not collector.auxiliary]
    for name, target in collect_once(settings.name, built).targets().items():
        of = (settings.name, settings.type, name)
        if target is None:
            yield Outcome(*of, "timeout", 0)
        elif target.failure:
            words = (target.failure.message, advice(target.failure))
            yield Outcome(*of, target.failure.reason, target.series, words)
        else:
            yield Outcome(*of, "up", target.series, tuple(_unmatched(target.snapshot)))


def _unmatched(snapshot: Snapshot | None) -> Iterator[str]:
    """What was configured and is about nothing, as `core.objectives` says how it is counted."""
    for family in snapshot.families if snapshot else ():
        for values, count in family.samples.items() if str(family.metric).endswith(MATCHES) else ():
            if not count:
                labels = dict(zip(family.metric.labels, values, strict=True))
                where = labels.get("key") or labels.get("objective")
                what = f"the pattern {labels['pattern']!r}" if "pattern" in labels else f"the rule {labels.get('rule')}"
                yield f"{where}: {what} matches nothing" if where else f"{what} matches nothing"
