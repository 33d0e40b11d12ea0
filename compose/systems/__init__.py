"""The systems of the demo, one module each."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from compose.system import System


def found() -> list[System]:
    """The `SYSTEM` of every module here, in the order of their names."""
    names = sorted(module.name for module in iter_modules(__path__))
    return [import_module(f"{__name__}.{name}").SYSTEM for name in names]
