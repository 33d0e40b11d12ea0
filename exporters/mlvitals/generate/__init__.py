"""What `mlvitals generate` writes: configuration and rules for Prometheus, Alertmanager and Grafana."""

from __future__ import annotations

from pathlib import Path

from mlvitals import assets
from mlvitals.generate import alertmanager, grafana, prometheus, rules
from mlvitals.generate.files import write_all
from mlvitals.model import Config
from mlvitals.yamlfile import ConfigError

__all__ = ["write"]


def write(config: Config, output: Path) -> list[Path]:
    """Write everything below `output` and return the paths.

    Raises FileExistsError when a file is in the way that mlvitals did not make, OSError when writing fails, and
    ConfigError when something is wrong with an installed package of rules: they must not vanish unnoticed.
    """
    if problems := assets.problems():
        raise ConfigError(problems)
    made = {**prometheus.files(config), **rules.files(config), **alertmanager.files(config)}
    return write_all(output, {**made, **grafana.files(config, assets.dashboards(), output)})
