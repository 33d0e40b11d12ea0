"""Finds the modules of this package that declare a `SYSTEM`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import mlvitals_alerts
from mlvitals_alerts.rules import System


def systems() -> list[System]:
    """Every system, by name."""
    names = sorted(module.name for module in iter_modules(mlvitals_alerts.__path__) if module.name != "__main__")
    modules = (import_module(f"mlvitals_alerts.{name}") for name in names)
    return sorted((module.SYSTEM for module in modules if hasattr(module, "SYSTEM")), key=lambda system: system.name)
