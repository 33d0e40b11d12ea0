"""Reads Airflow: itself and its DAGs in one collector, what can take longer in another."""

from __future__ import annotations

import time
from collections.abc import Iterator

from mlvitals.airflow import metrics as m
from mlvitals.airflow.config import AirflowSettings
from mlvitals.airflow.facts import Asset, Dag, Source
from mlvitals.airflow.ledger import DagRuns, RunLedger
from mlvitals.airflow.objectives import Objectives
from mlvitals.airflow.report import DagReporter, TaskReporter, write_assets, write_server, write_triggered
from mlvitals.core.collector import Deadline, Failure, Snapshot, attempt
from mlvitals.core.pace import Pace
from mlvitals.core.report import Report
from mlvitals.core.selection import Selection, select


def select_dags(source: Source, settings: AirflowSettings, deadline: Deadline) -> Selection[Dag]:
    """The DAGs that are shown."""
    return select(source.dags(deadline), lambda dag: dag.dag_id, settings.max_dags, settings.dags.matches)


class DagCollector:
    """Airflow itself, its DAGs and their runs."""

    name = m.DAGS
    targets: tuple[str, ...] = (m.SERVER, m.DAGS)
    auxiliary = False

    def __init__(self, settings: AirflowSettings, source: Source) -> None:
        self.schedule = settings.schedule()
        self._settings = settings
        self._source = source
        self._reporter = DagReporter(settings, Objectives(settings.objectives))
        self._runs = _RunHistory(settings)

    def collect(self, deadline: Deadline) -> Iterator[Snapshot | Failure]:
        """Read both once; one may fail without the other."""
        yield attempt(m.SERVER, lambda: self._server(deadline))
        yield attempt(m.DAGS, lambda: self._dags(deadline))

    def renew(self) -> None:
        """Begin to look for deleted runs at the next collection, not after `baseline_interval`."""
        self._runs.renew()

    def close(self) -> None:
        """Close every connection."""
        self._source.close()

    def _server(self, deadline: Deadline) -> Snapshot:
        report = Report()
        write_server(self._source.server(deadline), self._settings, report)
        return report.snapshot(m.SERVER)

    def _dags(self, deadline: Deadline) -> Snapshot:
        report = Report()
        dags = select_dags(self._source, self._settings, deadline)
        runs = self._runs.read(tuple(dags.shown), self._source, deadline)
        self._reporter.write(dags, runs, report)
        return report.snapshot(m.DAGS)


class TaskCollector:
    """Task instances, assets, and which runs were triggered by tasks: large or slow, and nothing else waits for it."""

    name = m.TASKS
    targets: tuple[str, ...] = (m.TASKS, m.ASSETS, m.TRIGGERED)
    auxiliary = True

    def __init__(self, settings: AirflowSettings, source: Source) -> None:
        self.schedule = settings.schedule()
        self._settings = settings
        self._source = source
        self._objectives = Objectives(settings.objectives)
        self._reporter = TaskReporter(settings)

    def collect(self, deadline: Deadline) -> Iterator[Snapshot | Failure]:
        """Read each once; one may fail without the others."""
        yield attempt(m.TASKS, lambda: self._tasks(deadline))
        yield attempt(m.ASSETS, lambda: self._assets(deadline))
        yield attempt(m.TRIGGERED, lambda: self._triggered(deadline))

    def close(self) -> None:
        """Close every connection."""
        self._source.close()

    def _tasks(self, deadline: Deadline) -> Snapshot:
        report = Report()
        shown = tuple(select_dags(self._source, self._settings, deadline).shown)
        one_by_one = {dag_id for dag_id in shown if self._settings.tasks.matches(dag_id)}
        tasks = self._source.tasks(self._since(), shown, one_by_one, deadline)
        self._reporter.write(shown, tasks, report)
        return report.snapshot(m.TASKS)

    def _assets(self, deadline: Deadline) -> Snapshot:
        report = Report()
        keeps, limit = self._settings.assets.matches, self._settings.max_assets
        assets: Selection[Asset] = select(self._source.assets(deadline), lambda asset: asset.uri, limit, keeps)
        write_assets(assets, self._objectives, report)
        return report.snapshot(m.ASSETS)

    def _triggered(self, deadline: Deadline) -> Snapshot:
        report = Report()
        found = self._source.triggered(self._since(), deadline)
        write_triggered([each for each in found if self._settings.dags.matches(each.link.dag_id)], report)
        return report.snapshot(m.TRIGGERED)

    def _since(self) -> float:
        return self._source.clock() - self._settings.window


class _RunHistory:
    """The run ledger, renewed beside the old one now and then, so that deleted runs leave it."""

    def __init__(self, settings: AirflowSettings) -> None:
        self._renew_after = settings.baseline_interval
        self._ledger = RunLedger(settings.window)
        self._next: RunLedger | None = None
        self._begun = time.monotonic()

    def read(self, dag_ids: tuple[str, ...], source: Source, deadline: Deadline) -> dict[str, DagRuns]:
        pace = Pace(deadline)
        self._ledger.sync(dag_ids, source, deadline, pace.until(0.4))
        if self._next is None and time.monotonic() - self._begun > self._renew_after:
            self.renew()
        if self._next:
            self._next.sync(dag_ids, source, deadline, pace.until(0.6))
            if self._next.complete(dag_ids):
                self._ledger, self._next = self._next, None
        return self._ledger.dags()

    def renew(self) -> None:
        self._next = self._ledger.renewed()
        self._begun = time.monotonic()
