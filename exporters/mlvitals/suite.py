"""The running set of exporters, made from a configuration."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client import Metric as Exposition

from mlvitals import __version__, registry
from mlvitals.core import metrics
from mlvitals.core.collector import Collector
from mlvitals.core.page import Page, page_of
from mlvitals.core.runner import ExporterRunner
from mlvitals.core.settings import ExporterSettings

READY_AFTER = 60.0
"""Seconds after which the process counts as ready even when an exporter has not finished its first collection."""


@dataclass(frozen=True)
class Exporter:
    """One configured exporter at work."""

    settings: ExporterSettings
    runner: ExporterRunner
    page: Page


class Suite:
    """All exporters of one process."""

    def __init__(self, settings: Sequence[ExporterSettings]) -> None:
        self.exporters = {entry.name: _exporter(entry) for entry in settings}
        self._process = _process_registry()
        self._started = time.monotonic()

    def start(self) -> None:
        """Begin collecting."""
        self._started = time.monotonic()
        for exporter in self.exporters.values():
            exporter.runner.start()

    def stop(self) -> None:
        """End collecting; collections under way are cut."""
        for exporter in self.exporters.values():
            exporter.runner.cancel()
        for exporter in self.exporters.values():
            exporter.runner.join()

    @property
    def ready(self) -> bool:
        """Every exporter has finished or failed one collection, or a minute has passed."""
        waited = time.monotonic() - self._started
        return waited > READY_AFTER or all(exporter.runner.state.ready for exporter in self.exporters.values())

    def process_families(self) -> Iterator[Exposition]:
        """What the process says of itself."""
        yield from self._process.collect()
        build = metrics.BUILD_INFO.family()
        build.add(1, version=__version__, python_version=platform.python_version())
        loaded = metrics.CONFIG_LAST_RELOAD_SUCCESSFUL.family()
        loaded.add(1)
        yield from (build.exposition(), loaded.exposition())


def collectors(settings: ExporterSettings) -> Sequence[Collector]:
    """The collectors of one configured exporter."""
    return registry.exporter_type(settings.type).build(settings)


def _exporter(settings: ExporterSettings) -> Exporter:
    runner = ExporterRunner(settings.name, collectors(settings))
    return Exporter(settings, runner, page_of(runner.state))


def _process_registry() -> CollectorRegistry:
    own = CollectorRegistry()
    ProcessCollector(registry=own)
    GCCollector(registry=own)
    return own
