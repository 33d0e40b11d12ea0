"""`python -m mlvitals_dashboards [PACKAGE]`: write the package's dashboards to its folder `generated/`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from mlvitals_dashboards import build


def main(arguments: list[str]) -> None:
    """Write the dashboards of the package named, by default our own."""
    package = importlib.import_module(arguments[0] if arguments else "mlvitals_dashboards")
    for path in build.write(package, Path(package.__path__[0]) / "generated"):
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
