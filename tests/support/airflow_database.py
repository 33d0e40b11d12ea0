"""A metadata database of Airflow that a test fills by hand: any recorded schema, in SQLite or on a server."""

from __future__ import annotations

import json
import pickle
import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Engine, MetaData, create_engine, event, insert, update

from tests.support.airflow_history import SCHEMAS, statements

RELEASES = ("2.7", "2.11", "3.0", "3.3")


class AirflowDatabase:
    """The tables of one release of Airflow, empty at first. Times are Unix time; what a row must have is made up."""

    def __init__(self, engine: Engine, release: str) -> None:
        self.engine = engine
        self.release, self.major = release, int(release[0])
        with engine.begin() as connection:
            for statement in statements(SCHEMAS / f"{_kind(engine)}-{release}.sql"):
                connection.exec_driver_sql(statement.replace("%", "%%") if "mysql" in engine.name else statement)
        self._tables = MetaData()
        self._tables.reflect(engine)
        if _kind(engine) == "mysql":
            self._tell_json(engine)
        self._runs = 0

    def _tell_json(self, engine: Engine) -> None:
        """MariaDB has no type for JSON, but text that it checks."""
        for table in self._tables.tables.values():
            with engine.connect() as connection:
                ((_, made),) = connection.exec_driver_sql(f"SHOW CREATE TABLE {table.name}")
            for name in re.findall(r"json_valid\(`(\w+)`\)", made):
                table.columns[name].type = JSON()

    @property
    def url(self) -> str:
        """As the exporter is told it."""
        url = self.engine.url
        return f"{_kind(self.engine)}://{f'{url.host}:{url.port}' if url.host else ''}/{url.database}"

    def add(self, table: str, **values: Any) -> None:
        """A row."""
        row = {column.name: _value(column, values) for column in self._tables.tables[table].columns}
        row = {name: value for name, value in row.items() if value is not _LEFT_OUT}
        with self.engine.begin() as connection:
            connection.execute(insert(self._tables.tables[table]), row)

    def change(self, table: str, where: Mapping[str, Any], **values: Any) -> None:
        """Some rows."""
        of = self._tables.tables[table]
        row = {name: _converted(of.columns[name], value) for name, value in values.items()}
        with self.engine.begin() as connection:
            connection.execute(update(of).where(*(of.columns[name] == value for name, value in where.items())), row)

    def execute(self, statement: str) -> None:
        """A statement of the database's own."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql(statement)

    def dag(
        self, dag_id: str, *, stale: bool = False, schedule: str | None = None, tags: Iterable[str] = (), **more: Any
    ) -> None:
        """A DAG; `schedule` as the release keeps it."""
        own = (
            {"is_stale": stale, "timetable_summary": schedule}
            if self.major == 3
            else {"is_active": not stale, "is_subdag": False, "schedule_interval": schedule}
        )
        self.add("dag", dag_id=dag_id, **(own | more))
        for tag in tags:
            self.add("dag_tag", dag_id=dag_id, name=tag)

    def run(
        self,
        dag_id: str,
        run_id: str,
        state: str | None,
        run_after: float,
        *,
        end: float | None = None,
        start: float | None = None,
        conf: Any = None,
        **more: Any,
    ) -> int:
        """A run, and its number. It was updated when it ended, or else began."""
        self._runs += 1
        times = {"queued_at": run_after, "start_date": start, "end_date": end, "updated_at": end or start or run_after}
        own: dict[str, Any] = {"logical_date": run_after, "run_after": run_after, "conf": conf}
        if self.major == 2:
            own = {"execution_date": run_after, "data_interval_end": run_after, "conf": pickle.dumps(conf)}
        self.add(
            "dag_run",
            **({"id": self._runs, "run_type": "manual"} | times | own | more),
            dag_id=dag_id,
            run_id=run_id,
            state=state,
        )
        return self._runs

    def task(self, dag_id: str, run_id: str, task_id: str, state: str | None, **more: Any) -> None:
        """A task instance."""
        usual = {"pool": "default_pool", "pool_slots": 1, "try_number": 1, "map_index": -1}
        self.add("task_instance", dag_id=dag_id, run_id=run_id, task_id=task_id, state=state, **(usual | more))

    def trigger(
        self, run: int, dag_id: str, run_id: str, task_id: str, child: tuple[str, str], at: float, **more: Any
    ) -> None:
        """What TriggerDagRunOperator leaves behind."""
        value: Any = json.dumps(child[1]).encode() if self.major == 2 else child[1]
        key = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": -1}
        self.add("xcom", **({"key": "trigger_run_id", "value": value} | key | more), dag_run_id=run, timestamp=at)
        self.add("rendered_task_instance_fields", **key, rendered_fields={"trigger_dag_id": child[0], "conf": None})

    def asset(self, number: int, uri: str, events: Iterable[float] = (), *, active: bool = True) -> None:
        """An asset, or data set, with its events."""
        what = "asset" if self.major == 3 else "dataset"
        self.add(what, id=number, uri=uri, **({"name": f"asset {number}"} if self.major == 3 else {}))
        if active and self.major == 3:
            self.add("asset_active", name=f"asset {number}", uri=uri)
        for at in events:
            self.add(f"{what}_event", **{f"{what}_id": number}, timestamp=at)


def sqlite_airflow(path: Path, release: str) -> AirflowDatabase:
    """A database in a file that is not there yet."""
    engine = create_engine(f"sqlite:///{path}")
    # A database of a test need not outlive the machine.
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    return AirflowDatabase(engine, release)


_LEFT_OUT = object()


def _kind(engine: Engine) -> str:
    return "mysql" if engine.name in ("mysql", "mariadb") else engine.name


def _value(column: Column[Any], given: Mapping[str, Any]) -> Any:
    if column.name in given:
        return _converted(column, given[column.name])
    may_be_missing = column.nullable or column.server_default is not None
    if may_be_missing or (column.primary_key and column.type.python_type is int):
        return _LEFT_OUT
    made: dict[type, Any] = {str: "", bytes: b"", datetime: datetime(2026, 1, 1, tzinfo=UTC), uuid.UUID: uuid.uuid4()}
    if isinstance(column.type, JSON):
        return {}
    return uuid.uuid4().hex if column.name == "id" else made.get(column.type.python_type, 0)


def _converted(column: Column[Any], value: Any) -> Any:
    if isinstance(column.type, DateTime) and isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC)
    return value
