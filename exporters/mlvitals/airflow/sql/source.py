"""Airflow as its metadata database tells of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import structlog

from mlvitals.airflow.config import AirflowSettings, Database
from mlvitals.airflow.facts import Asset, Dag, DagRun, Server, TaskReport, Triggered
from mlvitals.airflow.sql.births import Births
from mlvitals.airflow.sql.changes import Changes
from mlvitals.airflow.sql.connection import MetadataDatabase
from mlvitals.airflow.sql.ended import EndedTasks
from mlvitals.airflow.sql.runs import RunReader
from mlvitals.airflow.sql.server import read_assets, read_dags, read_server
from mlvitals.airflow.sql.tasks import add_ended, count_active
from mlvitals.airflow.sql.triggers import TriggerReader
from mlvitals.core.collector import Deadline

log = structlog.get_logger()


class SqlSource:
    """A `mlvitals.airflow.facts.Source` over a database of Airflow 2.7 to 2.11 or 3; read only, one connection."""

    # What is asked for in slices is looked for among more than is in them, again and again.
    at_once = 86400.0

    def __init__(self, settings: AirflowSettings, database: Database) -> None:
        self._name = settings.name
        self._conf_keys = settings.conf_keys
        self._database = MetadataDatabase(database)
        births = Births()
        renew_after = settings.baseline_interval
        self._runs = RunReader(self._database, births, settings.conf_keys)
        self._ended = EndedTasks(self._database, Changes(self._database, births, renew_after), settings)
        self._triggers = TriggerReader(self._database, Changes(self._database, births, renew_after), self._runs)

    def server(self, deadline: Deadline) -> Server:
        """Version, components, pools and import errors."""
        with self._database.reading(deadline) as transaction:
            self._tell_of_conf(transaction.schema.major)
            return read_server(transaction, self.clock())

    def dags(self, deadline: Deadline) -> Iterator[Dag]:
        """All DAGs that are not stale, by id."""
        with self._database.reading(deadline) as transaction:
            found = list(read_dags(transaction))
        yield from found

    def runs(self, since: float, until: float, deadline: Deadline) -> Iterator[DagRun]:
        """Runs that changed in this time."""
        return self._runs.changed(since, until, deadline)

    def active_runs(self, deadline: Deadline) -> Iterator[DagRun]:
        """All runs that are queued or running now."""
        return self._runs.active(deadline)

    def last_runs(self, dag_id: str, deadline: Deadline) -> Iterator[DagRun]:
        """Of those that ended, the run with the latest run_after and the last one with success, however old."""
        return self._runs.last(dag_id, deadline)

    def tasks(
        self, since: float, dag_ids: Collection[str], one_by_one: Collection[str], deadline: Deadline
    ) -> TaskReport:
        """Task instances of these DAGs, now and those that ended at or after `since`."""
        report = TaskReport()
        with self._database.reading(deadline) as transaction:
            count_active(transaction, dag_ids, report)
        report.complete = self._ended.read(since, deadline)
        add_ended(self._ended.groups(since), dag_ids, one_by_one, report)
        return report

    def assets(self, deadline: Deadline) -> Iterator[Asset]:
        """All assets, by URI, with their last event."""
        with self._database.reading(deadline) as transaction:
            found = list(read_assets(transaction))
        yield from found

    def triggered(self, since: float, dag_ids: Collection[str], deadline: Deadline) -> Iterator[Triggered]:
        """For each link of these DAGs the run that it triggered last, since then or as it is remembered."""
        return self._triggers.read(since, dag_ids, deadline)

    def clock(self) -> float:
        """The database's clock, Unix time."""
        return self._database.clock()

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _tell_of_conf(self, major: int) -> None:
        if self._conf_keys and major == 2:
            log.warning("conf_keys are not read: Airflow 2 pickles conf in its database", exporter=self._name)
            self._conf_keys = ()
