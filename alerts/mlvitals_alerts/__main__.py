"""Writes `generated/<system>.yml` and, in a checkout, `docs/alerts.md`."""

from __future__ import annotations

from pathlib import Path

from mlvitals_alerts.render import docs, rule_file
from mlvitals_alerts.systems import systems

_PACKAGE = Path(__file__).parent


def main() -> None:
    """Write every file anew and remove those of systems that are gone."""
    generated = _PACKAGE / "generated"
    wanted = {generated / f"{system.name}.yml": rule_file(system) for system in systems()}
    for gone in set(generated.glob("*.yml")) - wanted.keys():
        gone.unlink()
    checkout = _PACKAGE.parent.parent
    if (checkout / "pyproject.toml").is_file():
        wanted[checkout / "docs" / "alerts.md"] = docs(systems())
    for path, text in wanted.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
