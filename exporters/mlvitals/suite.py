"""The running set of exporters, made from a configuration."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client import Metric as Exposition

from mlvitals import __version__, registry
from mlvitals.core import metrics
from mlvitals.core.collector import Collector, Deadline, Failure, Heir
from mlvitals.core.failures import plain
from mlvitals.core.metric import Metric
from mlvitals.core.page import Page, page_of
from mlvitals.core.runner import ExporterRunner
from mlvitals.core.settings import ExporterSettings

log = structlog.get_logger()

STOP_SECONDS = 5.0
READY_AFTER = 60.0
"""Seconds after which the process counts as ready even when an exporter has not finished its first collection."""


@dataclass(frozen=True)
class Exporter:
    """One configured exporter at work."""

    settings: ExporterSettings
    runner: ExporterRunner
    page: Page


Exporters = Mapping[str, Exporter]


class Suite:
    """All exporters of one process. `exporters` is replaced whole, never changed."""

    def __init__(self) -> None:
        self.exporters: Exporters = {}
        self._process = _process_registry()
        self._started = time.monotonic()
        self._ready = False
        self._loaded: float | None = None
        self._load_failed = False

    def prepare(self, settings: Sequence[ExporterSettings]) -> Exporters:
        """The set for these settings: an exporter whose settings are the same stays, with its data and schedule.

        The others are ready to begin, and collect nothing yet: pass the set to `apply` or to `discard`. Raises OSError,
        and leaves nothing behind, when there are no threads for them.
        """
        exporters: dict[str, Exporter] = {}
        try:
            for entry in settings:
                exporters[entry.name] = self._kept(entry) or _exporter(entry, self.exporters.get(entry.name))
                exporters[entry.name].runner.prepare()
        except BaseException:
            self.discard(exporters)
            raise
        return exporters

    def discard(self, exporters: Exporters) -> None:
        """Free what was made for this set, which will not run."""
        unused = [exporter for name, exporter in exporters.items() if self.exporters.get(name) is not exporter]
        _cancel(unused)
        _join(unused)

    def apply(self, exporters: Exporters) -> None:
        """Run this set instead of the last one. What ends is cut before what replaces it begins: no source has both."""
        if not exporters:
            log.warning("no exporters: nothing is collected")
        before, self.exporters = self.exporters, exporters
        self._loaded, self._load_failed = time.time(), False
        ending = [exporter for name, exporter in before.items() if exporters.get(name) is not exporter]
        _cancel(ending)
        for name, exporter in exporters.items():
            if before.get(name) is not exporter:
                exporter.runner.start()
        _join(ending)

    def reject(self) -> None:
        """Remember that the last attempt to load the configuration failed."""
        self._load_failed = True

    def stop(self) -> None:
        """End collecting; collections under way are cut."""
        _cancel(self.exporters.values())
        _join(self.exporters.values())

    @property
    def ready(self) -> bool:
        """Every exporter has finished or failed one collection, or a minute has passed. Once ready, always ready."""
        late = time.monotonic() - self._started > READY_AFTER
        self._ready |= late or all(exporter.runner.state.ready for exporter in self.exporters.values())
        return self._ready

    def process_families(self) -> Iterator[Exposition]:
        """What the process says of itself."""
        yield from self._process.collect()
        labels = {"version": __version__, "python_version": platform.python_version()}
        yield _single(metrics.BUILD_INFO, 1, **labels)
        yield _single(metrics.CONFIG_LAST_RELOAD_SUCCESSFUL, not self._load_failed)
        if self._loaded is not None:
            yield _single(metrics.CONFIG_LAST_RELOAD_SUCCESS, self._loaded)

    def _kept(self, settings: ExporterSettings) -> Exporter | None:
        running = self.exporters.get(settings.name)
        return running if running and running.settings == settings else None


def collectors(settings: ExporterSettings) -> Sequence[Collector]:
    """The collectors of one configured exporter; one that always fails where its type cannot be used."""
    try:
        return registry.exporter_type(settings.type).build(settings)
    except LookupError as error:
        return (_Unusable(settings, str(error)),)
    except Exception as error:
        log.exception("exporter not built", exporter=settings.name, type=settings.type)
        text = plain(f"{type(error).__name__}: {error}")
        return (_Unusable(settings, f"exporter type {settings.type!r} cannot be built: {text}"),)


class _Unusable:
    """Stands in for a type that cannot be used, so that its exporter is shown as down and the others run."""

    name = "plug-in"
    targets: tuple[str, ...] = (name,)
    auxiliary = False

    def __init__(self, settings: ExporterSettings, why: str) -> None:
        self.schedule = settings.schedule()
        self._why = why

    def collect(self, deadline: Deadline) -> Iterator[Failure]:
        yield Failure(self.name, "internal", self._why)

    def close(self) -> None:
        """There is nothing to free."""


def _exporter(settings: ExporterSettings, before: Exporter | None) -> Exporter:
    made = collectors(settings)
    known = {each.name: each for each in before.runner.collectors} if before else {}
    for each in made:
        if isinstance(each, Heir) and each.name in known:
            each.inherit(known[each.name])
    runner = ExporterRunner(settings.name, made)
    return Exporter(settings, runner, page_of(runner.state))


def _cancel(exporters: Iterable[Exporter]) -> None:
    for exporter in exporters:
        exporter.runner.cancel()


def _join(exporters: Iterable[Exporter]) -> None:
    end = time.monotonic() + STOP_SECONDS
    for exporter in exporters:
        exporter.runner.join(max(0.0, end - time.monotonic()))


def _single(metric: Metric, value: float, **labels: str) -> Exposition:
    family = metric.family()
    family.add(value, **labels)
    return family.exposition()


def _process_registry() -> CollectorRegistry:
    own = CollectorRegistry()
    ProcessCollector(registry=own)
    GCCollector(registry=own)
    return own
