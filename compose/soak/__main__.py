"""`make soak`: endurance, load and sudden death, one part after the other; exit 1 when a bound is broken.

python -m compose.soak [--minutes N] [--p99 MS] [--seed N] [PART…]
"""

from __future__ import annotations

import secrets
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from compose import screen
from compose.cache import MissingError
from compose.demo import ended_by_signals
from compose.processes import ServerError
from compose.soak import cycles, kills, load, outages
from mlvitals import logs

PARTS = ("cycles", "load", "kills", "outages")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", metavar="[PART]…", nargs=-1, type=click.Choice(PARTS))
@click.option("--minutes", type=float, default=30, show_default=True, help="How long the part `outages` takes.")
@click.option(
    "--p99", type=float, metavar="MS", help="Time in which the part `load` wants 99 % of its scrapes answered."
)
@click.option("--seed", type=int, help="Repeats the moments of the part `kills`; it prints the one that it used.")
def main(names: Sequence[str], minutes: float, p99: float | None, seed: int | None) -> None:
    """Run these parts, or all: cycles, load, kills, outages."""
    chosen = secrets.randbelow(10**6) if seed is None else seed
    parts: dict[str, Callable[[Path], list[str]]] = {
        "cycles": cycles.run,
        "load": lambda folder: load.run(folder, p99),
        "kills": lambda folder: kills.run(folder, chosen),
        "outages": lambda folder: outages.run(folder, minutes),
    }
    # The part `kills` collects in this process, too.
    logs.setup("error")
    with ended_by_signals():
        problems = [f"{name}: {problem}" for name in names or PARTS for problem in _problems(name, parts[name])]
    for problem in problems:
        screen.error(problem)
    sys.exit(1 if problems else 0)


def _problems(name: str, part: Callable[[Path], list[str]]) -> list[str]:
    click.secho(f"\n{name}", bold=True)
    with tempfile.TemporaryDirectory(prefix=f"mlvitals-soak-{name}-") as folder:
        try:
            return part(Path(folder))
        except (MissingError, ServerError) as error:
            return [str(error)]


if __name__ == "__main__":
    main()
