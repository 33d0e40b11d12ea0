"""Finds the modules of a package that declare a `SYSTEM`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import mlvitals_alerts
from mlvitals_alerts.rules import System


def systems(package: ModuleType = mlvitals_alerts) -> list[System]:
    """Every system of the package, by default of our own, by name."""
    names = sorted(module.name for module in iter_modules(package.__path__) if module.name != "__main__")
    modules = (import_module(f"{package.__name__}.{name}") for name in names)
    return sorted((module.SYSTEM for module in modules if hasattr(module, "SYSTEM")), key=lambda system: system.name)
