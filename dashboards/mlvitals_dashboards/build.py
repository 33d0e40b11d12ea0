"""Finds the dashboards of a package and writes them as the JSON that Grafana loads."""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path
from types import ModuleType

from mlvitals_dashboards.panels import Dashboard, plain


def dashboards(package: ModuleType) -> dict[str, Dashboard]:
    """Module name -> dashboard, for every module of the package that defines `DASHBOARD`."""
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_"))
    modules = {name: importlib.import_module(f"{package.__name__}.{name}") for name in names}
    return {name: module.DASHBOARD for name, module in modules.items() if hasattr(module, "DASHBOARD")}


def render(dashboard: Dashboard) -> bytes:
    """The dashboard as JSON, the same bytes each time."""
    return (json.dumps(plain(dashboard), indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def write(package: ModuleType, output: Path) -> list[Path]:
    """Write each dashboard to `output/<module>.json` and remove what no module makes any more."""
    output.mkdir(parents=True, exist_ok=True)
    rendered = {output / f"{name}.json": render(dashboard) for name, dashboard in dashboards(package).items()}
    for stale in set(output.glob("*.json")) - rendered.keys():
        stale.unlink()
    for path, content in rendered.items():
        path.write_bytes(content)
    return list(rendered)
