"""The REST API as a source of what the exporter tells."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from mlvitals.airflow.config import AirflowSettings
from mlvitals.airflow.facts import (
    Asset,
    Dag,
    DagRun,
    ImportFailure,
    Pool,
    RunKey,
    Server,
    TaskReport,
    Triggered,
)
from mlvitals.airflow.increments import SLICE
from mlvitals.airflow.rest import answers
from mlvitals.airflow.rest.answers import Run, TaskInstance
from mlvitals.airflow.rest.assets import Datasets, assets
from mlvitals.airflow.rest.client import RestClient, below
from mlvitals.airflow.rest.instances import active_instances, changed, changed_instances
from mlvitals.airflow.rest.login import Api
from mlvitals.airflow.rest.tasks import InstanceKey, TaskLedger, count_active
from mlvitals.airflow.rest.triggers import RunCache, Triggers
from mlvitals.core.collector import Deadline
from mlvitals.core.pace import Pace
from mlvitals.core.renewal import Renewal


@dataclass(frozen=True, slots=True)
class _Dialect:
    """What one version of the API calls things."""

    source: str
    dags: TypeAdapter[Any]
    runs: TypeAdapter[Any]
    run: TypeAdapter[Any]
    last: Mapping[str, Any]
    """How to ask for runs that ended so that the one with the latest run_after is among them."""


_ENDED = {"state": ["success", "failed"]}
# A run that began when its interval ended has an earlier date than one that was started by hand before that.
_V1_LAST = {**_ENDED, "order_by": "-execution_date", "limit": 100}
_V2_LAST = {**_ENDED, "order_by": "-run_after", "limit": 1}
_DIALECTS: dict[Api, _Dialect] = {
    "v1": _Dialect("rest_v1", answers.DAGS_V1, answers.RUNS_V1, answers.RUN_V1, _V1_LAST),
    "v2": _Dialect("rest_v2", answers.DAGS_V2, answers.RUNS_V2, answers.RUN_V2, _V2_LAST),
}
_RUNS = "dags/~/dagRuns"


class RestSource:
    """One Airflow over REST. Used by one collection at a time; raises UpstreamError only."""

    at_once = SLICE

    def __init__(self, settings: AirflowSettings, url: str) -> None:
        self._conf_keys = settings.conf_keys
        self._client = RestClient(settings.http(url))
        self._datasets = Datasets(settings.baseline_interval)
        self._tasks = Renewal(
            TaskLedger(settings.window, settings.dags.matches), TaskLedger.renewed, settings.baseline_interval
        )
        self._synced: tuple[Deadline, TaskLedger] | None = None
        self._triggers = Triggers(settings.max_xcom_calls)
        self._children = RunCache(settings.baseline_interval)

    def server(self, deadline: Deadline) -> Server:
        """Version, components, pools and import errors; less when Airflow says that its database is not healthy."""
        version = self._client.version(deadline)
        health, source = self._client.health(deadline), self._dialect(deadline).source
        if health.metadatabase.status != "healthy":
            # All else is in the database. Of components that it cannot find there, health says that they are unhealthy.
            return Server(source, version, (health.metadatabase.fact("metadatabase"),), pools=(), import_errors=None)
        return Server(source, version, health.facts(), self._pools(deadline), self._import_errors(deadline))

    def dags(self, deadline: Deadline) -> Iterator[Dag]:
        """All DAGs that are not stale, by id."""
        shape = self._dialect(deadline).dags
        for dag in self._client.list("dags", shape, lambda dag: dag.dag_id, deadline, {"order_by": "dag_id"}):
            yield dag.fact()

    def runs(self, since: float, until: float, deadline: Deadline) -> Iterator[DagRun]:
        """Runs that were made or changed from `since` on and until `until`."""
        return self._runs(changed(since, until), deadline)

    def active_runs(self, deadline: Deadline) -> Iterator[DagRun]:
        """All runs that are queued or running now."""
        return self._runs({"state": ["queued", "running"]}, deadline)

    def last_runs(self, dag_id: str, deadline: Deadline) -> Iterator[DagRun]:
        """Some that ended: the one with the latest run_after is among them, and the last one with success."""
        dialect, path = self._dialect(deadline), below("dags", dag_id, "dagRuns")
        for ask in (dialect.last, {"order_by": "-end_date", "state": "success", "limit": 1}):
            page = self._client.find(path, dialect.runs, deadline, ask)
            for run in page.items if page else ():
                yield run.fact(self._conf_keys)

    def tasks(
        self, since: float, dag_ids: Collection[str], one_by_one: Collection[str], deadline: Deadline
    ) -> TaskReport:
        """Task instances of these DAGs, now and those that ended within the window that is configured."""
        shown = set(dag_ids)
        ledger = self._sync_tasks(deadline)
        report = ledger.report(shown, set(one_by_one))
        count_active(ledger.watched(active_instances(self._client, deadline)), shown, report)
        return report

    def assets(self, deadline: Deadline) -> Iterator[Asset]:
        """All assets, by URI, with their last event."""
        if self._client.api(deadline) == "v1":
            return self._datasets.read(self._client, deadline)
        return assets(self._client, deadline)

    def triggered(self, since: float, dag_ids: Collection[str], deadline: Deadline) -> Iterator[Triggered]:
        """For each link of these DAGs the run that it triggered last, within the window or as it is remembered.

        At most `max_xcom_calls` are made to learn of new ones; until then, the one before is told.
        """
        ledger, shown = self._sync_tasks(deadline), set(dag_ids)
        if not ledger.complete:
            return
        tries = {key: each for key, each in ledger.tries.items() if key.dag_id in shown}
        links = self._triggers.last(tries, shown, ledger.since, lambda key: self._triggered_run_id(key, deadline))
        runs = self._children.read(
            set(links.values()),
            self.clock(),
            lambda since, until: self.runs(since, until, deadline),
            lambda key: self._find_run(key, deadline),
            Pace(deadline).until(0.8),
        )
        for link, key in links.items():
            if key in runs:
                yield Triggered(link, runs[key])

    def clock(self) -> float:
        """Airflow's clock."""
        return self._client.clock

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def _pools(self, deadline: Deadline) -> tuple[Pool, ...]:
        pools = self._client.list("pools", answers.POOLS, lambda pool: pool.name, deadline, {"order_by": "name"})
        return tuple(pool.fact() for pool in pools)

    def _import_errors(self, deadline: Deadline) -> tuple[ImportFailure, ...]:
        by_id = {"order_by": "import_error_id"}
        shape, identity = answers.IMPORT_FAILURES, lambda error: error.import_error_id
        return tuple(error.fact() for error in self._client.list("importErrors", shape, identity, deadline, by_id))

    def _runs(self, which: Mapping[str, Any], deadline: Deadline) -> Iterator[DagRun]:
        shape = self._dialect(deadline).runs
        for run in self._client.list(_RUNS, shape, _key, deadline, {**which, "order_by": "id"}):
            yield run.fact(self._conf_keys)

    def _sync_tasks(self, deadline: Deadline) -> TaskLedger:
        """The task ledger as it is in this collection."""
        if self._synced is None or self._synced[0] is not deadline:
            now, pace = self.clock(), Pace(deadline)

            def read(since: float, until: float) -> Iterator[TaskInstance]:
                return changed_instances(self._client, since, until, deadline)

            ledger = self._tasks.sync(
                lambda current: current.sync(now, read, pace.until(0.4)),
                lambda fresh: fresh.sync(now, read, pace.until(0.6)),
            )
            self._synced = deadline, ledger
        return self._synced[1]

    def _triggered_run_id(self, key: InstanceKey, deadline: Deadline) -> str | None:
        path = below("dags", key.dag_id, "dagRuns", key.run_id, "taskInstances", key.task_id, "xcomEntries")
        xcom = self._client.find(
            f"{path}/trigger_run_id", answers.XCOM, deadline, {"map_index": key.map_index} if key.map_index >= 0 else {}
        )
        return xcom.value if xcom and isinstance(xcom.value, str) else None

    def _find_run(self, key: RunKey, deadline: Deadline) -> DagRun | None:
        path = below("dags", key.dag_id, "dagRuns", key.run_id)
        run = self._client.find(path, self._dialect(deadline).run, deadline)
        return run.fact(self._conf_keys) if run else None

    def _dialect(self, deadline: Deadline) -> _Dialect:
        return _DIALECTS[self._client.api(deadline)]


def _key(run: Run) -> RunKey:
    return RunKey(run.dag_id, run.dag_run_id)
