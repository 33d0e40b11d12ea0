"""Any daemon with a `/jmx` page (YARN, HBase, Hive, Ozone): what is read from it stands in the configuration."""

from __future__ import annotations

from collections.abc import Sequence

from mlvitals.core.collector import Collector
from mlvitals.core.exporter import ExporterType
from mlvitals.core.metric import declared
from mlvitals.jmx import metrics
from mlvitals.jmx.collector import JmxCollector
from mlvitals.jmx.config import JmxSettings


def _build(settings: JmxSettings) -> Sequence[Collector]:
    return (JmxCollector(settings),)


EXPORTER = ExporterType(
    summary="Any Hadoop-like daemon with a /jmx page, by rules: YARN, HBase, Hive, Ozone",
    settings=JmxSettings,
    metrics=tuple(declared(metrics)),
    build=_build,
)
