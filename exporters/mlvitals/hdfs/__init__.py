"""HDFS: its NameNodes, DataNodes and JournalNodes, by their `/jmx` pages."""

from __future__ import annotations

from collections.abc import Sequence

from mlvitals.core.collector import Collector
from mlvitals.core.exporter import ExporterType
from mlvitals.core.metric import declared
from mlvitals.hdfs import metrics
from mlvitals.hdfs.config import HdfsSettings


def _build(settings: HdfsSettings) -> Sequence[Collector]:
    return ()


EXPORTER = ExporterType(
    summary="HDFS: capacity, blocks, high availability, operations, and each NameNode, DataNode and JournalNode",
    settings=HdfsSettings,
    metrics=tuple(declared(metrics)),
    build=_build,
)
