"""Reads Airflow: itself and its DAGs in one collector, what can take longer in another."""

from __future__ import annotations

from collections.abc import Iterator

from mlvitals.airflow import metrics as m
from mlvitals.airflow.config import AirflowSettings
from mlvitals.airflow.facts import Asset, Dag, Source
from mlvitals.airflow.ledger import RunLedger
from mlvitals.airflow.objectives import Objectives
from mlvitals.airflow.report import DagReporter, TaskReporter, write_assets, write_server, write_triggered
from mlvitals.core.collector import Deadline, Failure, Snapshot, attempt
from mlvitals.core.pace import GoOn, Pace
from mlvitals.core.renewal import Renewal
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
        self._reporter = DagReporter(settings, Objectives(settings))
        ledger = RunLedger(settings.window, settings.dags.matches, source.at_once)
        self._runs = Renewal(ledger, RunLedger.renewed, settings.baseline_interval)

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
        pace = Pace(deadline)
        dags = select_dags(self._source, self._settings, deadline)

        def read(ledger: RunLedger, go_on: GoOn) -> bool:
            return ledger.sync(tuple(dags.shown), self._source, deadline, go_on)

        ledger = self._runs.sync(
            lambda current: read(current, pace.until(0.4)), lambda fresh: read(fresh, pace.until(0.6))
        )
        self._reporter.write(dags, ledger.dags(dags.shown), report)
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
        self._objectives = Objectives(settings)
        self._reporter = TaskReporter(settings)

    def collect(self, deadline: Deadline) -> Iterator[Snapshot | Failure]:
        """Read each once; one may fail without the others, but nothing is known of tasks without their DAGs."""
        yield attempt(m.ASSETS, lambda: self._assets(deadline))
        shown = tuple(select_dags(self._source, self._settings, deadline).shown)
        yield attempt(m.TASKS, lambda: self._tasks(shown, deadline))
        yield attempt(m.TRIGGERED, lambda: self._triggered(shown, deadline))

    def close(self) -> None:
        """Close every connection."""
        self._source.close()

    def _tasks(self, shown: tuple[str, ...], deadline: Deadline) -> Snapshot:
        report = Report()
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

    def _triggered(self, shown: tuple[str, ...], deadline: Deadline) -> Snapshot:
        report = Report()
        write_triggered(self._source.triggered(self._since(), shown, deadline), self._settings.max_triggers, report)
        return report.snapshot(m.TRIGGERED)

    def _since(self) -> float:
        return self._source.clock() - self._settings.window
