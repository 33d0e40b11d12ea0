"""Airflow: itself, its DAGs, their runs, tasks, assets and what triggers what; over REST or from its database."""

from __future__ import annotations

from collections.abc import Sequence

from mlvitals.airflow import metrics
from mlvitals.airflow.collector import DagCollector, TaskCollector
from mlvitals.airflow.config import AirflowSettings
from mlvitals.airflow.facts import Source
from mlvitals.core.collector import Collector
from mlvitals.core.exporter import ExporterType
from mlvitals.core.metric import declared


def _build(settings: AirflowSettings) -> Sequence[Collector]:
    # A connection of its own for each: collectors run side by side.
    return (DagCollector(settings, _source(settings)), TaskCollector(settings, _source(settings)))


def _source(settings: AirflowSettings) -> Source:
    if settings.url is not None:
        from mlvitals.airflow.rest.source import RestSource

        return RestSource(settings, settings.url)
    if settings.database is not None:
        # SQLAlchemy comes with an extra.
        from mlvitals.airflow.sql.source import SqlSource

        return SqlSource(settings, settings.database)
    raise ValueError("expected one of url and database")


EXPORTER = ExporterType(
    summary="Airflow's health, DAGs, runs, tasks, pools and assets, their lateness and what triggers what",
    settings=AirflowSettings,
    metrics=tuple(declared(metrics)),
    build=_build,
)
