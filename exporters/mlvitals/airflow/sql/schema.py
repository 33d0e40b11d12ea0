"""The tables of Airflow's metadata database that are read, and how those of Airflow 2 and 3 differ."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Float, Integer, String, TableClause, case, column, not_, null, table
from sqlalchemy.types import TypeEngine

from mlvitals.airflow.sql.unixtime import UnixTime
from mlvitals.core.collector import UpstreamError

Columns = Mapping[str, Collection[str]]
"""Table -> its columns."""

_ID, _NUMBER, _TEXT, _YES, _TIME = Integer(), Float(), String(), Boolean(), UnixTime()

_SHARED: Mapping[str, Mapping[str, TypeEngine[Any]]] = {
    "alembic_version": {"version_num": _TEXT},
    "dag": {"dag_id": _TEXT, "is_paused": _YES, "owners": _TEXT, "next_dagrun_create_after": _TIME},
    "dag_tag": {"dag_id": _TEXT, "name": _TEXT},
    "dag_run": {
        "id": _ID,
        "dag_id": _TEXT,
        "run_id": _TEXT,
        "state": _TEXT,
        "run_type": _TEXT,
        "queued_at": _TIME,
        "start_date": _TIME,
        "end_date": _TIME,
        "updated_at": _TIME,
    },
    "task_instance": {
        "dag_id": _TEXT,
        "task_id": _TEXT,
        "run_id": _TEXT,
        "state": _TEXT,
        "end_date": _TIME,
        "duration": _NUMBER,
        "try_number": _ID,
        "pool": _TEXT,
        "pool_slots": _ID,
        "queued_dttm": _TIME,
    },
    "rendered_task_instance_fields": {
        "dag_id": _TEXT,
        "task_id": _TEXT,
        "run_id": _TEXT,
        "map_index": _ID,
        "rendered_fields": _TEXT,
    },
    "xcom": {
        "dag_run_id": _ID,
        "dag_id": _TEXT,
        "task_id": _TEXT,
        "run_id": _TEXT,
        "map_index": _ID,
        "key": _TEXT,
        "value": _TEXT,
        "timestamp": _TIME,
    },
    "job": {"job_type": _TEXT, "state": _TEXT, "latest_heartbeat": _TIME},
    "slot_pool": {"pool": _TEXT, "slots": _ID, "include_deferred": _YES},
    "import_error": {"filename": _TEXT, "timestamp": _TIME},
}
_OF_2: Mapping[str, Mapping[str, TypeEngine[Any]]] = {
    "dag": {"is_active": _YES, "is_subdag": _YES, "schedule_interval": _TEXT},
    "dag_run": {"execution_date": _TIME, "data_interval_end": _TIME},
    "dataset": {"id": _ID, "uri": _TEXT},
    "dataset_event": {"dataset_id": _ID, "timestamp": _TIME},
}
_OF_3: Mapping[str, Mapping[str, TypeEngine[Any]]] = {
    "dag": {"is_stale": _YES, "timetable_summary": _TEXT},
    "dag_run": {"run_after": _TIME, "conf": _TEXT},
    "asset": {"id": _ID, "name": _TEXT, "uri": _TEXT},
    "asset_active": {"name": _TEXT, "uri": _TEXT},
    "asset_event": {"asset_id": _ID, "timestamp": _TIME},
}
_NEWER: Mapping[str, TypeEngine[Any]] = {"timetable_periodic": _YES}
"""Columns of table dag that newer releases have."""
TABLES = frozenset(_SHARED) | frozenset(_OF_2) | frozenset(_OF_3)

_RELEASES = {
    "405de8318b3a": "2.7",
    "10b52ebd31f7": "2.8",
    "88344c1d9134": "2.8",
    "1949afb29106": "2.9",
    "686269002441": "2.9",
    "22ed7efa9da2": "2.10",
    # 2.11 brought no migration.
    "5f2621c13b39": "2.10-2.11",
    "29ce7909c52b": "3.0",
    "fe199e1abd77": "3.0",
    "cc92b33c6709": "3.1",
    "509b94a1042d": "3.1",
    "1d6611b6ab7c": "3.2",
    "d2f4e1b3c5a7": "3.3",
}
"""The migration that a release ends with -> that release. Airflow keeps its version nowhere in the database."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a role sees of a database: columns that are there, and those of them that it may not read.

    `grant` gives the statement that lets it read tables. A database that `hides` shows only what may be read.
    """

    there: Columns
    forbidden: Columns = field(default_factory=dict)
    grant: Callable[[Sequence[str]], str] = ", ".join
    hides: bool = False


@dataclass(frozen=True)
class Schema:
    """The tables of one database, and in their terms what both releases of Airflow know."""

    major: int
    tables: Mapping[str, TableClause]

    def __getitem__(self, name: str) -> TableClause:
        """A table."""
        return self.tables[name]

    @property
    def stale(self) -> ColumnElement[bool]:
        """A DAG that Airflow has dropped, or one that is a part of another."""
        dag = self["dag"].c
        return dag.is_stale if self.major == 3 else not_(dag.is_active) | dag.is_subdag

    @property
    def schedule(self) -> ColumnElement[str]:
        """Text on 3, JSON on 2."""
        dag = self["dag"].c
        return dag.timetable_summary if self.major == 3 else dag.schedule_interval

    @property
    def periodic(self) -> ColumnElement[bool]:
        """Whether the schedule creates runs again and again; NULL before Airflow 3.3."""
        dag = self["dag"].c
        known: ColumnElement[Any] = dag.timetable_periodic if "timetable_periodic" in dag else null()
        return known

    @property
    def asset(self) -> str:
        """What an asset is called in names of tables and columns."""
        return "asset" if self.major == 3 else "dataset"

    @property
    def run_after(self) -> ColumnElement[float]:
        """When a run could start, as `mlvitals.airflow.facts.due` has it for Airflow 2."""
        run = self["dag_run"].c
        if self.major == 3:
            return run.run_after
        return case((run.data_interval_end > run.execution_date, run.data_interval_end), else_=run.execution_date)

    def release(self, migration: str | None) -> str:
        """Which releases of Airflow make this schema: 3.3, 2.10-2.11, or 3 when it is one that is not known here."""
        return _RELEASES.get(migration or "", str(self.major))


def schema_of(seen: Catalogue) -> Schema:
    """The schema of a database. Raises UpstreamError: `auth` for what is forbidden, `parse` if it is not Airflow's."""
    major, wanted = _wanted(seen.there.get("dag", ()))
    refused = [table for table in sorted(wanted) if not wanted[table].keys().isdisjoint(seen.forbidden.get(table, ()))]
    missing = sorted(wanted.keys() - seen.there.keys())
    if refused or (missing and seen.hides):
        names = ", ".join(refused or missing)
        raise UpstreamError("auth", f"this role may not read {names}: {seen.grant(refused or missing)}")
    for what in (*(f"table {name}" for name in missing), *_missing_columns(wanted, seen.there)):
        since = {2: "2.7", 3: "3.0"}[major]
        raise UpstreamError("parse", f"this is like a database of Airflow {major}, but has no {what}; {since} has it")
    tables = {name: table(name, *(column(each, kind) for each, kind in wanted[name].items())) for name in wanted}
    return Schema(major, tables)


def _wanted(of_dag: Collection[str]) -> tuple[int, dict[str, dict[str, TypeEngine[Any]]]]:
    """Airflow's major release, and the columns that are read."""
    if "is_stale" in of_dag:
        major, own = 3, _OF_3
    elif "is_active" in of_dag:
        major, own = 2, _OF_2
    else:
        what = "its table dag has neither is_stale nor is_active" if of_dag else "there is no table dag"
        raise UpstreamError("parse", f"this is not Airflow's metadata database: {what}")
    wanted = {name: {**_SHARED.get(name, {}), **own.get(name, {})} for name in (*_SHARED, *own)}
    wanted["dag"] |= {name: kind for name, kind in _NEWER.items() if name in of_dag}
    return major, wanted


def _missing_columns(wanted: Columns, there: Columns) -> Iterator[str]:
    for name, columns in wanted.items():
        yield from (f"column {name}.{each}" for each in sorted(set(columns) - set(there[name])))
