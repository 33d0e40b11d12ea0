"""What a case of a signal is: series, and what the signal says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlvitals_dashboards.signals import Signal

Series = dict[str, float | str]


@dataclass(frozen=True)
class Case:
    """Given these series, the signal says this `at` a time: labels as PromQL writes them -> value.

    A value that is a text is promtool's, by the minute.
    """

    why: str
    signal: Signal
    series: Mapping[str, float | str]
    expected: Mapping[str, float]
    at: str = "0m"


def series(metric: object, value: float | str, /, **labels: str) -> Series:
    """One series, with these labels and those of mlvitals' page unless they are told."""
    page = {"instance": "v:1", "job": "mlvitals"}
    selector = ",".join(f'{name}="{text}"' for name, text in {**page, **labels}.items())
    return {f"{metric}{{{selector}}}": value}
