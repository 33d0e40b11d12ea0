"""HDFS: its NameNodes, DataNodes and JournalNodes, by their `/jmx` pages; and paths that are watched over WebHDFS."""

from __future__ import annotations

from collections.abc import Sequence

from mlvitals.core.collector import Collector
from mlvitals.core.exporter import ExporterType
from mlvitals.core.metric import declared
from mlvitals.hdfs import metrics
from mlvitals.hdfs.collector import DaemonCollector
from mlvitals.hdfs.config import HdfsSettings
from mlvitals.hdfs.paths import metrics as of_paths
from mlvitals.hdfs.paths.collector import PathCollector


def _build(settings: HdfsSettings) -> Sequence[Collector]:
    paths = [PathCollector(settings, settings.namenodes)] if settings.paths else []
    return [DaemonCollector(settings), *paths]


EXPORTER = ExporterType(
    summary="HDFS: capacity, blocks, high availability, operations, each of its daemons, and watched paths",
    settings=HdfsSettings,
    metrics=tuple(declared(metrics, of_paths)),
    build=_build,
)
