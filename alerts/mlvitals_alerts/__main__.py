"""`python -m mlvitals_alerts [PACKAGE]`: write the package's rules to its folder `generated/`.

Without PACKAGE it writes our own and, in a checkout, `docs/alerts.md`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import mlvitals_alerts
from mlvitals_alerts.render import docs, rule_file
from mlvitals_alerts.systems import systems


def write(package: ModuleType) -> None:
    """Write every rule file of the package anew and remove those of systems that are gone."""
    generated = Path(package.__path__[0]) / "generated"
    generated.mkdir(exist_ok=True)
    wanted = {generated / f"{system.name}.yml": rule_file(system) for system in systems(package)}
    for gone in set(generated.glob("*.yml")) - wanted.keys():
        gone.unlink()
    for path, text in wanted.items():
        path.write_text(text, "utf-8")


def main(arguments: list[str]) -> None:
    """Write the rules of the package named, by default our own."""
    if arguments:
        write(import_module(arguments[0]))
        return
    write(mlvitals_alerts)
    checkout = Path(mlvitals_alerts.__path__[0]).parent.parent
    if (checkout / "pyproject.toml").is_file():
        (checkout / "docs/alerts.md").write_text(docs(systems()), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
